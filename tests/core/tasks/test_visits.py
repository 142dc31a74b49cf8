"""How a visit ends: completed, passed on to another pool, failed, tried again, dead."""

import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lexmill.documents.schemas import NewStageOutput
from lexmill.documents.service import add_documents, find_stage_outputs
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.tasks.models import Task
from lexmill.tasks.schemas import ClaimedTask, Retrying, Visit
from lexmill.tasks.service import (
    complete_visit,
    fail_task,
    hand_back,
    record_page,
    start_finalize,
    stop_tasks,
)
from tests.core import building

DOCUMENTS_FAULT = LexmillError("encrypted", "The file asks for a password.", ErrorClass.DOCUMENT)
PASSING = LexmillError("store_away", "The store did not answer.", ErrorClass.PASSING)
OURS = LexmillError("internal_error", "Lexmill failed.", ErrorClass.OURS)


def test_a_document_ends_with_its_result(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf")
    task = building.claimed(session, uid)

    made = building.succeed(
        session,
        task,
        sha256="5" * 64,
        result_key="acme/visits/1/result",
        stage_seconds={"parse": 0.5, "classify": None},
    )

    assert made == 0
    document = building.document_row(session, uid)
    assert (document.state, document.sha256) == ("succeeded", "5" * 64)
    assert document.result_key == "acme/visits/1/result"
    assert document.ended_at is not None
    row = building.task_row(session, task.id)
    assert (row.state, row.claim, row.lease_until) == ("done", None, None)
    assert row.stage_seconds == {"parse": 0.5, "classify": None}
    assert building.claim(session, uid) is None


def test_state_children_outputs_and_the_next_pools_task_are_one_commit(session: Session) -> None:
    uid = building.declare_with_documents(session, "mail.eml", priority=3)
    task = building.claimed(session, uid)
    attachments = building.new_documents("mail.eml#1", "mail.eml#2", parent_id=task.document_id)
    output = NewStageOutput(key=b"k" * 32, stage="parse", object_key="acme/visits/1/outputs")

    made = building.succeed(
        session,
        task,
        next_pool="ocr",
        next_stage="ocr",
        children=tuple(attachments),
        stage_outputs=(output,),
    )

    assert made == 3
    states = {"mail.eml": "queued", "mail.eml#1": "queued", "mail.eml#2": "queued"}
    assert building.documents_of(session, uid) == states
    found = find_stage_outputs(session, namespace="acme", keys=[b"k" * 32, b"unknown"])
    assert found == {b"k" * 32: "acme/visits/1/outputs"}
    assert find_stage_outputs(session, namespace="other", keys=[b"k" * 32]) == {}
    following = building.claimed(session, uid, pool="ocr")
    assert (following.document_id, following.stage) == (task.document_id, "ocr")
    assert building.claim(session, uid, pool="ocr") is None
    assert [building.claimed(session, uid).uri for _ in range(2)] == ["mail.eml#1", "mail.eml#2"]


def test_the_next_pool_inherits_the_priority(session: Session) -> None:
    uid = building.declare_with_documents(session)
    run_id = building.runs_of(session, uid)[0].id
    add_documents(
        session,
        namespace=building.NAMESPACE,
        job_uid=uid,
        run_id=run_id,
        pool="main",
        stage="parse",
        documents=building.new_documents("a", priority=7),
    )
    building.succeed(session, building.claimed(session, uid), next_pool="ocr", next_stage="ocr")
    following = building.claimed(session, uid, pool="ocr")
    assert building.task_row(session, following.id).priority == 7


def test_a_document_ends_once(session: Session) -> None:
    """Also where a second open task should exist for it, which no service makes."""
    uid = building.declare_with_documents(session, "a")
    first = building.claimed(session, uid)
    building.succeed(session, first, next_pool="main", next_stage="check")
    second = building.claimed(session, uid)
    building.succeed(session, second, next_pool="main", next_stage="check")
    building.succeed(session, building.claimed(session, uid), result_key="kept")
    ended = building.document_row(session, uid)
    stop_tasks(session, job_uid=uid, ending="cancelled")
    assert building.document_row(session, uid) == ended


def test_the_same_outputs_twice_keep_the_first(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    for place in ("first", "second"):
        output = NewStageOutput(key=b"k", stage="parse", object_key=place)
        building.succeed(session, building.claimed(session, uid), stage_outputs=(output, output))
    found = find_stage_outputs(session, namespace=building.NAMESPACE, keys=[b"k"])
    assert found == {b"k": "first"}


def test_a_documents_own_fault_fails_it_at_once(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    task = building.claimed(session, uid)
    assert fail_task(session, task=task, error=DOCUMENTS_FAULT, retrying=Retrying()) is None
    document = building.document_row(session, uid)
    assert (document.state, document.error_code) == ("failed", "encrypted")
    assert document.error_message == "The file asks for a password."
    assert building.task_row(session, task.id).state == "done"
    assert building.claim(session, uid) is None


@pytest.mark.parametrize("error", [PASSING, OURS], ids=lambda error: error.error_class.value)
def test_other_faults_are_tried_again_and_dead_after_the_limit(
    session: Session, error: LexmillError
) -> None:
    uid = building.declare_with_documents(session, "a")
    retrying = Retrying(limit=2, backoff_seconds=10, max_backoff_seconds=600)
    for failures in range(2):
        task = building.claimed(session, uid)
        assert (task.failures, task.crashes) == (failures, 0)
        assert fail_task(session, task=task, error=error, retrying=retrying) is not None
        assert building.document_row(session, uid).state == "queued"
        assert building.claim(session, uid) is None, "not due yet"
        building.make_due(session)
    task = building.claimed(session, uid)
    assert fail_task(session, task=task, error=error, retrying=retrying) is None
    row = building.task_row(session, task.id)
    assert (row.state, row.failures, row.error_code) == ("dead", 3, error.code)
    document = building.document_row(session, uid)
    assert (document.state, document.error_code) == ("dead", error.code)
    assert document.error_message == error.message
    building.make_due(session)
    assert building.claim(session, uid) is None


OUTAGE = LexmillError("store_away", "The store did not answer.", ErrorClass.OUTAGE)


@pytest.mark.parametrize("kind", ["expand", "process", "finalize"])
def test_an_outage_is_waited_for_as_long_as_it_takes(session: Session, kind: str) -> None:
    """Without a retry left; it counts as nothing, and ends neither document nor job."""
    if kind == "expand":
        uid = building.declare(session)
    else:
        uid = building.declare_with_documents(session, *(["a"] if kind == "process" else []))
    if kind == "finalize":
        start_finalize(session)
    for _ in range(20):
        task = building.claimed(session, uid)
        assert (task.kind, task.failures, task.crashes) == (kind, 0, 0)
        delay = fail_task(
            session,
            task=task,
            error=OUTAGE,
            retrying=Retrying(limit=0),
            outage_seconds=30,
        )
        assert delay is not None
        assert 15 <= delay <= 30
        assert _seconds_until_due(session, task) == pytest.approx(delay, abs=1)
        row = building.task_row(session, task.id)
        assert (row.state, row.failures, row.error_code) == ("waiting", 0, "store_away")
        assert building.claim(session, uid) is None, "not due yet"
        building.make_due(session)
    task = building.claimed(session, uid)
    hand_back(session, claims=[task.claim])
    with pytest.raises(ClaimLostError):
        fail_task(session, task=task, error=OUTAGE, retrying=Retrying())


def test_without_retries_the_first_fault_is_the_last(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    task = building.claimed(session, uid)
    assert fail_task(session, task=task, error=PASSING, retrying=Retrying(limit=0)) is None
    assert building.documents_of(session, uid) == {"a": "dead"}


def test_the_backoff_doubles_within_bounds_and_half_of_it_is_random(session: Session) -> None:
    uid = building.declare_with_documents(session, *(str(number) for number in range(20)))
    retrying = Retrying(limit=100, backoff_seconds=10, max_backoff_seconds=60)
    for ceiling in (10, 20, 40, 60, 60):
        delays = []
        while (task := building.claim(session, uid)) is not None:
            delay = fail_task(session, task=task, error=PASSING, retrying=retrying)
            assert delay is not None
            delays.append(delay)
            assert _seconds_until_due(session, task) == pytest.approx(delay, abs=1)
        assert len(delays) == 20
        assert all(ceiling / 2 <= delay <= ceiling for delay in delays)
        assert len(set(delays)) == 20
        assert max(delays) - min(delays) > ceiling / 8
        building.make_due(session)


def test_a_very_old_failure_count_is_still_a_number_of_seconds(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    retrying = Retrying(limit=100, backoff_seconds=86_400, max_backoff_seconds=604_800)
    for _ in range(100):
        task = building.claimed(session, uid)
        delay = fail_task(session, task=task, error=PASSING, retrying=retrying)
        assert delay is not None
        assert delay <= 604_800
        building.make_due(session)
    assert (
        fail_task(session, task=building.claimed(session, uid), error=OURS, retrying=retrying)
        is None
    )


def test_a_retry_that_succeeds_leaves_no_error_at_the_document(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    fail_task(session, task=building.claimed(session, uid), error=PASSING, retrying=Retrying())
    building.make_due(session)
    building.succeed(session, building.claimed(session, uid))
    document = building.document_row(session, uid)
    assert (document.state, document.error_code, document.error_message) == (
        "succeeded",
        None,
        None,
    )


def test_a_failed_visit_keeps_what_was_found_out(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    visit = Visit(state="failed", error_code="needs_ocr", error_message="No text.", sha256="a" * 64)
    complete_visit(session, task=building.claimed(session, uid), visit=visit)
    document = building.document_row(session, uid)
    assert (document.state, document.error_code, document.sha256) == (
        "failed",
        "needs_ocr",
        "a" * 64,
    )


@pytest.mark.parametrize(
    ("error", "tries"), [(DOCUMENTS_FAULT, 1), (OURS, 2)], ids=["declared wrongly", "ours"]
)
def test_a_dead_listing_fails_the_job_and_reports_what_there_is(
    session: Session, error: LexmillError, tries: int
) -> None:
    uid = building.declare(session)
    retrying = Retrying(limit=1)
    record_page(
        session,
        task=building.claimed(session, uid),
        documents=building.new_documents("a", "b"),
        pool="main",
        stage="parse",
        cursor={"after": "b"},
        last=False,
    )
    hand_back(session, claims=[_claim_of(session, uid)])
    for _ in range(tries):
        listing = building.claimed(session, uid)
        assert listing.kind == "expand"
        left = fail_task(session, task=listing, error=error, retrying=retrying)
        building.make_due(session)
    assert left is None
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason, job.message) == ("failed", "ListingFailed", error.message)
    assert job.ended_at is not None
    assert building.documents_of(session, uid) == {"a": "dead", "b": "dead"}
    start_finalize(session)
    assert building.drain(session, uid) == 1
    assert building.job_row(session, uid).outcome == "failed"
    assert building.runs_of(session, uid)[0].finalized_at is not None


def test_dead_reports_fail_the_job_but_not_its_documents(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.succeed(session, building.claimed(session, uid))
    start_finalize(session)
    reports = building.claimed(session, uid)
    assert fail_task(session, task=reports, error=OURS, retrying=Retrying(limit=0)) is None
    job = building.job_row(session, uid)
    assert (job.outcome, job.reason) == ("failed", "ReportsFailed")
    assert building.documents_of(session, uid) == {"a": "succeeded"}
    assert start_finalize(session) == []


def _seconds_until_due(session: Session, task: ClaimedTask) -> float:
    now = session.scalar(select(func.clock_timestamp()))
    return float((building.task_row(session, task.id).due_at - now).total_seconds())


def _claim_of(session: Session, uid: uuid.UUID) -> uuid.UUID:
    return session.scalars(
        select(Task.claim).where(Task.job_uid == uid, Task.state == "running")
    ).one()  # type: ignore[return-value]
