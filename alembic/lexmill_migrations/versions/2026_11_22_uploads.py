"""files that are on their way in"""

import sqlalchemy as sa

from alembic import op

revision = "0008_uploads"
down_revision = "0007_idempotency"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name="fk_upload_document_id"),
        sa.ForeignKeyConstraint(["job_uid"], ["job.uid"], name="fk_upload_job_uid"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("secret", name="uq_upload_secret"),
    )
    op.create_index(
        "ix_upload_expires_at",
        "upload",
        ["expires_at"],
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    op.create_index("ix_upload_document_id", "upload", ["document_id"])


def downgrade() -> None:
    op.drop_table("upload")
