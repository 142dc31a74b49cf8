"""Who may work on what, and for how long."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.models import Document
from lexmill.documents.service import add_documents
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.service import declare_job
from lexmill.tasks.models import Task
from lexmill.tasks.schemas import Retrying
from lexmill.tasks.service import (
    complete_finalize,
    extend_leases,
    fail_task,
    hand_back,
    record_page,
    start_finalize,
)
from tests.core import building
from tests.core.threads import committed, together


def test_the_claim_tells_the_visit_what_it_has_to_know(session: Session) -> None:
    uid = building.declare(session, generation=7)
    listing = building.claimed(session, uid)
    assert (listing.kind, listing.document_id, listing.cursor) == ("expand", None, None)
    record_page(
        session,
        task=listing,
        documents=building.new_documents("mail.eml", traceparent="00-1-2-01"),
        pool="main",
        stage="parse",
        cursor={},
        last=True,
    )

    task = building.claimed(session, uid)

    assert task.kind == "process"
    assert (task.namespace, task.job_uid, task.generation) == (building.NAMESPACE, uid, 7)
    assert (task.uri, task.name) == ("mail.eml", "mail.eml")
    assert task.source == "file:///contracts/mail.eml"
    assert (task.pool, task.stage, task.parent_uri) == ("main", "parse", None)
    assert (task.failures, task.crashes) == (0, 0)
    assert task.traceparent == "00-1-2-01"
    row = building.task_row(session, task.id)
    assert (row.state, row.claim, row.worker) == ("running", task.claim, "worker-1")


def test_a_child_is_claimed_with_the_uri_of_its_parent(session: Session) -> None:
    uid = building.declare_with_documents(session, "mail.eml")
    mail = building.claimed(session, uid)
    children = building.new_documents("mail.eml#1", parent_id=mail.document_id)
    building.succeed(session, mail, children=tuple(children))
    assert building.claimed(session, uid).parent_uri == "mail.eml"


def test_higher_priority_first_then_age(session: Session) -> None:
    uid = building.declare_with_documents(session)
    run_id = building.runs_of(session, uid)[0].id
    for uri, priority in (("old", 0), ("urgent", 5), ("new", 0), ("urgent too", 5), ("late", -1)):
        add_documents(
            session,
            namespace=building.NAMESPACE,
            job_uid=uid,
            run_id=run_id,
            pool="main",
            stage="parse",
            documents=building.new_documents(uri, priority=priority),
        )
    order = [building.claimed(session, uid).uri for _ in range(5)]
    assert order == ["urgent", "urgent too", "old", "new", "late"]
    assert building.claim(session, uid) is None


def test_only_due_work_of_the_own_pool_and_job(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    other = building.declare(session)
    assert building.claim(session, uid, pool="ocr") is None
    session.execute(
        update(Task)
        .where(Task.job_uid == uid)
        .values(due_at=func.clock_timestamp() + timedelta(hours=1))
    )
    assert building.claim(session, uid) is None
    building.make_due(session)
    assert building.claimed(session, uid).job_uid == uid
    assert building.claimed(session, other).job_uid == other
    assert building.claim(session, uuid.uuid4()) is None


def test_a_suspended_job_gives_no_work_until_it_goes_on(session: Session) -> None:
    declared = building.declaration(suspend=True)
    declare_job(session, namespace=building.NAMESPACE, declared=declared)
    assert building.claim(session, declared.uid) is None
    building.declare(session, uid=declared.uid, name=declared.name, generation=2)
    assert building.claim(session, declared.uid) is not None


def test_a_deleted_job_gives_no_work(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    building.cancel(session, uid, "deleted")
    # Whatever slipped in while it was deleted.
    session.execute(
        update(Task).where(Task.job_uid == uid, Task.state == "dead").values(state="waiting")
    )
    assert building.claim(session, uid) is None


def test_two_claimers_never_get_the_same_task_nor_wait_for_each_other(engine: Engine) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a", "b"))
    with transaction(engine) as first, transaction(engine) as second, transaction(engine) as third:
        assert building.claimed(first, uid).uri == "a"
        assert building.claimed(second, uid).uri == "b"
        assert building.claim(third, uid) is None


def test_many_claimers_at_once_share_the_work(engine: Engine) -> None:
    uris = [f"{number:02}" for number in range(40)]
    uid = committed(engine, lambda session: building.declare_with_documents(session, *uris))

    def claim_all() -> list[str | None]:
        got: list[str | None] = []
        while (task := committed(engine, lambda session: building.claim(session, uid))) is not None:
            got.append(task.uri)
        return got

    shares = together(*[claim_all] * 4)
    assert sorted(str(uri) for share in shares for uri in share) == uris


def test_a_heartbeat_prolongs_the_lease_and_names_what_is_lost(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    kept = building.claimed(session, uid, lease_seconds=1)
    lost = building.claimed(session, uid)
    hand_back(session, claims=[lost.claim])

    alive = extend_leases(
        session, claims=[kept.claim, lost.claim, uuid.uuid4()], lease_seconds=1000
    )

    assert alive == {kept.claim}
    now = session.scalar(select(func.clock_timestamp()))
    left = building.task_row(session, kept.id).lease_until - now
    assert timedelta(seconds=990) < left <= timedelta(seconds=1000)
    assert extend_leases(session, claims=[], lease_seconds=1) == set()


def test_handing_back_counts_nothing_and_the_task_is_due_at_once(session: Session) -> None:
    uid = building.declare_with_documents(session, "a")
    task = building.claimed(session, uid)
    assert hand_back(session, claims=[task.claim]) == 1
    assert hand_back(session, claims=[task.claim]) == 0
    again = building.claimed(session, uid)
    assert again.id == task.id
    assert again.claim != task.claim
    assert (again.failures, again.crashes) == (0, 0)


@pytest.mark.parametrize("ending", ["complete", "fail", "fail for good", "page", "last page"])
def test_who_lost_the_claim_commits_nothing(engine: Engine, ending: str) -> None:
    listing = ending.endswith("page")
    uid = committed(
        engine,
        building.declare if listing else lambda s: building.declare_with_documents(s, "mail"),
    )
    with transaction(engine) as session:
        lost = building.claimed(session, uid)
        hand_back(session, claims=[lost.claim])
        holder = building.claimed(session, uid)
        assert holder.id == lost.id
        before = _everything(session)
    error = LexmillError("away", "it was away", ErrorClass.PASSING)

    def end(session: Session) -> None:
        if listing:
            record_page(
                session,
                task=lost,
                documents=building.new_documents("a", "b"),
                pool="main",
                stage="parse",
                cursor={"after": "b"},
                last=ending == "last page",
            )
        elif ending == "complete":
            children = building.new_documents("mail#1", parent_id=lost.document_id)
            building.succeed(session, lost, children=tuple(children), result_key="r")
        else:
            limit = 5 if ending == "fail" else 0
            fail_task(session, task=lost, error=error, retrying=Retrying(limit=limit))

    with pytest.raises(ClaimLostError):
        committed(engine, end)
    assert committed(engine, _everything) == before
    assert committed(
        engine, lambda session: extend_leases(session, claims=[holder.claim], lease_seconds=5)
    ) == {holder.claim}


def test_a_finalize_that_was_taken_over_does_not_complete_the_job(engine: Engine) -> None:
    uid = committed(engine, building.declare_with_documents)
    with transaction(engine) as session:
        start_finalize(session)
        lost = building.claimed(session, uid)
        hand_back(session, claims=[lost.claim])
    with pytest.raises(ClaimLostError):
        committed(engine, lambda session: complete_finalize(session, task=lost))
    with transaction(engine) as session:
        assert building.job_row(session, uid).outcome is None
        assert building.runs_of(session, uid)[0].finalized_at is None


def _everything(session: Session) -> list[object]:
    return [
        session.execute(select(table).order_by(table.c.id)).all()
        for table in (Task.__table__, Document.__table__)
    ]
