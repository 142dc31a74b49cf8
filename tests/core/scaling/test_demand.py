"""The demand feed: folded from the task rows, read with a cursor that misses nothing."""

import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.scaling.schemas import Demand, PoolWork
from lexmill.scaling.service import (
    CHANNEL,
    announce_job,
    announce_work,
    fold_demand,
    read_demand,
)
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import fail_task
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.threads import committed, held_up, until
from tests.servers import conninfo


def _read(session: Session, after: int = 0) -> dict[str, PoolWork]:
    """Pools of the only job."""
    return {work.pool: work for work in read_demand(session, after=after).pools}


def _numbers(work: PoolWork) -> tuple[int, int, int]:
    return work.waiting, work.running, work.delayed


def test_a_new_job_is_announced_before_any_fold(session: Session) -> None:
    uid = building.declare(session, name="nda", owner="kubernetes", generation=3)
    work = _read(session)["main"]
    assert (work.job_uid, work.namespace, work.job) == (str(uid), NAMESPACE, "nda")
    assert (work.owner, work.generation, work.outcome) == ("kubernetes", 3, None)
    assert (work.suspended, work.deleted) == (False, False)
    assert _numbers(work) == (1, 0, 0)


def test_the_fold_counts_waiting_running_and_delayed_tasks_a_pool(session: Session) -> None:
    uid = building.declare_with_documents(session, *"abcdef")
    building.succeed(session, building.claimed(session, uid), next_pool="ocr", next_stage="ocr")
    building.succeed(session, building.claimed(session, uid))
    building.claimed(session, uid)
    error = LexmillError("away", "It was away.", ErrorClass.PASSING)
    fail_task(session, task=building.claimed(session, uid), error=error, retrying=Retrying())

    assert fold_demand(session) == 2

    work = _read(session)
    assert _numbers(work["main"]) == (2, 1, 1)
    assert _numbers(work["ocr"]) == (1, 0, 0)
    assert work["main"].oldest_due_at is not None


def test_a_fold_without_news_moves_no_version(session: Session) -> None:
    building.declare_with_documents(session, "a", "b")
    fold_demand(session)
    version = read_demand(session, after=0).version
    assert fold_demand(session) == 0
    assert read_demand(session, after=version) == Demand(version=version, pools=())


