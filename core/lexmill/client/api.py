"""A typed client of the API, for the command line and the scalers."""

import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from lexmill.client.audit import Audit
from lexmill.client.connection import Connection, address
from lexmill.client.dead import Dead
from lexmill.client.documents import Documents
from lexmill.client.events import Events
from lexmill.client.facts import Facts, Findings
from lexmill.client.jobs import Jobs
from lexmill.client.live import Live
from lexmill.client.playbooks import Playbooks
from lexmill.client.records import Holds, Matters, Tombstones
from lexmill.client.reviews import Reviews
from lexmill.client.tokens import Tokens
from lexmill.client.uploads import Uploads
from lexmill.events.schemas import JOB_CANCELLED, JOB_DECLARED
from lexmill.jobs.schemas import CancelledJob, DeclaredJob
from lexmill.scaling.schemas import Demand
from lexmill.statistics.schemas import Statistics


class ApiClient:
    """Every call raises LexmillError: with the API's own code and sentence where it gave one.

    Threads may share one. A ``token`` that is a function is called for every request, from any of
    them: one that Kubernetes mounts is renewed in place. ``ca_file`` has more authorities to trust.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | Callable[[], str],
        source: str,
        tries: int = 1,
        ca_file: Path | None = None,
    ) -> None:
        self._source = source
        self._connection = Connection(url, token=token, tries=tries, ca_file=ca_file)
        self.jobs = Jobs(self._connection)
        self.documents = Documents(self._connection)
        self.uploads = Uploads(self._connection)
        self.facts = Facts(self._connection)
        self.findings = Findings(self._connection)
        self.reviews = Reviews(self._connection)
        self.audit = Audit(self._connection)
        self.events = Events(self._connection)
        self.dead = Dead(self._connection)
        self.playbooks = Playbooks(self._connection)
        self.matters = Matters(self._connection)
        self.holds = Holds(self._connection)
        self.tombstones = Tombstones(self._connection)
        self.tokens = Tokens(self._connection)
        self.live = Live(self._connection)

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
        """As whoever controls jobs does, by an event; `jobs.declare` is for everybody else."""
        self._send(namespace, JOB_DECLARED, job.model_dump(mode="json", exclude_defaults=True))

    def cancel(self, namespace: str, job: CancelledJob) -> None:
        self._send(namespace, JOB_CANCELLED, job.model_dump(mode="json"))

    def demand(self, *, after: int, wait_seconds: float) -> Demand:
        query = {"after": after, "wait": wait_seconds}
        return self._connection.read(address("demand"), Demand, query)

    def statistics(
        self, namespace: str, *, since: date | None = None, before: date | None = None
    ) -> Statistics:
        """Of the days from ``since`` to before ``before`` (UTC); of the newest, if not given."""
        query = {"from": since, "before": before}
        return self._connection.read(
            address("namespaces", namespace, "statistics"), Statistics, query
        )

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
