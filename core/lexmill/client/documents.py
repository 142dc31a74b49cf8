import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, TypedDict, Unpack

import msgspec

from lexmill.client.connection import Connection, Rows, address, decoded, with_query
from lexmill.documents.schemas import DocumentDetails, DocumentRow, Family
from lexmill.records.schemas import Keeping, TombstoneRow

Part = Literal["text", "result", "source"]
State = Literal["queued", "succeeded", "failed", "dead"]


class DocumentFilters(TypedDict, total=False):
    job: uuid.UUID | None
    state: State | None
    parent: uuid.UUID | None
    created_from: datetime | None
    created_before: datetime | None


class _Purged(msgspec.Struct):
    tombstones: tuple[TombstoneRow, ...]


class Documents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[DocumentFilters]
    ) -> Rows[DocumentRow]:
        """The newest first."""
        return Rows(self._connection, _path(namespace), DocumentRow, {"sort": sort, **filters})

    def get(self, namespace: str, document: uuid.UUID) -> DocumentDetails:
        return self._connection.read(_path(namespace, document), DocumentDetails)

    def part(
        self, namespace: str, document: uuid.UUID, part: Part
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Its text layer, its line of results.jsonl, or the file itself, in pieces."""
        return self._connection.bytes_of(_path(namespace, document, part))

    def page_image(
        self, namespace: str, document: uuid.UUID, number: int
    ) -> AbstractContextManager[Iterator[bytes]]:
        """A page of a PDF as PNG; the first page is 1."""
        return self._connection.bytes_of(_path(namespace, document, "pages", f"{number}.png"))

    def family(self, namespace: str, document: uuid.UUID) -> Family:
        """What it came out of, and all that came out of the same mail or archive."""
        return self._connection.read(_path(namespace, document, "family"), Family)

    def keeping(self, namespace: str, document: uuid.UUID) -> Keeping:
        """How long it is kept, what holds it, and, once it is purged, its tombstone."""
        return self._connection.read(_path(namespace, document, "keeping"), Keeping)

    def recheck(self, namespace: str, document: uuid.UUID) -> int:
        """How many visits are queued, so that results follow the decisions; 0: one was already."""
        answer = self._connection.once(_path(namespace, document, "recheck"))
        return decoded(answer, dict[str, int])["queued"]

    def purge(
        self, namespace: str, document: uuid.UUID, *, reason: str
    ) -> tuple[TombstoneRow, ...]:
        """It and all that came out of it is gone for good; their tombstones stay."""
        path = with_query(_path(namespace, document), {"reason": reason})
        return decoded(self._connection.send("DELETE", path), _Purged).tombstones


def _path(namespace: str, *parts: str | uuid.UUID) -> str:
    return address("namespaces", namespace, "documents", *parts)
