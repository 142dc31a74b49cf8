"""Where an event goes: its listeners, the documents it makes, its rows. Asks nobody."""

import hashlib
import os
import time
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import structlog

from lexmill.documents.schemas import NewDocument
from lexmill.events.filters import Filter, FilterError, compile_filters
from lexmill.events.schemas import Incoming, Outcome
from lexmill.events.selection import Inline, SelectionError, select_document

log = structlog.get_logger(__name__)

# How sources inside Lexmill are named: an event that could ask for them would read what belongs to
# another job or namespace.
_OWN_SCHEMES = frozenset({"configmap", "event", "object", "upload"})

# RFC 9562, section 5.7.
_VERSION_7 = 0x7 << 76 | 0b10 << 62
_RANDOM_BITS = (1 << 80) - 1 & ~(0xF << 76 | 0b11 << 62)


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """A job that events may go to, as the database had it."""

    uid: uuid.UUID
    namespace: str
    name: str
    priority: int
    pointer: str | None
    matches: Filter
    pool: str
    is_busy: bool
    spec_hash: str


def new_ids(count: int) -> list[uuid.UUID]:
    """UUIDs of version 7: in the order of time, so that what is new lies together in indexes."""
    time_ms = (time.time_ns() // 1_000_000) << 80
    random = os.urandom(10 * count)
    return [
        uuid.UUID(int=time_ms | int.from_bytes(random[at : at + 10]) & _RANDOM_BITS | _VERSION_7)
        for at in range(0, 10 * count, 10)
    ]


def event_digest(incoming: Incoming, target: uuid.UUID | None) -> bytes:
    """Lengths before parts, so that no two addresses run together into the same bytes."""
    namespace = incoming.namespace.encode()
    job = b"" if target is None else str(target).encode()
    source, id_ = incoming.event.source.encode(), incoming.event.id.encode()
    return hashlib.sha256(
        b"%d:%b%d:%b%d:%b%d:%b"
        % (len(namespace), namespace, len(job), job, len(source), source, len(id_), id_)
    ).digest()


@lru_cache(maxsize=4096)
def compiled(filters: bytes) -> Filter:
    """Checked when a job is declared; were they not, other jobs' events are taken all the same."""
    try:
        return compile_filters(msgspec.json.decode(filters))
    except FilterError as error:
        log.error("stored_filter_invalid", place=error.path)
        return lambda _: False


def route(
    incoming: Incoming, id_: uuid.UUID, listeners: Sequence[Listener], target: uuid.UUID | None
) -> tuple[Outcome, list[tuple[uuid.UUID, NewDocument]]]:
    made: list[tuple[uuid.UUID, NewDocument]] = []
    outcome: Outcome = "unmatched"
    for listener in listeners:
        if target is not None and listener.uid != target:
            continue
        if not concerns(incoming, listener):
            continue
        try:
            made += [(listener.uid, new) for new in documents_of(incoming, id_, listener)]
        except SelectionError:
            outcome = "routed" if outcome == "routed" else "unroutable"
        else:
            outcome = "routed"
    return outcome, made


def concerns(incoming: Incoming, listener: Listener) -> bool:
    """Who sends a file to a job has chosen it; filters choose among events."""
    return incoming.file is not None or listener.matches(incoming.event)


def documents_of(incoming: Incoming, id_: uuid.UUID, listener: Listener) -> list[NewDocument]:
    event = incoming.event
    priority = event.extensions.get("priority")
    traceparent = event.extensions.get("traceparent", incoming.traceparent)
    if incoming.file is not None:
        return [
            NewDocument(
                uri=incoming.file.uri,
                source=f"object:{incoming.file.object_key}",
                name=incoming.file.name,
                event_id=id_,
                priority=listener.priority,
                traceparent=incoming.traceparent,
            )
        ]
    documents = []
    for selected in select_document(event, listener.pointer):
        if isinstance(selected, Inline):
            uri, source, name = f"event:{event.source}#{event.id}", f"event:{id_}", selected.name
        else:
            uri = source = selected.uri
            if uri.partition(":")[0] in _OWN_SCHEMES:
                raise SelectionError("own_scheme", "the document's URI is not one from outside")
            name = uri.rpartition("/")[2]
        documents.append(
            NewDocument(
                uri=uri,
                source=source,
                name=name or "",
                event_id=id_,
                priority=_priority(priority, listener.priority),
                traceparent=traceparent if isinstance(traceparent, str) else None,
            )
        )
    return documents


def _priority(given: object, default: int) -> int:
    """An event's own priority, within the range that a job may have."""
    try:
        return max(-1000, min(1000, int(str(given))))
    except ValueError:
        return default


def event_row(
    incoming: Incoming, id_: uuid.UUID, target: uuid.UUID | None, outcome: Outcome, documents: int
) -> dict[str, Any]:
    event = incoming.event
    return {
        "id": id_,
        "namespace": incoming.namespace,
        "job_uid": target,
        "source": event.source,
        "event_id": event.id,
        "type": event.type,
        "attributes": event.attributes(),
        "data_kind": event.data_kind.value,
        "data": event.data,
        "outcome": outcome,
        "documents": documents,
    }
