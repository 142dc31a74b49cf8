"""Progress as it happens, by server-sent events (WHATWG HTML, 9.2)."""

import time
import uuid
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lexmill.client.connection import Connection, address, decoded, with_query
from lexmill.documents.schemas import DocumentState
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.schemas import JobProgress

_PAUSE_SECONDS: Final = 2.0
"""As the API asks its clients to wait before they come again."""


@dataclass(frozen=True)
class _Message:
    id: str | None
    kind: str
    data: bytes


class Live:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def watch(
        self,
        namespace: str,
        *,
        jobs: Collection[str] = (),
        documents: Collection[uuid.UUID] = (),
        patience_seconds: float = 300,
    ) -> Generator[JobProgress | DocumentState, None, None]:
        """How jobs and documents are, and again whenever they change; without any all jobs.

        It has no end of its own: close it when you have seen enough, as one that the collector
        finds in the middle of another request of this client would wait for that one for ever.

        Where the stream breaks it goes on behind the last that came, for
        as long as the API is away for less than ``patience_seconds``.
        """
        path = with_query(
            address("namespaces", namespace, "progress"),
            {"job": tuple(jobs) or None, "document": tuple(documents) or None},
        )
        last: str | None = None
        heard = -patience_seconds
        while True:
            try:
                with self._connection.events_of(path, last) as pieces:
                    heard = time.monotonic()
                    for message in _messages(pieces):
                        heard = time.monotonic()
                        last = message.id or last
                        if message.kind == "reconnect":
                            break
                        if (found := _record(message)) is not None:
                            yield found
            except LexmillError as error:
                if not error.retryable or time.monotonic() - heard > patience_seconds:
                    raise
            time.sleep(_PAUSE_SECONDS)


def _record(message: _Message) -> JobProgress | DocumentState | None:
    match message.kind:
        case "job":
            return decoded(message.data, JobProgress)
        case "document":
            return decoded(message.data, DocumentState)
        case "end":
            raise LexmillError(
                "forbidden", "the caller may no longer see this namespace", ErrorClass.DOCUMENT
            )
        case _:
            return None


def _messages(pieces: Iterable[bytes]) -> Iterator[_Message]:
    id_: str | None = None
    kind, data = "message", list[bytes]()
    for line in _lines(pieces):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                yield _Message(id_, kind, b"\n".join(data))
            id_, kind, data = None, "message", []
        elif name == b"id":
            id_ = value.decode()
        elif name == b"event":
            kind = value.decode()
        elif name == b"data":
            data.append(value)


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Only by line feeds: JSON may hold whatever else Unicode takes for the end of a line."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
