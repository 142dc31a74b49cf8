import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class EventKey(Base):
    """What was accepted lately: SHA-256 of (namespace, target, source, id).

    A table of its own because a unique key cannot span the time partitions of the bodies.
    """

    __tablename__ = "event_key"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    event_id: Mapped[uuid.UUID]
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )


class Event(Base):
    """An accepted CloudEvent as it came; partitioned by month of arrival."""

    __tablename__ = "event"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), primary_key=True
    )
    namespace: Mapped[str]
    job_uid: Mapped[uuid.UUID | None]
    source: Mapped[str]
    event_id: Mapped[str]
    type: Mapped[str]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    data_kind: Mapped[str]
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    outcome: Mapped[str]
    documents: Mapped[int]

    __table_args__ = (
        Index("ix_event_namespace_received_at", "namespace", "received_at", "id"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )


class Outgoing(Base):
    """The outbox: events to a job's sink, written in the transaction that they tell of."""

    __tablename__ = "outgoing"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    namespace: Mapped[str]
    job_uid: Mapped[uuid.UUID]
    sink: Mapped[str]
    event: Mapped[dict[str, Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    failures: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("ix_outgoing_due_at", "due_at", postgresql_where=text("failures < 20")),
    )
