import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Literal

from lexmill.client.connection import Connection, address
from lexmill.documents.schemas import DocumentDetails, DocumentRow

Part = Literal["text", "result", "source"]
State = Literal["queued", "succeeded", "failed", "dead"]


class Documents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self,
        namespace: str,
        *,
        job: uuid.UUID | None = None,
        state: State | None = None,
        parent: uuid.UUID | None = None,
        sort: str | None = None,
    ) -> Iterator[DocumentRow]:
        """The newest first, read page by page."""
        query = {"job": job, "state": state, "parent": parent, "sort": sort}
        return self._connection.pages(_path(namespace), DocumentRow, query)

    def get(self, namespace: str, document: uuid.UUID) -> DocumentDetails:
        return self._connection.read(_path(namespace, document), DocumentDetails)

    def part(
        self, namespace: str, document: uuid.UUID, part: Part
    ) -> AbstractContextManager[Iterator[bytes]]:
        """Its text layer, its line of results.jsonl, or the file itself, in pieces."""
        return self._connection.bytes_of(_path(namespace, document, part))


def _path(namespace: str, *parts: str | uuid.UUID) -> str:
    return address("namespaces", namespace, "documents", *parts)
