"""Expanding a source page by page, the cursor committed with the rows."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.jobs.service import replay_documents
from lexmill.tasks.schemas import ClaimedTask
from lexmill.tasks.service import hand_back, record_page, start_finalize
from tests.core import building
from tests.core.threads import committed


def _page(session: Session, task: ClaimedTask, *uris: str, **how: Any) -> int:
    return record_page(
        session,
        task=task,
        documents=building.new_documents(*uris),
        pool="main",
        stage="parse",
        cursor={"source": 0, "after": uris[-1] if uris else None},
        last=how.get("last", False),
    )


def test_pages_add_up_and_the_last_one_ends_the_listing(session: Session) -> None:
    uid = building.declare(session)
    task = building.claimed(session, uid)
    assert _page(session, task, "a", "b") == 2
    assert building.runs_of(session, uid)[0].listed_at is None
    assert building.task_row(session, task.id).cursor == {"source": 0, "after": "b"}
    assert _page(session, task, "c", last=True) == 1
    assert building.runs_of(session, uid)[0].listed_at is not None
    assert building.tasks_of(session, uid) == {("expand", "done"): 1, ("process", "waiting"): 3}
    assert building.documents_of(session, uid) == dict.fromkeys("abc", "queued")


def test_documents_are_worked_on_while_listing_goes_on_and_no_reports_are_begun(
    session: Session,
) -> None:
    uid = building.declare(session)
    listing = building.claimed(session, uid)
    _page(session, listing, "a")
    building.succeed(session, building.claimed(session, uid))
    assert start_finalize(session) == []
    _page(session, listing, last=True)
    assert start_finalize(session) == [(building.NAMESPACE, uid)]


def test_after_a_crash_between_pages_the_next_worker_goes_on_from_the_cursor(
    engine: Engine,
) -> None:
    uid = committed(engine, building.declare)
    with transaction(engine) as session:
        crashed = building.claimed(session, uid, lease_seconds=building.RAN_OUT)
    committed(engine, lambda session: _page(session, crashed, "a", "b"))
    with Session(engine) as session:
        _page(session, crashed, "c", "d")  # the worker dies before its commit
    with transaction(engine) as session:
        hand_back(session, claims=[crashed.claim])
        following = building.claimed(session, uid)
    assert following.cursor == {"source": 0, "after": "b"}
    # It may also list again what is there already.
    with transaction(engine) as session:
        assert _page(session, following, "b", "c", "d") == 2
        assert _page(session, following, "d", "e", last=True) == 1
        assert building.documents_of(session, uid) == dict.fromkeys("abcde", "queued")
        assert building.tasks_of(session, uid)["process", "waiting"] == 5


def test_a_page_with_the_same_uri_twice_lists_it_once(session: Session) -> None:
    uid = building.declare(session)
    assert _page(session, building.claimed(session, uid), "a", "a") == 1


def test_an_empty_listing_is_a_run_of_no_documents(session: Session) -> None:
    uid = building.declare(session)
    assert _page(session, building.claimed(session, uid), last=True) == 0
    start_finalize(session)
    assert building.drain(session, uid) == 1
    assert building.job_row(session, uid).outcome == "complete"


def test_children_of_a_visit_that_is_repeated_by_a_replay_come_once(session: Session) -> None:
    """A mail died in its second pool, when its attachments were documents already."""
    uid = building.declare_with_documents(session, "mail")
    children = ("mail#1", "mail#2")
    mail = building.claimed(session, uid)

    def visit(task: ClaimedTask, **following: str) -> None:
        made = building.new_documents(*children, parent_id=task.document_id)
        building.succeed(session, task, children=tuple(made), **following)

    visit(mail, next_pool="ocr", next_stage="ocr")
    building.succeed(session, building.claimed(session, uid))
    building.cancel(session, uid)
    assert building.documents_of(session, uid) == {
        "mail": "dead",
        "mail#1": "succeeded",
        "mail#2": "dead",
    }
    building.drain(session, uid)
    assert mail.document_id is not None
    replay_documents(session, document_ids=[mail.document_id])
    visit(building.claimed(session, uid))
    assert building.claim(session, uid) is None
    assert len(building.document_ids(session, uid)) == 3
