"""Jobs that are stopped: too late, or too many of their documents have failed."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, update
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.models import Job, Run
from lexmill.jobs.service import read_progress, replay_documents
from lexmill.jobs.sweep import stop_failing_jobs, stop_overdue_jobs, tick_schedules
from lexmill.scaling.service import read_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import fail_task, start_finalize
from lexmill.tasks.sweep import sweep_all
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.tasks.test_sweep import CountedWakeUps
from tests.core.threads import committed, together

FAULT = LexmillError("encrypted", "It asks for a password.", ErrorClass.DOCUMENT)
HOUR: dict[str, Any] = {"active_deadline_seconds": 3600}
TENTH: dict[str, Any] = {"failure_policy": {"maxFailedPercent": 10}}


def test_a_job_that_is_late_is_stopped_and_reports_what_it_did(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b", "c", name="nda", **HOUR)
    building.succeed(session, building.claimed(session, uid))
    running = building.claimed(session, uid)
    _began(session, uid, seconds_ago=3590)
    assert stop_overdue_jobs(session) == 0
    _began(session, uid, seconds_ago=3610)
    before = read_demand(session, after=0).version
    assert stop_overdue_jobs(session) == 1
    assert stop_overdue_jobs(session) == 0

    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("failed", "DeadlineExceeded")
    assert "activeDeadlineSeconds (3600)" in job.message
    assert building.documents_of(session, uid) == {"a": "succeeded", "b": "dead", "c": "dead"}
    assert building.document_rows(session, uid)[1].error_code == "job_failed"
    with pytest.raises(ClaimLostError):
        building.succeed(session, running)
    told = read_demand(session, after=before).pools
    assert [(pool.job, pool.outcome) for pool in told] == [("nda", "failed")]
    start_finalize(session)
    assert building.drain(session, uid) == 1
    assert building.job_row(session, uid).reason == "DeadlineExceeded"
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert (progress.state, progress.reason) == ("Failed", "DeadlineExceeded")


def test_a_listing_that_takes_too_long_is_late_too(session: Session) -> None:
    uid = building.declare(session, **HOUR)
    _began(session, uid, seconds_ago=3610)
    assert stop_overdue_jobs(session) == 1


def test_a_job_without_a_deadline_is_never_late(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    _began(session, uid, seconds_ago=1_000_000)
    assert stop_overdue_jobs(session) == 0


def test_a_run_that_only_has_its_reports_to_write_is_in_time(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", **HOUR)
    building.succeed(session, building.claimed(session, uid))
    start_finalize(session)
    _began(session, uid, seconds_ago=3610)
    assert stop_overdue_jobs(session) == 0
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"


def test_the_time_does_not_run_while_suspended_and_begins_anew(session: Session) -> None:
    uid = building.declare(session, suspend=True, **HOUR)
    _began(session, uid, seconds_ago=1_000_000)
    assert stop_overdue_jobs(session) == 0
    building.redeclare(session, uid, **HOUR)
    assert stop_overdue_jobs(session) == 0
    resumed = func.now() - timedelta(seconds=3610)
    session.execute(update(Job).where(Job.uid == uid).values(resumed_at=resumed))
    assert stop_overdue_jobs(session) == 1


def test_a_shorter_deadline_holds_at_once(session: Session) -> None:
    uid = building.declare(session, **HOUR)
    _began(session, uid, seconds_ago=100)
    building.redeclare(session, uid, active_deadline_seconds=60)
    assert stop_overdue_jobs(session) == 1


def test_a_replay_has_the_whole_time_again(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", **HOUR)
    _began(session, uid, seconds_ago=3610)
    stop_overdue_jobs(session)
    replay_documents(session, document_ids=building.document_ids(session, uid))
    assert stop_overdue_jobs(session) == 0
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"


def test_each_run_of_a_schedule_has_the_whole_time(session: Session) -> None:
    uid = building.declare(session, schedule={"cron": "0 6 * * *"}, **HOUR)
    building.tick(session, uid)
    building.drain(session, uid)
    _began(session, uid, seconds_ago=3610)
    assert stop_overdue_jobs(session) == 0, "between two runs nothing is late"
    building.tick(session, uid)
    assert stop_overdue_jobs(session) == 0
    _began(session, uid, seconds_ago=3610)
    assert stop_overdue_jobs(session) == 1
    building.tick(session, uid)
    assert len(building.runs_of(session, uid)) == 2, "a failed job does not tick"


def test_too_many_failures_stop_a_job(session: Session) -> None:
    uid = _with(session, failed=2, waiting=18, **TENTH)
    before = read_demand(session, after=0).version
    assert stop_failing_jobs(session) == 0, "exactly as many as are allowed"
    _fail_one(session, uid)
    assert stop_failing_jobs(session) == 1
    assert stop_failing_jobs(session) == 0
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("failed", "FailurePolicy")
    assert job.message.startswith("3 of 20 documents failed or are dead")
    assert building.tasks_of(session, uid)["process", "waiting"] == 0
    assert [pool.outcome for pool in read_demand(session, after=before).pools] == ["failed"]


def test_dead_documents_count_as_failed_ones(session: Session) -> None:
    uid = _with(session, failed=0, waiting=3, **TENTH)
    building.fail_for_good(session, building.claimed(session, uid))
    assert stop_failing_jobs(session) == 1


def test_none_may_fail_where_the_policy_says_so(session: Session) -> None:
    uid = _with(session, failed=0, waiting=200, failure_policy={"maxFailedPercent": 0})
    assert stop_failing_jobs(session) == 0
    _fail_one(session, uid)
    assert stop_failing_jobs(session) == 1


def test_all_may_fail_without_a_policy_or_with_one_that_says_so(session: Session) -> None:
    _with(session, failed=3, waiting=1)
    _with(session, failed=3, waiting=1, failure_policy={"maxFailedPercent": 100})
    assert stop_failing_jobs(session) == 0


def test_nothing_is_stopped_before_all_documents_are_listed(session: Session) -> None:
    uid = _with(session, failed=1, waiting=1, **TENTH)
    session.execute(update(Run).where(Run.job_uid == uid).values(listed_at=None))
    assert stop_failing_jobs(session) == 0
    session.execute(update(Run).where(Run.job_uid == uid).values(listed_at=func.now()))
    assert stop_failing_jobs(session) == 1


def test_a_job_that_ends_before_the_sweeper_looks_has_failed_all_the_same(
    session: Session,
) -> None:
    uid = _with(session, failed=2, waiting=2, **TENTH)
    building.drain(session, uid)
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("failed", "FailurePolicy")
    run = building.runs_of(session, uid)[0]
    assert (run.total, run.succeeded, run.failed) == (4, 2, 2)
    assert run.finalized_at is not None


def test_each_run_is_judged_for_itself(session: Session) -> None:
    """Or a replay of some would be stopped for all that were not replayed."""
    uid = _with(session, failed=2, waiting=2, **TENTH)
    building.drain(session, uid)
    one = building.document_rows(session, uid)[0].id
    replay_documents(session, document_ids=[one])
    assert stop_failing_jobs(session) == 0
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"


def test_a_listening_job_is_stopped_as_well(session: Session) -> None:
    uid = building.listen(session, **TENTH)
    for _ in range(3):
        building.accept(session, building.event())
    _fail_one(session, uid)
    assert stop_failing_jobs(session) == 1


def test_sweeping_stops_late_and_failing_jobs_once_however_many_replicas_do_it(
    engine: Engine,
) -> None:
    late = committed(engine, lambda session: building.declare(session, **HOUR))
    failing = committed(engine, lambda session: _with(session, failed=1, waiting=1, **TENTH))
    with transaction(engine) as session:
        _began(session, late, seconds_ago=3610)

    def sweep() -> None:
        sweep_all(engine, wake_ups=CountedWakeUps(), settings=TaskSettings())

    together(*[sweep] * 4)
    sweep()
    with transaction(engine) as session:
        for uid, reason in ((late, "DeadlineExceeded"), (failing, "FailurePolicy")):
            assert building.job_row(session, uid).reason == reason
            assert building.tasks_of(session, uid)["finalize", "waiting"] == 1
        assert tick_schedules(session) == 0


def _began(session: Session, uid: uuid.UUID, *, seconds_ago: int) -> None:
    """Of the newest run."""
    newest = building.runs_of(session, uid)[-1].id
    began = func.now() - timedelta(seconds=seconds_ago)
    session.execute(update(Run).where(Run.id == newest).values(started_at=began))


def _fail_one(session: Session, uid: uuid.UUID) -> None:
    fail_task(session, task=building.claimed(session, uid), error=FAULT, retrying=Retrying())


def _with(session: Session, *, failed: int, waiting: int, **changes: Any) -> uuid.UUID:
    names = [f"{number}.txt" for number in range(failed + waiting)]
    uid = building.declare_with_documents(session, *names, **changes)
    for _ in range(failed):
        _fail_one(session, uid)
    return uid
