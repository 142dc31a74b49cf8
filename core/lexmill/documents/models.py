import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Document(Base):
    """One file or mail of one run, with a parent where it came out of another.

    ``source`` says where its bytes are (`file:`, `s3:`, `object:`, `configmap:`, `event:`);
    ``uri`` is how results name it. Which documents are running is a matter of their tasks.
    ``fingerprint`` is what the source's listing told of its content; only listed ones have one.
    """

    __tablename__ = "document"

    id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, server_default=text("gen_random_uuid()")
    )
    namespace: Mapped[str]
    job_uid: Mapped[uuid.UUID]  # the run's; a foreign key of its own would only cost
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    event_id: Mapped[uuid.UUID | None]
    uri: Mapped[str]
    source: Mapped[str]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    fingerprint: Mapped[str | None]
    sha256: Mapped[str | None]
    result_key: Mapped[str | None]
    priority: Mapped[int] = mapped_column(server_default="0")
    traceparent: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    purged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("state IN ('queued', 'succeeded', 'failed', 'dead')", name="state"),
        CheckConstraint("(state = 'queued') = (ended_at IS NULL)", name="ended"),
        # A listing may be repeated, and a replayed parent brings its children again.
        Index(
            "uq_document_listed",
            "run_id",
            "uri",
            unique=True,
            postgresql_where=text("parent_id IS NULL AND event_id IS NULL"),
        ),
        Index("ix_document_run_id_uri", "run_id", text('uri COLLATE "C"'), "id"),
        Index("ix_document_event_id", "event_id", postgresql_where=text("event_id IS NOT NULL")),
        Index("ix_document_run_id_state", "run_id", "state"),
        Index(
            "ix_document_fingerprint",
            "job_uid",
            "uri",
            "run_id",
            postgresql_where=text("fingerprint IS NOT NULL"),
        ),
        # Purging: who else has this content, and who refers to this object.
        Index(
            "ix_document_sha256",
            "namespace",
            "sha256",
            postgresql_where=text("sha256 IS NOT NULL"),
        ),
        Index(
            "ix_document_object",
            "source",
            postgresql_where=text("source LIKE 'object:%'"),
        ),
        Index(
            "ix_document_result_key",
            "result_key",
            postgresql_where=text("result_key IS NOT NULL"),
        ),
        # Lists: what is new lies together at their ends.
        Index("ix_document_namespace_created_at", "namespace", "created_at", "id"),
        Index("ix_document_job_uid_created_at", "job_uid", "created_at", "id"),
        Index(
            "ix_document_bad",
            "namespace",
            "created_at",
            "id",
            postgresql_where=text("state IN ('failed', 'dead')"),
        ),
        Index(
            "uq_document_child",
            "parent_id",
            "uri",
            unique=True,
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
    )


class StageOutput(Base):
    """The result cache: a stage's output by the hash of its inputs and versions, per namespace.

    One object may hold the outputs of several stages, as a visit writes them in one piece.
    ``sha256`` is of the document's bytes: purging finds by it what was made of them.
    """

    __tablename__ = "stage_output"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    stage: Mapped[str]
    object_key: Mapped[str]
    sha256: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index(
            "ix_stage_output_sha256",
            "namespace",
            "sha256",
            postgresql_where=text("sha256 IS NOT NULL"),
        ),
        Index("ix_stage_output_object_key", "object_key"),
    )
