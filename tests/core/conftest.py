from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lexmill.database import create_database_engine
from lexmill.settings import DatabaseSettings
from lexmill_cli.local.postgres import PostgresServer
from tests.servers import temporary_database


@pytest.fixture(scope="session")
def shared_engine(postgres: PostgresServer, template_database: str) -> Iterator[Engine]:
    """A database in which nothing is ever committed."""
    with temporary_database(postgres, template=template_database) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """One transaction, rolled back: `now()` stands still in it, `clock_timestamp()` does not."""
    with Session(shared_engine, expire_on_commit=False) as session:
        yield session
        session.rollback()


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """A database of the test's own, for what has to commit."""
    engine = connect(database)
    yield engine
    engine.dispose()


def connect(url: str) -> Engine:
    return create_database_engine(
        DatabaseSettings(url=SecretStr(url), pool_size=8), application="tests"
    )
