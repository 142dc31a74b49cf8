"""Failed and dead documents queued once more, in a new run."""

import uuid

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.service import read_progress, replay_documents
from lexmill.queue.broker import queue_name
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import complete_finalize, fail_task, start_finalize
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.threads import committed, together


def _with_a_failed_one(session: Session, **changes: str) -> uuid.UUID:
    """A finished job of two documents; `a` is failed."""
    uid = building.declare_with_documents(session, "a", "b", **changes)
    fault = LexmillError("encrypted", "It asks for a password.", ErrorClass.DOCUMENT)
    fail_task(session, task=building.claimed(session, uid), error=fault, retrying=Retrying())
    building.drain(session, uid)
    return uid


def test_only_what_did_not_succeed_is_done_again_in_a_new_run(session: Session) -> None:
    uid = _with_a_failed_one(session, name="nda")
    assert building.job_row(session, uid).outcome == "complete"

    rings = replay_documents(session, document_ids=building.document_ids(session, uid))

    assert rings == {queue_name(NAMESPACE, str(uid), "main"): 1}
    assert building.documents_of(session, uid) == {"a": "queued", "b": "succeeded"}
    assert building.document_rows(session, uid)[0].error_code is None
    assert building.job_row(session, uid).outcome is None
    assert building.drain(session, uid) == 2
    assert [run.number for run in building.runs_of(session, uid)] == [1, 2]
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert (progress.run, progress.state, progress.documents.total) == (2, "Complete", 2)


def test_a_replay_while_the_run_goes_on_joins_it(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    fault = LexmillError("encrypted", "It asks for a password.", ErrorClass.DOCUMENT)
    fail_task(session, task=building.claimed(session, uid), error=fault, retrying=Retrying())
    replay_documents(session, document_ids=building.document_ids(session, uid))
    assert building.drain(session, uid) == 3
    assert len(building.runs_of(session, uid)) == 1
    assert building.documents_of(session, uid) == {"a": "succeeded", "b": "succeeded"}


def test_a_replay_while_the_reports_are_written_begins_a_new_run(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    fault = LexmillError("encrypted", "It asks for a password.", ErrorClass.DOCUMENT)
    fail_task(session, task=building.claimed(session, uid), error=fault, retrying=Retrying())
    start_finalize(session)
    reports = building.claimed(session, uid)
    replay_documents(session, document_ids=building.document_ids(session, uid))
    complete_finalize(session, task=reports)
    assert building.job_row(session, uid).outcome is None, "there is more to do"
    building.drain(session, uid)
    assert building.job_row(session, uid).outcome == "complete"
    assert all(run.finalized_at for run in building.runs_of(session, uid))
    assert len(building.runs_of(session, uid)) == 2


def test_documents_of_a_deleted_job_stay_dead(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.cancel(session, uid, "deleted")
    assert replay_documents(session, document_ids=building.document_ids(session, uid)) == {}
    assert building.documents_of(session, uid) == {"a": "dead"}


def test_a_cancelled_job_goes_on_with_what_is_replayed(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    building.cancel(session, uid)
    start_finalize(session)
    building.drain(session, uid)
    replay_documents(session, document_ids=building.document_ids(session, uid)[:1])
    building.drain(session, uid)
    assert sorted(building.documents_of(session, uid).values()) == ["dead", "succeeded"]
    assert building.job_row(session, uid).outcome == "complete"


def test_documents_of_several_jobs_ring_for_each(session: Session) -> None:
    first, second = (_with_a_failed_one(session) for _ in range(2))
    ids = building.document_ids(session, first) + building.document_ids(session, second)
    assert replay_documents(session, document_ids=ids) == {
        queue_name(NAMESPACE, str(uid), "main"): 1 for uid in (first, second)
    }
    assert replay_documents(session, document_ids=ids) == {}
    assert replay_documents(session, document_ids=[]) == {}


def test_two_replays_at_once_queue_a_document_once(engine: Engine) -> None:
    jobs = [committed(engine, _with_a_failed_one) for _ in range(4)]
    with transaction(engine) as session:
        ids = [id_ for uid in jobs for id_ in building.document_ids(session, uid)]

    def replay() -> int:
        rings = committed(engine, lambda session: replay_documents(session, document_ids=ids))
        return sum(rings.values())

    assert sorted(together(replay, replay, replay)) == [0, 0, 4]
    with transaction(engine) as session:
        for uid in jobs:
            assert building.tasks_of(session, uid)["process", "waiting"] == 1
            assert len(building.runs_of(session, uid)) == 2
