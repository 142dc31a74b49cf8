"""facts and findings of all documents, and counts by day"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0011_results"
down_revision = "0010_playbooks"
branch_labels = None
depends_on = None

_BYTES = sa.String(collation="C")


def upgrade() -> None:
    op.create_table(
        "result",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job", _BYTES, nullable=False),
        sa.Column("uri", _BYTES, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("is_child", sa.Boolean(), nullable=False),
        sa.Column("matter", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("document_type", sa.String(), nullable=True),
        sa.Column("languages", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("playbook_sha256", sa.String(), nullable=True),
        sa.Column(
            "ended_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("namespace", "job", "uri", name=op.f("pk_result")),
    )
    op.create_index("ix_result_document_id", "result", ["namespace", "document_id"])
    op.create_index("ix_result_job_uid", "result", ["job_uid"])
    op.create_index(
        "ix_result_matter",
        "result",
        ["namespace", "matter"],
        postgresql_where=sa.text("matter <> ''"),
    )
    op.create_index("ix_result_sha256", "result", ["namespace", "sha256"])
    op.create_index("ix_result_ended_at", "result", ["namespace", "ended_at"])
    op.create_table(
        "fact",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("field", _BYTES, nullable=False),
        sa.Column("key", _BYTES, nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("normalized", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("quantity", sa.DOUBLE_PRECISION(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("firm", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("namespace", "document_id", "number", name=op.f("pk_fact")),
    )
    place = ["document_id", "number"]
    op.create_index("ix_fact_field_key", "fact", ["namespace", "field", "key", *place])
    op.create_index(
        "ix_fact_date", "fact", ["namespace", "date"], postgresql_where=sa.text("date IS NOT NULL")
    )
    op.create_index(
        "ix_fact_field_quantity",
        "fact",
        ["namespace", "field", "quantity"],
        postgresql_where=sa.text("quantity IS NOT NULL"),
    )
    op.create_table(
        "finding",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rule", _BYTES, nullable=False),
        sa.Column("result", _BYTES, nullable=False),
        sa.Column("severity", _BYTES, nullable=False),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=True),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("namespace", "document_id", "number", name=op.f("pk_finding")),
    )
    op.create_index(
        "ix_finding_result", "finding", ["namespace", "result", "severity", "rule", *place]
    )
    op.create_index("ix_finding_rule", "finding", ["namespace", "rule", *place])
    op.create_table(
        "statistic_day",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column(
            "counted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("seconds", sa.DOUBLE_PRECISION(), nullable=False),
        sa.PrimaryKeyConstraint("namespace", "day", name=op.f("pk_statistic_day")),
    )


def downgrade() -> None:
    for table in ("statistic_day", "finding", "fact", "result"):
        op.drop_table(table)
