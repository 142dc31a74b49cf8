"""Decisions of people: recorded all or none, never overwritten by others, each with its trail."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import DateTime, Engine, func, select
from sqlalchemy.orm import Session

from lexmill.audit.service import list_audit, verify_audit
from lexmill.errors import LexmillError
from lexmill.listing.pages import ListRequest
from lexmill.reviews.listing import list_reviews
from lexmill.reviews.schemas import (
    Change,
    Evidence,
    NewDecision,
    RefusedDecisionsError,
    Reviewed,
)
from lexmill.reviews.service import change_review, decide, find_decisions, read_review, reopen
from lexmill_legal.results import Money
from tests.core import building
from tests.core.building import NAMESPACE
from tests.core.threads import committed, held_up

ONE, OTHER = "1" * 64, "2" * 64


def new(**changes: Any) -> NewDecision:
    given = NewDecision(
        sha256=ONE,
        field="governing_law",
        choice="accept",
        reviewer="anna",
        value="Delaware",
        normalized="US-DE",
        seen=("us de", "us ny"),
        evidence=Evidence(quote="Delaware", start=10, end=18),
        revision=0,
    )
    return msgspec.structs.replace(given, **changes)


def party(name: str, **changes: Any) -> NewDecision:
    key = name.casefold()
    changes = {"field": "party", "item": key, "value": name, "normalized": None, **changes}
    return new(seen=(key,), evidence=Evidence(), **changes)


def record(session: Session, *decisions: NewDecision) -> tuple[int, int]:
    answer = decide(session, namespace=NAMESPACE, decisions=decisions)
    return answer.recorded, answer.unchanged


def refusal(session: Session, *decisions: NewDecision) -> RefusedDecisionsError:
    with pytest.raises(RefusedDecisionsError) as raised:
        record(session, *decisions)
    return raised.value


def reviews_of(session: Session, *, namespace: str = NAMESPACE, **filters: str) -> list[Reviewed]:
    request = ListRequest(limit=500, filters=filters)
    return list(list_reviews(session, namespace=namespace, request=request).items)


def trail(session: Session) -> list[dict[str, Any]]:
    return [json.loads(link.entry) for link in list_audit(session, namespace=NAMESPACE)]


def test_a_decision_is_kept_with_who_when_and_evidence(session: Session) -> None:
    now = session.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one()
    assert record(session, new(comment=" agreed by mail ")) == (1, 0)
    (kept,) = reviews_of(session)
    assert (kept.decision, kept.value, kept.normalized) == ("accepted", "Delaware", "US-DE")
    assert (kept.reviewer, kept.comment, kept.revision) == ("anna", "agreed by mail", 1)
    assert timedelta() <= kept.decided_at - now < timedelta(minutes=1)
    (given,) = find_decisions(session, namespace=NAMESPACE, sha256=ONE)
    assert (given.quote, given.start, given.end) == ("Delaware", 10, 18)
    assert given.seen == ("us de", "us ny")
    assert given.decided_at == kept.decided_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    (entry,) = trail(session)
    assert (entry["actor"], entry["action"], entry["before"]) == ("anna", "review.accepted", None)
    assert entry["subject"] == {"sha256": ONE, "field": "governing_law", "item": ""}
    assert entry["after"]["value"] == "Delaware"


def test_every_kind_of_value_comes_back_as_it_was(session: Session) -> None:
    money, flag = Money("100.00", "USD"), True
    record(
        session,
        new(field="liability_cap", value="$100", normalized=money),
        new(field="auto_renewal", value="renews", normalized=flag),
        new(field="clause:audit_rights", value="no", normalized=None),
        new(field="term", choice="correct", value="2 years", normalized=None),
        new(field="payment_term", choice="absent", value=None),
        new(field="dispute_forum", choice="reject"),
    )
    found = find_decisions(session, namespace=NAMESPACE, sha256=ONE)
    assert {one.field: one.normalized for one in found} == {
        "liability_cap": money,
        "auto_renewal": True,
        "clause:audit_rights": False,
        "term": "P2Y",
        "payment_term": None,
        "dispute_forum": "US-DE",
    }


def test_other_documents_and_namespaces_know_nothing_of_it(session: Session) -> None:
    record(session, new())
    assert find_decisions(session, namespace=NAMESPACE, sha256=OTHER) == ()
    assert find_decisions(session, namespace="other", sha256=ONE) == ()
    assert reviews_of(session, namespace="other") == []


def test_the_same_again_changes_nothing(session: Session) -> None:
    first = [new(), party("Acme"), new(sha256=OTHER, choice="absent", value=None)]
    assert record(session, *first) == (3, 0)
    before = reviews_of(session)
    assert record(session, *first) == (0, 3)
    assert reviews_of(session) == before
    assert len(trail(session)) == 3


def test_one_bad_decision_keeps_all_out(session: Session) -> None:
    bad = new(field="expiration_date", choice="correct", value="soon", revision=0)
    error = refusal(session, new(), bad, party("Acme"))
    (problem,) = error.problems
    assert (problem.index, problem.part, problem.code) == (1, "value", "invalid")
    assert "2026-12-31" in problem.message
    assert "soon" not in error.message, "it goes into an answer that others may log"
    assert reviews_of(session) == []
    assert trail(session) == []


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"sha256": "A" * 64}, "sha256"),
        ({"sha256": "1"}, "sha256"),
        ({"field": "Governing law"}, "field"),
        ({"field": "clause:none"}, "field"),
        ({"item": "x"}, "item"),
        ({"field": "party", "item": ""}, "item"),
        ({"value": None}, "choice"),
        ({"value": " "}, "choice"),
        ({"choice": "reject", "seen": ()}, "choice"),
        ({"field": "party", "item": "acme", "choice": "absent"}, "choice"),
        ({"choice": "correct", "value": None}, "value"),
        ({"choice": "correct", "value": "x" * 3_000}, "value"),
        ({"field": "clause:audit_rights", "value": "perhaps"}, "value"),
        ({"reviewer": " "}, "reviewer"),
        ({"reviewer": "a" * 300}, "reviewer"),
        ({"comment": "a\0"}, "comment"),
        ({"comment": "a\ud800"}, "comment"),
        ({"comment": "a" * 5_000}, "comment"),
        ({"value": "a" * 5_000}, "value"),
        ({"seen": ("a" * 201,)}, "seen"),
        ({"seen": ("a\0",)}, "evidence"),
        ({"evidence": Evidence(quote="a\0")}, "evidence"),
        ({"evidence": Evidence(attributes={"role": "a\0"})}, "evidence"),
        ({"evidence": Evidence(attributes={"role": "a" * 5_000})}, "evidence"),
    ],
)
def test_what_cannot_be_a_decision_is_refused(
    session: Session, changes: dict[str, Any], part: str
) -> None:
    (problem,) = refusal(session, new(**changes)).problems
    assert (problem.part, problem.code) == (part, "invalid")


def test_the_trail_says_who_really_sent_it(session: Session) -> None:
    decide(session, namespace=NAMESPACE, decisions=[new()], actor="otto@acme.example")
    (entry,) = trail(session)
    assert (entry["actor"], entry["after"]["reviewer"]) == ("otto@acme.example", "anna")


def test_an_item_twice_at_once_is_one_decision_or_none(session: Session) -> None:
    assert record(session, party("Acme"), party("Acme")) == (1, 1)
    error = refusal(session, party("Beta"), party("Beta", choice="reject"))
    assert "twice" in error.problems[0].message


def test_what_somebody_else_decided_meanwhile_is_not_overwritten(session: Session) -> None:
    record(session, new())
    error = refusal(session, party("Acme"), new(choice="reject", reviewer="otto"))
    (problem,) = error.problems
    assert (error.code, problem.code, problem.index) == ("review_conflict", "conflict", 1)
    assert "anna has accepted" in problem.message
    assert [one.decision for one in reviews_of(session)] == ["accepted"]
    # who has seen it may, and so may who agrees
    assert record(session, new(reviewer="otto")) == (0, 1)
    assert record(session, new(choice="reject", reviewer="otto", revision=1)) == (1, 0)
    assert "otto has rejected" in refusal(session, new(revision=1)).problems[0].message


def test_ones_own_decision_one_may_change_and_the_trail_has_both(session: Session) -> None:
    record(session, new())
    assert record(session, new(choice="correct", value="New York")) == (1, 0)
    (kept,) = reviews_of(session)
    assert (kept.decision, kept.normalized, kept.revision) == ("corrected", "US-NY", 2)
    _, entry = trail(session)
    assert (entry["before"]["value"], entry["after"]["value"]) == ("Delaware", "New York")
    assert record(session, new(choice="correct", value="New York", comment="why")) == (1, 0)
    assert record(session, new(choice="correct", value="New York", comment="why")) == (0, 1)


def test_who_sees_the_engine_change_its_mind_and_stays_with_it_is_recorded(
    session: Session,
) -> None:
    record(session, new())
    more = new(seen=("us de", "us ny", "us tx"), reviewer="otto")
    assert record(session, more) == (1, 0)
    assert record(session, more) == (0, 1)
    assert record(session, new()) == (0, 1), "an older report knows less"
    (kept,) = find_decisions(session, namespace=NAMESPACE, sha256=ONE)
    assert (kept.seen, kept.revision) == (("us de", "us ny", "us tx"), 2)


def test_an_added_party_is_an_item_of_its_own(session: Session) -> None:
    added = [party(name, item="", choice="correct") for name in ("Gamma SA", "Delta SA")]
    assert record(session, *added) == (2, 0)
    found = find_decisions(session, namespace=NAMESPACE, sha256=ONE)
    assert [one.item for one in found] == ["delta sa", "gamma sa"]


def test_a_reopened_item_is_the_engines_again(session: Session) -> None:
    assert not reopen(
        session, namespace=NAMESPACE, sha256=ONE, field="governing_law", reviewer="anna"
    )
    record(session, new())
    assert reopen(
        session,
        namespace=NAMESPACE,
        sha256=ONE,
        field="governing_law",
        reviewer="otto",
        comment="too early",
    )
    assert find_decisions(session, namespace=NAMESPACE, sha256=ONE) == ()
    (kept,) = reviews_of(session)
    assert (kept.decision, kept.reviewer, kept.revision) == ("reopened", "otto", 2)
    assert [entry["action"] for entry in trail(session)] == ["review.accepted", "review.reopened"]
    assert record(session, new(reviewer="karl", choice="reject")) == (1, 0), "it is open"


def test_the_list_comes_in_pages(session: Session) -> None:
    names = [f"party {number}" for number in range(7)]
    record(session, *(party(name) for name in names), new(sha256=OTHER))
    pages: list[int] = []
    items: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        request = ListRequest(limit=3, cursor=cursor or None, filters={"sha256": ONE})
        page = list_reviews(session, namespace=NAMESPACE, request=request)
        pages.append(len(page.items))
        items += [one.item for one in page.items]
        cursor = page.next
    assert pages == [3, 3, 1]
    assert sorted(items) == names


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"accepted", "absent", "rejected"}),
        ({"field": "term"}, {"absent"}),
        ({"decision": "rejected"}, {"rejected"}),
        ({"reviewer": "otto"}, {"absent"}),
        ({"sha256": OTHER}, {"rejected"}),
        ({"decided_before": "2020-01-01T00:00:00Z"}, set()),
        ({"decided_from": "2020-01-01T00:00:00Z"}, {"accepted", "absent", "rejected"}),
    ],
)
def test_reviews_by(session: Session, filters: dict[str, str], expected: set[str]) -> None:
    record(
        session,
        new(),
        new(field="term", choice="absent", reviewer="otto"),
        new(sha256=OTHER, choice="reject"),
    )
    assert {each.decision for each in reviews_of(session, **filters)} == expected
    assert reviews_of(session, namespace="other", **filters) == []


def test_reviews_of_a_document(session: Session) -> None:
    record(session, new(), new(sha256=OTHER))
    uid = building.declare_with_documents(session, "a.pdf")
    task = building.claimed(session, uid)
    building.succeed(session, task, sha256=ONE)
    (found,) = reviews_of(session, document=str(task.document_id))
    assert found.sha256 == ONE


# --- one item, as a reviewer who has it before them ---


def changed(session: Session, revisions: set[str] | None, **change: Any) -> Reviewed:
    (known,) = reviews_of(session)
    answer = change_review(
        session,
        namespace=NAMESPACE,
        id=known.id,
        change=Change(**change),
        reviewer="otto",
        revisions=revisions,
    )
    assert answer is not None
    return answer


def test_an_item_is_decided_anew_by_whoever_knows_what_holds(session: Session) -> None:
    record(session, new())
    after = changed(session, {"1"}, choice="correct", value="New York", comment="Amendment")
    assert (after.decision, after.value, after.normalized) == ("corrected", "New York", "US-NY")
    assert (after.reviewer, after.comment, after.revision) == ("otto", "Amendment", 2)
    assert [entry["action"] for entry in trail(session)] == ["review.accepted", "review.corrected"]


def test_who_does_not_know_what_holds_is_told_who_decided(session: Session) -> None:
    record(session, new())
    changed(session, {"1"}, choice="absent")
    with pytest.raises(LexmillError, match="meanwhile otto has said that there is none") as raised:
        changed(session, {"1"}, choice="reopen")
    assert raised.value.code == "changed_meanwhile"
    assert changed(session, None, choice="reopen").decision == "reopened"


def test_a_value_that_was_rejected_can_be_accepted_after_all(session: Session) -> None:
    record(session, new(choice="reject"))
    assert changed(session, {"1"}, choice="accept").value == "Delaware"
    (holds,) = find_decisions(session, namespace=NAMESPACE, sha256=ONE)
    assert (holds.decision, holds.normalized) == ("accepted", "US-DE")


def test_a_decision_that_cannot_be_is_refused_and_changes_nothing(session: Session) -> None:
    record(session, new())
    with pytest.raises(RefusedDecisionsError, match="nothing was recorded"):
        changed(session, {"1"}, choice="correct", value="")
    assert [each.revision for each in reviews_of(session)] == [1]


def test_an_item_of_another_namespace_is_not_there(session: Session) -> None:
    record(session, new())
    (known,) = reviews_of(session)
    assert read_review(session, namespace="other", id=known.id) is None
    nothing = change_review(
        session,
        namespace="other",
        id=known.id,
        change=Change(choice="reopen"),
        reviewer="otto",
        revisions=None,
    )
    assert nothing is None


def test_two_who_decide_at_once_are_one_after_the_other(engine: Engine) -> None:
    def by_otto(session: Session) -> None:
        record(session, new(choice="reject", reviewer="otto"))

    with engine.connect() as connection, Session(connection) as first:
        record(first, new())
        with held_up(engine, by_otto) as second:
            assert not second.done()
            first.commit()
        assert isinstance(second.exception(), RefusedDecisionsError)
    kept = committed(engine, reviews_of)
    assert [one.reviewer for one in kept] == ["anna"]


def test_many_decisions_are_one_trail(session: Session) -> None:
    many = [party(f"party {number}") for number in range(2_500)]
    assert record(session, *many) == (2_500, 0)
    assert record(session, *many) == (0, 2_500)
    verdict = verify_audit(session, namespace=NAMESPACE)
    assert (verdict.entries, verdict.broken) == (2_500, None)
