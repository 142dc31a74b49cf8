"""Listing a run's documents for its reports, and how far a job is."""

import random
import string
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lexmill.documents.schemas import EndedDocument
from lexmill.documents.service import (
    MAX_URI_BYTES,
    add_documents,
    find_stage_outputs,
    list_ended,
)
from lexmill.jobs.service import read_progress
from lexmill.tasks.service import start_finalize
from tests.core import building
from tests.core.building import NAMESPACE


def _pages(session: Session, run_id: int, limit: int) -> list[list[EndedDocument]]:
    pages: list[list[EndedDocument]] = []
    after: EndedDocument | None = None
    while page := list_ended(session, run_ids=[run_id], after=after, limit=limit):
        pages.append(page)
        after = page[-1]
    return pages


def test_documents_are_listed_by_code_point_and_then_id(session: Session) -> None:
    """As the result lines are sorted, whatever the database's collation says."""
    uris = ["b", "B", "a/z", "a z", "ä", "Ж", "a", "Z", "\U0001f4c4", "", "a/É"]
    uid = building.declare_with_documents(session, *uris)
    run_id = building.runs_of(session, uid)[0].id
    for limit in (1, 3, 100):
        pages = _pages(session, run_id, limit)
        assert [document.uri for page in pages for document in page] == sorted(uris)
        assert all(len(page) == limit for page in pages[:-1])


def test_equal_uris_of_events_are_all_listed(session: Session) -> None:
    uid = building.listen(session)
    for namespace_wide in (True, False):
        name = building.job_row(session, uid).name
        building.accept(session, building.event(id="1"), job=None if namespace_wide else name)
    run_id = building.runs_of(session, uid)[0].id
    assert [len(page) for page in _pages(session, run_id, 1)] == [1, 1]


def test_a_child_is_listed_with_its_parents_uri(session: Session) -> None:
    uid = building.declare_with_documents(session, "mail")
    task = building.claimed(session, uid)
    children = building.new_documents("mail#1", parent_id=task.document_id)
    building.succeed(session, task, children=tuple(children), sha256="a" * 64, result_key="r")
    (page,) = _pages(session, building.runs_of(session, uid)[0].id, 10)
    mail, child = page
    assert (mail.parent_uri, mail.state, mail.sha256, mail.result_key) == (
        None,
        "succeeded",
        "a" * 64,
        "r",
    )
    assert (child.uri, child.parent_uri, child.state) == ("mail#1", "mail", "queued")


def test_nothing_to_add_adds_nothing(session: Session) -> None:
    uid = building.declare(session)
    run_id = building.runs_of(session, uid)[0].id
    added = add_documents(
        session,
        namespace=NAMESPACE,
        job_uid=uid,
        run_id=run_id,
        pool="main",
        stage="parse",
        documents=[],
    )
    assert added == 0


def test_documents_are_worked_on_in_the_order_in_which_they_were_listed(session: Session) -> None:
    uris = [f"{number:04}" for number in range(300, 0, -1)]
    uid = building.declare_with_documents(session, *uris)
    assert [building.claimed(session, uid).uri for _ in range(300)] == uris


def test_no_outputs_are_looked_for_in_vain(session: Session) -> None:
    assert find_stage_outputs(session, namespace=NAMESPACE, keys=[]) == {}


def test_an_ended_document_has_its_time_and_an_open_one_has_none(session: Session) -> None:
    building.declare_with_documents(session, "a")
    with pytest.raises(IntegrityError, match="ck_document_ended"):
        session.execute(text("UPDATE document SET state = 'failed'"))


def test_progress_counts_by_state(session: Session) -> None:
    uid = building.declare_with_documents(session, *"abcde", name="nda")
    mail = building.claimed(session, uid)
    children = tuple(building.new_documents("a#1", "a#2", parent_id=mail.document_id))
    seconds = {"parse": 2.0, "classify": None}
    building.succeed(session, mail, children=children, stage_seconds=seconds)
    building.succeed(
        session, building.claimed(session, uid), state="failed", stage_seconds={"parse": 1.0}
    )
    building.claimed(session, uid)

    progress = read_progress(session, namespace=NAMESPACE, name="nda")

    assert progress is not None
    counts = progress.documents
    assert (counts.listed, counts.total) == (5, 7)
    assert (counts.queued, counts.running) == (4, 1)
    assert (counts.succeeded, counts.failed, counts.dead) == (1, 1, 0)
    stages = {stage.stage: (stage.visits, stage.seconds, stage.reused) for stage in progress.stages}
    assert stages == {"parse": (2, 3.0, 0), "classify": (0, 0.0, 1)}
    assert (progress.state, progress.run, progress.listing_done) == ("Running", 1, True)
    assert progress.finished_at is None


@pytest.mark.parametrize(
    ("changes", "state"),
    [({}, "Pending"), ({"suspend": True}, "Suspended"), ({"trigger": {}}, "Pending")],
)
def test_progress_before_anything_is_listed(
    session: Session, changes: dict[str, Any], state: str
) -> None:
    building.declare(session, name="nda", **changes)
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert progress.state == state
    assert progress.documents.total == 0


def test_nobody_waits_for_reports_that_are_dead(session: Session) -> None:
    """Such as those of a job that was cancelled before, whose reason stays."""
    uid = building.declare_with_documents(session, "a", name="nda")
    building.cancel(session, uid)
    start_finalize(session)
    building.fail_for_good(session, building.claimed(session, uid))
    progress = read_progress(session, namespace=NAMESPACE, name="nda")
    assert progress is not None
    assert (progress.state, progress.reason) == ("Failed", "Cancelled")
    assert progress.finished_at is not None


def test_there_is_no_progress_of_what_does_not_exist(session: Session) -> None:
    assert read_progress(session, namespace=NAMESPACE, name="nobody") is None


@pytest.mark.parametrize("letter", ["a", "Ж"])
def test_a_name_too_long_for_an_index_ends_in_its_hash(session: Session, letter: str) -> None:
    """One such event or file must not keep the others of its batch from being queued."""
    rng = random.Random(1)
    long = "".join(chr(ord(letter) + rng.randrange(26)) for _ in range(9_000))
    uid = building.declare_with_documents(session, long, "b", long, f"{long}c")
    first, second = sorted(uri for uri in building.documents_of(session, uid) if uri != "b")
    assert first.startswith(long[:900])
    assert first[:900] == second[:900]
    assert first[-64:] != second[-64:]
    assert max(len(uri.encode()) for uri in (first, second)) <= MAX_URI_BYTES
    building.claimed(session, uid)


def test_an_event_with_a_long_source_is_taken(session: Session) -> None:
    uid = building.listen(session)
    source = "/" + "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
    assert building.accept(session, building.event(source=source)).outcomes == ("routed",)
    (document,) = building.document_rows(session, uid)
    assert document.uri.startswith(f"event:{source[:900]}")
