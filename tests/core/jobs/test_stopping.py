"""Cancelled, deleted and failed jobs: nothing goes on, and every document has ended."""

import uuid

import pytest
from sqlalchemy.orm import Session

from lexmill.errors import ClaimLostError
from lexmill.jobs.schemas import CancelledJob
from lexmill.jobs.service import cancel_job, read_progress
from lexmill.scaling.service import read_demand
from lexmill.tasks.service import fail_job, record_page, start_finalize
from tests.core import building
from tests.core.building import NAMESPACE


def _half_done(session: Session, **changes: str) -> uuid.UUID:
    uid = building.declare_with_documents(session, "a", "b", "c", **changes)
    building.succeed(session, building.claimed(session, uid))
    return uid


def test_a_cancelled_jobs_open_documents_are_dead_and_its_reports_are_written(
    session: Session,
) -> None:
    uid = _half_done(session, name="nda")
    running = building.claimed(session, uid)

    assert building.cancel(session, uid) == 2

    assert building.documents_of(session, uid) == {"a": "succeeded", "b": "dead", "c": "dead"}
    dead = building.document_rows(session, uid)[1]
    assert dead.error_code == "job_cancelled"
    assert dead.error_message == "The job was cancelled before this document was done."
    with pytest.raises(ClaimLostError):
        building.succeed(session, running)
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason, job.deleted_at) == ("cancelled", "Cancelled", None)
    assert start_finalize(session) == [(NAMESPACE, uid)]
    assert building.drain(session, uid) == 1
    assert building.job_row(session, uid).outcome == "cancelled"
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert progress.state == "Failed"
    assert progress.finished_at is not None
    assert (progress.documents.succeeded, progress.documents.dead) == (1, 2)


def test_a_job_cancelled_while_it_lists_its_documents(session: Session) -> None:
    uid = building.declare(session)
    listing = building.claimed(session, uid)
    page = {"documents": building.new_documents("a"), "pool": "main", "stage": "parse"}
    record_page(session, task=listing, cursor={}, last=False, **page)  # type: ignore[arg-type]
    building.cancel(session, uid)
    with pytest.raises(ClaimLostError):
        record_page(session, task=listing, cursor={}, last=True, **page)  # type: ignore[arg-type]
    assert building.documents_of(session, uid) == {"a": "dead"}
    start_finalize(session)
    building.drain(session, uid)
    assert building.runs_of(session, uid)[0].finalized_at is not None


def test_a_deleted_job_is_gone_from_sight_but_its_results_stay(session: Session) -> None:
    uid = _half_done(session, name="nda")
    assert building.cancel(session, uid, "deleted") == 2
    assert building.documents_of(session, uid) == {"a": "succeeded", "b": "dead", "c": "dead"}
    assert read_progress(session, namespace=NAMESPACE, name="nda") is None
    assert start_finalize(session) == []
    assert building.claim(session, uid) is None
    assert all(pool.deleted for pool in read_demand(session, after=0).pools)


def test_the_cancellation_goes_through_the_feed(session: Session) -> None:
    uid = _half_done(session)
    cursor = read_demand(session, after=0).version
    building.cancel(session, uid)
    (pool,) = read_demand(session, after=cursor).pools
    assert (pool.job_uid, pool.outcome) == (str(uid), "cancelled")


def test_cancelling_twice_late_or_something_unknown_changes_nothing(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.drain(session, uid)
    done = building.job_row(session, uid)
    assert done.outcome == "complete"
    assert building.cancel(session, uid) == 0
    assert building.job_row(session, uid) == done
    assert building.cancel(session, uuid.uuid4()) == 0
    other = CancelledJob(uid=uid, reason="deleted")
    assert cancel_job(session, namespace="other", cancelled=other) == 0
    assert building.job_row(session, uid) == done


def test_a_complete_job_may_be_deleted_and_stays_complete(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.drain(session, uid)
    building.cancel(session, uid, "deleted")
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("complete", None)
    assert job.deleted_at is not None
    again = building.cancel(session, uid, "deleted")
    assert again == 0


def test_a_cancelled_job_may_still_be_deleted(session: Session) -> None:
    uid = _half_done(session)
    building.cancel(session, uid)
    start_finalize(session)
    assert building.cancel(session, uid, "deleted") == 1, "its reports are not wanted any more"
    assert building.job_row(session, uid).reason == "Cancelled"
    assert building.claim(session, uid) is None


def test_a_failed_job_fails_once(session: Session) -> None:
    uid = _half_done(session)
    fail_job(session, job_uid=uid, reason="TooManyFailed", message="12 % failed")
    fail_job(session, job_uid=uid, reason="Other", message="later")
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason, job.message) == ("failed", "TooManyFailed", "12 % failed")
    dead = building.document_rows(session, uid)[2]
    assert (dead.state, dead.error_code) == ("dead", "job_failed")
    assert dead.error_message == "The job failed: 12 % failed"


def test_an_ended_job_that_was_suspended_still_writes_its_reports(session: Session) -> None:
    uid = _half_done(session, name="nda")
    building.declare(session, uid=uid, name="nda", generation=2, suspend=True)
    assert building.claim(session, uid) is None
    building.cancel(session, uid)
    start_finalize(session)
    assert building.claimed(session, uid).kind == "finalize"
