"""A typed client of the API, for the command line and the scalers."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Final, Self

import msgspec

from lexmill.audit.schemas import AuditEntry
from lexmill.client.connection import Connection, address, decoded
from lexmill.client.documents import Documents
from lexmill.client.events import Events
from lexmill.client.jobs import Jobs
from lexmill.client.tokens import Tokens
from lexmill.events.schemas import JOB_CANCELLED, JOB_DECLARED
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, JobProgress
from lexmill.reviews.schemas import Decided, NewDecision, Reviewed
from lexmill.scaling.schemas import Demand
from lexmill.tasks.schemas import DeadTaskRow, Kind

_REPLAYED_AT_ONCE: Final = 1_000


class ApiClient:
    """Every call raises LexmillError: with the API's own code and sentence where it gave one.

    Threads may share one. A ``token`` that is a function is called for every request, from any of
    them: one that Kubernetes mounts is renewed in place.
    """

    def __init__(
        self, url: str, *, token: str | Callable[[], str], source: str, tries: int = 1
    ) -> None:
        self._source = source
        self._connection = Connection(url, token=token, tries=tries)
        self.jobs = Jobs(self._connection)
        self.documents = Documents(self._connection)
        self.events = Events(self._connection)
        self.tokens = Tokens(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def declare(self, namespace: str, job: DeclaredJob) -> None:
        self._send(namespace, JOB_DECLARED, job.model_dump(mode="json", exclude_defaults=True))

    def cancel(self, namespace: str, job: CancelledJob) -> None:
        self._send(namespace, JOB_CANCELLED, job.model_dump(mode="json"))

    def progress(self, namespace: str, name: str) -> JobProgress | None:
        """None when no such job is alive."""
        return self.jobs.find(namespace, name)

    def busy_workers(self, namespace: str, name: str, pool: str) -> dict[str, int]:
        """Visits under way by worker; idle workers, and those of an unknown job, are missing."""
        return self.jobs.busy_workers(namespace, name, pool=pool)

    def demand(self, *, after: int, wait_seconds: float) -> Demand:
        query = {"after": after, "wait": wait_seconds}
        return self._connection.read(address("demand"), Demand, query)

    def dead(
        self,
        namespace: str,
        *,
        job: uuid.UUID | None = None,
        kind: Kind | None = None,
        error_code: str | None = None,
    ) -> Iterator[DeadTaskRow]:
        """All dead tasks, oldest first, read page by page."""
        query = {"job": job, "kind": kind, "error_code": error_code}
        return self._connection.pages(address("namespaces", namespace, "dead"), DeadTaskRow, query)

    def replay(self, namespace: str, tasks: Sequence[int]) -> int:
        """How many tasks are queued again."""
        queued = 0
        for at in range(0, len(tasks), _REPLAYED_AT_ONCE):
            answer = self._connection.once(
                "POST",
                address("namespaces", namespace, "dead", "replay"),
                list(tasks[at : at + _REPLAYED_AT_ONCE]),
            )
            queued += decoded(answer, dict[str, int])["queued"]
        return queued

    def review(self, namespace: str, decisions: Sequence[NewDecision]) -> Decided:
        """Record all of them, or none and raise RefusedDecisionsError."""
        answer = self._connection.send(
            "POST", address("namespaces", namespace, "reviews"), decisions
        )
        return decoded(answer, Decided)

    def reviews(self, namespace: str) -> Iterator[Reviewed]:
        """All items that people have looked at, the first that was first, read page by page."""
        return self._connection.pages(address("namespaces", namespace, "reviews"), Reviewed)

    def audit(self, namespace: str) -> Iterator[AuditEntry]:
        """The audit trail from its beginning, read page by page."""
        return self._connection.pages(address("namespaces", namespace, "audit"), AuditEntry)

    def is_ready(self) -> bool:
        return self._connection.is_ready()

    def _send(self, namespace: str, event_type: str, data: object) -> None:
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._source,
            "type": event_type,
            "datacontenttype": "application/json",
            "data": data,
        }
        self._connection.request(
            "POST",
            f"/ns/{namespace}/events",
            content=msgspec.json.encode(event),
            headers={"Content-Type": "application/cloudevents+json"},
        )
