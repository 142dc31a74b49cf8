"""legal holds, and what is left of what was purged"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0009_records"
down_revision = "0008_uploads"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("document", sa.Column("purged_at", _TIME, nullable=True))
    op.add_column("run", sa.Column("purged_at", _TIME, nullable=True))
    op.add_column("stage_output", sa.Column("sha256", sa.String(), nullable=True))
    op.create_index(
        "ix_document_sha256",
        "document",
        ["namespace", "sha256"],
        postgresql_where=sa.text("sha256 IS NOT NULL"),
    )
    op.create_index(
        "ix_document_object",
        "document",
        ["source"],
        postgresql_where=sa.text("source LIKE 'object:%'"),
    )
    op.create_index(
        "ix_document_result_key",
        "document",
        ["result_key"],
        postgresql_where=sa.text("result_key IS NOT NULL"),
    )
    op.create_index(
        "ix_stage_output_sha256",
        "stage_output",
        ["namespace", "sha256"],
        postgresql_where=sa.text("sha256 IS NOT NULL"),
    )
    op.create_index("ix_stage_output_object_key", "stage_output", ["object_key"])
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("matter", sa.String(), nullable=True),
        sa.Column("case_name", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("release_reason", sa.String(), nullable=True),
        sa.Column("released_at", _TIME, nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(job_uid, document_id, matter) = 1", name="ck_legal_hold_one_thing"
        ),
        sa.CheckConstraint(
            "num_nulls(released_by, release_reason, released_at) IN (0, 3)",
            name="ck_legal_hold_released",
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_legal_hold_document_id"),
        sa.ForeignKeyConstraint(["job_uid"], ["job.uid"], name="fk_legal_hold_job_uid"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_hold"),
    )
    op.create_index(
        "ix_legal_hold_namespace_placed_at", "legal_hold", ["namespace", "placed_at", "id"]
    )
    op.create_index(
        "ix_legal_hold_held",
        "legal_hold",
        ["namespace"],
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "tombstone",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("purged_by", sa.String(), nullable=False),
        sa.Column("purged_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("folders", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("removed_at", _TIME, nullable=True),
        sa.CheckConstraint("cause IN ('retention', 'request')", name="ck_tombstone_cause"),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_tombstone_document_id"),
        sa.ForeignKeyConstraint(["job_uid"], ["job.uid"], name="fk_tombstone_job_uid"),
        sa.PrimaryKeyConstraint("id", name="pk_tombstone"),
        sa.UniqueConstraint("document_id", name="uq_tombstone_document_id"),
    )
    op.create_index(
        "ix_tombstone_namespace_purged_at", "tombstone", ["namespace", "purged_at", "id"]
    )
    op.create_index(
        "ix_tombstone_due",
        "tombstone",
        ["purged_at"],
        postgresql_where=sa.text("removed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("tombstone")
    op.drop_table("legal_hold")
    op.drop_index("ix_stage_output_object_key", "stage_output")
    op.drop_index("ix_stage_output_sha256", "stage_output")
    op.drop_index("ix_document_result_key", "document")
    op.drop_index("ix_document_object", "document")
    op.drop_index("ix_document_sha256", "document")
    op.drop_column("stage_output", "sha256")
    op.drop_column("run", "purged_at")
    op.drop_column("document", "purged_at")
