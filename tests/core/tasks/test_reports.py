"""The one `finalize` of each run, whoever asks for it and when."""

import uuid

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.service import list_ended
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Run
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import complete_finalize, fail_task, start_finalize, stop_tasks
from tests.core import building
from tests.core.threads import committed, held_up, together


def test_reports_are_begun_once_everything_listed_has_ended(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    building.succeed(session, building.claimed(session, uid))
    assert start_finalize(session) == []
    last = building.claimed(session, uid)
    assert start_finalize(session) == [], "a running task is open too"
    building.succeed(session, last)
    assert start_finalize(session, run_id=last.run_id) == [(building.NAMESPACE, uid)]
    assert start_finalize(session, run_id=last.run_id) == []
    assert start_finalize(session) == []
    assert building.tasks_of(session, uid)["finalize", "waiting"] == 1


def test_a_waiting_retry_keeps_the_run_open(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    error = LexmillError("away", "it was away", ErrorClass.PASSING)
    fail_task(
        session,
        task=building.claimed(session, uid),
        error=error,
        retrying=Retrying(),
    )
    assert start_finalize(session) == []


def test_other_runs_are_left_alone(session: Session) -> None:
    ready = building.declare_with_documents(session)
    other = building.declare_with_documents(session)
    run_id = building.runs_of(session, ready)[0].id
    assert start_finalize(session, run_id=run_id) == [(building.NAMESPACE, ready)]
    assert building.tasks_of(session, other)["finalize", "waiting"] == 0


def test_written_reports_complete_a_plain_job(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.drain(session, uid)
    job = building.job_row(session, uid)
    (run,) = building.runs_of(session, uid)
    assert job.outcome == "complete"
    assert job.ended_at is not None
    assert run.finalized_at is not None
    assert start_finalize(session) == []


def test_failed_documents_do_not_keep_a_job_from_being_complete(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    fault = LexmillError("encrypted", "password", ErrorClass.DOCUMENT)
    for _ in range(2):
        task = building.claimed(session, uid)
        fail_task(session, task=task, error=fault, retrying=Retrying())
    start_finalize(session)
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"


def test_listening_and_scheduled_jobs_are_never_complete(session: Session) -> None:
    scheduled = building.declare(
        session, schedule={"cron": "0 6 * * *", "timeZone": "Europe/Berlin"}
    )
    building.tick(session, scheduled)
    listening = building.listen(session)
    building.accept(session, building.event())
    for uid in (scheduled, listening):
        assert building.drain(session, uid) == 2
        assert building.runs_of(session, uid)[0].finalized_at is not None
        assert building.job_row(session, uid).outcome is None


def test_two_visits_that_end_at_the_same_moment_begin_the_reports_once(engine: Engine) -> None:
    for _ in range(15):
        uid = committed(engine, lambda session: building.declare_with_documents(session, "a", "b"))

        def end(uid: uuid.UUID = uid) -> int:
            with transaction(engine) as session:
                task = building.claimed(session, uid)
            with transaction(engine) as session:
                building.succeed(session, task)
            with transaction(engine) as session:
                return len(start_finalize(session, run_id=task.run_id))

        begun = together(end, end)
        swept = committed(engine, lambda session: len(start_finalize(session)))
        assert sum(begun) + swept == 1
        with transaction(engine) as session:
            assert building.tasks_of(session, uid)["finalize", "waiting"] == 1


def test_two_replicas_that_look_at_once_begin_the_reports_once(engine: Engine) -> None:
    jobs = [committed(engine, building.declare_with_documents) for _ in range(10)]
    looks = [lambda: committed(engine, start_finalize)] * 4
    begun = [uid for look in together(*looks) for _, uid in look]
    begun += [uid for _, uid in committed(engine, start_finalize)]
    assert sorted(begun) == sorted(jobs)


def test_an_event_that_comes_before_the_look_is_in_the_run(engine: Engine) -> None:
    """Its documents are not committed yet when the sweeper looks."""
    uid = committed(engine, building.listen)
    committed(engine, lambda session: building.accept(session, building.event(id="1")))
    with transaction(engine) as session:
        task = building.claimed(session, uid)
        building.succeed(session, task)
    with transaction(engine) as receiving:
        building.accept(receiving, building.event(id="2"))
        assert committed(engine, start_finalize) == []
    assert committed(engine, start_finalize) == []
    with transaction(engine) as session:
        assert building.drain(session, uid) == 2
        assert _reported(session, uid) == [2]


def test_an_event_that_comes_during_the_look_gets_the_next_run(engine: Engine) -> None:
    """It waits for the lock of a run whose reports are begun meanwhile."""
    uid = committed(engine, building.listen)
    committed(engine, lambda session: building.accept(session, building.event(id="1")))
    with transaction(engine) as session:
        building.succeed(session, building.claimed(session, uid))
    with Session(engine) as looking:
        assert len(start_finalize(looking)) == 1

        def receive(session: Session) -> object:
            return building.accept(session, building.event(id="2"))

        with held_up(engine, receive):
            looking.commit()
    with transaction(engine) as session:
        building.drain(session, uid)
        start_finalize(session)
        building.drain(session, uid)
        assert set(building.documents_of(session, uid).values()) == {"succeeded"}
        assert _reported(session, uid) == [1, 1]


def test_an_event_that_comes_while_the_reports_are_written_gets_the_next_run(
    session: Session,
) -> None:
    uid = building.listen(session)
    building.accept(session, building.event())
    building.succeed(session, building.claimed(session, uid))
    start_finalize(session)
    reports = building.claimed(session, uid)
    building.accept(session, building.event())
    complete_finalize(session, task=reports)
    building.drain(session, uid)
    assert [run.number for run in building.runs_of(session, uid)] == [1, 2]
    assert _reported(session, uid) == [1, 1]


def test_two_events_for_an_idle_job_begin_one_run(engine: Engine) -> None:
    uid = committed(engine, building.listen)
    together(
        *[
            lambda: committed(engine, lambda session: building.accept(session, building.event()))
            for _ in range(4)
        ]
    )
    with transaction(engine) as session:
        assert [run.number for run in building.runs_of(session, uid)] == [1]
        assert len(building.document_ids(session, uid)) == 4


def test_a_deleted_job_gets_no_reports_and_is_not_looked_at_again(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    committed(engine, lambda session: building.cancel(session, uid, "deleted"))
    assert committed(engine, start_finalize) == []
    with transaction(engine) as session:
        start_finalize(session)
        with transaction(engine) as other:
            unlocked = select(Run.id).with_for_update(skip_locked=True)
            assert other.scalars(unlocked).one(), "a lock is a write, and this look is a second's"


def test_stopping_without_reports_stops_the_reports_too(session: Session) -> None:
    uid = building.declare_with_documents(session)
    start_finalize(session)
    assert stop_tasks(session, job_uid=uid, ending="deleted") == 1
    assert building.tasks_of(session, uid) == {("expand", "done"): 1, ("finalize", "dead"): 1}


def _reported(session: Session, uid: uuid.UUID) -> list[int]:
    """How many documents the reports of each finalized run tell of."""
    return [
        len(list_ended(session, run_ids=[run.id], after=None, limit=100))
        for run in building.runs_of(session, uid)
        if run.finalized_at is not None
    ]
