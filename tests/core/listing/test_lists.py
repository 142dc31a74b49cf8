"""Every list by the one contract, as REST reads it: in a namespace, with its login."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.documents.listing import DOCUMENTS, list_documents
from lexmill.errors import LexmillError
from lexmill.events.listing import EVENTS, list_events
from lexmill.jobs.listing import JOBS, list_jobs
from lexmill.jobs.service import replay_tasks
from lexmill.listing.pages import Listing, ListRequest, Page
from lexmill.tasks.listing import DEAD_TASKS, list_dead_tasks
from lexmill.tasks.service import start_finalize
from lexmill.tenancy.service import enter_namespace
from tests.core import building

pytestmark = pytest.mark.servers

List = Callable[..., Page[Any]]
LISTS: list[tuple[Listing[Any], List]] = [
    (JOBS, list_jobs),
    (DOCUMENTS, list_documents),
    (EVENTS, list_events),
    (DEAD_TASKS, list_dead_tasks),
]
NAMED = pytest.mark.parametrize(
    ("listing", "function"), LISTS, ids=lambda each: getattr(each, "name", None)
)
NAMESPACE = building.NAMESPACE


@pytest.fixture
def rows(session: Session) -> Session:
    """Some of everything, in two namespaces."""
    for namespace in (NAMESPACE, "other"):
        uid = building.listen(session, namespace=namespace, name="listening", matter="M-1")
        for number in range(7):
            building.accept(session, building.event(id=str(number)), namespace=namespace)
        for _ in range(5):
            building.fail_for_good(session, building.claimed(session, uid))
        building.succeed(session, building.claimed(session, uid))
        for number in range(3):
            building.declare(session, namespace=namespace, name=f"job-{number}")
        start_finalize(session)
    return session


def all_pages(
    session: Session, function: List, request: ListRequest, *, between: Callable[[], object] = int
) -> list[Any]:
    items: list[Any] = []
    while True:
        page = function(session, namespace=NAMESPACE, request=request)
        assert len(page.items) <= request.limit
        items += page.items
        if page.next is None:
            return items
        assert len(page.items) == request.limit
        request = replace(request, cursor=page.next)
        between()


def id_of(item: Any) -> object:
    return getattr(item, "id", None) or item.uid


@NAMED
def test_pages_of_every_size_have_all_rows_in_order(
    rows: Session, listing: Listing[Any], function: List
) -> None:
    for name in listing.sorts:
        for sort in (name, f"-{name}"):
            whole = all_pages(rows, function, ListRequest(limit=500, sort=sort))
            assert len(whole) >= 4
            assert len({id_of(item) for item in whole}) == len(whole)
            for limit in (1, 3):
                assert all_pages(rows, function, ListRequest(limit=limit, sort=sort)) == whole
            values = [getattr(item, name) for item in whole]
            assert values == sorted(values, reverse=sort.startswith("-"))


@NAMED
def test_a_list_is_of_one_namespace(rows: Session, listing: Listing[Any], function: List) -> None:
    ours = all_pages(rows, function, ListRequest())
    theirs = function(rows, namespace="other", request=ListRequest()).items
    assert len(ours) == len(theirs)
    assert not {id_of(item) for item in ours} & {id_of(item) for item in theirs}
    assert function(rows, namespace="none", request=ListRequest()) == Page(items=(), next=None)


@NAMED
@pytest.mark.parametrize("limit", [0, -1, 501])
def test_limits(rows: Session, listing: Listing[Any], function: List, limit: int) -> None:
    with pytest.raises(LexmillError, match="limit is a number from 1 to 500"):
        function(rows, namespace=NAMESPACE, request=ListRequest(limit=limit))


@NAMED
def test_what_is_not_known_is_answered_with_what_is(
    rows: Session, listing: Listing[Any], function: List
) -> None:
    for wrong, says in [
        (ListRequest(sort="colour"), f"sort is one of {', '.join(sorted(listing.sorts))}"),
        (ListRequest(sort="--id"), "sort is one of"),
        (ListRequest(filters={"colour": "red"}), f"known are {', '.join(sorted(listing.filters))}"),
        (ListRequest(cursor="rubbish"), "no cursor of this version"),
    ]:
        with pytest.raises(LexmillError, match=says):
            function(rows, namespace=NAMESPACE, request=wrong)


WRONG = {
    "job": ["", "Named", "a" * 254, "0" * 300, "a\0"],
    "uuid": ["", "x", "0" * 31, "\0"],
    "time": ["", "yesterday", "2026-01-31", "2026-01-31T00:00:00", "9" * 40],
    "choice": ["", "Dead", "dead "],
    "text": ["", "x" * 2049, "nul\0"],
}
RIGHT = {
    "uuid": str(uuid.uuid4()),
    "job": "a.name",
    "time": "2026-01-31T00:00:00Z",
    "text": "it's % _ \\ ;",
}


@NAMED
def test_every_filter_takes_its_type_and_says_so(
    rows: Session, listing: Listing[Any], function: List
) -> None:
    for name, each in listing.filters.items():
        right = each.choices or (RIGHT[each.kind],)
        for value in right:
            function(rows, namespace=NAMESPACE, request=ListRequest(filters={name: value}))
        for value in WRONG[each.kind]:
            with pytest.raises(LexmillError, match=f"^invalid_filter: {name} takes ") as refused:
                function(rows, namespace=NAMESPACE, request=ListRequest(filters={name: value}))
            assert refused.value.message == f"{name} takes {each.takes()}"


def test_a_cursor_goes_with_its_filters_and_its_order(rows: Session) -> None:
    page = list_documents(rows, namespace=NAMESPACE, request=ListRequest(limit=2))
    assert page.next is not None
    for other in (
        ListRequest(cursor=page.next, sort="created_at"),
        ListRequest(cursor=page.next, filters={"state": "dead"}),
    ):
        with pytest.raises(LexmillError, match="other filters or another order"):
            list_documents(rows, namespace=NAMESPACE, request=other)
    more = list_documents(rows, namespace=NAMESPACE, request=ListRequest(limit=5, cursor=page.next))
    assert len(more.items) == 5


def filtered(session: Session, function: List, **filters: str) -> list[Any]:
    return all_pages(session, function, ListRequest(limit=2, filters=filters))


def test_jobs_by_what_people_ask_for(session: Session) -> None:
    running = building.declare(session, name="running", matter="M-1")
    suspended = building.declare(session, suspend=True, owner="api")
    complete = building.declare_with_documents(session)
    start_finalize(session)
    building.drain(session, complete)
    failed = building.declare(session)
    building.fail_for_good(session, building.claimed(session, failed))
    gone = building.declare(session)
    building.cancel(session, gone, "deleted")

    def uids(**filters: str) -> set[uuid.UUID]:
        return {job.uid for job in filtered(session, list_jobs, **filters)}

    assert uids() == {running, suspended, complete, failed}
    assert uids(state="Running") == {running}
    assert uids(state="Suspended") == {suspended}
    assert uids(state="Complete") == {complete}
    assert uids(state="Failed") == {failed}
    assert uids(owner="api") == {suspended}
    assert uids(matter="M-1") == {running}
    assert uids(matter="M-1", state="Failed") == set()
    states = {job.uid: job.state for job in filtered(session, list_jobs)}
    assert states[failed] == "Failed"
    assert states[complete] == "Complete"
    (job,) = filtered(session, list_jobs, matter="M-1")
    assert (job.name, job.matter, job.owner, job.state) == ("running", "M-1", "local", "Running")


def test_documents_by_job_state_parent_and_time(session: Session) -> None:
    one = building.declare_with_documents(session, "a", "b")
    other = building.declare_with_documents(session, "c")
    task = building.claimed(session, one)
    children = tuple(building.new_documents("a#1", "a#2", parent_id=task.document_id))
    building.succeed(session, task, children=children)
    building.fail_for_good(session, building.claimed(session, other))

    def uris(**filters: str) -> set[str]:
        return {document.uri for document in filtered(session, list_documents, **filters)}

    assert uris() == {"a", "b", "c", "a#1", "a#2"}
    assert uris(job=str(one)) == {"a", "b", "a#1", "a#2"}
    assert uris(parent=str(task.document_id)) == {"a#1", "a#2"}
    assert uris(state="succeeded") == {"a"}
    assert uris(state="dead") == {"c"}
    assert uris(state="dead", job=str(one)) == set()
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert uris(created_from=later) == set()
    assert len(uris(created_before=later)) == 5


def test_events_say_what_became_of_them(session: Session) -> None:
    building.listen(session, trigger={"filters": [{"exact": {"type": "wanted"}}]})
    building.accept(session, building.event(type="wanted", id="1"))
    building.accept(session, building.event(type="other", id="2", source="/else"))

    def ids(**filters: str) -> set[str]:
        return {event.event_id for event in filtered(session, list_events, **filters)}

    assert ids() == {"1", "2"}
    assert ids(outcome="unmatched") == ids(source="/else") == ids(type="other") == {"2"}
    assert ids(event_id="1") == {"1"}
    (event,) = filtered(session, list_events, event_id="1")
    assert (event.outcome, event.documents, event.type) == ("routed", 1, "wanted")


def test_dead_tasks_leave_the_list_when_they_are_replayed(session: Session) -> None:
    uid = building.declare_with_documents(session, "a", "b")
    for _ in range(2):
        building.fail_for_good(session, building.claimed(session, uid))
    dead = filtered(session, list_dead_tasks, error_code="internal_error")
    assert [task.document for task in dead] == ["a", "b"]
    replay_tasks(session, namespace=NAMESPACE, task_ids=[dead[0].id])
    assert [task.document for task in filtered(session, list_dead_tasks, job=str(uid))] == ["b"]


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    before=st.integers(0, 30),
    limit=st.integers(1, 7),
    added=st.lists(st.tuples(st.integers(-40, 40), st.integers(1, 4)), max_size=12),
    sort=st.sampled_from(["created_at", "-created_at"]),
)
def test_nothing_is_lost_or_doubled_while_rows_are_added(
    engine: Engine,
    before: int,
    limit: int,
    added: list[tuple[int, int]],
    sort: str,
) -> None:
    """Also with many rows of one moment, and with rows that come before the cursor's place."""
    namespace = f"ns-{uuid.uuid4()}"
    with transaction(engine) as session:
        uid = building.declare_with_documents(session, namespace=namespace)
        there = {_add(session, uid, namespace, number // 4) for number in range(before)}
    coming = iter(added)
    seen: list[uuid.UUID] = []
    request = ListRequest(limit=limit, sort=sort)
    while True:
        with transaction(engine) as session:
            enter_namespace(session, namespace=namespace)
            page = list_documents(session, namespace=namespace, request=request)
        seen += [document.id for document in page.items]
        if page.next is None:
            break
        request = replace(request, cursor=page.next)
        seconds, count = next(coming, (0, 0))
        with transaction(engine) as session:
            for _ in range(count):
                _add(session, uid, namespace, seconds)
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def _add(session: Session, uid: uuid.UUID, namespace: str, seconds: int) -> uuid.UUID:
    made: uuid.UUID = session.execute(
        text("""
            INSERT INTO document (namespace, job_uid, run_id, uri, source, name, created_at)
            SELECT :namespace, :uid, id, gen_random_uuid(), 'file:///x', 'x',
              '2026-11-22T10:00:00Z'::timestamptz + make_interval(secs => :seconds)
            FROM run WHERE job_uid = :uid
            RETURNING id
        """),
        {"uid": uid, "namespace": namespace, "seconds": seconds},
    ).scalar_one()
    return made
