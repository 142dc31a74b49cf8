import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec

from lexmill.documents.schemas import NewDocument, NewStageOutput
from lexmill.results.schemas import NewResult

Kind = Literal["expand", "process", "finalize"]
Ending = Literal["cancelled", "deleted", "failed"]
"""How a job ends before all of its documents have; their error code is ``job_`` and this."""


class ClaimedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task whose claim this worker holds, with what its visit has to know."""

    id: int
    claim: uuid.UUID
    kind: Kind
    namespace: str
    job_uid: uuid.UUID
    generation: int
    run_id: int
    pool: str
    stage: str | None
    cursor: dict[str, Any] | None
    failures: int
    crashes: int
    document_id: uuid.UUID | None
    uri: str | None
    source: str | None
    name: str | None
    parent_uri: str | None
    traceparent: str | None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What one visit of a document brought, committed in one piece.

    ``next_stage`` is set when another pool goes on with the document; else ``state`` ends it.
    ``stage_seconds`` has None for a stage whose output came from the cache.
    """

    state: Literal["succeeded", "failed"] = "succeeded"
    next_pool: str | None = None
    next_stage: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    sha256: str | None = None
    result_key: str | None = None
    result: NewResult | None = None
    children: tuple[NewDocument, ...] = ()
    children_pool: str = "main"
    children_stage: str = "parse"
    stage_outputs: tuple[NewStageOutput, ...] = ()
    stage_seconds: dict[str, float | None] = {}


class Retrying(msgspec.Struct, frozen=True, kw_only=True):
    """A job's retry policy: ``limit`` retries after the first try, exponential with jitter."""

    limit: int = 5
    backoff_seconds: float = 10
    max_backoff_seconds: float = 600


class DeadTaskRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    kind: Kind
    job: str
    job_uid: uuid.UUID
    document_id: uuid.UUID | None
    document: str | None
    error_code: str | None
    error_message: str | None
    ended_at: datetime
