import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class LegalHold(Base):
    """One case forbids to purge one thing; several may hold the same. Released, never deleted."""

    __tablename__ = "legal_hold"

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=text("gen_random_uuid()")
    )
    namespace: Mapped[str]
    job_uid: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("job.uid"))
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    matter: Mapped[str | None]
    case_name: Mapped[str]
    reason: Mapped[str]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    released_by: Mapped[str | None]
    release_reason: Mapped[str | None]
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("num_nonnulls(job_uid, document_id, matter) = 1", name="one_thing"),
        CheckConstraint(
            "num_nulls(released_by, release_reason, released_at) IN (0, 3)", name="released"
        ),
        Index("ix_legal_hold_namespace_placed_at", "namespace", "placed_at", "id"),
        Index("ix_legal_hold_held", "namespace", postgresql_where=text("released_at IS NULL")),
    )


class Tombstone(Base):
    """What is left of a document that was purged.

    ``folders`` are still to be removed from the object store until ``removed_at``.
    """

    __tablename__ = "tombstone"

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=text("gen_random_uuid()")
    )
    namespace: Mapped[str]
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"), unique=True)
    job_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.uid"))
    sha256: Mapped[str | None]
    cause: Mapped[str]
    reason: Mapped[str]
    purged_by: Mapped[str]
    purged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    folders: Mapped[list[str]] = mapped_column(ARRAY(String))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("cause IN ('retention', 'request')", name="cause"),
        Index("ix_tombstone_namespace_purged_at", "namespace", "purged_at", "id"),
        Index("ix_tombstone_due", "purged_at", postgresql_where=text("removed_at IS NULL")),
    )
