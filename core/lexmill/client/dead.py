import uuid
from collections.abc import Sequence
from typing import Final, TypedDict, Unpack

from lexmill.client.connection import Connection, Rows, address, decoded
from lexmill.tasks.schemas import DeadTaskRow, Kind

_REPLAYED_AT_ONCE: Final = 1_000


class DeadFilters(TypedDict, total=False):
    job: uuid.UUID | None
    kind: Kind | None
    error_code: str | None


class Dead:
    """Tasks that used up their limits, or were stopped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[DeadFilters]
    ) -> Rows[DeadTaskRow]:
        """The oldest first."""
        path = address("namespaces", namespace, "dead")
        return Rows(self._connection, path, DeadTaskRow, {"sort": sort, **filters})

    def replay(self, namespace: str, tasks: Sequence[int]) -> int:
        """How many tasks are queued again."""
        path = address("namespaces", namespace, "dead", "replay")
        queued = 0
        for at in range(0, len(tasks), _REPLAYED_AT_ONCE):
            answer = self._connection.once(path, tuple(tasks[at : at + _REPLAYED_AT_ONCE]))
            queued += decoded(answer, dict[str, int])["queued"]
        return queued
