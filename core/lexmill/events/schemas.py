import uuid
from datetime import datetime
from typing import Literal

import msgspec

from lexmill.events.cloudevents import CloudEvent

JOB_DECLARED = "io.lexmill.job.declared.v1"
JOB_CANCELLED = "io.lexmill.job.cancelled.v1"

DOCUMENT_UPLOADED = "io.lexmill.document.uploaded.v1"

Outcome = Literal["routed", "unmatched", "unroutable", "control", "duplicate", "unknown_job"]


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a person sent to this very job, as it lies in the object store."""

    uri: str
    object_key: str
    name: str


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A checked event and its address: a namespace, or one job of it by name."""

    namespace: str
    job: str | None
    event: CloudEvent
    traceparent: str | None = None
    """Of the request; the event's own, which names the starting trace, goes before it."""
    file: UploadedFile | None = None
    """Its document, where the API itself took it in: no filter and no pointer is asked then."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """``outcomes`` in the order of what came in; ``wake_ups`` to ring after the commit."""

    outcomes: tuple[Outcome, ...]
    wake_ups: dict[str, int]


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """``outcome`` says why it made no document: no job's filters took it (`unmatched`), or the
    job that did found no document in it (`unroutable`). Its data is not in the list.
    """

    id: uuid.UUID
    job_uid: uuid.UUID | None
    source: str
    event_id: str
    type: str
    outcome: Literal["routed", "unmatched", "unroutable", "control"]
    documents: int
    received_at: datetime


class JobVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a listening job, as it is now, makes of an event."""

    job: str
    verdict: Literal["taken", "filtered_out", "no_document"]
    reason: str


class EventDocument(msgspec.Struct, frozen=True, kw_only=True):
    id: uuid.UUID
    job_uid: uuid.UUID
    uri: str
    state: Literal["queued", "succeeded", "failed", "dead"]


class EventDetails(msgspec.Struct, frozen=True, kw_only=True):
    """An event without its data.

    ``verdicts`` say why it was routed or not, by the jobs that listen now: a job that was declared
    or changed after it may judge otherwise than ``outcome`` tells. At most 100 of each.
    """

    id: uuid.UUID
    job_uid: uuid.UUID | None
    source: str
    event_id: str
    type: str
    outcome: Literal["routed", "unmatched", "unroutable", "control"]
    received_at: datetime
    attributes: dict[str, str | int | bool]
    data_kind: Literal["absent", "json", "text", "binary"]
    data_bytes: int
    documents: tuple[EventDocument, ...]
    verdicts: tuple[JobVerdict, ...]
