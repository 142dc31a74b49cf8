"""What a person is asked to look at, and in which order."""

from dataclasses import replace
from typing import Any

import pytest

from lexmill_legal.reports.review_rows import review_rows
from lexmill_legal.results import (
    Clause,
    ClauseCandidate,
    Decision,
    DocumentResult,
    Fact,
    Finding,
    Severity,
    Verdict,
)
from tests.legal.reports.making import fact

SHA256 = "1" * 64


def document(*facts: Fact, **more: Any) -> DocumentResult:
    return replace(DocumentResult("a.pdf", "succeeded", sha256=SHA256, facts=facts), **more)


def finding(
    field: str,
    result: Verdict,
    severity: Severity = "medium",
    ids: tuple[str, ...] = (),
) -> Finding:
    return Finding(f"rule-{field}", "0", result, severity, "Why.", ids, field=field)


def maybe(key: str, field: str, value: str, confidence: float = 0.6) -> Fact:
    return replace(fact(key, field, value, firm=False), confidence=confidence)


def asked(result: DocumentResult) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(row.key.field, row.key.item): row.why for row in review_rows(result)}


def decided(field: str, item: str = "", **more: Any) -> Decision:
    return replace(
        Decision(field, item, "accepted", "anna", "2026-11-22T10:00:00Z", value="x"), **more
    )


def test_a_firm_fact_needs_no_look() -> None:
    assert asked(document(fact("f1", "governing_law", "England"))) == {}


def test_the_candidates_of_a_field_are_one_row() -> None:
    result = document(maybe("f1", "term", "2 years"), maybe("f2", "term", "3 years", 0.2))
    (row,) = review_rows(result)
    assert (row.key.field, row.key.item, row.shown) == ("term", "", "2 years")
    assert row.candidates == ("1. 2 years (60 %)", "2. 3 years (20 %)")
    assert row.key.seen == ("2 years", "3 years")
    assert row.why == ("only candidates",)


def test_parties_are_looked_at_each_and_once() -> None:
    result = document(
        maybe("f1", "party", "A Ltd"), fact("f2", "party", "B Ltd"), maybe("f3", "party", "A ltd.")
    )
    assert asked(result) == {("party", "a ltd"): ("not certain",)}


def test_of_many_values_only_those_that_a_rule_is_about() -> None:
    amounts = [maybe(f"f{n}", "amount", f"{n} EUR") for n in range(3)]
    assert asked(document(*amounts)) == {}
    asking = document(*amounts, findings=(finding("amount", "unknown", ids=("f1",)),))
    assert asked(asking) == {("amount", "1 eur"): ("rule-amount: unknown. Why.", "not certain")}
    # none of them has the role that the rule asks for: no row could answer that
    assert asked(document(*amounts, findings=(finding("amount", "unknown"),))) == {}


@pytest.mark.parametrize(
    ("result", "severity", "looked"),
    [
        ("unknown", "info", True),
        ("fail", "critical", True),
        ("fail", "high", True),
        ("fail", "medium", False),
        ("pass", "critical", False),
    ],
)
def test_a_rule_on_a_firm_fact(*, result: Verdict, severity: Severity, looked: bool) -> None:
    law = fact("f1", "governing_law", "England")
    found = finding("governing_law", result, severity, ("f1",))
    assert bool(asked(document(law, findings=(found,)))) is looked


def test_what_was_not_found_can_be_answered() -> None:
    result = document(findings=(finding("term", "unknown"), finding("party", "unknown")))
    rows = {row.key.field: row for row in review_rows(result)}
    assert set(rows) == {"term", "party"}
    assert all((row.shown, row.key.value, row.key.seen) == ("", None, ()) for row in rows.values())


def test_a_clause_of_a_rule_comes_with_its_candidates() -> None:
    clause = Clause(
        "audit_rights",
        present=True,
        firm=False,
        score=0.7,
        candidates=(ClauseCandidate(3, 9, "Audits.", 2, 0.7),),
    )
    result = document(
        clauses=(clause, replace(clause, kind="insurance")),
        findings=(finding("clause:audit_rights", "unknown", "high"),),
    )
    (row,) = review_rows(result)
    assert (row.key.field, row.shown, row.key.seen) == ("clause:audit_rights", "yes", ("yes",))
    assert row.candidates == ("1. Audits. (70 %, p. 2)",)
    assert row.risk == pytest.approx(4 * 0.3)


def test_risk_is_severity_times_doubt() -> None:
    result = document(
        maybe("f1", "term", "2 years", 0.8),
        maybe("f2", "payment_term", "30 days", 0.8),
        maybe("f3", "dispute_forum", "Paris", 0.1),
        findings=(
            finding("term", "unknown", "critical", ("f1",)),
            finding("governing_law", "unknown", "high"),
        ),
    )
    rows = sorted(review_rows(result), key=lambda row: -row.risk)
    assert [row.key.field for row in rows] == [
        "governing_law",
        "term",
        "dispute_forum",
        "payment_term",
    ]


def test_what_is_decided_needs_no_look_until_the_engine_changes_its_mind() -> None:
    human = replace(fact("f1", "term", "x"), method="human")
    unknown = finding("term", "unknown", "critical", ("f1",))
    for disagrees, looked in ((None, False), ("known", False), ("new", True)):
        one = decided("term", seen=("2 years",), disagrees=disagrees, engine_value="3 years")
        rows = list(review_rows(document(human, decisions=(one,), findings=(unknown,))))
        assert bool(rows) is looked
    (row,) = rows
    assert (row.key.value, row.shown, row.decision) == ("x", "x", one)
    assert set(row.key.seen) >= {"2 years", "3 years"}
    assert row.candidates == ("the engine now: 3 years",)


def test_what_was_decided_away_comes_back_with_the_engines_new_value() -> None:
    one = decided(
        "term",
        decision="rejected",
        value="2 years",
        seen=("2 years",),
        disagrees="new",
        engine_value="3 years",
    )
    (row,) = [
        row
        for row in review_rows(document(fact("f1", "term", "3 years"), decisions=(one,)))
        if row.decision
    ]
    assert (row.key.value, row.shown, row.key.revision) == ("3 years", "3 years", 1)


def test_a_document_that_was_not_read_has_nothing_to_decide() -> None:
    assert list(review_rows(DocumentResult("a", "failed", sha256=SHA256))) == []
    assert (
        list(review_rows(DocumentResult("a", "succeeded", facts=(maybe("1", "term", "x"),)))) == []
    )
