import uuid
from datetime import datetime
from typing import Literal

import msgspec


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document to be queued: how results name it, and where its bytes are.

    ``fingerprint`` changes with the content, as far as a source's listing tells.
    """

    uri: str
    source: str
    name: str
    parent_id: uuid.UUID | None = None
    event_id: uuid.UUID | None = None
    priority: int = 0
    traceparent: str | None = None
    fingerprint: str | None = None


class NewStageOutput(msgspec.Struct, frozen=True, kw_only=True):
    key: bytes
    stage: str
    object_key: str
    sha256: str | None = None
    """Of the document's bytes."""


class EndedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a finished run, as its reports need it."""

    id: uuid.UUID
    uri: str
    parent_uri: str | None
    state: str
    error_code: str | None
    error_message: str | None
    sha256: str | None
    result_key: str | None


class DocumentState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a document is: `queued` until it ends as `succeeded`, `failed` or `dead`."""

    id: uuid.UUID
    namespace: str
    uri: str
    state: str
    error_code: str | None
    error_message: str | None
    ended_at: datetime | None


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of what is purged its tombstone says why and by whom (`…/keeping`)."""

    id: uuid.UUID
    job_uid: uuid.UUID
    parent_id: uuid.UUID | None
    uri: str
    name: str
    state: Literal["queued", "succeeded", "failed", "dead"]
    error_code: str | None
    error_message: str | None
    sha256: str | None
    priority: int
    created_at: datetime
    ended_at: datetime | None
    purged_at: datetime | None


class DocumentTask(msgspec.Struct, frozen=True, kw_only=True):
    """The newest visit: a `waiting` one that failed before says why, and when it is tried again."""

    state: Literal["waiting", "running", "done", "dead"]
    pool: str
    stage: str | None
    failures: int
    crashes: int
    error_code: str | None
    error_message: str | None
    due_at: datetime
    started_at: datetime | None


class DocumentDetails(msgspec.Struct, frozen=True, kw_only=True):
    """``run`` is the one of its job in which it last went through.

    ``links`` lead to what there is of it: its job, the event that brought it, its parent, its
    family, the file, and, once it has them, its text and its result.
    """

    id: uuid.UUID
    job: str
    job_uid: uuid.UUID
    job_deleted: bool
    matter: str | None
    run: int
    parent_id: uuid.UUID | None
    children: int
    event_id: uuid.UUID | None
    uri: str
    name: str
    state: Literal["queued", "succeeded", "failed", "dead"]
    error_code: str | None
    error_message: str | None
    sha256: str | None
    has_result: bool
    priority: int
    created_at: datetime
    ended_at: datetime | None
    task: DocumentTask | None
    links: dict[str, str] = {}


class Relative(msgspec.Struct, frozen=True, kw_only=True):
    """``depth`` is how often something was taken out of something, from the asked document on:
    negative for what it came out of itself.
    """

    id: uuid.UUID
    parent_id: uuid.UUID | None
    uri: str
    name: str
    state: str
    depth: int


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """``is_whole``: there are no more than those shown; the list of documents has the others."""

    members: tuple[Relative, ...]
    is_whole: bool
