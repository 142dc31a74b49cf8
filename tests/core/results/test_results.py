"""Results as rows: with the end of the visit, replaced, superseded, forgotten; and their lists."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import ClaimLostError, LexmillError
from lexmill.jobs.service import recheck_document
from lexmill.listing.pages import ListRequest
from lexmill.results.listing import FACTS, FINDINGS, list_facts, list_findings
from lexmill.results.models import FoundFact, Result, RuleFinding
from lexmill.results.rows import result_rows
from lexmill.results.schemas import FactRow, FindingRow, NewResult
from lexmill.results.service import put_result, remove_results
from lexmill.tasks.schemas import ClaimedTask
from lexmill.tasks.service import start_finalize
from lexmill.tenancy.service import enter_namespace
from lexmill_legal.results import Money
from tests.core import building
from tests.core.conftest import connect
from tests.core.results.reading import SHA256, fact, finding, read
from tests.logins import service_url, tenant_url

pytestmark = pytest.mark.servers

NAMESPACE = building.NAMESPACE


def visited(session: Session, uid: uuid.UUID, result: NewResult | None = None) -> ClaimedTask:
    """The job's next document has this result."""
    task = building.claimed(session, uid)
    building.succeed(session, task, sha256=SHA256, result=result or result_rows(read()))
    return task


def facts(session: Session, *, namespace: str = NAMESPACE, **filters: str) -> list[FactRow]:
    request = ListRequest(limit=500, filters=filters)
    return list(list_facts(session, namespace=namespace, request=request).items)


def findings(session: Session, **filters: str) -> list[FindingRow]:
    request = ListRequest(limit=500, filters=filters)
    return list(list_findings(session, namespace=NAMESPACE, request=request).items)


def counts(session: Session) -> tuple[int, int, int]:
    return tuple(  # type: ignore[return-value]
        session.scalar(select(func.count()).select_from(table))
        for table in (Result, FoundFact, RuleFinding)
    )


def saying(value: str) -> NewResult:
    return result_rows(read(facts=(fact("party", value),), findings=()))


# --- written with the end of the document ---


