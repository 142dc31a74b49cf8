import datetime as dt
import uuid

from sqlalchemy import ARRAY, BigInteger, DateTime, Index, String, func, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, REAL
from sqlalchemy.orm import Mapped, mapped_column

from lexmill.database import Base

# What lists are sorted and narrowed by compares bytes, wherever the database was made.
_BYTES = String(collation="C")


class Result(Base):
    """What is known of a document now: of all runs of the jobs of one name the newest that
    succeeded. Its facts and findings go with it.

    No key of another table but by name: results outlive jobs, and their keys begin with the
    namespace, so that no tenant can take or probe another's.
    """

    __tablename__ = "result"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(_BYTES, primary_key=True)
    uri: Mapped[str] = mapped_column(_BYTES, primary_key=True)
    document_id: Mapped[uuid.UUID]
    job_uid: Mapped[uuid.UUID]
    run_id: Mapped[int] = mapped_column(BigInteger)
    is_child: Mapped[bool]
    matter: Mapped[str | None]
    sha256: Mapped[str]
    document_type: Mapped[str | None]
    languages: Mapped[list[str]] = mapped_column(ARRAY(String))
    playbook_sha256: Mapped[str | None]
    ended_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )

    __table_args__ = (
        Index("ix_result_document_id", "namespace", "document_id"),
        Index("ix_result_job_uid", "job_uid"),
        Index("ix_result_matter", "namespace", "matter", postgresql_where=text("matter <> ''")),
        Index("ix_result_sha256", "namespace", "sha256"),
        Index("ix_result_ended_at", "namespace", "ended_at"),
    )


class FoundFact(Base):
    """A fact as lists need it; all of it is in the document's result.

    ``key`` is what people look for: the normal form, else the words, folded. ``quantity`` is the
    amount of money, the percentage, or the days of a duration, for ranges.
    """

    __tablename__ = "fact"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[str]
    field: Mapped[str] = mapped_column(_BYTES)
    key: Mapped[str] = mapped_column(_BYTES)
    value: Mapped[str]
    normalized: Mapped[str | None]
    role: Mapped[str | None]
    date: Mapped[dt.date | None]
    # Not numeric: whose comparisons row-level security does not let into an index's condition.
    quantity: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    currency: Mapped[str | None]
    firm: Mapped[bool]
    confidence: Mapped[float] = mapped_column(REAL)
    method: Mapped[str]
    quote: Mapped[str | None]
    page: Mapped[int | None]
    start: Mapped[int | None]
    end: Mapped[int | None]

    __table_args__ = (
        Index("ix_fact_field_key", "namespace", "field", "key", "document_id", "number"),
        Index("ix_fact_date", "namespace", "date", postgresql_where=text("date IS NOT NULL")),
        Index(
            "ix_fact_field_quantity",
            "namespace",
            "field",
            "quantity",
            postgresql_where=text("quantity IS NOT NULL"),
        ),
    )


class RuleFinding(Base):
    """What a rule of the playbook says of a document."""

    __tablename__ = "finding"

    namespace: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rule: Mapped[str] = mapped_column(_BYTES)
    result: Mapped[str] = mapped_column(_BYTES)
    severity: Mapped[str] = mapped_column(_BYTES)
    field: Mapped[str | None]
    message: Mapped[str]
    quote: Mapped[str | None]
    start: Mapped[int | None]
    end: Mapped[int | None]

    __table_args__ = (
        Index(
            "ix_finding_result",
            "namespace",
            "result",
            "severity",
            "rule",
            "document_id",
            "number",
        ),
        Index("ix_finding_rule", "namespace", "rule", "document_id", "number"),
    )
