from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base


class Review(Base):
    """What a person decided last about one item of a document, whose source has this hash.

    ``revision`` counts the decisions about the item; those before are in the audit trail. A
    ``reopened`` item is the engine's again. ``evidence`` keeps the place and the attributes that
    the person saw, for an engine that no longer finds them.
    """

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    namespace: Mapped[str]
    sha256: Mapped[str]
    field: Mapped[str]
    item: Mapped[str]
    decision: Mapped[str]
    value: Mapped[str | None]
    normalized: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    evidence: Mapped[dict[str, Any]] = mapped_column(JSONB)
    seen: Mapped[list[str]] = mapped_column(JSONB)
    reviewer: Mapped[str]
    comment: Mapped[str | None]
    revision: Mapped[int]
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(
            "decision IN ('accepted', 'corrected', 'rejected', 'absent', 'reopened')",
            name="decision",
        ),
        UniqueConstraint("namespace", "sha256", "field", "item"),
    )
