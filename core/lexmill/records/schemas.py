import uuid
from datetime import datetime
from typing import Literal

import msgspec


class HoldRow(msgspec.Struct, frozen=True, kw_only=True):
    """On exactly one of job, document and matter; it holds until it is released."""

    id: uuid.UUID
    job_uid: uuid.UUID | None
    document_id: uuid.UUID | None
    matter: str | None
    case_name: str
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    release_reason: str | None
    released_at: datetime | None


class TombstoneRow(msgspec.Struct, frozen=True, kw_only=True):
    """``sha256`` is of the document's bytes; ``removed_at`` when its objects were gone, too."""

    id: uuid.UUID
    document_id: uuid.UUID
    job_uid: uuid.UUID
    sha256: str | None
    cause: Literal["retention", "request"]
    reason: str
    purged_by: str
    purged_at: datetime
    removed_at: datetime | None


class Keeping(msgspec.Struct, frozen=True, kw_only=True):
    """How long a document is kept: not before ``purge_after``, not while there are holds."""

    purge_after: datetime | None
    holds: tuple[HoldRow, ...]
    tombstone: TombstoneRow | None


class MatterRow(msgspec.Struct, frozen=True, kw_only=True):
    """``jobs`` are those that were ever declared; ``holds`` those on the matter itself."""

    matter: str
    jobs: int
    documents: int
    queued: int
    succeeded: int
    failed: int
    dead: int
    purged: int
    holds: int
    last_declared_at: datetime
