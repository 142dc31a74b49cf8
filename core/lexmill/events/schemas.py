import uuid
from datetime import datetime
from typing import Literal

import msgspec

from lexmill.events.cloudevents import CloudEvent

JOB_DECLARED = "io.lexmill.job.declared.v1"
JOB_CANCELLED = "io.lexmill.job.cancelled.v1"

Outcome = Literal["routed", "unmatched", "unroutable", "control", "duplicate", "unknown_job"]


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A checked event and its address: a namespace, or one job of it by name."""

    namespace: str
    job: str | None
    event: CloudEvent
    traceparent: str | None = None
    """Of the request; the event's own, which names the starting trace, goes before it."""


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
