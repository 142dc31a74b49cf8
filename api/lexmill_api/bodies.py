"""How large a body may be: judged before anything reads it, as frameworks read it whole."""

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lexmill_api.problems import problem_response

# Files come in pieces and are counted where they are written.
_FILES = re.compile(r"POST /v1/namespaces/[^/]+/jobs/[^/]+/documents|PUT /v1/uploads/[^/]+")


class BodyLimit:
    """Answers 413 to what is declared too large, and ends what turns out to be."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._detail = f"the body may have {limit} bytes at most"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _FILES.fullmatch(f"{scope['method']} {scope['path']}"):
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if int(declared) > self._limit:  # the server has judged that it is a number
            answer = problem_response(
                413, "request_too_large", self._detail, {"Connection": "close"}
            )
            await answer(scope, receive, send)
            return
        come = 0

        async def receive_counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self._limit:
                raise HTTPException(413, self._detail, {"Connection": "close"})
            return message

        await self._app(scope, receive_counted, send)
