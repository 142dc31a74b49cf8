"""Which versions of Lexmill a database serves: its own, and those before it.

While an installation is upgraded the replicas of the version before still run, and a rollback
starts them again, on the schema of the newer one. So a schema names the revisions whose code may
run on it; code that is older than the schema finds its own there, or says that it does not fit.
"""

from typing import Final

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

OLDEST_SERVED: Final = "0012_incoming"
"""Whose code runs on today's schema. A revision that takes away or renames what that code uses
raises this to itself; rather add first, and take away a version later."""


def note_served(connection: Connection, script: ScriptDirectory) -> None:
    """The column's comment: the revision, then whom it serves."""
    note = " ".join([_head(script), *_served(script)])
    if _read_note(connection) != note:
        connection.exec_driver_sql(f"COMMENT ON COLUMN alembic_version.version_num IS '{note}'")


def is_served(connection: Connection, script: ScriptDirectory) -> bool:
    """Whether this version may run on the database as it is."""
    current = MigrationContext.configure(connection).get_current_revision()
    return current == _head(script) or is_newer(connection, script)


def is_newer(connection: Connection, script: ScriptDirectory) -> bool:
    """Whether the database is of a newer version that serves this one as well."""
    current = MigrationContext.configure(connection).get_current_revision()
    at, *served = (_read_note(connection) or "").split() or [""]
    return at == current and current != _head(script) and _head(script) in served


def _served(script: ScriptDirectory) -> list[str]:
    return [each.revision for each in script.walk_revisions(OLDEST_SERVED, _head(script))]


def _head(script: ScriptDirectory) -> str:
    head = script.get_current_head()
    assert head is not None
    return head


def _read_note(connection: Connection) -> str | None:
    query = "SELECT col_description(to_regclass('alembic_version'), 1)"
    note: str | None = connection.scalar(text(query))
    return note
