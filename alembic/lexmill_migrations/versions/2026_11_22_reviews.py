"""what people decided, and the audit trail that nobody can change"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0006_reviews"
down_revision = "0005_lists"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail is only ever appended to'
    USING ERRCODE = 'insufficient_privilege';
END
$$
"""
# A trigger of each row, as one of each statement would refuse those that find no row, too.
_TRIGGERS = """
CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
-- also for a session that replicates
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_kept, ENABLE ALWAYS TRIGGER audit_not_emptied
"""


def upgrade() -> None:
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("item", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("normalized", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("seen", postgresql.JSONB(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('accepted', 'corrected', 'rejected', 'absent', 'reopened')",
            name=op.f("ck_review_decision"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint(
            "namespace",
            "sha256",
            "field",
            "item",
            name=op.f("uq_review_namespace_sha256_field_item"),
        ),
    )
    op.create_table(
        "audit",
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.String(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_audit_number")),
        sa.PrimaryKeyConstraint("namespace", "number", name=op.f("pk_audit")),
    )
    op.execute(_REFUSE)
    op.execute(_TRIGGERS)


def downgrade() -> None:
    op.drop_table("audit")
    op.execute("DROP FUNCTION refuse_audit_change()")
    op.drop_table("review")
