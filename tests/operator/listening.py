"""A LegalJob that listens: each event is one document, so there is as much work as a test wants.

Workers are missing unless the test has some: what is waiting then stays.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lexmill.tasks.schemas import ClaimedTask, Visit
from lexmill.tasks.service import claim_task, complete_finalize, complete_visit
from tests.operator.installation import LEGALJOBS, Installation
from tests.processes import until

APPLY = {"fieldManager": "tests", "force": "true"}
YAML = {"content-type": "application/apply-patch+yaml"}


@dataclass(frozen=True)
class ListeningJob:
    installation: Installation
    namespace: str
    name: str = "inbox"

    @property
    def path(self) -> str:
        return f"{LEGALJOBS}/namespaces/{self.namespace}/legaljobs/{self.name}"

    # -- what people do ----------------------------------------------------------------------

    def apply(self, *, workers: dict[str, Any] | None = None, **spec: Any) -> None:
        """As ``kubectl apply --server-side`` does: what is left out is taken back.

        It listens to everything, unless the spec has documents.
        """
        if "documents" not in spec:
            spec["trigger"] = {}
        body = {
            "apiVersion": "lexmill.io/v1alpha1",
            "kind": "LegalJob",
            "metadata": {"name": self.name},
            "spec": {"workers": workers or {}, **spec},
        }
        self.installation.http.patch(
            self.path, params=APPLY, content=msgspec.json.encode(body), headers=YAML
        ).raise_for_status()

    def delete(self) -> None:
        self.installation.delete(self.namespace, self.name)

    def send(self, count: int = 1) -> None:
        """Documents come in; returns when Lexmill has taken them."""
        events = [
            {
                "specversion": "1.0",
                "id": str(uuid.uuid4()),
                "source": "/tests",
                "type": "com.example.received",
                "datacontenttype": "text/plain",
                "data": "This Agreement is made between A Ltd and B Ltd.",
            }
            for _ in range(count)
        ]
        httpx.post(
            f"{self.installation.api_url}/ns/{self.namespace}/jobs/{self.name}/events",
            content=msgspec.json.encode(events),
            headers={"content-type": "application/cloudevents-batch+json"},
            timeout=20,
        ).raise_for_status()

    # -- what is there -----------------------------------------------------------------------

    @property
    def uid(self) -> str:
        found = self.installation.legaljob(self.namespace, self.name)
        assert found is not None
        uid: str = found["metadata"]["uid"]
        return uid

    @property
    def status(self) -> dict[str, Any]:
        return self.installation.status(self.namespace, self.name)

    def told(self, *path: str) -> Any:
        """A field of the status; None while it is not there."""
        value: Any = self.status
        for name in path:
            value = (value or {}).get(name)
        return value

    def condition(self, kind: str) -> tuple[str, str]:
        return self.installation.condition(self.namespace, self.name, kind)

    def deployment(self, pool: str = "main") -> dict[str, Any] | None:
        return self.installation.deployment(self.namespace, f"{self.name}-{pool}")

    def replicas(self, pool: str = "main") -> int | None:
        """As the pool's Deployment was told; None without one."""
        found = self.deployment(pool)
        return None if found is None else found["spec"]["replicas"]

    def await_accepted(self) -> None:
        until(lambda: self.condition("Accepted")[0] == "True")

    def await_replicas(self, count: int, pool: str = "main") -> None:
        until(lambda: self.replicas(pool) == count)

    # -- what workers do ---------------------------------------------------------------------

    def claim(self, worker: str) -> None:
        """A worker takes a document and has it in hand from now on."""
        with self._session() as session:
            assert self._claim(session, worker) is not None

    def end_document(self, *, seconds: float = 1.0) -> None:
        """A worker takes a document and is through with it; its stages took so long."""
        with self._session() as session:
            task = self._claim(session, "worker")
            assert task is not None
            complete_visit(session, task=task, visit=Visit(stage_seconds={"parse": seconds}))

    def end_run(self) -> None:
        """A worker writes the reports as soon as all documents have ended."""
        until(self._write_reports)

    def _write_reports(self) -> bool:
        with self._session() as session:
            task = self._claim(session, "worker")
            if task is not None:
                complete_finalize(session, task=task)
            return task is not None

    def _claim(self, session: Session, worker: str) -> ClaimedTask | None:
        uid = uuid.UUID(self.uid)
        return claim_task(session, job_uid=uid, pool="main", worker=worker, lease_seconds=600)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        engine = create_engine(self.installation.settings.database_url)
        try:
            with Session(engine) as session, session.begin():
                yield session
        finally:
            engine.dispose()
