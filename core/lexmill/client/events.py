import uuid
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from lexmill.client.connection import Connection, Rows, address
from lexmill.events.schemas import EventDetails, EventRow

Outcome = Literal["routed", "unmatched", "unroutable", "control"]


class EventFilters(TypedDict, total=False):
    outcome: Outcome | None
    type: str | None
    source: str | None
    event_id: str | None
    job: uuid.UUID | None
    received_from: datetime | None
    received_before: datetime | None


class Events:
    """Events that were accepted, and what became of each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[EventFilters]
    ) -> Rows[EventRow]:
        """The newest first."""
        path = address("namespaces", namespace, "events")
        return Rows(self._connection, path, EventRow, {"sort": sort, **filters})

    def get(self, namespace: str, event: uuid.UUID) -> EventDetails:
        """With what each listening job makes of it."""
        return self._connection.read(
            address("namespaces", namespace, "events", event), EventDetails
        )