def test_a_pool_whose_work_is_done_goes_through_the_feed_with_zeros(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    fold_demand(session)
    version = read_demand(session, after=0).version
    building.succeed(session, building.claimed(session, uid))
    assert fold_demand(session) == 1
    work = _read(session, version)["main"]
    assert _numbers(work) == (0, 0, 0)
    assert work.oldest_due_at is None
    assert fold_demand(session) == 0


def test_a_retry_that_becomes_due_is_waiting(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    error = LexmillError("away", "It was away.", ErrorClass.PASSING)
    fail_task(session, task=building.claimed(session, uid), error=error, retrying=Retrying())
    fold_demand(session)
    assert _numbers(_read(session)["main"]) == (0, 0, 1)
    building.make_due(session)
    fold_demand(session)
    assert _numbers(_read(session)["main"]) == (1, 0, 0)


def test_work_for_an_idle_pool_is_announced_at_once_and_for_a_busy_one_not(
    session: Session,
) -> None:
    building.listen(session)
    version = read_demand(session, after=0).version
    building.accept(session, building.event())
    demand = read_demand(session, after=version)
    assert [_numbers(work) for work in demand.pools] == [(1, 0, 0)]
    building.accept(session, building.event())
    assert read_demand(session, after=demand.version).pools == ()
    fold_demand(session)
    assert [_numbers(work) for work in read_demand(session, after=demand.version).pools] == [
        (2, 0, 0)
    ]


def test_work_for_a_pool_that_only_waits_for_retries_is_announced(session: Session) -> None:
    uid = building.listen(session)
    building.accept(session, building.event())
    error = LexmillError("away", "It was away.", ErrorClass.PASSING)
    fail_task(session, task=building.claimed(session, uid), error=error, retrying=Retrying())
    fold_demand(session)
    version = read_demand(session, after=0).version
    building.accept(session, building.event())
    assert [_numbers(work) for work in read_demand(session, after=version).pools] == [(1, 0, 1)]


def test_an_unknown_cursor_gets_everything(session: Session) -> None:
    """Such as one from before the database was restored from a backup."""
    for _ in range(3):
        building.declare(session)
    everything = read_demand(session, after=0)
    assert len(everything.pools) == 3
    assert read_demand(session, after=everything.version + 1000) == everything


def test_the_feed_is_read_in_pages(session: Session) -> None:
    jobs = [str(building.declare(session)) for _ in range(5)]
    read: list[str] = []
    cursor = 0
    while (page := read_demand(session, after=cursor, limit=2)).pools:
        read += [work.job_uid for work in page.pools]
        cursor = page.version
    assert read == jobs


def test_the_feed_of_an_empty_database(session: Session) -> None:
    assert read_demand(session, after=0) == Demand(version=0, pools=())
    assert read_demand(session, after=17) == Demand(version=0, pools=())
    assert fold_demand(session) == 0


def test_writers_wait_for_each_other_so_that_versions_commit_in_order(engine: Engine) -> None:
    first, second = (committed(engine, building.declare) for _ in range(2))
    cursor = committed(engine, partial(read_demand, after=0)).version
    with transaction(engine) as early:
        announce_job(early, job_uid=first)
        with held_up(engine, partial(announce_job, job_uid=second)) as late:
            assert not late.done()
            assert committed(engine, partial(read_demand, after=cursor)).pools == ()
            early.commit()
    pools = committed(engine, partial(read_demand, after=cursor)).pools
    assert [work.job_uid for work in pools] == [str(first), str(second)]


def test_no_reader_ever_misses_a_change(engine: Engine) -> None:
    """What was read last about each pool is, in the end, what is true."""
    jobs = [committed(engine, building.listen) for _ in range(4)]
    stopped = threading.Event()
    last: dict[str, PoolWork] = {}

    def write(uid: uuid.UUID) -> None:
        for round_ in range(15):
            with transaction(engine) as session:
                building.accept(session, building.event(), job=building.job_row(session, uid).name)
            if round_ % 3 == 2:
                with transaction(engine) as session:
                    building.drain(session, uid)
            committed(engine, fold_demand)

    def read() -> None:
        cursor = 0
        while True:
            done = stopped.is_set()
            demand = committed(engine, partial(read_demand, after=cursor, limit=3))
            assert demand.version >= cursor
            last.update({work.job_uid: work for work in demand.pools})
            cursor = demand.version
            if done and not demand.pools:
                return

    threads = _start([partial(write, uid) for uid in jobs])
    (reader,) = _start([read])
    for thread in threads:
        thread.join(20)
    committed(engine, fold_demand)
    stopped.set()
    reader.join(20)
    assert not reader.is_alive()
    truth = {work.job_uid: work for work in committed(engine, partial(read_demand, after=0)).pools}
    assert last == truth


def test_news_are_told_to_whoever_listens_once_a_transaction(engine: Engine, database: str) -> None:
    uid = committed(engine, building.listen)
    with psycopg.connect(conninfo(database), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        with transaction(engine) as session:
            announce_work(session, pools={(uid, "main"), (uid, "ocr")})
            announce_job(session, job_uid=uid)
        told = until(lambda: list(connection.notifies(timeout=0.2)))
        assert len(told) == 1
        committed(engine, fold_demand)
        assert len(until(lambda: list(connection.notifies(timeout=0.2)))) == 1
        committed(engine, fold_demand)
        assert list(connection.notifies(timeout=0.05)) == []


def test_a_pool_that_a_takeover_left_behind_is_told_as_deleted(session: Session) -> None:
    old = building.declare_with_documents(session, "a", name="nda")
    fold_demand(session)
    version = read_demand(session, after=0).version
    new = building.declare(session, name="nda")
    works = {work.job_uid: work for work in read_demand(session, after=version).pools}
    assert works[str(old)].deleted
    assert not works[str(new)].deleted


def _start(calls: Sequence[Callable[[], None]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    return threads
