"""Who may do what with which rows, applied anew behind every migration.

Not a revision, since it is no history but a state: a table joins by an entry in `ACCESS`, and
a changed entry comes into force with the next `upgrade`. Policies decide on rows, grants on
tables and columns; both are asked. The owner, whom only migrations use, is above the policies.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, LiteralString

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from lexmill.errors import LexmillError
from lexmill.models import Base
from lexmill.tenancy.roles import API, INGEST, NAMESPACE, TENANT

_ENTERED = f"(SELECT current_setting('{NAMESPACE}', true))"
_OF_LOGIN = "(SELECT current_tenant())"
# In a sub-select it is asked once a statement, not once a row.


@dataclass(frozen=True)
class Access:
    """``rows`` is which rows belong to a namespace; None where only `INGEST` may look at all.

    ``tenant_inserts`` is what must hold besides for a row that a tenant adds: a key of another
    namespace, had from wherever, must not get into a row that other roles act on.
    """

    rows: str | None
    ingest: str = "SELECT, INSERT, UPDATE"
    api: str | None = None
    tenant: str | None = None
    tenant_inserts: str | None = None


_OWN = "namespace = {namespace}"
# The look-up is under the policy of `job`, which says what is in the namespace.
_OF_JOB = "EXISTS (SELECT FROM job WHERE job.uid = job_uid)"

# Columns are named for a tenant: what it cannot write it cannot point at others' rows, and a lock
# on a whole table, which the right to update all of it brings, is not to be had.
ACCESS: Final[Mapping[str, Access]] = {
    "job": Access(
        _OWN,
        api="SELECT, INSERT, UPDATE",
        tenant="SELECT, UPDATE (outcome, reason, message, ended_at)",
    ),
    "run": Access(
        _OF_JOB,
        api="SELECT, INSERT, UPDATE",
        tenant="SELECT, UPDATE (listed_at, finalized_at, total, succeeded, failed, dead)",
    ),
    "document": Access(
        _OWN,
        api="SELECT, INSERT, UPDATE",
        tenant="SELECT, INSERT (namespace, job_uid, run_id, parent_id, event_id, uri, source,"
        " name, priority, traceparent, fingerprint),"
        " UPDATE (state, error_code, error_message, sha256, result_key, ended_at)",
        tenant_inserts="event_id IS NULL AND is_own_run(job_uid, run_id)"
        " AND (parent_id IS NULL OR is_own_document(job_uid, parent_id))",
    ),
    "task": Access(
        _OWN,
        ingest="SELECT, INSERT, UPDATE, DELETE",
        api="SELECT, INSERT, UPDATE, DELETE",
        tenant="SELECT, INSERT (kind, namespace, job_uid, run_id, document_id, pool, stage,"
        " priority), UPDATE (state, due_at, claim, worker, lease_until, failures, cursor,"
        " stage_seconds, error_code, error_message, started_at, ended_at)",
        tenant_inserts="is_own_run(job_uid, run_id)"
        " AND (document_id IS NULL OR is_own_document(job_uid, document_id))",
    ),
    "stage_output": Access(
        _OWN, ingest="SELECT, DELETE", api="SELECT, DELETE", tenant="SELECT, INSERT"
    ),
    # Purging takes an event's body away, and the name in its subject.
    "event": Access(
        _OWN,
        ingest="SELECT, INSERT, UPDATE (attributes, data)",
        api="SELECT, UPDATE (attributes, data)",
        tenant="SELECT",
    ),
    # The digest is of namespace and event together, and only ingest compares it.
    "event_key": Access(None, ingest="SELECT, INSERT, DELETE"),
    "outgoing": Access(
        _OWN,
        ingest="SELECT, INSERT, UPDATE, DELETE",
        api="SELECT, INSERT",
        tenant="INSERT (namespace, job_uid, sink, event)",
        # Whoever delivers it can reach more than a tenant can.
        tenant_inserts="EXISTS (SELECT FROM job"
        " WHERE job.uid = job_uid AND job.spec #>> '{{sink,uri}}' = sink)",
    ),
    # Ingest is who looks a token up: whose it is, is not known before.
    "api_token": Access(_OWN, ingest="SELECT", api="SELECT, INSERT, UPDATE"),
    # They go with the last document that they are about; the audit trail has that.
    "review": Access(
        _OWN,
        ingest="SELECT, DELETE",
        api="SELECT, INSERT, UPDATE, DELETE",
        tenant="SELECT",
    ),
    # Only ever added to; a trigger refuses everything else to the owner as well.
    "audit": Access(_OWN, ingest="SELECT, INSERT", api="SELECT, INSERT"),
    # Answers to callers of the REST API are nobody else's business.
    "idempotency_key": Access(_OWN, ingest="SELECT, DELETE", api="SELECT, INSERT, UPDATE"),
    # A presigned address is looked up before its namespace is known.
    "upload": Access(
        _OWN, ingest="SELECT, INSERT, UPDATE, DELETE", api="SELECT, INSERT, UPDATE, DELETE"
    ),
    # Released or noted as removed, never deleted.
    "legal_hold": Access(
        _OWN,
        ingest="SELECT",
        api="SELECT, INSERT, UPDATE (released_by, release_reason, released_at)",
    ),
    "playbook_version": Access(_OWN, ingest="SELECT", api="SELECT, INSERT"),
    "tombstone": Access(
        _OWN, ingest="SELECT, INSERT, UPDATE (folders, removed_at)", api="SELECT, INSERT"
    ),
    "pool_demand": Access(_OF_JOB, api="SELECT, INSERT, UPDATE"),
    "latch": Access("true", ingest="SELECT, UPDATE", api="SELECT, UPDATE"),
    # A tenant may claim a result of any document, but only its own namespace would ever see it.
    "result": Access(
        _OWN,
        ingest="SELECT, DELETE",
        api="SELECT, DELETE",
        tenant="SELECT, DELETE, INSERT (namespace, job, uri, document_id, job_uid, run_id,"
        " is_child, matter, sha256, document_type, languages, playbook_sha256),"
        " UPDATE (uri, document_id, job_uid, run_id, is_child, matter, sha256, document_type,"
        " languages, playbook_sha256, ended_at)",
    ),
    "fact": Access(
        _OWN, ingest="SELECT, DELETE", api="SELECT, DELETE", tenant="SELECT, INSERT, DELETE"
    ),
    "finding": Access(
        _OWN, ingest="SELECT, DELETE", api="SELECT, DELETE", tenant="SELECT, INSERT, DELETE"
    ),
    "statistic_day": Access(_OWN, ingest="SELECT", api="SELECT, INSERT, UPDATE"),
    "tenant": Access(_OWN, ingest="SELECT", api="SELECT", tenant="SELECT"),
}

# PL/pgSQL, because it keeps its plans for the session; SQL functions are planned at each call.
# Security definer where the caller may not do it itself, and then with a search path of its own.
_FUNCTIONS: Final = """
CREATE OR REPLACE FUNCTION current_tenant() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
  RETURN (SELECT namespace FROM {schema}.tenant WHERE role = session_user);