def test_a_document_that_succeeds_has_its_facts_and_findings(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf", name="supply", matter="M-1")
    task = visited(session, uid)

    (expiry,) = facts(session, field="expiration_date")
    assert (expiry.document_id, expiry.uri, expiry.job) == (task.document_id, "a.pdf", "supply")
    assert (expiry.job_uid, expiry.matter, expiry.sha256) == (uid, "M-1", SHA256)
    assert (expiry.value, expiry.date) == ("31 December 2026", date(2026, 12, 31))
    assert (expiry.item, expiry.page, expiry.start, expiry.method) == ("", 1, 10, "rule")
    (party,) = facts(session, field="party")
    assert (party.item, party.role) == ("acme inc", "supplier")  # as a decision names it
    assert [each.rule for each in findings(session)] == ["capped", "law"]


def test_who_lost_the_claim_writes_nothing(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf")
    task = building.claimed(session, uid)
    building.cancel(session, uid)
    with pytest.raises(ClaimLostError):
        building.succeed(session, task, result=result_rows(read()))
    assert counts(session) == (0, 0, 0)


def test_neither_a_failed_document_nor_one_that_goes_on_elsewhere_has_any(
    session: Session,
) -> None:
    uid = building.declare_with_documents(session, "a.pdf", "b.pdf")
    result = result_rows(read())
    building.succeed(session, building.claimed(session, uid), state="failed", result=result)
    building.succeed(
        session,
        building.claimed(session, uid),
        next_pool="ocr",
        next_stage="ocr",
        result=result,
    )
    assert counts(session) == (0, 0, 0)


def again(session: Session, task: ClaimedTask) -> int:
    """The document is taken up in a new run; gives that run's id."""
    run = session.scalar(
        text("INSERT INTO run (job_uid, number) VALUES (:uid, 99) RETURNING id"),
        {"uid": task.job_uid},
    )
    session.execute(
        text("UPDATE document SET run_id = :run WHERE id = :id"),
        {"run": run, "id": task.document_id},
    )
    assert run is not None
    return int(run)


def test_worked_on_again_it_has_the_new_ones_only(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf", "other.pdf")
    task = visited(session, uid)
    visited(session, uid, saying("Other Ltd"))
    assert task.document_id is not None
    run_id = again(session, task)
    assert put_result(
        session,
        namespace=NAMESPACE,
        document_id=task.document_id,
        run_id=run_id,
        result=saying("New Ltd"),
    )
    assert {each.value for each in facts(session)} == {"New Ltd", "Other Ltd"}
    assert findings(session) == []
    assert counts(session) == (2, 2, 0)


def test_of_a_schedules_runs_the_newest_counts(session: Session) -> None:
    """Whichever ends first; what came out of the older version goes with it."""
    uid = building.declare(session, name="nightly")
    older, newer = (_listed(session, uid, fingerprint) for fingerprint in ("1", "2"))
    child = _child(session, uid, older)
    _put(session, older, saying("Older Ltd"))
    _put(session, child, saying("Attached Ltd"))
    assert {each.value for each in facts(session)} == {"Older Ltd", "Attached Ltd"}

    _put(session, newer, saying("Newer Ltd"))
    assert [each.value for each in facts(session)] == ["Newer Ltd"]

    assert not _put(session, older, saying("Late Ltd"))
    assert [(each.value, each.document_id) for each in facts(session)] == [("Newer Ltd", newer[0])]
    assert counts(session) == (1, 1, 0)


def test_a_job_declared_anew_replaces_what_its_name_had(session: Session) -> None:
    for value in ("First Ltd", "Second Ltd"):
        uid = building.declare_with_documents(session, "a.pdf", name="same")
        visited(session, uid, saying(value))
        building.cancel(session, uid, "deleted")
    assert [each.value for each in facts(session)] == ["Second Ltd"]


def test_results_outlive_their_job(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf")
    visited(session, uid)
    building.cancel(session, uid, "deleted")
    assert len(facts(session)) == 6


def _listed(session: Session, uid: uuid.UUID, fingerprint: str) -> tuple[uuid.UUID, int]:
    row = session.execute(
        text("""
            WITH made AS (
              INSERT INTO run (job_uid, number) VALUES (:uid, :number) RETURNING id
            )
            INSERT INTO document (namespace, job_uid, run_id, uri, source, name, fingerprint)
            SELECT :namespace, :uid, id, 'mail.eml', 'file:///mail.eml', 'mail.eml', :fingerprint
            FROM made RETURNING id, run_id
        """),
        {
            "uid": uid,
            "namespace": NAMESPACE,
            "number": 10 + int(fingerprint),
            "fingerprint": fingerprint,
        },
    ).one()
    return row.id, row.run_id


def _child(
    session: Session, uid: uuid.UUID, parent: tuple[uuid.UUID, int]
) -> tuple[uuid.UUID, int]:
    row = session.execute(
        text("""
            INSERT INTO document (namespace, job_uid, run_id, parent_id, uri, source, name)
            VALUES (:namespace, :uid, :run, :parent, 'mail.eml#1', 'object:x', 'x')
            RETURNING id, run_id
        """),
        {"uid": uid, "namespace": NAMESPACE, "run": parent[1], "parent": parent[0]},
    ).one()
    return row.id, row.run_id


def _put(session: Session, document: tuple[uuid.UUID, int], result: NewResult) -> bool:
    return put_result(
        session,
        namespace=NAMESPACE,
        document_id=document[0],
        run_id=document[1],
        result=result,
    )


def test_what_is_purged_is_gone(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf", "b.pdf")
    gone = visited(session, uid)
    visited(session, uid, saying("Kept Ltd"))
    assert gone.document_id is not None
    remove_results(session, document_ids=[gone.document_id])
    assert [each.value for each in facts(session)] == ["Kept Ltd"]
    assert counts(session) == (1, 1, 0)
    remove_results(session, document_ids=[])


def test_a_document_that_dies_in_another_run_has_no_result_any_more(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf")
    task = visited(session, uid)
    session.execute(
        text("UPDATE document SET state = 'queued', ended_at = NULL WHERE id = :id"),
        {"id": task.document_id},
    )
    session.execute(
        text("""
            INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool)
            VALUES ('process', :namespace, :job, :run, :id, 'main')
        """),
        {"namespace": NAMESPACE, "job": uid, "run": task.run_id, "id": task.document_id},
    )
    building.fail_for_good(session, building.claimed(session, uid))
    assert counts(session) == (0, 0, 0)


# --- as the roles ---


@contextmanager
def logged_in(url: str) -> Iterator[Engine]:
    engine = connect(url)
    yield engine
    engine.dispose()


def test_a_tenants_worker_writes_and_replaces_them_and_rest_sees_its_namespace(
    database: str, engine: Engine
) -> None:
    with transaction(engine) as session:
        uid = building.declare_with_documents(session, "a.pdf")
        other = building.declare_with_documents(session, "a.pdf", namespace="other")
        visited(session, other, saying("Theirs Ltd"))
    with logged_in(tenant_url(database, NAMESPACE)) as worker:
        with transaction(worker) as session:
            task = visited(session, uid)
        with transaction(engine) as session:
            run_id = again(session, task)
        assert task.document_id is not None
        with transaction(worker) as session:
            put_result(
                session,
                namespace=NAMESPACE,
                document_id=task.document_id,
                run_id=run_id,
                result=saying("Ours Ltd"),
            )
    with logged_in(service_url(database, "api")) as rest:
        for namespace, expected in ((NAMESPACE, "Ours Ltd"), ("other", "Theirs Ltd")):
            with transaction(rest) as session:
                enter_namespace(session, namespace=namespace)
                for asked in (NAMESPACE, "other"):
                    shown = [each.value for each in facts(session, namespace=asked)]
                    assert shown == ([expected] if asked == namespace else [])


# --- lists ---


@pytest.fixture
def many(session: Session) -> Session:
    uid = building.declare_with_documents(session, *"abc", name="many", matter="M-1")
    visited(session, uid)
    visited(
        session,
        uid,
        result_rows(
            read(
                facts=(
                    fact("party", "Acme Incorporated"),
                    fact("party", "Bolt GmbH", firm=False, confidence=0.3, method="model"),
                    fact("expiration_date", "1 January 2027", normalized="2027-01-01"),
                    fact("amount", "EUR 10", normalized=Money("10.00", "EUR")),
                    fact("termination_notice_period", "three months", normalized="P3M"),
                ),
                findings=(finding("capped", severity="high"), finding("law", result="unknown")),
                sha256="c" * 64,
            )
        ),
    )
    elsewhere = building.declare_with_documents(session, "x", namespace="other")
    visited(session, elsewhere)
    return session


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"field": "party", "value": "acme inc"}, {"ACME, Inc."}),
        ({"field": "party", "value_prefix": "ACME inc"}, {"ACME, Inc.", "Acme Incorporated"}),
        ({"field": "party", "value_prefix": "z"}, set()),
        ({"value": "US-DE"}, {"Delaware"}),
        ({"value": "2026-12-31"}, {"31 December 2026"}),
        ({"from": "2026-12-31"}, {"31 December 2026", "1 January 2027"}),
        ({"from": "2026-12-31", "before": "2027-01-01"}, {"31 December 2026"}),
        ({"field": "amount", "min": "10", "max": "11"}, {"EUR 10"}),
        ({"field": "amount", "min": "1250000.00"}, {"USD 1,250,000"}),
        ({"field": "termination_notice_period", "min": "60"}, {"three months"}),
        ({"currency": "EUR"}, {"EUR 10"}),
        ({"role": "supplier"}, {"ACME, Inc."}),
        ({"firm": "false"}, {"thirty days", "Bolt GmbH"}),
        ({"method": "human"}, {"Delaware"}),
        ({"sha256": "c" * 64, "field": "party"}, {"Acme Incorporated", "Bolt GmbH"}),
        ({"matter": "M-2"}, set()),
        ({"job": str(uuid.uuid4())}, set()),
    ],
)
def test_facts_by(many: Session, filters: dict[str, str], expected: set[str]) -> None:
    assert {each.value for each in facts(many, **filters)} == expected


def test_facts_of_a_job_and_of_a_document(many: Session) -> None:
    whole = facts(many)
    assert len(whole) == 11
    assert facts(many, job=str(whole[0].job_uid)) == whole
    assert facts(many, matter="M-1") == whole
    for id_ in {each.document_id for each in whole}:
        assert facts(many, document=str(id_)) == [each for each in whole if each.document_id == id_]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [("capped", "fail"), ("capped", "pass"), ("law", "pass"), ("law", "unknown")]),
        ({"rule": "law"}, [("law", "pass"), ("law", "unknown")]),
        ({"result": "fail"}, [("capped", "fail")]),
        ({"severity": "high"}, [("capped", "fail"), ("capped", "pass")]),
        ({"playbook_sha256": "0" * 64}, []),
    ],
)
def test_findings_by(
    many: Session, filters: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    assert [(each.rule, each.result) for each in findings(many, **filters)] == expected


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"from": "31.12.2026"}, "from takes a date, as 2026-01-31"),
        ({"from": "2026-02-30"}, "from takes a date"),
        ({"before": "2026-W01-1"}, "before takes a date"),
        ({"min": "much"}, "min takes a number, as 1250000.50"),
        ({"max": "NaN"}, "max takes a number"),
        ({"max": "1e999"}, "max takes a number"),
        ({"firm": "perhaps"}, "firm takes one of true, false"),
        ({"method": "guess"}, "method takes one of rule, model, computed, human"),
        ({"document": "1"}, "document takes a UUID"),
        ({"value": ""}, "value takes a text"),
        ({"value_prefix": "a\0"}, "value_prefix takes a text"),
        ({"colour": "red"}, "known are before, currency"),
    ],
)
def test_a_filter_that_is_no_good_says_what_would_be(
    session: Session, filters: dict[str, str], says: str
) -> None:
    with pytest.raises(LexmillError, match=says):
        facts(session, **filters)


