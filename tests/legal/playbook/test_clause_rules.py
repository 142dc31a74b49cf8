"""Rules on clauses, with what the shipped model finds in whole contracts."""

import pytest

from lexmill_legal.extract import extract
from lexmill_legal.playbook import check, load
from lexmill_legal.playbook.kinds import CLAUSE_KINDS
from lexmill_legal.results import Classification, Extraction, Finding, ParsedDocument
from lexmill_legal.segment import segment
from tests.legal.clauses.contracts import LONG, SERVICES

ENGLISH = Classification(languages=("en",))


def extraction(text: str = SERVICES) -> Extraction:
    parsed = ParsedDocument("text/plain", text)
    return extract(parsed, ENGLISH, segment(parsed))


def finding(rule: str, text: str = SERVICES) -> Finding:
    found = extraction(text)
    (answer,) = check(
        load(f"rules: [{{id: a, {rule}}}]"),
        extraction=found,
        clauses=found.clauses,
        classification=ENGLISH,
        warnings=(),
    )
    return answer


def kinds(text: str = SERVICES, *, present: bool, firm: bool) -> list[str]:
    return [
        clause.kind
        for clause in extraction(text).clauses
        if (clause.present, clause.firm) == (present, firm)
    ]


def test_the_contract_has_all_that_the_tests_are_about() -> None:
    assert [clause.kind for clause in extraction().clauses] == list(CLAUSE_KINDS)
    assert "anti_assignment" in kinds(present=True, firm=True)
    assert "source_code_escrow" not in kinds(present=True, firm=True)
    assert not kinds(present=False, firm=True)  # too short to prove an absence
    assert kinds(LONG, present=False, firm=True)
    assert any(not clause.firm and clause.candidates for clause in extraction().clauses)


def test_what_is_firmly_there_passes_and_fails() -> None:
    required = finding("require: {clause: anti_assignment}")
    forbidden = finding("forbid: {clause: anti_assignment}")
    assert (required.result, forbidden.result) == ("pass", "fail")
    for answer in (required, forbidden):
        assert answer.quote is not None
        assert answer.quote.startswith("Neither party may assign")
        assert SERVICES[answer.start : answer.end] == answer.quote


def test_what_is_firmly_not_there() -> None:
    for kind in kinds(LONG, present=False, firm=True):
        assert finding(f"require: {{clause: {kind}}}", LONG).result == "fail", kind
        assert finding(f"forbid: {{clause: {kind}}}", LONG).result == "pass", kind


def test_what_is_not_firm_is_unknown_with_the_place_of_its_candidate() -> None:
    open_ = [clause for clause in extraction().clauses if not clause.firm and clause.candidates]
    for clause in open_:
        for operator in ("require", "forbid"):
            answer = finding(f"{operator}: {{clause: {clause.kind}}}")
            assert answer.result == "unknown"
            assert (answer.start, answer.end) == (
                clause.candidates[0].start,
                clause.candidates[0].end,
            )
            assert answer.quote == clause.candidates[0].quote


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        ("allow: {clause: governing_law, values: [US-NY]}", "pass"),
        ("allow: {clause: governing_law, values: [New York, Delaware]}", "pass"),
        ("allow: {clause: governing_law, values: [DE]}", "fail"),
    ],
)
def test_values_inside_a_clause(rule: str, result: str) -> None:
    answer = finding(rule)
    assert answer.result == result, answer.message
    assert "New York" in (answer.quote or "").replace("\n", " ")


def test_a_value_that_is_only_a_candidate_is_asked_about_with_its_place() -> None:
    answer = finding("limit: {clause: insurance, max: 500000 USD}")
    assert answer.result == "unknown"
    assert answer.quote == "$1,000,000"


def test_a_clause_without_any_value_is_asked_about_with_its_own_place() -> None:
    answer = finding("limit: {clause: anti_assignment, max: 30 days}")
    assert answer.result == "unknown"
    assert answer.quote is not None
    assert answer.quote.startswith("Neither party may assign")
