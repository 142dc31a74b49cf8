"""CloudEvents over HTTP: a plain Starlette route beside FastAPI, because every microsecond counts.

Answers follow Knative's retry rules: what would be retried in vain is a 400, 413 or 415; overload
and an absent database are 429 and 503 with Retry-After; a duplicate is 202, and 202 is empty, since
Knative would route a body onward as a reply event.
"""

import hmac
import re
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import largest_body, parse_request
from lexmill.events.errors import BatchError, EventError, problem
from lexmill.events.schemas import Incoming
from lexmill.events.service import accept_control
from lexmill.events.types import data_schema, describe_types
from lexmill.telemetry.metrics import EVENTS
from lexmill_api.batching import Batcher, OverloadedError
from lexmill_api.runtime import ApiRuntime

log = structlog.get_logger(__name__)

_RETRY = {"Retry-After": "2"}
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def ingest_routes() -> list[Route]:
    return [
        *(
            Route(path, endpoint, methods=[method])
            for path in ("/events", "/ns/{namespace}/events", "/ns/{namespace}/jobs/{job}/events")
            for method, endpoint in (("POST", post_events), ("OPTIONS", options_events))
        ),
        Route("/events/types", get_types),
        Route("/events/types/{type}", get_type),
    ]


async def options_events(request: Request) -> Response:
    """The webhook handshake (CloudEvents HTTP 1.1 Web Hooks 4.2): any origin may deliver."""
    headers = {"Allow": "POST, OPTIONS"}
    if origin := request.headers.get("webhook-request-origin"):
        headers["WebHook-Allowed-Origin"] = origin
        headers["WebHook-Allowed-Rate"] = request.headers.get("webhook-request-rate", "*")
    return Response(status_code=200, headers=headers)


async def get_types(_: Request) -> Response:
    """The event types that Lexmill itself defines."""
    return Response(msgspec.json.encode(describe_types()), media_type="application/json")


async def get_type(request: Request) -> Response:
    """The JSON Schema of one type's data."""
    schema = data_schema(request.path_params["type"])
    if schema is None:
        return _problem(404, "unknown_type", "Lexmill does not define this event type")
    return Response(msgspec.json.encode(schema), media_type="application/schema+json")


async def post_events(request: Request) -> Response:
    """202 once everything in the request is committed."""
    runtime: ApiRuntime = request.app.state.runtime
    namespace = request.path_params.get("namespace", runtime.settings.default_namespace)
    if not _NAMESPACE.fullmatch(namespace):
        return _problem(400, "bad_namespace", "the address names no namespace of Kubernetes' form")
    limits = runtime.limits if _is_authorised(runtime, request) else runtime.public_limits
    try:
        content_type = request.headers.get("content-type")
        headers = request.scope["headers"]
        body = await _read_body(request, largest_body(content_type, headers, limits))
        received = parse_request(content_type, headers, body, limits)
    except (EventError, BatchError) as error:
        EVENTS.labels("refused").inc()
        return _answer(error.status, problem(error))
    except ClientDisconnect:
        return Response(status_code=400)
    job = request.path_params.get("job")
    trace = request.headers.get("traceparent", "")
    incoming = [
        Incoming(
            namespace=namespace,
            job=job,
            event=event,
            traceparent=trace if _TRACEPARENT.fullmatch(trace) else None,
        )
        for event in received.events
    ]
    if any(event.is_control for event in received.events):
        return await _accept_control(runtime, request, incoming)
    return await _accept(runtime.batcher, incoming)


async def _accept(batcher: Batcher, incoming: list[Incoming]) -> Response:
    try:
        outcomes = await batcher.accept(incoming)
    except OverloadedError:
        EVENTS.labels("overloaded").inc(len(incoming))
        return _problem(429, "overloaded", "too many events are waiting to be committed", _RETRY)
    except SQLAlchemyError as error:
        log.warning("ingest_failed", error=type(error).__name__)
        EVENTS.labels("database").inc(len(incoming))
        return _problem(503, "database_away", "the database does not answer", _RETRY)
    for outcome in outcomes:
        EVENTS.labels(outcome).inc()
    if "unknown_job" in outcomes:
        return _problem(404, "unknown_job", "no listening job of this name is in this namespace")
    return Response(status_code=202)


async def _accept_control(
    runtime: ApiRuntime, request: Request, incoming: list[Incoming]
) -> Response:
    if not _is_authorised(runtime, request):
        return _problem(
            401,
            "unauthorised",
            "control events need the control token as bearer",
            {"WWW-Authenticate": "Bearer"},
        )
    if len(incoming) > 1 or incoming[0].job is not None:
        return _problem(
            400, "control_alone", "a control event is sent alone, to the address of a namespace"
        )
    try:
        async with runtime.session() as session, session.begin():
            accepted = await session.run_sync(
                lambda sync: accept_control(
                    sync, namespace=incoming[0].namespace, event=incoming[0].event
                )
            )
    except LexmillError as error:
        status = 400 if error.error_class is ErrorClass.DOCUMENT else 503
        return _problem(status, error.code, error.message, _RETRY if status == 503 else None)
    except SQLAlchemyError as error:
        log.warning("ingest_failed", error=type(error).__name__)
        return _problem(503, "database_away", "the database does not answer", _RETRY)
    EVENTS.labels(accepted.outcomes[0]).inc()
    await runtime.batcher.ring(accepted.wake_ups)
    return Response(status_code=202)


async def _read_body(request: Request, limit: int) -> bytes:
    """At most one chunk more than the limit is read, whatever Content-Length says."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            break
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _is_authorised(runtime: ApiRuntime, request: Request) -> bool:
    """By bearer header, or by the webhook specification's query parameter."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        scheme, token = "bearer", request.query_params.get("access_token", "")
    expected = runtime.settings.control_token.get_secret_value()
    return scheme.lower() == "bearer" and hmac.compare_digest(
        token.strip().encode(), expected.encode()
    )


def _problem(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> Response:
    body: dict[str, Any] = {"status": status, "code": code, "detail": detail}
    return _answer(status, msgspec.json.encode(body), headers)


def _answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(
        body, status_code=status, headers=headers, media_type="application/problem+json"
    )
