import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Job(Base):
    """What a LegalJob declares. A name may come back with another uid: one is alive at a time."""

    __tablename__ = "job"

    uid: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    namespace: Mapped[str]
    name: Mapped[str]
    owner: Mapped[str]
    generation: Mapped[int] = mapped_column(BigInteger)
    spec: Mapped[dict[str, Any]] = mapped_column(JSONB)
    spec_hash: Mapped[str]
    config_maps: Mapped[dict[str, Any]] = mapped_column(JSONB)
    suspended: Mapped[bool]
    resumed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_tick_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    declared_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    message: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("owner IN ('kubernetes', 'api', 'local')", name="owner"),
        CheckConstraint("outcome IN ('complete', 'failed', 'cancelled')", name="outcome"),
        Index(
            "uq_job_alive_name",
            "namespace",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_job_namespace_declared_at", "namespace", "declared_at", "uid"),
        # The sweeps look each second, however many jobs there are that they do not concern.
        Index(
            "ix_job_ticking",
            "next_tick_at",
            postgresql_where=text("spec ? 'schedule' AND outcome IS NULL AND deleted_at IS NULL"),
        ),
        Index(
            "ix_job_limited",
            "uid",
            postgresql_where=text(
                "(spec ? 'activeDeadlineSeconds' OR spec ? 'failurePolicy')"
                " AND outcome IS NULL AND deleted_at IS NULL"
            ),
        ),
    )


class Run(Base):
    """One pass of a job; it ends with one `finalize`.

    The counts are those of its end: a replay takes the documents over into a later run.
    """

    __tablename__ = "run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    job_uid: Mapped[uuid.UUID] = mapped_column(ForeignKey("job.uid"))
    number: Mapped[int]
    listed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    finalized_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    total: Mapped[int | None]
    succeeded: Mapped[int | None]
    failed: Mapped[int | None]
    dead: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("job_uid", "number"),
        Index("ix_run_open", "job_uid", postgresql_where=text("finalized_at IS NULL")),
    )
