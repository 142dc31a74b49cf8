from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, TypedDict, Unpack
from urllib.parse import quote

import msgspec

from lexmill.client.connection import Connection, Rows, address, decoded
from lexmill.jobs.schemas import (
    JobDeclaration,
    JobProgress,
    JobRow,
    LegalJobSpec,
    ReplayedJob,
    ResultFiles,
)
from lexmill.scaling.schemas import PoolBacklog

State = Literal["Running", "Suspended", "Complete", "Failed"]
Owner = Literal["kubernetes", "api", "local"]


class JobFilters(TypedDict, total=False):
    state: State | None
    owner: Owner | None
    matter: str | None
    declared_from: datetime | None
    declared_before: datetime | None


class _Workers(msgspec.Struct):
    busy: dict[str, int]


class Jobs:
    """``if_match`` is a version that was read: the job stays as it is if it has changed since."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[JobFilters]
    ) -> Rows[JobRow]:
        """The newest first."""
        return Rows(self._connection, _path(namespace), JobRow, {"sort": sort, **filters})

    def get(self, namespace: str, name: str) -> JobProgress:
        return self._connection.read(_path(namespace, name), JobProgress)

    def find(self, namespace: str, name: str) -> JobProgress | None:
        """None when no such job is alive."""
        return self._connection.find(_path(namespace, name), JobProgress)

    def declaration(self, namespace: str, name: str) -> JobDeclaration:
        return self._connection.read(_path(namespace, name, "declaration"), JobDeclaration)

    def busy_workers(self, namespace: str, name: str, *, pool: str) -> dict[str, int]:
        """Visits under way by worker; idle workers, and those of an unknown job, are missing."""
        found = self._connection.find(_path(namespace, name, "workers"), _Workers, {"pool": pool})
        return {} if found is None else found.busy

    def backlog(self, namespace: str, name: str, *, pool: str) -> PoolBacklog:
        """What asks for workers of a pool."""
        return self._connection.read(_path(namespace, name, "demand"), PoolBacklog, {"pool": pool})

    def declare(
        self,
        namespace: str,
        *,
        name: str,
        spec: LegalJobSpec,
        config_maps: dict[str, dict[str, str]] | None = None,
    ) -> JobProgress:
        """A job of the API's own; those of Kubernetes are declared by kubectl."""
        body = {
            "name": name,
            "spec": spec.model_dump(mode="json", exclude_defaults=True),
            "config_maps": config_maps or {},
        }
        return decoded(self._connection.once(_path(namespace), body), JobProgress)

    def cancel(self, namespace: str, name: str, *, if_match: str | None = None) -> JobProgress:
        """Documents that are not done end as `dead` and may be replayed."""
        return self._order(namespace, name, "cancel", if_match)

    def suspend(self, namespace: str, name: str, *, if_match: str | None = None) -> JobProgress:
        """Nothing new is begun until it is resumed; what runs ends in order."""
        return self._order(namespace, name, "suspend", if_match)

    def resume(self, namespace: str, name: str, *, if_match: str | None = None) -> JobProgress:
        return self._order(namespace, name, "resume", if_match)

    def replay(
        self, namespace: str, name: str, *, states: frozenset[str] = frozenset({"dead"})
    ) -> int:
        """How many of its dead (or failed) documents are queued again, in a new run."""
        queued, more = 0, True
        while more:
            answer = self._connection.once(
                _path(namespace, name, "replay"), {"states": sorted(states)}
            )
            replayed = decoded(answer, ReplayedJob)
            queued, more = queued + replayed.queued, replayed.more
        return queued

    def delete(self, namespace: str, name: str, *, if_match: str | None = None) -> None:
        """Its name is free again, what is open ends as `dead`; its results stay."""
        self._connection.send("DELETE", _path(namespace, name), if_match=if_match)

    def results(self, namespace: str, name: str) -> ResultFiles:
        """The files of its finished runs, the newest run first."""
        return self._connection.read(_path(namespace, name, "results"), ResultFiles)

    def result_file(
        self, namespace: str, name: str, *, run: int, file: str
    ) -> AbstractContextManager[Iterator[bytes]]:
        """One of them, in pieces."""
        return self._connection.bytes_of(f"{_path(namespace, name, 'results', run)}/{quote(file)}")

    def _order(self, namespace: str, name: str, order: str, if_match: str | None) -> JobProgress:
        path = _path(namespace, name, order)
        return decoded(self._connection.once(path, if_match=if_match), JobProgress)


def _path(namespace: str, *parts: str | int) -> str:
    return address("namespaces", namespace, "jobs", *parts)
