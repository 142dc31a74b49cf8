"""Logins for the roles: one for ingest, one for REST, one a tenant. Called as the owner."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import errors, sql
from psycopg.rows import class_row
from sqlalchemy import make_url

from lexmill.errors import LexmillError
from lexmill.tenancy.prefixes import is_prefix
from lexmill.tenancy.roles import API, INGEST, TENANT, tenant_role

SERVICES: Final = {"ingest": INGEST, "api": API}

UNLIMITED: Final = ["any"]
"""Prefixes that lift the limit."""

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class TenantRow:
    """``reads`` and ``writes`` are URI prefixes; None is not limited."""

    namespace: str
    role: str
    reads: list[str] | None
    writes: list[str] | None


def add_service(url: str, *, service: str, name: str, password: str, keep: bool = False) -> bool:
    """A login for ingest or REST; gives whether it is new. ``keep`` a password that it has.

    Raises LexmillError, here as in all of these.
    """
    if not _NAME.fullmatch(name):
        raise LexmillError("bad_name", f"{name!r} is no name for a login: use a-z, 0-9 and _")
    with _connected(url) as connection:
        return _make(connection, name=name, group=SERVICES[service], password=password, keep=keep)


def add_tenant(
    url: str,
    *,
    namespace: str,
    password: str,
    keep: bool = False,
    reads: list[str] | None = None,
    writes: list[str] | None = None,
) -> bool:
    """A login for a namespace's workers; again to change its prefixes or its password.

    Prefixes that are not given stay as they are, and a new tenant has none; `UNLIMITED` lifts them.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise LexmillError(
            "bad_namespace", "a namespace is named as Kubernetes does: a-z, 0-9 and -, at most 63"
        )
    for prefix in (*(reads or ()), *(writes or ())):
        if [prefix] != UNLIMITED and not is_prefix(prefix):
            raise LexmillError(
                "bad_prefix",
                "a prefix is a bucket or a folder, s3://bucket/folder/ or file:///folder/,"
                " without . and .. in it",
            )
    role = tenant_role(namespace)
    with _connected(url) as connection:
        made = _make(connection, name=role, group=TENANT, password=password, keep=keep)
        connection.execute(
            """
            INSERT INTO tenant (namespace, role, reads, writes) VALUES (%s, %s, %s, %s)
            ON CONFLICT (namespace) DO UPDATE SET
              reads = CASE WHEN %s THEN excluded.reads ELSE tenant.reads END,
              writes = CASE WHEN %s THEN excluded.writes ELSE tenant.writes END
            """,
            [
                namespace,
                role,
                *map(_listed, (reads, writes)),
                reads is not None,
                writes is not None,
            ],
        )
    return made


def remove_tenant(url: str, *, namespace: str) -> bool:
    """Take the login away; what the namespace has stays. False where there is none."""
    with _connected(url) as connection:
        rows = connection.execute(
            "DELETE FROM tenant WHERE namespace = %s RETURNING role", [namespace]
        ).fetchall()
        for (role,) in rows:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
    return bool(rows)


def list_tenants(url: str) -> list[TenantRow]:
    with (
        _connected(url) as connection,
        connection.cursor(row_factory=class_row(TenantRow)) as cursor,
    ):
        cursor.execute("SELECT namespace, role, reads, writes FROM tenant ORDER BY namespace")
        return cursor.fetchall()


def url_as(url: str, *, role: str, password: str) -> str:
    """The same database for another login."""
    return make_url(url).set(username=role, password=password).render_as_string(False)


def _make(
    connection: "psycopg.Connection[Any]", *, name: str, group: str, password: str, keep: bool
) -> bool:
    role = sql.Identifier(name)
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount
    if not known:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    if not known or not keep:
        _set_password(connection, name, password)
    belongs = "SELECT FROM pg_auth_members WHERE member = %s::regrole AND roleid = %s::regrole"
    if not connection.execute(belongs, [f'"{name}"', group]).rowcount:
        # REST has rights only in a transaction that has entered a namespace; the others always.
        how = "INHERIT FALSE, SET TRUE" if group == API else "INHERIT TRUE, SET FALSE"
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH {}").format(sql.Identifier(group), role, sql.SQL(how))
        )
    return not known


def _set_password(connection: "psycopg.Connection[Any]", name: str, password: str) -> None:
    """Hashed here, because the server's log may have statements."""
    secret = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(name), sql.Literal(secret.decode())
        )
    )


def _listed(prefixes: list[str] | None) -> list[str] | None:
    return None if prefixes is None or prefixes == UNLIMITED else list(prefixes)


@contextmanager
def _connected(url: str) -> Iterator["psycopg.Connection[Any]"]:
    """One transaction of the owner; roles are transactional, too."""
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(False)
    try:
        with psycopg.connect(conninfo, connect_timeout=5) as connection:
            yield connection
    except errors.InsufficientPrivilege as error:
        raise LexmillError(
            "not_allowed",
            "this login may not make roles, or not those of Lexmill: use the owner's, with"
            " CREATEROLE, or let whoever made the roles grant them",
        ) from error
    except errors.UndefinedTable as error:
        raise LexmillError(
            "not_migrated", "the database is not migrated: run `python -m lexmill_migrations`"
        ) from error
