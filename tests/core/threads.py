"""Several transactions at once, in a known order where it matters."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.database import transaction

T = TypeVar("T")

DEADLINE_SECONDS = 20


def until(condition: Callable[[], T], *, seconds: float = DEADLINE_SECONDS) -> T:
    """What ``condition`` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.005)
    return found


def together(*calls: Callable[[], T]) -> list[T]:
    """Run all at once; gives their results in order, or raises what the first of them raised."""
    barrier = threading.Barrier(len(calls))

    def started(call: Callable[[], T]) -> T:
        barrier.wait(DEADLINE_SECONDS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(started, call) for call in calls]
        return [future.result(DEADLINE_SECONDS) for future in futures]


def committed(engine: Engine, work: Callable[[Session], T]) -> T:
    with transaction(engine) as session:
        return work(session)


@contextmanager
def held_up(engine: Engine, work: Callable[[Session], T]) -> "Iterator[Future[T]]":
    """``work`` in a transaction of another thread, once it waits for a lock or is committed.

    What the block does to let it go on is done before the result is waited for.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(committed, engine, work)
        until(lambda: future.done() or _someone_waits(engine))
        yield future
        future.exception(DEADLINE_SECONDS)


def _someone_waits(engine: Engine) -> bool:
    query = text(
        "SELECT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    with engine.connect() as connection:
        return bool(connection.scalar(query))
