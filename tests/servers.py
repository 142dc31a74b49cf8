"""PostgreSQL and Valkey for tests; every pytest process (xdist worker) has its own, which is
simpler than to share them and costs it half a second."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from lexmill_cli.local import postgres
from lexmill_cli.local.postgres import PostgresServer, running_postgres

# A test kills processes, not the machine: the system's cache keeps what they wrote. So only the
# time is lost that a disk would take.
FAST = {"fsync": "off", "full_page_writes": "off"}


@contextmanager
def temporary_postgres(home: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """A server that is gone with all data after the block; also when restarted in it."""
    try:
        with running_postgres(home, settings={} if durable else FAST) as server:
            yield server
    finally:
        postgres.erase(home)


@contextmanager
def temporary_database(server: PostgresServer, *, template: str | None = None) -> Iterator[str]:
    """The URL of a new database for the application's role, a copy of ``template``."""
    name = f"test_{secrets.token_hex(6)}"
    # Copying files is faster than logging pages, as long as no checkpoint waits for a disk.
    create = sql.SQL("CREATE DATABASE {} OWNER lexmill TEMPLATE {} STRATEGY file_copy")
    execute(server, create.format(sql.Identifier(name), sql.Identifier(template or "template1")))
    try:
        yield server.url.replace("/lexmill?", f"/{name}?")
    finally:
        execute(server, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(server: PostgresServer, statement: sql.Composed) -> None:
    """As the superuser: the application's role may not create databases."""
    with psycopg.connect(conninfo(server.admin_url), autocommit=True) as connection:
        connection.execute(statement)


def conninfo(url: str) -> str:
    """SQLAlchemy's URL as psycopg takes it."""
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def database_name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]
