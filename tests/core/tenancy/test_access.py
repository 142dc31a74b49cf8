"""Every table × {select, insert, update, delete} × role, as the roles themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from lexmill.models import Base
from tests.core.tenancy.conftest import OURS, THEIRS, Tenants

pytestmark = pytest.mark.servers

ALL: Final = "all"
"""All columns."""
NONE: Final = ""


@dataclass(frozen=True)
class May:
    """What a role may do with a table; of `insert` and `update` the columns."""

    select: bool = False
    insert: str = NONE
    update: str = NONE
    delete: bool = False


NOTHING = May()
READ = May(select=True)
READ_AND_DELETE = May(select=True, delete=True)
WORK = May(select=True, insert=ALL, update=ALL)
FORGET = May(select=True, delete=True)
REMOVE = May(select=True, insert=ALL, update=ALL, delete=True)


@dataclass(frozen=True)
class Row:
    """``namespace`` is SQL for whose a row is; None for what belongs to nobody."""

    namespace: str | None
    ingest: May
    api: May
    tenant: May


OWN = "namespace"
OF_JOB = "(SELECT namespace FROM job WHERE uid = job_uid)"

# A table that is not here fails. Who adds one says who may do what with it, here and in
# lexmill_migrations/access.py.
EXPECTED: Final = {
    "job": Row(OWN, WORK, WORK, May(select=True, update="outcome reason message ended_at")),
    "run": Row(
        OF_JOB,
        WORK,
        WORK,
        May(select=True, update="listed_at finalized_at total succeeded failed dead"),
    ),
    "document": Row(
        OWN,
        WORK,
        WORK,
        May(
            select=True,
            insert="namespace job_uid run_id parent_id event_id uri source name priority"
            " traceparent fingerprint",
            update="state error_code error_message sha256 result_key ended_at",
        ),
    ),
    "task": Row(
        OWN,
        REMOVE,
        REMOVE,
        May(
            select=True,
            insert="kind namespace job_uid run_id document_id pool stage priority",
            update="state due_at claim worker lease_until failures cursor stage_seconds"
            " error_code error_message started_at ended_at",
        ),
    ),
    "stage_output": Row(OWN, READ_AND_DELETE, READ_AND_DELETE, May(select=True, insert=ALL)),
    "event": Row(
        OWN,
        May(select=True, insert=ALL, update="attributes data"),
        May(select=True, update="attributes data"),
        READ,
    ),
    "event_key": Row(None, May(select=True, insert=ALL, delete=True), NOTHING, NOTHING),
    "outgoing": Row(
        OWN,
        REMOVE,
        May(select=True, insert=ALL),
        May(insert="namespace job_uid sink event"),
    ),
    "api_token": Row(OWN, READ, WORK, NOTHING),
    "review": Row(OWN, READ_AND_DELETE, REMOVE, READ),
    "audit": Row(OWN, May(select=True, insert=ALL), May(select=True, insert=ALL), NOTHING),
    "idempotency_key": Row(OWN, May(select=True, delete=True), WORK, NOTHING),
    "upload": Row(OWN, REMOVE, REMOVE, NOTHING),
    "legal_hold": Row(
        OWN,
        READ,
        May(select=True, insert=ALL, update="released_by release_reason released_at"),
        NOTHING,
    ),
    "playbook_version": Row(OWN, READ, May(select=True, insert=ALL), NOTHING),
    "tombstone": Row(
        OWN,
        May(select=True, insert=ALL, update="folders removed_at"),
        May(select=True, insert=ALL),
        NOTHING,
    ),
    "pool_demand": Row(OF_JOB, WORK, WORK, NOTHING),
    "latch": Row(None, May(select=True, update=ALL), May(select=True, update=ALL), NOTHING),
    "result": Row(
        OWN,
        FORGET,
        FORGET,
        May(
            select=True,
            insert="namespace job uri document_id job_uid run_id is_child matter sha256"
            " document_type languages playbook_sha256",
            update="uri document_id job_uid run_id is_child matter sha256 document_type languages"
            " playbook_sha256 ended_at",
            delete=True,
        ),
    ),
    "fact": Row(OWN, FORGET, FORGET, May(select=True, insert=ALL, delete=True)),
    "finding": Row(OWN, FORGET, FORGET, May(select=True, insert=ALL, delete=True)),
    "statistic_day": Row(OWN, READ, WORK, NOTHING),
    "tenant": Row(OWN, READ, READ, READ),
}
TABLES = sorted(Base.metadata.tables)
# The last has entered no namespace: nothing is its own.
LOGINS = ["ingest", "api in ours", OURS, "api in none"]
DENIED = errors.InsufficientPrivilege


def expected(table: str, login: str) -> May:
    assert table in EXPECTED, f"who may do what with {table}? See EXPECTED and access.py"
    row = EXPECTED[table]
    if login == "ingest":
        return row.ingest
    return row.api if login.startswith("api") else row.tenant


@contextmanager
def acting(tenants: Tenants, login: str) -> Iterator["psycopg.Connection[Any]"]:
    name, _, namespace = login.partition(" in ")
    with tenants.connected(name) as connection:
        if namespace:
            entered = OURS if namespace == "ours" else ""
            connection.execute(
                "SELECT set_config('role', 'lexmill_api', true),"
                " set_config('lexmill.namespace', %s, true)",
                [entered],
            )
        yield connection


def columns_of(table: str, allowed: str) -> list[str]:
    names = [column.name for column in Base.metadata.tables[table].columns]
    return names if allowed == ALL else [name for name in names if name in allowed.split()]


def rows_of(tenants: Tenants, table: str, namespace: str | None) -> list[dict[str, Any]]:
    """As the owner, who sees everything; JSON as `to_jsonb` writes it."""
    whose = EXPECTED[table].namespace
    condition = "true" if whose is None or namespace is None else f"{whose} = '{namespace}'"
    with tenants.connected("owner") as connection:
        rows = connection.execute(
            f"SELECT to_jsonb({table}) AS row FROM {table} WHERE {condition}".encode()
        ).fetchall()
    return [row for (row,) in rows]


def visible(tenants: Tenants, table: str, login: str) -> int:
    if EXPECTED[table].namespace is None:
        return len(rows_of(tenants, table, None))
    if login == "api in none":
        return 0
    return len(rows_of(tenants, table, None if login == "ingest" else OURS))


@pytest.mark.parametrize("table", TABLES)
def test_both_namespaces_have_rows(tenants: Tenants, table: str) -> None:
    """Or the other tests of the table would show nothing."""
    assert table in EXPECTED, f"who may do what with {table}? See EXPECTED and access.py"
    for namespace in (OURS, THEIRS):
        assert rows_of(tenants, table, namespace)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("table", TABLES)
def test_select(tenants: Tenants, table: str, login: str) -> None:
    query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
    with acting(tenants, login) as connection:
        if not expected(table, login).select:
            with pytest.raises(DENIED):
                connection.execute(query)
        else:
            assert connection.execute(query).rowcount == visible(tenants, table, login)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("table", TABLES)
def test_update_of_each_column(tenants: Tenants, table: str, login: str) -> None:
    allowed = columns_of(table, expected(table, login).update)
    for column in columns_of(table, ALL):
        query = sql.SQL("UPDATE {0} SET {1} = {1}").format(
            sql.Identifier(table), sql.Identifier(column)
        )
        with acting(tenants, login) as connection:
            if column in allowed and not _is_generated(table, column):
                assert connection.execute(query).rowcount == visible(tenants, table, login)
            elif column not in allowed:
                with pytest.raises(DENIED):
                    connection.execute(query)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("table", TABLES)
def test_delete(tenants: Tenants, table: str, login: str) -> None:
    query = sql.SQL("DELETE FROM {}").format(sql.Identifier(table))
    with acting(tenants, login) as connection:
        if not expected(table, login).delete:
            with pytest.raises(DENIED):
                connection.execute(query)
        else:
            assert connection.execute(query).rowcount == visible(tenants, table, login)


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("table", TABLES)
def test_insert(tenants: Tenants, table: str, login: str) -> None:
    """A row as somebody has it: another's is refused before its keys are compared with what is
    there, so that a key which is taken looks like one that is free."""
    may = expected(table, login)
    columns = columns_of(table, may.insert)
    (ours, *_), (theirs, *_) = rows_of(tenants, table, OURS), rows_of(tenants, table, THEIRS)
    with acting(tenants, login) as connection:
        if not columns:
            with pytest.raises(DENIED):
                _insert(connection, table, columns_of(table, ALL), theirs)
            return
        outcomes = [_outcome(connection, table, columns, row) for row in (ours, theirs)]
    if login == "ingest":
        assert outcomes == ["let in", "let in"]
    elif login == "api in none":
        assert outcomes == ["denied", "denied"]
    else:
        assert outcomes == [_own_outcome(table, login), "denied"]


@pytest.mark.parametrize("table", TABLES)
def test_a_tenant_chooses_no_keys_and_no_times(tenants: Tenants, table: str) -> None:
    """A column that it may not fill it may not fill with what it is anyway, either."""
    allowed = columns_of(table, expected(table, OURS).insert)
    (ours, *_) = rows_of(tenants, table, OURS)
    for column in set(columns_of(table, ALL)) - set(allowed):
        with acting(tenants, OURS) as connection, pytest.raises(DENIED):
            _insert(connection, table, [*allowed, column], ours)


def _own_outcome(table: str, login: str) -> str:
    # An event's own document is ingest's to make, not a worker's.
    return "denied" if (table, login) == ("document", OURS) else "let in"


def _outcome(
    connection: "psycopg.Connection[Any]", table: str, columns: list[str], row: dict[str, Any]
) -> str:
    try:
        with connection.transaction():
            _insert(connection, table, columns, row)
    except DENIED:
        return "denied"
    except errors.UniqueViolation:
        pass  # past the policies
    return "let in"


def _insert(
    connection: "psycopg.Connection[Any]", table: str, columns: list[str], row: dict[str, Any]
) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    override = sql.SQL("OVERRIDING SYSTEM VALUE" if _has_identity(table, columns) else "")
    connection.cursor(row_factory=dict_row).execute(
        sql.SQL(
            "INSERT INTO {0} ({1}) {2} SELECT {1} FROM jsonb_populate_record(NULL::{0}, %s)"
        ).format(sql.Identifier(table), names, override),
        [Jsonb(row)],
    )


def _has_identity(table: str, columns: list[str]) -> bool:
    return any(Base.metadata.tables[table].columns[name].identity for name in columns)


def _is_generated(table: str, column: str) -> bool:
    identity = Base.metadata.tables[table].columns[column].identity
    return identity is not None and bool(identity.always)
