from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeoutError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session

from lexmill.settings import DatabaseSettings


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# A server that was killed and came back leaves dead connections in the pool; pinging before use
# replaces them. Time-outs keep a hung server from hanging us.
_CONNECT = {
    "connect_timeout": 5,
    "options": (
        "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=30s"
        " -c idle_in_transaction_session_timeout=60s"
    ),
}


def create_database_engine(settings: DatabaseSettings, *, application: str) -> Engine:
    return create_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,  # an error's text is logged; parameters hold documents
        connect_args={**_CONNECT, "application_name": application},
    )


def create_async_database_engine(settings: DatabaseSettings, *, application: str) -> AsyncEngine:
    return create_async_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        pool_timeout=10,
        hide_parameters=True,  # an error's text is logged; parameters hold documents
        connect_args={**_CONNECT, "application_name": application},
    )


@contextmanager
def transaction(engine: Engine, *, durable: bool = True) -> Iterator[Session]:
    """One commit at the end; with ``durable=False`` it may be lost when PostgreSQL crashes.

    Only what nobody outside was told may be lost: a claim, a heartbeat.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        if not durable:
            session.execute(text("SET LOCAL synchronous_commit = off"))
        yield session


# Connection, rollback for a deadlock, resources, locks, an operator's doing, the system below.
_PASSING_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
_QUERY_CANCELED = "57014"


def is_passing(error: SQLAlchemyError) -> bool:
    """Whether the same may succeed another time: the server is away, busy or full.

    The exception's class does not tell: a value too large for an index (SQLSTATE 54000) is an
    OperationalError, too, and a statement that takes too long takes as long the next time.
    """
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeoutError)
    if error.connection_invalidated:
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:  # the server was not reached
        return isinstance(error, OperationalError | InterfaceError)
    return state[:2] in _PASSING_CLASSES and state != _QUERY_CANCELED