@pytest.mark.parametrize(
    ("listing", "function"),
    [(FACTS, list_facts), (FINDINGS, list_findings)],
    ids=["facts", "findings"],
)
def test_pages_of_every_size_have_all_rows_in_order(
    many: Session, listing: Any, function: Callable[..., Any]
) -> None:
    for name in listing.sorts:
        for sort in (name, f"-{name}"):
            request = ListRequest(limit=500, sort=sort)
            whole = list(function(many, namespace=NAMESPACE, request=request).items)
            assert len({(each.document_id, each.number) for each in whole}) == len(whole) >= 4
            for limit in (1, 2, 3):
                paged, cursor = [], None
                while True:
                    request = ListRequest(limit=limit, sort=sort, cursor=cursor)
                    page = function(many, namespace=NAMESPACE, request=request)
                    paged += page.items
                    if (cursor := page.next) is None:
                        break
                assert paged == whole


WEIRD = st.text(st.characters(), max_size=300)


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    value=WEIRD,
    normalized=st.none()
    | st.booleans()
    | WEIRD
    | st.dates().map(str)
    | st.builds(Money, st.decimals().map(str), st.none() | WEIRD),
    field=st.sampled_from(["party", "percent", "term", "x-plugin.field"]) | WEIRD,
    confidence=st.floats(),
)
def test_whatever_a_document_says_is_found_again(
    session: Session, value: str, normalized: Any, field: str, confidence: float
) -> None:
    with session.begin_nested() as point:
        uid = building.declare_with_documents(session, "a.pdf")
        told = fact(field, value, normalized=normalized, confidence=confidence, quote=value)
        visited(session, uid, result_rows(read(facts=(told,), findings=())))
        (row,) = facts(session)
        assert (row.field == field) or "\ufffd" in row.field or row.field.endswith("…")
        looked_for = normalized if isinstance(normalized, str) and normalized else value
        if not isinstance(normalized, bool | Money) and "\0" not in looked_for and looked_for:
            try:
                looked_for.encode()
            except UnicodeEncodeError:
                pass
            else:
                assert facts(session, value=looked_for) == [row]
        if row.date is not None:
            assert facts(session, **{"from": str(row.date)}) == [row]
            assert facts(session, before=str(row.date)) == []
        point.rollback()


