"""tenants, and latches that they cannot hold"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004_tenants"
down_revision = "0003_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reads", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column("writes", postgresql.ARRAY(sa.String()), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("namespace", name=op.f("pk_tenant")),
        sa.UniqueConstraint("role", name=op.f("uq_tenant_role")),
    )
    op.create_table(
        "latch",
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_latch")),
    )
    op.execute("INSERT INTO latch SELECT generate_series(0, 63)")


def downgrade() -> None:
    op.drop_table("latch")
    op.drop_table("tenant")
