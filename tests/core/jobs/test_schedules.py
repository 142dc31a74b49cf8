"""Scheduled jobs: a run a tick, of what is new or has changed."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.schemas import NewDocument
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Job
from lexmill.jobs.schedules import next_tick
from lexmill.jobs.service import read_progress, replay_documents, replay_tasks
from lexmill.jobs.sweep import tick_schedules
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import read_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import fail_task, record_page, start_finalize
from lexmill.tasks.sweep import sweep_all
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.tasks.test_sweep import CountedWakeUps
from tests.core.threads import committed, together

DAILY = {"cron": "0 6 * * *", "timeZone": "Europe/Berlin"}
FAULT = LexmillError("encrypted", "It asks for a password.", ErrorClass.DOCUMENT)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "tick"),
    [
        ("0 6 * * *", "Europe/Berlin", "2026-01-15T04:59", "2026-01-15T05:00"),
        ("0 6 * * *", "Europe/Berlin", "2026-07-15T03:59", "2026-07-15T04:00"),
        # A tick is behind the moment, never at it.
        ("0 6 * * *", "Etc/UTC", "2026-01-15T06:00", "2026-01-16T06:00"),
        ("*/15 * * * *", "Asia/Kolkata", "2026-01-15T00:01", "2026-01-15T00:15"),
        ("0 0 * * MON-FRI", "Etc/UTC", "2026-01-16T12:00", "2026-01-19T00:00"),
        ("0 12 29 2 *", "Etc/UTC", "2026-01-01T00:00", "2028-02-29T12:00"),
        # The hour that is left out, and the one that comes twice.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T01:00"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30", "2026-10-26T01:30"),
    ],
)
def test_ticks_are_those_of_the_jobs_time_zone(cron: str, zone: str, after: str, tick: str) -> None:
    found = next_tick(
        {"cron": cron, "timeZone": zone}, after=datetime.fromisoformat(after).replace(tzinfo=UTC)
    )
    assert found == datetime.fromisoformat(tick).replace(tzinfo=UTC)


def test_without_a_time_zone_it_is_utc() -> None:
    assert next_tick({"cron": "0 6 * * *"}, after=datetime(2026, 1, 15, tzinfo=UTC)).hour == 6


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4 *"])
def test_a_schedule_that_never_ticks_is_refused(session: Session, cron: str) -> None:
    with pytest.raises(LexmillError, match="never_ticks") as raised:
        building.declare(session, schedule={"cron": cron})
    assert raised.value.error_class is ErrorClass.DOCUMENT


def test_a_scheduled_job_waits_for_its_first_tick(session: Session) -> None:
    uid = building.declare(session, name="nda", schedule=DAILY)
    assert building.claim(session, uid) is None
    assert tick_schedules(session) == 0
    pools = [pool for pool in read_demand(session, after=0).pools if pool.job == "nda"]
    assert [(pool.pool, pool.waiting) for pool in pools] == [("main", 0)]
    progress = _progress(session)
    assert (progress.run, progress.state, progress.runs) == (0, "Pending", ())
    assert progress.next_run_at == building.job_row(session, uid).next_tick_at
    assert progress.next_run_at > _now(session)


def test_each_tick_begins_a_run(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY, priority=7)
    for number in (1, 2):
        assert building.tick(session, uid) == 1
        assert tick_schedules(session) == 0, "once a tick"
        assert building.job_row(session, uid).next_tick_at > _now(session)
        assert [run.number for run in building.runs_of(session, uid)][-1] == number
        expand = building.claimed(session, uid)
        assert (expand.kind, building.task_row(session, expand.id).priority) == ("expand", 7)
        _list(session, uid, {}, task=expand)
        building.drain(session, uid)
        assert building.job_row(session, uid).outcome is None


def test_ticks_that_were_missed_make_one_run(session: Session) -> None:
    uid = building.declare(session, schedule={"cron": "* * * * *"})
    passed = func.now() - timedelta(days=3)
    session.execute(update(Job).where(Job.uid == uid).values(next_tick_at=passed))
    assert tick_schedules(session) == 1
    assert tick_schedules(session) == 0
    next_run = building.job_row(session, uid).next_tick_at
    assert timedelta(0) < next_run - _now(session) <= timedelta(minutes=1)


def test_a_tick_during_an_unfinished_run_is_passed_over(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.tick(session, uid)
    assert building.tick(session, uid) == 0
    assert len(building.runs_of(session, uid)) == 1
    assert building.job_row(session, uid).next_tick_at > _now(session)
    building.drain(session, uid)
    assert tick_schedules(session) == 0, "it does not come later"
    assert building.tick(session, uid) == 1


def test_reports_that_are_dead_hold_up_no_tick_once_the_job_goes_on(session: Session) -> None:
    uid = _swept(session, {"a": "1"}, fail={"a"})
    building.tick(session, uid)
    _list(session, uid, {"b": "1"})
    building.succeed(session, building.claimed(session, uid))
    start_finalize(session)
    building.fail_for_good(session, building.claimed(session, uid))
    assert building.job_row(session, uid).reason == "ReportsFailed"
    assert building.tick(session, uid) == 0, "a failed job does not tick"
    replay_documents(session, document_ids=building.document_ids(session, uid))
    building.drain(session, uid)
    assert building.tick(session, uid) == 1


@pytest.mark.parametrize("ending", ["cancelled", "deleted"])
def test_an_ended_job_does_not_tick(session: Session, ending: str) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.cancel(session, uid, ending)
    assert building.tick(session, uid) == 0
    assert building.runs_of(session, uid) == []


def test_what_passes_while_a_job_is_suspended_does_not_count(session: Session) -> None:
    uid = building.declare(session, name="nda", schedule=DAILY, suspend=True)
    assert building.tick(session, uid) == 0
    assert _progress(session).next_run_at is None
    building.redeclare(session, uid, schedule=DAILY, suspend=False)
    assert tick_schedules(session) == 0
    assert building.job_row(session, uid).next_tick_at > _now(session)
    assert building.tick(session, uid) == 1


def test_a_tick_that_is_due_is_not_lost_by_another_change(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    passed = func.now() - timedelta(minutes=1)
    session.execute(update(Job).where(Job.uid == uid).values(next_tick_at=passed))
    building.redeclare(session, uid, schedule=DAILY, priority=3)
    assert tick_schedules(session) == 1


def test_another_schedule_counts_from_now_on(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    passed = func.now() - timedelta(minutes=1)
    session.execute(update(Job).where(Job.uid == uid).values(next_tick_at=passed))
    building.redeclare(session, uid, schedule={"cron": "* * * * *"})
    assert tick_schedules(session) == 0
    assert building.job_row(session, uid).next_tick_at - _now(session) <= timedelta(minutes=1)


def test_without_its_schedule_a_job_ends_behind_one_more_run(session: Session) -> None:
    uid = _swept(session, {"a": "1"})
    building.redeclare(session, uid)
    assert building.job_row(session, uid).next_tick_at is None
    _list(session, uid, {"a": "1", "b": "1"})
    assert building.drain(session, uid) == 2
    assert building.job_row(session, uid).outcome == "complete"
    assert _documents(session, uid) == [("a", 1), ("b", 2)]


def test_without_its_schedule_a_job_ends_behind_the_run_that_is_under_way(
    session: Session,
) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.tick(session, uid)
    building.redeclare(session, uid)
    assert len(building.runs_of(session, uid)) == 1
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"


def test_a_plain_job_that_gets_a_schedule_goes_on_with_it(session: Session) -> None:
    uid = building.declare(session)
    _list(session, uid, {"a": "1"})
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"
    building.redeclare(session, uid, schedule=DAILY)
    assert building.job_row(session, uid).outcome is None
    assert building.tick(session, uid) == 1
    assert _list(session, uid, {"a": "1", "b": "1"}) == 1
    assert _documents(session, uid) == [("a", 1), ("b", 2)]


def test_a_run_takes_what_is_new_or_has_changed(session: Session) -> None:
    uid = _swept(session, {"a": "1", "b": "1", "c": "1"})
    building.tick(session, uid)
    assert _list(session, uid, {"a": "1", "b": "2", "d": "1"}) == 2
    building.drain(session, uid)
    building.tick(session, uid)
    # Compared is with the last time each was taken, not with the last run.
    assert _list(session, uid, {"a": "1", "b": "1", "c": "1", "d": "1"}) == 1
    building.drain(session, uid)
    assert _documents(session, uid) == [("a", 1), ("b", 1), ("b", 2), ("b", 3), ("c", 1), ("d", 2)]


def test_another_jobs_documents_are_not_compared_with(session: Session) -> None:
    _swept(session, {"a": "1"})
    other = building.declare(session)
    assert _list(session, other, {"a": "1"}) == 1


def test_a_failed_document_is_taken_again_once_it_has_changed(session: Session) -> None:
    uid = _swept(session, {"a": "1"}, fail={"a"})
    building.tick(session, uid)
    assert _list(session, uid, {"a": "1"}) == 0
    building.drain(session, uid)
    building.tick(session, uid)
    assert _list(session, uid, {"a": "2"}) == 1


def test_a_dead_document_is_taken_again(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.tick(session, uid)
    _list(session, uid, {"a": "1"})
    building.fail_for_good(session, building.claimed(session, uid))
    start_finalize(session)
    building.drain(session, uid)
    building.tick(session, uid)
    assert _list(session, uid, {"a": "1"}) == 1


def test_a_page_that_comes_twice_is_listed_once(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.tick(session, uid)
    task = building.claimed(session, uid)
    assert _page(session, task, {"a": "1"}, last=False) == 1
    assert _page(session, task, {"a": "1", "b": "1"}, last=True) == 1


def test_what_a_later_run_has_taken_up_is_not_replayed(session: Session) -> None:
    uid = _swept(session, {"a": "1", "b": "1"}, fail={"a", "b"})
    building.tick(session, uid)
    _list(session, uid, {"a": "2"})
    rings = replay_documents(session, document_ids=building.document_ids(session, uid))
    assert rings == {queue_name(NAMESPACE, str(uid), "main"): 1}
    assert _documents(session, uid) == [("a", 1), ("a", 2), ("b", 2)]


def test_what_is_dead_and_was_taken_up_again_is_no_longer_shown_as_dead(session: Session) -> None:
    uid = building.declare(session, schedule=DAILY)
    building.tick(session, uid)
    _list(session, uid, {"a": "1"})
    task = building.claimed(session, uid)
    building.fail_for_good(session, task)
    start_finalize(session)
    building.drain(session, uid)
    assert [dead.id for dead in building.dead_tasks(session)] == [task.id]
    building.tick(session, uid)
    _list(session, uid, {"a": "1"})
    assert building.dead_tasks(session) == ()
    assert replay_tasks(session, namespace=NAMESPACE, task_ids=[task.id]) == {}


def test_the_history_keeps_how_each_run_ended(session: Session) -> None:
    uid = _swept(session, {"a": "1", "b": "1"}, fail={"a"}, name="nda")
    replay_documents(session, document_ids=building.document_ids(session, uid))
    building.drain(session, uid)
    building.tick(session, uid)
    _list(session, uid, {"c": "1"})
    progress = _progress(session)
    assert [
        (run.number, run.total, run.succeeded, run.failed, run.finished_at is None)
        for run in progress.runs
    ] == [(3, 1, 0, 0, True), (2, 1, 1, 0, False), (1, 2, 1, 1, False)]
    assert (progress.run, progress.documents.total) == (3, 1)


def test_replicas_that_sweep_at_once_begin_one_run(engine: Engine) -> None:
    uids = [
        committed(engine, lambda session: building.declare(session, schedule=DAILY))
        for _ in range(10)
    ]
    with transaction(engine) as session:
        session.execute(update(Job).values(next_tick_at=func.now() - timedelta(minutes=1)))
    assert sum(together(*[lambda: committed(engine, tick_schedules)] * 4)) == 10
    with transaction(engine) as session:
        assert [len(building.runs_of(session, uid)) for uid in uids] == [1] * 10


def test_a_tick_rings_for_workers_in_the_same_round(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare(session, schedule=DAILY))
    with transaction(engine) as session:
        session.execute(update(Job).values(next_tick_at=func.now() - timedelta(minutes=1)))
    wake_ups = CountedWakeUps()
    sweep_all(engine, wake_ups=wake_ups, settings=TaskSettings())
    assert wake_ups.tokens == {queue_name(NAMESPACE, str(uid), "main"): 1}


def _now(session: Session) -> datetime:
    return session.scalars(select(func.now())).one()


def _progress(session: Session) -> Any:
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    return progress


def _page(session: Session, task: Any, listed: Mapping[str, str], *, last: bool) -> int:
    documents = [
        NewDocument(uri=uri, source=f"file:///{uri}", name=uri, fingerprint=fingerprint)
        for uri, fingerprint in listed.items()
    ]
    return record_page(
        session, task=task, documents=documents, pool="main", stage="parse", cursor={}, last=last
    )


def _list(session: Session, uid: uuid.UUID, listed: Mapping[str, str], *, task: Any = None) -> int:
    """A source has these documents with these fingerprints; gives how many were taken."""
    task = task or building.claimed(session, uid)
    assert task.kind == "expand"
    added = _page(session, task, listed, last=True)
    start_finalize(session, run_id=task.run_id)
    return added


def _swept(
    session: Session,
    listed: Mapping[str, str],
    *,
    fail: frozenset[str] | set[str] = frozenset(),
    **changes: Any,
) -> uuid.UUID:
    """A scheduled job that has finished its first run."""
    uid = building.declare(session, schedule=DAILY, **changes)
    building.tick(session, uid)
    _list(session, uid, listed)
    for _ in listed:
        task = building.claimed(session, uid)
        if task.uri in fail:
            fail_task(session, task=task, error=FAULT, retrying=Retrying())
        else:
            building.succeed(session, task)
    start_finalize(session)
    building.drain(session, uid)
    return uid


def _documents(session: Session, uid: uuid.UUID) -> list[tuple[str, int]]:
    """Which runs have which documents."""
    numbers = {run.id: run.number for run in building.runs_of(session, uid)}
    rows = building.document_rows(session, uid)
    return sorted((row.uri, numbers[row.run_id]) for row in rows)
