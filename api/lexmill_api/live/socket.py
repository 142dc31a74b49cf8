"""The same over a WebSocket, where one connection may change what it watches.

The client sends ``{"type": "subscribe", "namespace": …, "jobs": […], "documents": […]}`` or
``unsubscribe`` with the same fields; without jobs and documents it is about all jobs of the
namespace. It is answered by ``subscribed``, ``unsubscribed`` or ``problem``, and told ``job``,
``document`` and ``heartbeat``.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from lexmill_api.live.hub import Hub
from lexmill_api.live.streams import HEARTBEAT_SECONDS
from lexmill_api.live.subscriptions import Message, Subscription, watched

MAX_WATCHED = 200
MAX_MESSAGE_BYTES = 1 << 17
"""Room for that many of the longest names."""
PROTOCOL = "lexmill.v1"
_TOKEN_PROTOCOL = "bearer."  # noqa: S105 - in front of the token, which a browser can send so only
_GOING_AWAY, _POLICY = 1012, 1008

MayList = Callable[[str], Awaitable[bool]]


JobName = Annotated[str, msgspec.Meta(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")]


class Subscribe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: str
    namespace: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")]
    jobs: tuple[JobName, ...] = ()
    documents: tuple[uuid.UUID, ...] = ()
    last_id: Annotated[int, msgspec.Meta(ge=0, lt=2**63 - 1)] | None = None


_decoder = msgspec.json.Decoder(Subscribe)


class _Refused(Exception):  # noqa: N818 - no error of ours: the client is told
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def socket_token(socket: WebSocket) -> str:
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = [each for each in socket.scope["subprotocols"] if each.startswith(_TOKEN_PROTOCOL)]
    return str(offered[0]).removeprefix(_TOKEN_PROTOCOL) if offered else ""


async def serve_socket(socket: WebSocket, hub: Hub, may: MayList) -> None:
    """Until either side ends it. ``may`` says whether the client may list a namespace's jobs."""
    subscription = Subscription()
    hub.add(subscription)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(socket, hub, subscription, may))
            group.create_task(_tell(socket, subscription, may))
    except* WebSocketDisconnect:
        pass
    finally:
        hub.remove(subscription)


async def _tell(socket: WebSocket, subscription: Subscription, may: MayList) -> None:
    while not subscription.is_over:
        messages = await subscription.take(HEARTBEAT_SECONDS)
        for message in messages:
            await socket.send_text(_shown(message))
        if not messages and not subscription.is_over:
            if not all(
                [await may(namespace) for namespace in subscription.watched.all_namespaces()]
            ):
                await socket.close(_POLICY, "forbidden")
                raise WebSocketDisconnect
            await _answer(socket, type="heartbeat")
    await socket.close(_GOING_AWAY, "reconnect")
    raise WebSocketDisconnect


async def _listen(socket: WebSocket, hub: Hub, subscription: Subscription, may: MayList) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        try:
            wanted = _wanted(message.get("text") or message.get("bytes") or "")
            if wanted.type == "subscribe":
                await _watch(hub, subscription, wanted, may)
            else:
                subscription.watched -= watched(wanted.namespace, wanted.jobs, wanted.documents)
        except _Refused as refused:
            await _answer(socket, type="problem", code=refused.code, detail=refused.detail)
        else:
            await _answer(socket, type=f"{wanted.type}d", namespace=wanted.namespace)


def _wanted(text: str | bytes) -> Subscribe:
    try:
        wanted = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise _Refused("invalid_request", "this is no message that is understood here") from error
    if wanted.type not in {"subscribe", "unsubscribe"}:
        raise _Refused("invalid_request", "type is subscribe or unsubscribe")
    return wanted


async def _watch(hub: Hub, subscription: Subscription, wanted: Subscribe, may: MayList) -> None:
    if not await may(wanted.namespace):
        raise _Refused("forbidden", "you may not list legaljobs in this namespace")
    new = watched(wanted.namespace, wanted.jobs, wanted.documents)
    both = subscription.watched | new
    if len(both) > MAX_WATCHED:
        raise _Refused("too_many", f"a connection watches {MAX_WATCHED} jobs and documents at most")
    subscription.watched = both
    await hub.greet(subscription, only=new, last_id=wanted.last_id)


def _shown(message: Message) -> str:
    return f'{{"type":"{message.kind}","id":{message.id},"data":{message.data.decode()}}}'


async def _answer(socket: WebSocket, **fields: str) -> None:
    await socket.send_text(msgspec.json.encode(fields).decode())