END $$;

-- Volatile, to see what the statement that asks has added itself: a document and its task come
-- in one.
CREATE OR REPLACE FUNCTION is_own_run(own_job uuid, asked bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM {schema}.run WHERE run.id = asked AND run.job_uid = own_job);
END $$;

CREATE OR REPLACE FUNCTION is_own_document(own_job uuid, asked uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM {schema}.document WHERE document.id = asked AND document.job_uid = own_job
  );
END $$;

ALTER FUNCTION create_event_partitions(integer)
  SECURITY DEFINER SET search_path = {schema}, pg_temp;
REVOKE EXECUTE ON FUNCTION create_event_partitions(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_event_partitions(integer) TO lexmill_ingest;
REVOKE EXECUTE ON FUNCTION current_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION current_tenant() TO lexmill_tenant;
"""

# Roles belong to the whole cluster: another database of it may make them at the same moment.
_MAKE_ROLE: Final[LiteralString] = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
# With one URL for everything the owner acts as the API does. Where somebody else made the roles
# this is theirs to grant, and without it such an installation needs a URL for each.
_LET_OWNER_ACT: Final[LiteralString] = """
DO $$ BEGIN
  IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
    GRANT {role} TO CURRENT_USER WITH INHERIT FALSE, SET TRUE;
  END IF;
EXCEPTION WHEN insufficient_privilege OR unique_violation THEN NULL;
END $$
"""


def secure(connection: Connection) -> None:
    """Make functions, policies and grants be as they are here; nothing where they are already."""
    strangers = Base.metadata.tables.keys() ^ ACCESS.keys()
    if strangers:
        raise LexmillError(
            "no_access_rule",
            f"tables and lexmill_migrations/access.py differ in: {', '.join(sorted(strangers))}",
        )
    try:
        for role in (INGEST, API, TENANT):
            connection.execute(text(_MAKE_ROLE.format(role=role)))
            connection.execute(text(_LET_OWNER_ACT.format(role=role)))
    except ProgrammingError as error:
        raise LexmillError(
            "roles_missing",
            f"PostgreSQL has no roles {INGEST}, {API} and {TENANT}, and this login may not make"
            " them: give it CREATEROLE, or let an administrator make the three with NOLOGIN",
        ) from error
    if not is_secured(connection):
        connection.exec_driver_sql(_script(_schema(connection)))


def is_secured(connection: Connection) -> bool:
    """Whether the database has the policies and grants of this version."""
    known = connection.scalar(text("SELECT obj_description('alembic_version'::regclass)"))
    return bool(known == _mark(_schema(connection)))


def _schema(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT quote_ident(current_schema())")))


def _mark(schema: str) -> str:
    return f"access {hashlib.sha256('; '.join(_statements(schema)).encode()).hexdigest()}"


def _script(schema: str) -> str:
    mark = f"COMMENT ON TABLE alembic_version IS '{_mark(schema)}'"
    return ";\n".join([*_statements(schema), mark])


def _statements(schema: str) -> Iterator[str]:
    yield _FUNCTIONS.format(schema=schema)
    groups = f"{INGEST}, {API}, {TENANT}"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {groups}"
    yield f"GRANT SELECT ON alembic_version TO {INGEST}, {API}"
    yield f"GRANT USAGE ON SEQUENCE demand_version TO {INGEST}, {API}"
    for table, access in ACCESS.items():
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for policy in ("ingest", "api", "tenant", "tenant_inserts"):
            yield f"DROP POLICY IF EXISTS {policy} ON {table}"
        yield f"REVOKE ALL ON {table} FROM PUBLIC, {groups}"
        yield f"GRANT {access.ingest} ON {table} TO {INGEST}"
        yield f"CREATE POLICY ingest ON {table} TO {INGEST} USING (true)"
        yield from _of_namespace(table, access)


def _of_namespace(table: str, access: Access) -> Iterator[str]:
    for name, role, rights, namespace in (
        ("api", API, access.api, _ENTERED),
        ("tenant", TENANT, access.tenant, _OF_LOGIN),
    ):
        if rights is not None:
            assert access.rows is not None
            rows = access.rows.format(namespace=namespace)
            yield f"GRANT {rights} ON {table} TO {role}"
            yield f"CREATE POLICY {name} ON {table} TO {role} USING ({rows})"
    if access.tenant_inserts is not None:
        yield (
            f"CREATE POLICY tenant_inserts ON {table} AS RESTRICTIVE FOR INSERT TO {TENANT}"
            f" WITH CHECK ({access.tenant_inserts.format()})"
        )
