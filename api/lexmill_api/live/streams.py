"""Server-sent events (WHATWG HTML, 9.2), written for thousands of idle streams a process."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from lexmill_api.live.hub import Hub
from lexmill_api.live.subscriptions import Message, Subscription

HEARTBEAT_SECONDS = 15.0
"""Proxies cut what is silent for longer; whether the client still may listen is asked as often."""
_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
)
_HELLO = b"retry: 2000\n\n"
_HEARTBEAT = b": still here\n\n"
_RECONNECT = b"event: reconnect\ndata: {}\n\n"
_FORBIDDEN = b'event: end\ndata: {"code": "forbidden"}\n\n'

_BEGUN = "lexmill.streams"
"""In the scope of a request: streams whose head is sent."""

May = Callable[[], Awaitable[bool]]


class EventStream(Response):
    """``may`` says whether the client still may listen; the subscription is the hub's already.

    Called, it sends the head of the answer only: `Streams` lets it go on.
    """

    def __init__(self, hub: Hub, subscription: Subscription, may: May) -> None:
        super().__init__()
        self._hub = hub
        self._subscription = subscription
        self._may = may

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        scope[_BEGUN].append(self)
        await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})

    async def go_on(self, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_await_end(receive, self._subscription), name="live-client")
        try:
            await _send(send, _HELLO)
            farewell = await self._serve(send)
            await send({"type": "http.response.body", "body": farewell})
        finally:
            gone.cancel()

    def end(self) -> None:
        self._hub.remove(self._subscription)

    async def _serve(self, send: Send) -> bytes:
        subscription = self._subscription
        while not subscription.is_over:
            messages = await subscription.take(HEARTBEAT_SECONDS)
            if messages:
                await _send(send, b"".join(map(frame, messages)))
            elif not subscription.is_over:
                if not await self._may():
                    return _FORBIDDEN
                await _send(send, _HEARTBEAT)
        return _RECONNECT


class Streams:
    """Lets streams go on when all that stands around a request has returned.

    An idle stream would hold the frames and the state of every middleware, more than half of
    what it costs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun: list[EventStream] = []
        scope[_BEGUN] = begun
        try:
            await self._app(scope, receive, send)
            for stream in begun:
                await stream.go_on(receive, send)
        finally:
            for stream in begun:
                stream.end()


def frame(message: Message) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (message.id, message.kind.encode(), message.data)


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _await_end(receive: Receive, subscription: Subscription) -> None:
    """A client that hung up is noticed here only: what is sent to it vanishes without a word."""
    while (await receive())["type"] != "http.disconnect":
        pass
    subscription.end()
