"""indexes that lists are read on"""

import sqlalchemy as sa

from alembic import op

revision = "0005_lists"
down_revision = "0004_tenants"
branch_labels = None
depends_on = None

_BAD = sa.text("state IN ('failed', 'dead')")


def upgrade() -> None:
    op.drop_index("ix_event_namespace_received_at", "event")
    op.create_index("ix_event_namespace_received_at", "event", ["namespace", "received_at", "id"])
    op.create_index("ix_job_namespace_declared_at", "job", ["namespace", "declared_at", "uid"])
    keys = ["created_at", "id"]
    op.create_index("ix_document_namespace_created_at", "document", ["namespace", *keys])
    op.create_index("ix_document_job_uid_created_at", "document", ["job_uid", *keys])
    op.create_index("ix_document_bad", "document", ["namespace", *keys], postgresql_where=_BAD)
    op.create_index(
        "ix_task_namespace_dead",
        "task",
        ["namespace", "id"],
        postgresql_where=sa.text("state = 'dead'"),
    )


def downgrade() -> None:
    op.drop_index("ix_task_namespace_dead", "task")
    for name in ("bad", "job_uid_created_at", "namespace_created_at"):
        op.drop_index(f"ix_document_{name}", "document")
    op.drop_index("ix_job_namespace_declared_at", "job")
    op.drop_index("ix_event_namespace_received_at", "event")
    op.create_index("ix_event_namespace_received_at", "event", ["namespace", "received_at"])
