"""Who is refused in the middle of sending shall hear why.

A server that closes a connection on bytes it has not read resets it, and the answer is lost with
them (RFC 9112, 9.6). What is left of a body is read, within bounds, before the connection closes.
"""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES: Final = 32 << 20
_SECONDS: Final = 5.0


class Lingering:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"POST", "PUT", "PATCH"}:
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        closes = _closes(headers)
        # Who waits to be told to go on has sent nothing yet.
        comes = all(name != b"expect" for name, _ in headers)

        async def receive_noted() -> Message:
            nonlocal comes
            message = await receive()
            comes = bool(message.get("more_body"))
            return message

        async def send_late(message: Message) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                closes = closes or _closes(message.get("headers", ()))
            elif closes and comes and not message.get("more_body"):
                await _discard(receive)
            await send(message)

        await self._app(scope, receive_noted, send_late)


def _closes(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name.lower() == b"connection" and b"close" in value.lower() for name, value in headers
    )


async def _discard(receive: Receive) -> None:
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            while size <= _MOST_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return
