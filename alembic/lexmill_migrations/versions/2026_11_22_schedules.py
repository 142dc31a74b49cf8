"""schedules, resumed jobs, what each run brought, and how a source listed each document"""

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTS = ("total", "succeeded", "failed", "dead")

_COUNT_FINALIZED = """
UPDATE run SET total = counted.total, succeeded = counted.succeeded, failed = counted.failed,
  dead = counted.dead
FROM (
  SELECT run.id, count(document.id) AS total,
    count(*) FILTER (WHERE document.state = 'succeeded') AS succeeded,
    count(*) FILTER (WHERE document.state = 'failed') AS failed,
    count(*) FILTER (WHERE document.state = 'dead') AS dead
  FROM run LEFT JOIN document ON document.run_id = run.id
  WHERE run.finalized_at IS NOT NULL GROUP BY run.id
) AS counted
WHERE counted.id = run.id
"""


def upgrade() -> None:
    op.add_column("job", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job", sa.Column("next_tick_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_job_ticking",
        "job",
        ["next_tick_at"],
        unique=False,
        postgresql_where=sa.text("spec ? 'schedule' AND outcome IS NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_job_limited",
        "job",
        ["uid"],
        unique=False,
        postgresql_where=sa.text(
            "(spec ? 'activeDeadlineSeconds' OR spec ? 'failurePolicy')"
            " AND outcome IS NULL AND deleted_at IS NULL"
        ),
    )
    for name in _COUNTS:
        op.add_column("run", sa.Column(name, sa.Integer(), nullable=True))
    op.execute(_COUNT_FINALIZED)
    op.add_column("document", sa.Column("fingerprint", sa.String(), nullable=True))
    op.create_index(
        "ix_document_fingerprint",
        "document",
        ["job_uid", "uri", "run_id"],
        unique=False,
        postgresql_where=sa.text("fingerprint IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_document_fingerprint", "document")
    op.drop_column("document", "fingerprint")
    for name in _COUNTS:
        op.drop_column("run", name)
    op.drop_index("ix_job_limited", "job")
    op.drop_index("ix_job_ticking", "job")
    op.drop_column("job", "next_tick_at")
    op.drop_column("job", "resumed_at")