# --- rechecked ---


def test_after_a_recheck_the_new_result_counts_and_children_keep_theirs(session: Session) -> None:
    uid = building.declare_with_documents(session, "mail.eml")
    mail = building.claimed(session, uid)
    children = tuple(building.new_documents("mail.eml#1", parent_id=mail.document_id))
    building.succeed(session, mail, sha256=SHA256, result=saying("Before Ltd"), children=children)
    visited(session, uid, saying("Attached Ltd"))
    start_finalize(session)
    assert building.drain(session, uid) == 1
    assert mail.document_id is not None

    (count,) = (
        recheck_document(session, namespace=NAMESPACE, document_id=mail.document_id) or {}
    ).values()
    assert count == 1
    assert recheck_document(session, namespace=NAMESPACE, document_id=mail.document_id) == {}
    assert {each.value for each in facts(session)} == {"Before Ltd", "Attached Ltd"}

    again_ = building.claimed(session, uid)
    assert again_.run_id > mail.run_id
    building.succeed(
        session, again_, sha256=SHA256, result=saying("Decided Ltd"), children=children
    )
    assert {each.value for each in facts(session)} == {"Decided Ltd", "Attached Ltd"}
    building.drain(session, uid)
    assert building.documents_of(session, uid) == {
        "mail.eml": "succeeded",
        "mail.eml#1": "succeeded",
    }


def test_what_cannot_be_rechecked(session: Session) -> None:
    uid = building.declare_with_documents(session, "a.pdf")
    task = visited(session, uid)
    assert task.document_id is not None
    assert recheck_document(session, namespace="other", document_id=task.document_id) is None
    assert recheck_document(session, namespace=NAMESPACE, document_id=uuid.uuid4()) is None
    building.cancel(session, uid, "deleted")
    with pytest.raises(LexmillError, match="the document's job is deleted") as raised:
        recheck_document(session, namespace=NAMESPACE, document_id=task.document_id)
    assert raised.value.code == "superseded"


@pytest.mark.parametrize("sort", ["field", "-field"])
def test_pages_of_one_field_go_on_where_they_ended(many: Session, sort: str) -> None:
    whole = facts(many, field="party")
    assert len(whole) == 3
    found: list[FactRow] = []
    cursor: str | None = None
    while len(found) < 3:
        request = ListRequest(limit=1, sort=sort, cursor=cursor, filters={"field": "party"})
        page = list_facts(many, namespace=NAMESPACE, request=request)
        found += page.items
        cursor = page.next
    assert found == (whole if sort == "field" else whole[::-1])
    assert cursor is None
