"""The engine's results after people have decided: what holds, what vanishes, who disagrees."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexmill_legal import playbook
from lexmill_legal.decisions import Decided, decide, item_of, value_key
from lexmill_legal.results import (
    FIELDS,
    SINGLE_VALUED,
    Classification,
    Clause,
    ClauseCandidate,
    Decision,
    Extraction,
    Fact,
    Normalized,
    ParsedDocument,
    Verb,
)

TEXT = (
    "This Agreement between Acme Ltd and Beta GmbH is made on 1 May 2024 for two years.\n"
    "It is governed by the laws of Delaware. The courts of New York decide. Tel Acme Ltd 5.\n"
)
NO_CLASSES = Classification(languages=("en",))


def found(
    key: str,
    field: str,
    value: str,
    normalized: Normalized = None,
    *,
    firm: bool = False,
    inputs: tuple[str, ...] = (),
    **attributes: str,
) -> Fact:
    start = TEXT.index(value) if value in TEXT else None
    return Fact(
        id=key,
        field=field,
        value=value,
        normalized=normalized,
        quote=None if start is None else value,
        start=start,
        end=None if start is None else start + len(value),
        page=None,
        boxes=(),
        method="computed" if inputs else "rule",
        version="6",
        confidence=0.6,
        firm=firm,
        attributes=attributes,
        inputs=inputs,
    )


def decision(field: str, verb: Verb, value: str | None = None, **more: Any) -> Decision:
    return Decision(
        field=field,
        item=more.pop("item", ""),
        decision=verb,
        reviewer="anna",
        decided_at="2026-11-22T10:00:00Z",
        value=value,
        **more,
    )


def decided(
    facts: list[Fact], *decisions: Decision, clauses: tuple[Clause, ...] = (), text: str = TEXT
) -> Decided:
    given = {fact.field for fact in facts}
    extraction = Extraction(
        tuple(facts), tuple(field for field in FIELDS if field not in given), clauses
    )
    return decide(ParsedDocument("text/plain", text), NO_CLASSES, extraction, decisions)


DELAWARE = found("f1", "governing_law", "Delaware", "US-DE")
NEW_YORK = found("f2", "governing_law", "New York", "US-NY")
ACME = found("f3", "party", "Acme Ltd", role="buyer", alias="Acme")
BETA = found("f4", "party", "Beta GmbH", role="seller")


def test_without_decisions_nothing_changes() -> None:
    before = Extraction((DELAWARE,), ("term",))
    given = decide(ParsedDocument("text/plain", TEXT), NO_CLASSES, before, ())
    assert (given.extraction, given.classification, given.decisions) == (before, NO_CLASSES, ())


def test_an_accepted_value_is_certain_and_keeps_its_evidence() -> None:
    after = decided(
        [DELAWARE, NEW_YORK],
        decision("governing_law", "accepted", "Delaware", normalized="US-DE", seen=("us de",)),
    )
    (fact,) = after.extraction.facts
    assert (fact.method, fact.confidence, fact.firm) == ("human", 1.0, True)
    assert TEXT[fact.start : fact.end] == fact.quote == "Delaware"
    assert fact.attributes == {"decided_at": "2026-11-22T10:00:00Z", "decided_by": "anna"}
    assert after.decisions[0].disagrees is None


def test_a_corrected_value_takes_the_place_of_the_candidate_that_says_the_same() -> None:
    after = decided(
        [DELAWARE, NEW_YORK],
        decision("governing_law", "corrected", "NY", normalized="US-NY", seen=("us de", "us ny")),
    )
    (fact,) = after.extraction.facts
    assert (fact.id, fact.value, fact.normalized, fact.quote) == ("f1", "NY", "US-NY", "New York")
    assert after.decisions[0].engine_value == "Delaware"
    assert after.decisions[0].disagrees == "known"
    assert fact.attributes["engine_value"] == "Delaware"


def test_a_corrected_value_that_the_text_has_nowhere_has_no_place() -> None:
    after = decided(
        [DELAWARE],
        decision("governing_law", "corrected", "Malta", normalized="MT", seen=("us de",)),
    )
    (fact,) = after.extraction.facts
    assert (fact.quote, fact.start, fact.page, fact.boxes) == (None, None, None, ())


def test_the_place_a_person_gave_is_found_again_in_another_text_layer() -> None:
    quote = "laws of Delaware"
    one = decision(
        "governing_law", "corrected", "Delaware law", quote=quote, start=TEXT.index(quote)
    )
    for text in (TEXT, f"Page 1\n{TEXT}"):
        (fact,) = decided([], one, text=text).extraction.facts
        assert text[fact.start : fact.end] == quote
    (fact,) = decided([], one, text="Another text.").extraction.facts
    assert (fact.start, fact.quote) == (None, None)


def test_a_decision_survives_an_engine_that_finds_nothing_and_says_so() -> None:
    after = decided(
        [], decision("governing_law", "accepted", "Delaware", normalized="US-DE", seen=("us de",))
    )
    (fact,) = after.extraction.facts
    assert (fact.id, fact.value, fact.firm) == ("h1", "Delaware", True)
    assert "governing_law" not in after.extraction.not_found
    assert fact.attributes["engine_value"] == "nothing found"
    assert after.decisions[0].disagrees == "new"


def test_an_engine_that_changed_its_mind_disagrees_anew() -> None:
    firm = replace(NEW_YORK, firm=True)
    after = decided(
        [firm],
        decision("governing_law", "accepted", "Delaware", normalized="US-DE", seen=("us de",)),
    )
    (fact,) = after.extraction.facts
    assert fact.value == "Delaware"
    assert (after.decisions[0].engine_value, after.decisions[0].disagrees) == ("New York", "new")
    assert fact.attributes["disagrees"] == "new"


def test_a_rejected_field_keeps_what_nobody_has_looked_at() -> None:
    seen = decision("governing_law", "rejected", "Delaware", seen=("us de",))
    after = decided([DELAWARE, NEW_YORK], seen)
    assert [fact.value for fact in after.extraction.facts] == ["New York"]
    assert after.decisions[0].disagrees == "new"
    both = decision("governing_law", "rejected", "Delaware", seen=("us de", "us ny"))
    after = decided([DELAWARE, NEW_YORK], both)
    assert after.extraction.facts == ()
    assert "governing_law" not in after.extraction.not_found, "it may be there, nobody knows"
    assert after.decisions[0].decision == "rejected"


def test_what_is_not_in_the_document_is_certain() -> None:
    after = decided([DELAWARE], decision("governing_law", "absent", seen=("us de",)))
    assert after.extraction.facts == ()
    assert "governing_law" in after.extraction.not_found
    assert after.extraction.absent == ("governing_law",)
    assert (after.decisions[0].engine_value, after.decisions[0].disagrees) == ("Delaware", "known")


def test_each_party_is_decided_for_itself() -> None:
    after = decided(
        [ACME, BETA],
        decision("party", "rejected", "Acme Ltd", item="acme ltd", seen=("acme ltd",)),
        decision("party", "accepted", "Beta GmbH", item="beta gmbh", seen=("beta gmbh",)),
        decision("party", "corrected", "Gamma SA", item="gamma sa"),
    )
    assert [(fact.id, fact.value, fact.method) for fact in after.extraction.facts] == [
        ("f4", "Beta GmbH", "human"),
        ("h1", "Gamma SA", "human"),
    ]
    assert after.extraction.facts[0].attributes["role"] == "seller"
    assert {one.item: one.disagrees for one in after.decisions} == {
        "acme ltd": "known",
        "beta gmbh": None,
        "gamma sa": None,
    }


def test_a_corrected_party_keeps_its_role_and_takes_all_its_mentions() -> None:
    again = replace(ACME, id="f9", start=TEXT.rindex("Acme Ltd"), attributes={"legal_form": "Ltd"})
    after = decided(
        [ACME, again],
        decision("party", "corrected", "Acme Limited", item="acme ltd", seen=("acme ltd",)),
    )
    (fact,) = after.extraction.facts
    assert (fact.id, fact.value, fact.start) == ("f3", "Acme Limited", None)
    assert (fact.attributes["role"], fact.attributes["alias"]) == ("buyer", "Acme")
    assert (fact.attributes["engine_value"], fact.attributes["disagrees"]) == ("Acme Ltd", "known")


def test_the_same_value_in_two_places_is_one_item_with_both_places() -> None:
    again = replace(ACME, id="f9", start=TEXT.rindex("Acme Ltd"))
    accepted = decision("party", "accepted", "Acme Ltd", item="acme ltd", seen=("acme ltd",))
    after = decided([ACME, again], accepted)
    assert [fact.method for fact in after.extraction.facts] == ["human", "human"]
    assert len({fact.start for fact in after.extraction.facts}) == 2


def test_an_item_is_known_again_by_its_words_where_the_engine_learnt_to_normalise() -> None:
    newer = replace(ACME, normalized="acme-ltd-gb")
    after = decided([newer], decision("party", "rejected", "Acme Ltd", item="acme ltd"))
    assert after.extraction.facts == ()


def test_a_field_with_many_values_may_have_none() -> None:
    after = decided([ACME, BETA], decision("party", "absent", seen=("acme ltd", "beta gmbh")))
    assert after.extraction.facts == ()
    assert after.extraction.absent == ("party",)
    assert after.decisions[0].disagrees == "known"


def test_what_was_computed_follows_the_value_it_was_computed_from() -> None:
    effective = found("f1", "effective_date", "1 May 2024", "2024-05-01")
    term = found("f2", "term", "two years", "P2Y")
    ends = found("f3", "expiration_date", "2026-05-01", "2026-05-01", inputs=("f1", "f2"))
    warned = found("f4", "deadline", "2026-04-01", "2026-04-01", inputs=("f3", "f5"))
    notice = found("f5", "renewal_notice_period", "30 days", "P1M")
    corrected = decision(
        "effective_date", "corrected", "1 June 2024", normalized="2024-06-01", seen=("2024 05 01",)
    )
    after = decided([effective, term, ends, warned, notice], corrected).extraction
    values = {fact.field: fact.normalized for fact in after.facts}
    assert (values["expiration_date"], values["deadline"]) == ("2026-06-01", "2026-05-01")
    gone = decided([effective, term, ends, warned, notice], decision("term", "absent")).extraction
    assert {fact.field for fact in gone.facts} == {"effective_date", "renewal_notice_period"}


CLAUSE = Clause(
    "audit_rights",
    present=True,
    firm=False,
    score=0.4,
    candidates=(ClauseCandidate(0, 4, "This", None, 0.4),),
)


@pytest.mark.parametrize(
    ("verb", "value", "present", "firm", "disagrees"),
    [
        ("accepted", True, True, True, None),
        ("corrected", False, False, True, "known"),
        ("absent", None, False, True, "known"),
        ("rejected", None, False, False, None),
    ],
)
def test_a_clause_is_decided(
    *, verb: Verb, value: bool | None, present: bool, firm: bool, disagrees: str | None
) -> None:
    one = decision("clause:audit_rights", verb, normalized=value, seen=("yes",))
    after = decided([], one, clauses=(CLAUSE,))
    (clause,) = after.extraction.clauses
    assert (clause.present, clause.firm, bool(clause.candidates)) == (present, firm, present)
    assert after.decisions[0].disagrees == disagrees
    if disagrees:
        assert after.decisions[0].engine_value == "yes"


def test_the_document_type_decides_which_rules_apply() -> None:
    lease = found("f1", "document_type", "lease", "lease")
    after = decided(
        [lease],
        decision("document_type", "corrected", "nda", normalized="nda", seen=("lease",)),
    )
    assert after.classification.document_type == after.extraction.facts[0]
    assert after.classification.document_type is not None
    assert after.classification.document_type.firm


def verdicts(rules: str, after: Decided) -> list[str]:
    return [
        finding.result
        for finding in playbook.check(
            playbook.load(f"rules:\n{rules}"),
            extraction=after.extraction,
            clauses=after.extraction.clauses,
            classification=after.classification,
            warnings=(),
        )
    ]


def test_findings_follow_the_decisions() -> None:
    rules = (
        "  - {id: there, require: {fact: term}}\n"
        "  - {id: law, allow: {fact: governing_law, values: [US-NY]}}\n"
        "  - {id: audit, require: {clause: audit_rights}}\n"
    )
    engine = decided([DELAWARE], clauses=(CLAUSE,))
    assert verdicts(rules, engine) == ["unknown", "unknown", "unknown"]
    after = decided(
        [DELAWARE],
        decision("term", "absent"),
        decision("governing_law", "corrected", "New York", normalized="US-NY"),
        decision("clause:audit_rights", "absent"),
        clauses=(CLAUSE,),
    )
    assert verdicts(rules, after) == ["fail", "pass", "fail"]


FACTS = st.lists(
    st.builds(
        lambda field, value, firm: found("", field, value, None, firm=firm),
        st.sampled_from(FIELDS),
        st.sampled_from(["Acme Ltd", "Beta GmbH", "Delaware", "yes", "2024-05-01"]),
        st.booleans(),
    ),
    max_size=8,
).map(lambda facts: [replace(fact, id=f"f{n}") for n, fact in enumerate(facts, 1)])


@settings(max_examples=300)
@given(FACTS, st.data())
def test_what_a_person_decided_always_holds(facts: list[Fact], data: st.DataObject) -> None:
    chosen: dict[tuple[str, str], Decision] = {}
    for fact in facts:
        verb: Verb = data.draw(st.sampled_from(["accepted", "corrected", "rejected"]))
        value = "Gamma SA" if verb == "corrected" else fact.value
        seen = (value_key(fact.value, None),)
        one = decision(fact.field, verb, value, item=item_of(fact), seen=seen)
        chosen.setdefault((fact.field, item_of(fact)), one)
    engine = data.draw(st.sampled_from([facts, facts[:1], []]))
    after = decided(engine, *chosen.values())
    assert len(after.decisions) == len(chosen)
    ids = [fact.id for fact in after.extraction.facts]
    assert len(ids) == len(set(ids))
    for one in chosen.values():
        mine = [fact for fact in after.extraction.facts if fact.field == one.field]
        held = [fact for fact in mine if fact.value == one.value]
        if one.decision == "rejected" and one.field not in SINGLE_VALUED:
            assert all(value_key(fact.value, None) != one.item for fact in mine)
        if one.decision in {"accepted", "corrected"}:
            assert held
            assert all(fact.method == "human" and fact.firm for fact in held)
            if one.field in SINGLE_VALUED:
                assert len(mine) == 1
    for fact in after.extraction.facts:
        if fact.start is not None:
            assert TEXT[fact.start : fact.end] == fact.quote
