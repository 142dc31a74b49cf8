"""What the database's clock brings: expired leases, reports, wake-ups for lost tokens."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.models import EventKey
from lexmill.jobs.models import Job
from lexmill.jobs.service import replay_documents
from lexmill.queue.broker import queue_name
from lexmill.scaling.models import PoolDemand
from lexmill.scaling.service import fold_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import fail_task, hand_back, start_finalize
from lexmill.tasks.sweep import (
    create_event_partitions,
    expire_leases,
    forget_event_keys,
    stop_ended_jobs,
    sweep_all,
)
from tests.core import building
from tests.core.threads import committed

LONG_UP = TaskSettings(lease_seconds=0.001)
"""The tests' server started longer ago than this lease is long."""
JUST_UP = TaskSettings(lease_seconds=1_000_000)


class CountedWakeUps:
    """A broker that keeps its tokens in a dictionary."""

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}

    def ring(self, counts: Mapping[str, int]) -> None:
        for queue, count in counts.items():
            if count > 0:
                self.tokens[queue] = self.tokens.get(queue, 0) + count

    def waiting(self, queues: list[str]) -> list[int]:
        return [self.tokens.get(queue, 0) for queue in queues]

    def forget(self, queues: list[str]) -> None:
        for queue in queues:
            self.tokens.pop(queue, None)

    def clean_up(self) -> int:
        return 0


def _crash(session: Session, uid: uuid.UUID) -> int:
    """A worker takes a task and falls silent for longer than its lease."""
    return building.claimed(session, uid, lease_seconds=building.RAN_OUT).id


