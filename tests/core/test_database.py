"""Which errors of PostgreSQL pass by themselves."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import exc

from lexmill.database import is_passing


@pytest.mark.parametrize(
    ("original", "passing"),
    [
        (psycopg.OperationalError("no such file: the server is not there"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.DataError("text cannot contain NUL bytes"), False),  # says the driver itself
        (psycopg.ProgrammingError("cannot adapt type"), False),
        (errors.AdminShutdown(), True),
        (errors.DeadlockDetected(), True),
        (errors.DiskFull(), True),
        (errors.LockNotAvailable(), True),
        (errors.TooManyConnections(), True),
        (errors.QueryCanceled(), False),
        (errors.ProgramLimitExceeded(), False),
        (errors.UniqueViolation(), False),
        (errors.UndefinedTable(), False),
        (errors.UntranslatableCharacter(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_succeed_another_time(original: psycopg.Error, passing: bool) -> None:  # noqa: FBT001
    wrapped = exc.DBAPIError.instance("SELECT", None, original, psycopg.Error)
    assert isinstance(wrapped, exc.DBAPIError)
    assert is_passing(wrapped) is passing


def test_a_connection_that_was_cut_passes_whatever_it_said() -> None:
    original = errors.IdleInTransactionSessionTimeout()
    assert is_passing(exc.InternalError("SELECT", None, original, connection_invalidated=True))


def test_a_full_pool_passes_and_a_row_that_is_not_there_does_not() -> None:
    assert is_passing(exc.TimeoutError())
    assert not is_passing(exc.NoResultFound())
