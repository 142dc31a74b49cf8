"""what is put at a bucket's own address after its upload was completed"""

import sqlalchemy as sa

from alembic import op

revision = "0012_incoming"
down_revision = "0011_results"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upload", sa.Column("incoming_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_upload_incoming_until",
        "upload",
        ["incoming_until"],
        postgresql_where=sa.text("incoming_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_upload_incoming_until", "upload")
    op.drop_column("upload", "incoming_until")