def test_a_silent_workers_task_is_due_again_and_the_crash_is_counted(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    task_id = _crash(session, uid)
    assert expire_leases(session, settings=LONG_UP) == 1
    again = building.claimed(session, uid)
    assert (again.id, again.crashes, again.failures) == (task_id, 1, 0)
    assert building.documents_of(session, uid) == {"a": "queued"}


def test_a_living_lease_is_left_alone(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    task = building.claimed(session, uid, lease_seconds=5)
    assert expire_leases(session, settings=LONG_UP) == 0
    assert building.task_row(session, task.id).claim == task.claim


def test_the_fifth_crash_is_the_last(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    for crash in range(1, 6):
        task_id = _crash(session, uid)
        assert expire_leases(session, settings=LONG_UP) == 1
        row = building.task_row(session, task_id)
        assert (row.crashes, row.failures) == (crash, 0)
        assert row.state == ("dead" if crash == 5 else "waiting")
        assert (row.ended_at is None) == (crash < 5)
    assert building.documents_of(session, uid) == {"a": "dead", "b": "queued"}
    assert building.claimed(session, uid).uri == "b"
    dead = next(row for row in building.document_rows(session, uid) if row.uri == "a")
    assert dead.error_code == "worker_lost"


def test_crashes_and_failures_do_not_add_up(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    retrying = Retrying(limit=5)
    error = LexmillError("away", "It was away.", ErrorClass.PASSING)
    for _ in range(4):
        _crash(session, uid)
        expire_leases(session, settings=LONG_UP)
        task = building.claimed(session, uid)
        assert fail_task(session, task=task, error=error, retrying=retrying) is not None
        building.make_due(session)
        hand_back(session, claims=[building.claimed(session, uid).claim])
    last = building.claimed(session, uid)
    assert (last.crashes, last.failures) == (4, 4)
    building.succeed(session, last)
    assert building.documents_of(session, uid) == {"a": "succeeded"}


def test_no_lease_expires_while_the_server_is_up_for_less_than_a_lease(session: Session) -> None:
    """Nobody could renew it while the server was away."""
    uid = building.declare_with_documents(session, "a")
    _crash(session, uid)
    assert expire_leases(session, settings=JUST_UP) == 0
    assert expire_leases(session, settings=LONG_UP) == 1


def test_a_listing_whose_workers_all_crash_fails_the_job(session: Session) -> None:
    uid = building.declare(session)
    for _ in range(5):
        _crash(session, uid)
        expire_leases(session, settings=LONG_UP)
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("failed", "ListingFailed")


def test_reports_whose_workers_all_crash_fail_the_job(session: Session) -> None:
    uid = building.declare_with_documents(session)
    start_finalize(session)
    for _ in range(5):
        _crash(session, uid)
        expire_leases(session, settings=LONG_UP)
    assert building.job_row(session, uid).reason == "ReportsFailed"


def test_a_visit_that_is_being_completed_is_not_taken_away(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    with transaction(engine) as session:
        task = building.claimed(session, uid, lease_seconds=building.RAN_OUT)
    with transaction(engine) as completing:
        building.succeed(completing, task)
        assert committed(engine, lambda session: expire_leases(session, settings=LONG_UP)) == 0
    with transaction(engine) as session:
        assert building.documents_of(session, uid) == {"a": "succeeded"}


def test_one_round_does_it_all(engine: Engine) -> None:
    wake_ups = CountedWakeUps()
    crashed = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    ready = committed(engine, building.declare_with_documents)
    committed(engine, lambda session: _crash(session, crashed))
    sweep_all(engine, wake_ups=wake_ups, settings=LONG_UP)
    assert wake_ups.tokens == {_queue(crashed): 1, _queue(ready): 1}
    with transaction(engine) as session:
        assert building.claimed(session, ready).kind == "finalize"
        assert building.claimed(session, crashed).crashes == 1


def test_each_sweep_is_done_by_one_replica_at_a_time(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    committed(engine, lambda session: _crash(session, uid))
    with _all_sweeps_taken(engine):
        sweep_all(engine, wake_ups=CountedWakeUps(), settings=LONG_UP)
        with transaction(engine) as session:
            assert building.tasks_of(session, uid)["process", "running"] == 1
    sweep_all(engine, wake_ups=CountedWakeUps(), settings=LONG_UP)
    with transaction(engine) as session:
        assert building.tasks_of(session, uid)["process", "waiting"] == 1


def test_wake_ups_are_topped_up_to_the_due_tasks_and_to_the_limit(engine: Engine) -> None:
    wake_ups = CountedWakeUps()
    settings = TaskSettings(wake_ups_per_pool=5)
    few = committed(engine, lambda session: building.declare_with_documents(session, *"abc"))
    many = committed(engine, lambda session: building.declare_with_documents(session, *"abcdefgh"))
    with transaction(engine) as session:
        building.claimed(session, few)
        retry = building.claimed(session, few)
        error = LexmillError("away", "It was away.", ErrorClass.PASSING)
        fail_task(session, task=retry, error=error, retrying=Retrying())
    wake_ups.ring({_queue(many): 2})
    for _ in range(2):
        sweep_all(engine, wake_ups=wake_ups, settings=settings)
        assert wake_ups.tokens == {_queue(few): 1, _queue(many): 5}
    wake_ups.tokens.clear()  # FLUSHALL
    sweep_all(engine, wake_ups=wake_ups, settings=settings)
    assert wake_ups.tokens == {_queue(few): 1, _queue(many): 5}


def test_the_tokens_of_a_job_that_is_over_are_dropped(engine: Engine) -> None:
    """Nobody is left who would fetch them."""
    wake_ups = CountedWakeUps()
    done = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    listening = committed(engine, building.listen)
    wake_ups.ring({_queue(done): 7, _queue(listening): 7})
    sweep_all(engine, wake_ups=wake_ups, settings=LONG_UP)
    assert wake_ups.tokens == {_queue(done): 7, _queue(listening): 7}
    committed(engine, lambda session: building.drain(session, done))
    sweep_all(engine, wake_ups=wake_ups, settings=LONG_UP)
    assert wake_ups.tokens == {_queue(listening): 7}


def test_work_that_nobody_may_claim_rings_for_nobody(engine: Engine) -> None:
    wake_ups = CountedWakeUps()
    committed(engine, lambda session: building.declare(session, suspend=True))
    sweep_all(engine, wake_ups=wake_ups, settings=LONG_UP)
    assert wake_ups.tokens == {}


def _gauges(engine: Engine, uid: uuid.UUID) -> tuple[float | None, ...]:
    """After a sweep: waiting, running, backlog."""
    sweep_all(engine, wake_ups=CountedWakeUps(), settings=LONG_UP)
    with transaction(engine) as session:
        name = session.scalars(select(Job.name).where(Job.uid == uid)).one()
    labels = {"legaljob_namespace": building.NAMESPACE, "legaljob": name, "pool": "main"}
    return tuple(
        REGISTRY.get_sample_value(f"lexmill_pool_{what}", labels)
        for what in ("waiting", "running", "backlog")
    )


def test_the_gauges_of_a_pool_go_back_to_zero(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a", "b"))
    assert _gauges(engine, uid) == (2, 0, 2)
    with transaction(engine) as session:
        building.claimed(session, uid)
    assert _gauges(engine, uid) == (1, 1, 2)
    committed(engine, lambda session: building.cancel(session, uid, "deleted"))
    assert _gauges(engine, uid) == (0, 0, 0)


def test_a_pool_that_waits_for_events_says_zero_however_long(engine: Engine) -> None:
    """An autoscaler that finds no number leaves the workers as they are."""
    uid = committed(engine, building.listen)
    _long_ago(engine)
    assert _gauges(engine, uid) == (0, 0, 0)


def test_of_a_job_that_ended_some_time_ago_no_gauges_are_left(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    assert _gauges(engine, uid) == (1, 0, 1)
    committed(engine, lambda session: building.drain(session, uid))
    assert _gauges(engine, uid) == (0, 0, 0)
    _long_ago(engine)
    assert _gauges(engine, uid) == (None, None, None)


def test_what_a_suspended_job_has_waiting_asks_for_no_worker(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    with transaction(engine) as session:
        session.execute(update(Job).where(Job.uid == uid).values(suspended=True))
    assert _gauges(engine, uid) == (1, 0, 0)


def _long_ago(engine: Engine) -> None:
    with transaction(engine) as session:
        session.execute(update(PoolDemand).values(changed_at=func.now() - timedelta(minutes=6)))


@pytest.mark.parametrize(
    ("ending", "code"), [("cancelled", "job_cancelled"), ("deleted", "job_deleted")]
)
def test_what_slipped_in_while_a_job_was_ended_ends_too(
    session: Session, ending: str, code: str
) -> None:
    """An event or a visit's children, committed beside the cancellation."""
    uid = building.listen(session)
    building.accept(session, building.event())
    building.cancel(session, uid, ending)
    _slip_in(session, uid)
    fold_demand(session)

    assert stop_ended_jobs(session) == 1

    assert set(building.documents_of(session, uid).values()) == {"dead"}
    assert {row.error_code for row in building.document_rows(session, uid)} == {code}
    assert building.tasks_of(session, uid) == {("process", "dead"): 2}
    fold_demand(session)
    assert stop_ended_jobs(session) == 0
    assert len(start_finalize(session)) == (1 if ending == "cancelled" else 0)


def test_the_reports_of_an_ended_job_are_not_stopped(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.cancel(session, uid)
    start_finalize(session)
    fold_demand(session)
    assert stop_ended_jobs(session) == 0
    assert building.claimed(session, uid).kind == "finalize"


def test_a_job_that_is_being_replayed_is_not_stopped(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    with transaction(engine) as session:
        building.cancel(session, uid)
        fold_demand(session)
    with transaction(engine) as session:
        start_finalize(session)
        fold_demand(session)
    with transaction(engine) as replaying:
        replay_documents(replaying, document_ids=building.document_ids(replaying, uid))
        assert committed(engine, stop_ended_jobs) == 0
    committed(engine, fold_demand)
    assert committed(engine, stop_ended_jobs) == 0
    with transaction(engine) as session:
        assert building.documents_of(session, uid) == {"a": "queued"}


def test_the_event_partitions_of_the_months_ahead_are_made_in_time(session: Session) -> None:
    last = session.scalar(
        text(
            "SELECT max(relid::text) FROM pg_partition_tree('event') "
            "WHERE isleaf AND relid::text ~ '[0-9]$'"
        )
    )
    assert create_event_partitions(session) == 0
    session.execute(text(f"DROP TABLE {last}"))
    assert create_event_partitions(session) == 1
    assert session.scalar(select(func.to_regclass(last))) is not None
    assert create_event_partitions(session) == 0


def test_dedup_keys_are_forgotten_after_thirty_days(session: Session) -> None:
    building.accept(session, building.event(id="old"), building.event(id="new"))
    session.execute(
        update(EventKey)
        .where(EventKey.digest == select(EventKey.digest).limit(1).scalar_subquery())
        .values(received_at=func.now() - timedelta(days=31))
    )
    assert forget_event_keys(session) == 1
    assert session.scalar(select(func.count()).select_from(EventKey)) == 1


def _slip_in(session: Session, uid: uuid.UUID) -> None:
    session.execute(
        text("""
            WITH late AS (
              INSERT INTO document (namespace, job_uid, run_id, event_id, uri, source, name)
              SELECT namespace, job_uid, run_id, gen_random_uuid(), 'late', 'file:///x', 'late'
              FROM document WHERE job_uid = :uid RETURNING *
            )
            INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool, stage)
            SELECT 'process', namespace, job_uid, run_id, id, 'main', 'parse' FROM late
        """),
        {"uid": uid},
    )


@contextmanager
def _all_sweeps_taken(engine: Engine) -> Iterator[None]:
    with transaction(engine) as session:
        for turn in latches.Turn:
            if turn is not latches.Turn.FEED:
                latches.wait_for(session, turn)
        yield


def _queue(uid: uuid.UUID) -> str:
    return queue_name(building.NAMESPACE, str(uid), "main")
