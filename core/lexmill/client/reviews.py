import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from lexmill.client.connection import Connection, Rows, address, decoded
from lexmill.reviews.schemas import Change, Decided, NewDecision, Reviewed


class ReviewFilters(TypedDict, total=False):
    sha256: str | None
    document: uuid.UUID | None
    field: str | None
    decision: Literal["accepted", "corrected", "rejected", "absent", "reopened"] | None
    reviewer: str | None
    decided_from: datetime | None
    decided_before: datetime | None


class Reviews:
    """What people decided about items of documents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[ReviewFilters]
    ) -> Rows[Reviewed]:
        """All items that people have looked at, the first that was first."""
        return Rows(self._connection, _path(namespace), Reviewed, {"sort": sort, **filters})

    def get(self, namespace: str, review: int) -> Reviewed:
        return self._connection.read(_path(namespace, review), Reviewed)

    def decide(self, namespace: str, decisions: Sequence[NewDecision]) -> Decided:
        """Record all of them, or none and raise RefusedDecisionsError."""
        return decoded(self._connection.send("POST", _path(namespace), decisions), Decided)

    def change(self, namespace: str, review: int, change: Change, *, revision: int) -> Reviewed:
        """Decide an item anew, if nobody has since ``revision``."""
        answer = self._connection.send(
            "PUT", _path(namespace, review), change, if_match=str(revision)
        )
        return decoded(answer, Reviewed)


def _path(namespace: str, *parts: int) -> str:
    return address("namespaces", namespace, "reviews", *parts)
