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
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Task(Base):
    """One unit of queued work. Rows are changed by ``update(...).returning()``, never as objects.

    ``claim`` is a random UUID compared for equality: a counter would repeat after an asynchronous
    commit is lost. Ids grow with age, so (priority, id) is the order of work.
    """

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    namespace: Mapped[str]
    # No foreign keys where the document's already hold them: each costs every insert a look-up and
    # a lock on one row that all inserts share.
    job_uid: Mapped[uuid.UUID]
    run_id: Mapped[int] = mapped_column(BigInteger)
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    pool: Mapped[str]
    stage: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    priority: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claim: Mapped[uuid.UUID | None]
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(server_default="0")
    crashes: Mapped[int] = mapped_column(server_default="0")
    cursor: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    stage_seconds: Mapped[dict[str, float | None] | None] = mapped_column(JSONB)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("kind IN ('expand', 'process', 'finalize')", name="kind"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'dead')", name="state"),
        CheckConstraint("(state = 'running') = (claim IS NOT NULL)", name="claim"),
        CheckConstraint("(kind = 'process') = (document_id IS NOT NULL)", name="document"),
        Index(
            "ix_task_waiting",
            "job_uid",
            "pool",
            text("priority DESC"),
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_task_lease", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_task_open", "run_id", postgresql_where=text("state IN ('waiting', 'running')")),
        Index(
            "uq_task_finalize", "run_id", unique=True, postgresql_where=text("kind = 'finalize'")
        ),
        Index("ix_task_dead", "job_uid", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_task_namespace_dead", "namespace", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_task_document_id", "document_id"),
        Index("ix_task_run_id", "run_id"),
    )
