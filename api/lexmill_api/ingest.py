"""CloudEvents over HTTP, in front of every framework, because every microsecond counts.

Answers follow Knative's retry rules: what would be retried in vain is a 400, 413 or 415; overload
and an absent database are 429 and 503 with Retry-After; a duplicate is 202, and 202 is empty, since
Knative would route a body onward as a reply event.
"""

import re
import time
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qs

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import Received, largest_body, parse_request
from lexmill.events.errors import BatchError, EventError, problem
from lexmill.events.schemas import Incoming
from lexmill.events.service import accept_control
from lexmill.telemetry.logs import raised_at
from lexmill.telemetry.metrics import EVENTS
from lexmill_api.batching import OverloadedError
from lexmill_api.identity import Access, Action
from lexmill_api.identity.webhooks import is_signed
from lexmill_api.problems import MEDIA_TYPE, problem_body
from lexmill_api.rates import unknown_at
from lexmill_api.request_ids import request_id
from lexmill_api.runtime import ApiRuntime

log = structlog.get_logger(__name__)

_ADDRESS = re.compile(r"(?:/ns/(?P<namespace>[^/]+)(?:/jobs/(?P<job>[^/]+))?)?/events")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_TRACEPARENT = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
CONTENT_TOO_LARGE = 413
_RETRY = (b"retry-after", b"2")
_PROBLEM = (b"content-type", MEDIA_TYPE.encode())

# Labels are looked up by name, checked and locked; a counter is not.
_counter = cache(EVENTS.labels)

Headers = list[tuple[bytes, bytes]]


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()


class _Gone(Exception):  # noqa: N818 - no error: the sender hung up
    pass


ACCEPTED = Answer(202)


