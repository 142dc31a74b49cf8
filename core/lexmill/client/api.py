"""A typed client of the API, for the command line and the scalers."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from lexmill.audit.schemas import AuditEntry
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.schemas import JOB_CANCELLED, JOB_DECLARED
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, JobProgress
from lexmill.listing.schemas import Page
from lexmill.reviews.schemas import (
    Decided,
    NewDecision,
    Problem,
    RefusedDecisionsError,
    Reviewed,
)
from lexmill.scaling.schemas import Demand
from lexmill.tasks.schemas import DeadTaskRow

T = TypeVar("T")

_TIMEOUT = httpx.Timeout(10, read=40)
# A connection that the server closes while idle would fail the next request on it; uvicorn keeps
# them for 5 s.
_CONNECTIONS = httpx.Limits(max_connections=100, keepalive_expiry=4)


class ApiClient:
    """Every call raises LexmillError: with the API's own code and sentence where it gave one.

    Threads may share one. A ``token`` that is a function is called for every request, from any of
    them: one that Kubernetes mounts is renewed in place.
    """

    def __init__(self, url: str, *, token: str | Callable[[], str], source: str) -> None:
        self._source = source
        self._token = token
        self._http = httpx.Client(
            base_url=url, timeout=_TIMEOUT, limits=_CONNECTIONS, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def declare(self, namespace: str, job: DeclaredJob) -> None:
        self._send(namespace, JOB_DECLARED, job.model_dump(mode="json", exclude_defaults=True))

    def cancel(self, namespace: str, job: CancelledJob) -> None:
        self._send(namespace, JOB_CANCELLED, job.model_dump(mode="json"))

    def progress(self, namespace: str, name: str) -> JobProgress | None:
        """None when no such job is alive."""
        answer = self._call("GET", f"/v1/namespaces/{namespace}/jobs/{name}", absent_is_legal=True)
        return None if answer is None else msgspec.json.decode(answer, type=JobProgress)

    def busy_workers(self, namespace: str, name: str, pool: str) -> dict[str, int]:
        """Visits under way by worker; idle workers, and those of an unknown job, are missing."""
        answer = self._call(
            "GET",
            f"/v1/namespaces/{namespace}/jobs/{name}/workers?pool={pool}",
            absent_is_legal=True,
        )
        return {} if answer is None else msgspec.json.decode(answer, type=_Workers).busy

    def demand(self, *, after: int, wait_seconds: float) -> Demand:
        answer = self._call("GET", f"/v1/demand?after={after}&wait={wait_seconds}")
        assert answer is not None
        return msgspec.json.decode(answer, type=Demand)

    def dead(self, namespace: str) -> Iterator[DeadTaskRow]:
        """All dead tasks, oldest first, read page by page."""
        cursor: str | None = ""
        while cursor is not None:
            following = f"&cursor={cursor}" if cursor else ""
            answer = self._call("GET", f"/v1/namespaces/{namespace}/dead?limit=500{following}")
            assert answer is not None
            page = msgspec.json.decode(answer, type=Page[DeadTaskRow])
            yield from page.items
            cursor = page.next

    def replay(self, namespace: str, tasks: Sequence[int]) -> int:
        """How many tasks are queued again."""
        queued = 0
        for at in range(0, len(tasks), 1_000):
            answer = self._call(
                "POST",
                f"/v1/namespaces/{namespace}/dead/replay",
                content=msgspec.json.encode(list(tasks[at : at + 1_000])),
                content_type="application/json",
            )
            assert answer is not None
            queued += msgspec.json.decode(answer, type=dict[str, int])["queued"]
        return queued

    def review(self, namespace: str, decisions: Sequence[NewDecision]) -> Decided:
        """Record all of them, or none and raise RefusedDecisionsError."""
        answer = self._call(
            "POST",
            f"/v1/namespaces/{namespace}/reviews",
            content=msgspec.json.encode(decisions),
            content_type="application/json",
        )
        assert answer is not None
        return msgspec.json.decode(answer, type=Decided)

    def reviews(self, namespace: str) -> Iterator[Reviewed]:
        """All items that people have looked at, the first that was first, read page by page."""
        return self._pages(f"/v1/namespaces/{namespace}/reviews", Page[Reviewed])

    def audit(self, namespace: str) -> Iterator[AuditEntry]:
        """The audit trail from its beginning, read page by page."""
        return self._pages(f"/v1/namespaces/{namespace}/audit", Page[AuditEntry])

    def _pages(self, path: str, kind: type[Page[T]]) -> Iterator[T]:
        cursor: str | None = ""
        while cursor is not None:
            following = f"&cursor={cursor}" if cursor else ""
            answer = self._call("GET", f"{path}?limit=500{following}")
            assert answer is not None
            page = msgspec.json.decode(answer, type=kind)
            yield from page.items
            cursor = page.next

    def is_ready(self) -> bool:
        try:
            return self._http.get("/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _send(self, namespace: str, event_type: str, data: object) -> None:
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._source,
            "type": event_type,
            "datacontenttype": "application/json",
            "data": data,
        }
        self._call(
            "POST",
            f"/ns/{namespace}/events",
            content=msgspec.json.encode(event),
            content_type="application/cloudevents+json",
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        content_type: str | None = None,
        absent_is_legal: bool = False,
    ) -> bytes | None:
        headers = {"Authorization": f"Bearer {self._read_token()}"}
        if content_type is not None:
            headers["Content-Type"] = content_type
        try:
            answer = self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise LexmillError(
                "api_away", "Lexmill's API does not answer", ErrorClass.PASSING
            ) from error
        if answer.is_success:
            return answer.content
        if absent_is_legal and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        raise _refusal(answer)

    def _read_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            return self._token().strip()
        except OSError as error:
            raise LexmillError(
                "token_away", "the token for Lexmill's API cannot be read", ErrorClass.PASSING
            ) from error


class _Workers(msgspec.Struct):
    busy: dict[str, int]


class _Problem(msgspec.Struct):
    detail: str
    code: str = "refused"
    problems: tuple[Problem, ...] = ()


def _refusal(answer: httpx.Response) -> LexmillError:
    passing = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error
    error_class = ErrorClass.PASSING if passing else ErrorClass.DOCUMENT
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.DecodeError:
        return LexmillError("refused", f"Lexmill's API answered {answer.status_code}", error_class)
    if problem.problems:
        return RefusedDecisionsError(problem.problems)
    return LexmillError(problem.code, problem.detail, error_class)
