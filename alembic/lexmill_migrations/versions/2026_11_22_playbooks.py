"""playbooks, versioned"""

import sqlalchemy as sa

from alembic import op

revision = "0010_playbooks"
down_revision = "0009_records"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "playbook_version",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("number >= 1", name="ck_playbook_version_number"),
        sa.PrimaryKeyConstraint("namespace", "name", "number", name="pk_playbook_version"),
    )


def downgrade() -> None:
    op.drop_table("playbook_version")
