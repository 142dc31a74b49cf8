"""Lexmill's schema: an installed `lexmill` can migrate without its source tree."""

from importlib.resources import files

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from alembic import command
from lexmill_migrations.access import is_secured


def upgrade(url: str) -> None:
    """Bring the database at a SQLAlchemy URL to the newest revision."""
    command.upgrade(_config(url), "head")


def is_current(url: str) -> bool:
    """True when the database has exactly the newest revision, and its policies and grants."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
            newest = ScriptDirectory.from_config(_config(url)).get_current_head()
            return current == newest and is_secured(connection)
    finally:
        engine.dispose()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(__name__)))
    config.attributes["url"] = url
    return config
