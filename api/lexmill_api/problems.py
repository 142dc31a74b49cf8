"""RFC 9457 problem documents: what is wrong, for a machine by code, for a person in a sentence."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from lexmill.database import is_passing
from lexmill.errors import LexmillError
from lexmill.reviews.schemas import RefusedDecisionsError
from lexmill.telemetry.logs import raised_at
from lexmill_api.problem_types import PROBLEM_TYPES, PROBLEMS, status_of

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

_CODES = {
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    422: "invalid_request",
    429: "too_many_requests",
    503: "identity_away",
}
_STARLETTES_404 = HTTPStatus.NOT_FOUND.phrase
_NO_ADDRESS = "there is no such address; /v1/openapi.json has all of them"
_COME_AGAIN = {"Retry-After": "2"}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with the last part of ``type`` as ``code``.

    ``type`` leads, on the same installation, to what to do about it.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str


def problem(status: int, code: str, detail: str) -> Problem:
    known = PROBLEM_TYPES.get(code)
    title = HTTPStatus(status).phrase if known is None else known.title
    kind = "about:blank" if known is None else f"{PROBLEMS}{code}"
    return Problem(type=kind, title=title, status=status, code=code, detail=detail)


def problem_body(status: int, code: str, detail: str, problems: Sequence[object] = ()) -> bytes:
    """``problems`` are those of the parts, where what was sent has several."""
    body = msgspec.to_builtins(problem(status, code, detail))
    return msgspec.json.encode({**body, "problems": problems} if problems else body)


def problem_response(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    problems: Sequence[object] = (),
) -> Response:
    return Response(problem_body(status, code, detail, problems), status, headers, MEDIA_TYPE)


def internal_error() -> Response:
    """A new one each time, as headers are added to it."""
    detail = "Lexmill failed on this request; report it with its X-Request-ID"
    return problem_response(500, "internal_error", detail)


async def answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and isinstance(request.app, FastAPI):
        return _answer_method(request)
    if error.status_code == 400:  # FastAPI's own, of a body that it cannot read
        return problem_response(422, "invalid_request", "body: it is not what its type says")
    code = _CODES.get(error.status_code, "refused")
    detail = _NO_ADDRESS if error.detail == _STARLETTES_404 else str(error.detail)
    return problem_response(error.status_code, code, detail, error.headers)


def _answer_method(request: Request) -> Response:
    """Starlette names the methods of one route only, and an address often has more."""
    allowed = sorted(
        {
            method
            for route in iter_route_contexts(request.app.routes)
            if route.matches(request.scope)[0] is Match.PARTIAL  # all but the method
            for method in route.methods or ()
        }
    )
    detail = f"this address has {', '.join(allowed)} only"
    return problem_response(405, "method_not_allowed", detail, {"Allow": ", ".join(allowed)})


async def answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, LexmillError)
    status = status_of(error)
    headers = _COME_AGAIN if status == 503 or error.code == "still_under_way" else None
    parts = error.problems if isinstance(error, RefusedDecisionsError) else ()
    return problem_response(status, error.code, error.message, headers, parts)


async def answer_invalid(_: Request, error: Exception) -> Response:
    """Names the first place and what it should be, never what was sent."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return problem_response(422, "invalid_request", f"{place}: {first['msg']}")


async def answer_database_error(_: Request, error: Exception) -> Response:
    """What PostgreSQL said stays here, as it can quote what was sent."""
    if isinstance(error, DataError):  # a route that lets such a value through ought to know better
        log.error("value_out_of_range", place=type(error.orig).__name__)
        return problem_response(422, "invalid_request", "a value is out of the range of its type")
    if isinstance(error, SQLAlchemyError) and not is_passing(error):
        log.error("request_defect", error=type(error).__name__, places=raised_at(error))
        return internal_error()
    log.warning("request_failed", error=type(error).__name__)
    return problem_response(503, "database_away", "the database does not answer", _COME_AGAIN)
