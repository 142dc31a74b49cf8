"""the first tables"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Months ahead exist before their first row comes; what falls outside (a clock gone wrong) lies in
# the default partition.
_PARTITIONS = """
CREATE FUNCTION create_event_partitions(months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date;
BEGIN
  FOR month IN 0 .. months LOOP
    first := date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => month);
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS %I PARTITION OF event FOR VALUES FROM (%L) TO (%L)',
      'event_part_' || to_char(first, 'YYYY_MM'),
      first::timestamp AT TIME ZONE 'UTC',
      (first + interval '1 month')::timestamp AT TIME ZONE 'UTC'
    );
  END LOOP;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("data_kind", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", "received_at", name=op.f("pk_event")),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        "ix_event_namespace_received_at", "event", ["namespace", "received_at"], unique=False
    )
    op.create_table(
        "event_key",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_event_key")),
    )
    op.create_index(op.f("ix_event_key_received_at"), "event_key", ["received_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("spec_hash", sa.String(), nullable=False),
        sa.Column("config_maps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column(
            "declared_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('complete', 'failed', 'cancelled')", name=op.f("ck_job_outcome")
        ),
        sa.CheckConstraint("owner IN ('kubernetes', 'api', 'local')", name=op.f("ck_job_owner")),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_job")),
    )
    op.create_index(
        "uq_job_alive_name",
        "job",
        ["namespace", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("event", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
    )
    op.create_index(
        "ix_outgoing_due_at",
        "outgoing",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("failures < 20"),
    )
    op.create_table(
        "stage_output",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("object_key", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("namespace", "key", name=op.f("pk_stage_output")),
    )
    op.create_table(
        "pool_demand",
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("waiting", sa.Integer(), server_default="0", nullable=False),
        sa.Column("running", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delayed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("oldest_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["job_uid"], ["job.uid"], name=op.f("fk_pool_demand_job_uid")),
        sa.PrimaryKeyConstraint("job_uid", "pool", name=op.f("pk_pool_demand")),
    )
    op.create_index("ix_pool_demand_version", "pool_demand", ["version"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finalized_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_uid"], ["job.uid"], name=op.f("fk_run_job_uid")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("job_uid", "number", name=op.f("uq_run_job_uid_number")),
    )
    op.create_index(
        "ix_run_open",
        "run",
        ["job_uid"],
        unique=False,
        postgresql_where=sa.text("finalized_at IS NULL"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default="queued", nullable=False),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("result_key", sa.String(), nullable=True),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("traceparent", sa.String(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'queued') = (ended_at IS NULL)", name=op.f("ck_document_ended")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'succeeded', 'failed', 'dead')", name=op.f("ck_document_state")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["document.id"], name=op.f("fk_document_parent_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_document_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(
        "uq_document_child",
        "document",
        ["parent_id", "uri"],
        unique=True,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index("ix_document_run_id_state", "document", ["run_id", "state"], unique=False)
    op.create_index(
        "uq_document_listed",
        "document",
        ["run_id", "uri"],
        unique=True,
        postgresql_where=sa.text("parent_id IS NULL AND event_id IS NULL"),
    )
    op.create_index(
        "ix_document_run_id_uri",
        "document",
        ["run_id", sa.literal_column('uri COLLATE "C"'), "id"],
        unique=False,
    )
    op.create_index(
        "ix_document_event_id",
        "document",
        ["event_id"],
        unique=False,
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("job_uid", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("crashes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("stage_seconds", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'process') = (document_id IS NOT NULL)", name=op.f("ck_task_document")
        ),
        sa.CheckConstraint("(state = 'running') = (claim IS NOT NULL)", name=op.f("ck_task_claim")),
        sa.CheckConstraint("kind IN ('expand', 'process', 'finalize')", name=op.f("ck_task_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'dead')", name=op.f("ck_task_state")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_task_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.create_index(
        "ix_task_dead",
        "task",
        ["job_uid", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
    )
    op.create_index("ix_task_document_id", "task", ["document_id"], unique=False)
    op.create_index(
        "ix_task_lease",
        "task",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_task_open",
        "task",
        ["run_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_index("ix_task_run_id", "task", ["run_id"], unique=False)
    op.create_index(
        "ix_task_waiting",
        "task",
        ["job_uid", "pool", sa.literal_column("priority DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_task_finalize",
        "task",
        ["run_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'finalize'"),
    )
    op.execute(_PARTITIONS)
    op.execute("SELECT create_event_partitions(2)")
    op.execute("CREATE TABLE event_part_default PARTITION OF event DEFAULT")
    op.execute("CREATE SEQUENCE demand_version")


def downgrade() -> None:
    for name in (
        "task",
        "document",
        "run",
        "pool_demand",
        "stage_output",
        "outgoing",
        "job",
        "event_key",
        "event",
    ):
        op.drop_table(name)
    op.execute("DROP FUNCTION create_event_partitions")
    op.execute("DROP SEQUENCE demand_version")
