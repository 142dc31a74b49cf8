"""Progress as it happens."""

import uuid
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Response, WebSocket

from lexmill.jobs.schemas import DnsSubdomain
from lexmill_api.access import Lister, Namespace, Runtime, Token, may_still, socket_refusal
from lexmill_api.identity import Action
from lexmill_api.live.socket import MAX_WATCHED, PROTOCOL, serve_socket, socket_token
from lexmill_api.live.streams import EventStream
from lexmill_api.live.subscriptions import Subscription, watched

router = APIRouter(tags=["live"])

_STREAM: Final = (
    'retry: 2000\n\nid: 4711\nevent: job\ndata: {"name": "nda-2026", "state": "Running", …}\n\n'
)


@router.get(
    "/namespaces/{namespace}/progress",
    response_class=Response,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM}},
            "description": "job and document events",
        }
    },
)
async def get_progress(
    *,
    runtime: Runtime,
    _: Lister,
    namespace: Namespace,
    token: Token,
    job: Annotated[list[DnsSubdomain], Query(max_length=MAX_WATCHED)] = [],  # noqa: B006 - FastAPI copies it
    document: Annotated[list[uuid.UUID], Query(max_length=MAX_WATCHED)] = [],  # noqa: B006
    last_event_id: Annotated[int | None, Header(ge=0, lt=2**63)] = None,
) -> Response:
    """Server-sent events of jobs and documents.

    It begins with how those that are named are; when none is named, with the busy jobs of the
    namespace, every one of which is told when it changes. Each event is the whole newest state, so
    a client that comes back with Last-Event-ID misses nothing. A comment comes every 15 seconds;
    `reconnect` asks to come again.
    """
    subscription = Subscription(watched(namespace, job, document))
    runtime.hub.add(subscription)
    try:
        await runtime.hub.greet(subscription, only=subscription.watched, last_id=last_event_id)
    except BaseException:
        runtime.hub.remove(subscription)
        raise
    may = may_still(runtime, token, Action.LIST)
    return EventStream(runtime.hub, subscription, lambda: may(namespace))


@router.websocket("/ws")
async def watch_by_socket(runtime: Runtime, socket: WebSocket) -> None:
    """Progress over a WebSocket: subscribe and unsubscribe as often as you like.

    The token comes as a header, or from a browser as a subprotocol: `bearer.<token>` beside
    `lexmill.v1`.
    """
    token = socket_token(socket)
    refusal = await socket_refusal(runtime, token, socket.client.host if socket.client else "")
    if refusal is not None:
        await socket.send_denial_response(refusal)
        return
    await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
    await serve_socket(socket, runtime.hub, may_still(runtime, token, Action.LIST))
