import uuid
from collections.abc import Iterator
from typing import Literal

from lexmill.client.connection import Connection, address
from lexmill.events.schemas import EventDetails, EventRow

Outcome = Literal["routed", "unmatched", "unroutable", "control"]


class Events:
    """Events that were accepted, and what became of each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        namespace: str,
        *,
        outcome: Outcome | None = None,
        type: str | None = None,  # noqa: A002 - CloudEvents' name for it
        source: str | None = None,
        job: uuid.UUID | None = None,
        sort: str | None = None,
    ) -> Iterator[EventRow]:
        """The newest first, read page by page."""
        query = {"outcome": outcome, "type": type, "source": source, "job": job, "sort": sort}
        return self._connection.pages(address("namespaces", namespace, "events"), EventRow, query)

    def get(self, namespace: str, event: uuid.UUID) -> EventDetails:
        """With what each listening job makes of it."""
        return self._connection.read(
            address("namespaces", namespace, "events", event), EventDetails
        )