@dataclass(frozen=True)
class Ingest:
    """The POSTs and OPTIONS of the event addresses; everything else goes on to ``app``."""

    app: ASGIApp
    runtime: ApiRuntime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = None if scope["type"] != "http" else _ADDRESS.fullmatch(scope["path"])
        if address is None or scope["method"] not in {"POST", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        headers: Headers = scope["headers"]
        id_ = request_id(headers)
        if scope["method"] == "OPTIONS":
            answer = answer_handshake(headers)
        else:
            try:
                answer = await self._post(address, scope, receive)
            except _Gone:
                return
            except Exception as error:  # noqa: BLE001 - its message could quote the event
                log.error(
                    "ingest_defect",
                    error=type(error).__name__,
                    places=raised_at(error),
                    request=id_,
                )
                answer = INTERNAL_ERROR
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [
                    (b"content-length", b"%d" % len(answer.body)),
                    (b"x-request-id", id_.encode()),
                    *answer.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    async def _post(self, address: "re.Match[str]", scope: Scope, receive: Receive) -> Answer:
        """202 once everything in the request is committed."""
        namespace = address["namespace"] or self.runtime.settings.default_namespace
        if not _NAMESPACE.fullmatch(namespace):
            return _problem(400, "bad_namespace", "the address has no namespace as Kubernetes has")
        headers: Headers = scope["headers"]
        token = _bearer_token(scope)
        access = await self.runtime.identities.controls(token) if token else Access.UNKNOWN
        granted = access is Access.GRANTED
        limits = self.runtime.limits if granted else self.runtime.public_limits
        try:
            content_type = _header(headers, b"content-type")
            declared = None if content_type is None else content_type.decode("latin-1")
            body = await _read_body(receive, largest_body(declared, headers, limits))
            received = parse_request(declared, headers, body, limits)
        except (EventError, BatchError) as error:
            EVENTS.labels("refused").inc()
            refusal = Answer(error.status, problem(error), (_PROBLEM,))
            # A good token may send more, so this is a way to try one.
            is_login = bool(token) and error.status == CONTENT_TOO_LARGE
            return self._refused(scope, access, refusal) if is_login else refusal
        is_control = any(event.is_control for event in received.events)
        if not granted and not is_control:
            access = await self._sender(namespace, token, headers, body)
        if access is not Access.GRANTED:
            if is_control:
                return self._refused(scope, access, NOT_GRANTED[access])
            EVENTS.labels("refused").inc()
            return self._refused(scope, access, NOT_SENT[access])
        if is_control:
            return await self._accept_control(namespace, address["job"], received)
        return await self._accept_data(namespace, address["job"], received, headers)

    def _refused(self, scope: Scope, access: Access, refusal: Answer) -> Answer:
        """Too many logins in vain from one address, here and at /v1 together, have to wait."""
        if access is Access.UNDECIDED:
            return NOT_GRANTED[access]
        if access is Access.FORBIDDEN:
            return refusal
        client = scope.get("client")
        rates = self.runtime.rates
        allowance = rates.take(unknown_at(client[0] if client else ""))
        told = [
            (name.lower().encode(), value.encode())
            for name, value in rates.headers(allowance).items()
        ]
        answer = refusal if allowance.granted else TOO_OFTEN
        return answer._replace(headers=(*answer.headers, *told))

    async def _accept_data(
        self, namespace: str, job: str | None, received: Received, headers: Headers
    ) -> Answer:
        trace = _header(headers, b"traceparent")
        if trace is not None and not _TRACEPARENT.fullmatch(trace):
            trace = None
        return await self._accept(
            [
                Incoming(
                    namespace=namespace,
                    job=job,
                    event=event,
                    traceparent=None if trace is None else trace.decode(),
                )
                for event in received.events
            ]
        )

    async def _sender(self, namespace: str, token: bytes, headers: Headers, body: bytes) -> Access:
        """A signature that is given has to be right, even where none is asked for."""
        settings = self.runtime.settings
        secrets = settings.webhook_secrets.get(namespace, ())
        signatures = _header(headers, b"webhook-signature") if secrets else None
        if signatures is not None:
            good = is_signed(
                body,
                id_=_header(headers, b"webhook-id") or b"",
                timestamp=_header(headers, b"webhook-timestamp") or b"",
                signatures=signatures,
                secrets=[secret.get_secret_value() for secret in secrets],
                now=time.time(),
            )
            return Access.GRANTED if good else Access.UNKNOWN
        if settings.open_ingest:
            return Access.GRANTED
        return await self.runtime.identities.access(token, Action.SUBMIT, namespace)

    async def _accept(self, incoming: list[Incoming]) -> Answer:
        try:
            outcomes = await self.runtime.batcher.accept(incoming)
        except OverloadedError:
            EVENTS.labels("overloaded").inc(len(incoming))
            return OVERLOADED
        except SQLAlchemyError as error:
            EVENTS.labels("database").inc(len(incoming))
            return _database_away(error)
        for outcome in outcomes:
            _counter(outcome).inc()
        return UNKNOWN_JOB if "unknown_job" in outcomes else ACCEPTED

    async def _accept_control(self, namespace: str, job: str | None, received: Received) -> Answer:
        if len(received.events) > 1 or job is not None:
            return CONTROL_ALONE
        try:
            async with self.runtime.session() as session, session.begin():
                accepted = await session.run_sync(
                    lambda sync: accept_control(sync, namespace=namespace, event=received.events[0])
                )
        except LexmillError as error:
            if error.error_class is ErrorClass.DOCUMENT:
                return _problem(400, error.code, error.message)
            return _problem(503, error.code, error.message, _RETRY)
        except SQLAlchemyError as error:
            return _database_away(error)
        EVENTS.labels(accepted.outcomes[0]).inc()
        await self.runtime.batcher.ring(accepted.wake_ups)
        return ACCEPTED


def answer_handshake(headers: Headers) -> Answer:
    """Any origin may deliver (CloudEvents HTTP 1.1 Web Hooks, 4.2)."""
    answer = [(b"allow", b"POST, OPTIONS")]
    origin = _header(headers, b"webhook-request-origin")
    if origin is not None:
        answer.append((b"webhook-allowed-origin", origin))
        rate = _header(headers, b"webhook-request-rate")
        answer.append((b"webhook-allowed-rate", b"*" if rate is None else rate))
    return Answer(200, b"", tuple(answer))


def _header(headers: Headers, wanted: bytes) -> bytes | None:
    for name, value in headers:
        if name == wanted:
            return value
    return None


def _bearer_token(scope: Scope) -> bytes:
    """From the bearer header, or from the webhook specification's query parameter."""
    given = _header(scope["headers"], b"authorization")
    if given is not None:
        scheme, _, token = given.partition(b" ")
        return token.strip() if scheme.lower() == b"bearer" else b""
    if scope["query_string"]:
        tokens: list[bytes] = parse_qs(scope["query_string"]).get(b"access_token", [])
        return tokens[0].strip() if tokens else b""
    return b""


async def _read_body(receive: Receive, limit: int) -> bytes:
    """At most one chunk more than the limit is read, whatever Content-Length says."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk: bytes = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _problem(status: int, code: str, detail: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(status, problem_body(status, code, detail), (_PROBLEM, *headers))


def _database_away(error: SQLAlchemyError) -> Answer:
    log.warning("ingest_failed", error=type(error).__name__)
    return _problem(503, "database_away", "the database does not answer", _RETRY)


NOT_GRANTED = {
    Access.UNKNOWN: _problem(
        401,
        "unauthorised",
        "control events need a bearer token",
        (b"www-authenticate", b"Bearer"),
    ),
    Access.FORBIDDEN: _problem(
        403, "forbidden", "this service account may not send control events"
    ),
    Access.UNDECIDED: _problem(
        503, "identity_away", "who could say whose the token is does not answer", _RETRY
    ),
}
NOT_SENT = {
    Access.UNKNOWN: _problem(
        401,
        "unauthorised",
        "events need a bearer token or a webhook signature that is good for this namespace",
        (b"www-authenticate", b"Bearer"),
    ),
    Access.FORBIDDEN: _problem(
        403, "forbidden", "this sender may not create legaljobs in this namespace"
    ),
    Access.UNDECIDED: NOT_GRANTED[Access.UNDECIDED],
}
UNKNOWN_JOB = _problem(404, "unknown_job", "no listening job of this name is in this namespace")
CONTROL_ALONE = _problem(
    400, "control_alone", "a control event is sent alone, to the address of a namespace"
)
INTERNAL_ERROR = _problem(
    500, "internal_error", "Lexmill failed on this request; report it with its X-Request-ID"
)
TOO_OFTEN = _problem(
    429,
    "too_many_requests",
    "too many requests without a good token or signature come from this address; Retry-After says"
    " when to come again, and who has a good one need not wait",
)
OVERLOADED = _problem(429, "overloaded", "too many events are waiting to be committed", _RETRY)
