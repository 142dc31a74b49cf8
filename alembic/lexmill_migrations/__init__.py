"""Lexmill's schema: an installed `lexmill` can migrate without its source tree."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine

from alembic import command
from lexmill.errors import LexmillError
from lexmill_migrations.access import is_secured
from lexmill_migrations.revisions import is_newer, is_served


def upgrade(url: str) -> bool:
    """Bring the database at a SQLAlchemy URL to the newest revision.

    False where it is of a newer version that serves this one, too: it is left as it is then.
    Raises LexmillError where it is of a newer version that does not.
    """
    with _looking(url) as (connection, script):
        if is_newer(connection, script):
            return False
    try:
        command.upgrade(_config(url), "head")
    except CommandError as error:
        if "locate revision" not in str(error):
            raise
        raise LexmillError(
            "newer_schema",
            "the database is of a newer Lexmill, and this version does not work with it: install"
            " that one again, or restore a backup from before it",
        ) from error
    return True


def is_current(url: str) -> bool:
    """True when the database has exactly the newest revision, and its policies and grants."""
    with _looking(url) as (connection, script):
        current = MigrationContext.configure(connection).get_current_revision()
        return current == script.get_current_head() and is_secured(connection)


def is_prepared(url: str) -> bool:
    """Whether nothing is left to do before this version starts."""
    with _looking(url) as (connection, script):
        newer = is_newer(connection, script)
    return newer or is_current(url)


def serves(url: str) -> bool:
    """Whether this version, which runs already, may go on: a newer one may have migrated."""
    with _looking(url) as (connection, script):
        return is_served(connection, script)


@contextmanager
def _looking(url: str) -> Iterator[tuple[Connection, ScriptDirectory]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection, ScriptDirectory.from_config(_config(url))
    finally:
        engine.dispose()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(__name__)))
    config.attributes["url"] = url
    return config
