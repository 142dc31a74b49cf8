"""Waiting for a database that starts or is migrated at the same time, as in a new installation."""

import time
from collections.abc import Callable, Mapping
from typing import Final

import psycopg
from psycopg import errors
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

import lexmill_migrations
from lexmill.errors import LexmillError

_PAUSE_SECONDS = 1.0


def wait(url: str, *, until: str, seconds: float, tell: Callable[[str], None]) -> None:
    """Return once nothing is missing; LexmillError when that takes too long.

    What is missing is told, each time that it changes.
    """
    missing = STATES[until]
    deadline = time.monotonic() + seconds
    told: str | None = None
    while (lacks := missing(url)) is not None:
        if lacks != told:
            tell(f"waiting: {lacks}")
            told = lacks
        if time.monotonic() > deadline:
            raise LexmillError("waited_too_long", f"gave up after {seconds:.0f} s: {lacks}")
        time.sleep(_PAUSE_SECONDS)


def _missing_server(url: str) -> str | None:
    conninfo = make_url(url).set(drivername="postgresql").render_as_string(False)
    try:
        with psycopg.connect(conninfo, connect_timeout=5):
            return None
    except psycopg.OperationalError as error:
        return _reason(error)


def _missing_schema(url: str) -> str | None:
    try:
        if lexmill_migrations.is_prepared(url):
            return None
    except OperationalError as error:
        return _reason(error.orig)
    except DBAPIError as error:
        # A login that the migrations have made, and have not given its rights yet.
        if isinstance(error.orig, errors.InsufficientPrivilege):
            return "this login has no rights yet; the migrations give them"
        raise
    return "the schema is not up to date; the migrations bring it there"


def _reason(error: BaseException | None) -> str:
    # Its text can quote a password's login; which kind of trouble it is says enough.
    text = str(error)
    if "authentication failed" in text or "does not exist" in text:
        return "PostgreSQL does not know this login, its password or the database (yet)"
    return "PostgreSQL does not answer"


STATES: Final[Mapping[str, Callable[[str], str | None]]] = {
    "server": _missing_server,
    "schema": _missing_schema,
}
