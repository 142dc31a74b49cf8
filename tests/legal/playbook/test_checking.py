import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.playbook import FIRM_ABSENCE, load
from lexmill_legal.results import (
    FIELDS,
    SINGLE_VALUED,
    Fact,
    Finding,
    Money,
    Normalized,
    Warning,  # noqa: A004 - the design's word
)
from tests.legal.playbook.documents import clause, fact, finding, findings

UNREAD_PAGE = Warning("page_without_text", "Page 2 has no text.", 2)
UNREAD_PART = Warning("part_unreadable", "A part could not be read.")
HARMLESS = Warning("fonts_replaced", "A font was replaced.")


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


# --- each operator: pass, fail, unknown ---


def presence(of: str) -> dict[str, tuple[str, tuple[Fact, ...], str]]:
    """``require`` on the rows; ``forbid`` answers the contrary."""
    return {
        f"{of}: found": (f"{of}: {{fact: party}}", (fact("party", value="A Ltd"),), "pass"),
        f"{of}: candidate": (
            f"{of}: {{fact: party}}",
            (fact("party", value="A Ltd", firm=False),),
            "unknown",
        ),
        f"{of}: nothing": (f"{of}: {{fact: party}}", (), "unknown"),
        f"{of}: flag set": (f"{of}: {{fact: auto_renewal}}", (fact("auto_renewal", True),), "pass"),
        f"{of}: flag unset": (
            f"{of}: {{fact: auto_renewal}}",
            (fact("auto_renewal", False),),
            "fail",
        ),
        f"{of}: flag undecided": (
            f"{of}: {{fact: auto_renewal}}",
            (fact("auto_renewal", None, value="may renew"),),
            "unknown",
        ),
        f"{of}: undecided date": (
            f"{of}: {{fact: agreement_date}}",
            (fact("agreement_date", None, value="03/04/2024"),),
            "unknown",
        ),
        f"{of}: not a duration but there": (
            f"{of}: {{fact: term}}",
            (fact("term", "perpetual"),),
            "pass",
        ),
        f"{of}: one of the values": (
            f"{of}: {{fact: governing_law, values: [DE, GB]}}",
            (fact("governing_law", "GB-ENG", value="England"),),
            "pass",
        ),
        f"{of}: another value": (
            f"{of}: {{fact: governing_law, values: [DE]}}",
            (fact("governing_law", "FR", value="France"),),
            "fail",
        ),
        f"{of}: one of several": (
            f"{of}: {{fact: party, values: [b gmbh]}}",
            (fact("party", value="A Ltd"), fact("party", value="B GmbH")),
            "pass",
        ),
        f"{of}: two answers": (
            f"{of}: {{fact: governing_law, values: [DE]}}",
            (fact("governing_law", "DE"), fact("governing_law", "FR", key="f2")),
            "unknown",
        ),
        f"{of}: an answer and an undecided one": (
            f"{of}: {{fact: governing_law, values: [DE]}}",
            (fact("governing_law", "DE"), fact("governing_law", value="the seller's", key="f2")),
            "unknown",
        ),
    }


CONTRARY = {"pass": "fail", "fail": "pass", "unknown": "unknown"}
CASES = presence("require")
CASES |= {
    name: (rule, facts, CONTRARY[result])
    for name, (rule, facts, result) in presence("forbid").items()
}
LAW = "allow: {fact: governing_law, values: [US-DE, GB, Germany]}"
MONEY = "limit: {fact: amount, max: 1000 EUR}"
CASES |= {
    "allow: listed": (LAW, (fact("governing_law", "US-DE"),), "pass"),
    "allow: a part of what is listed": (LAW, (fact("governing_law", "GB-ENG"),), "pass"),
    "allow: by its name": (LAW, (fact("governing_law", "DE", value="Germany"),), "pass"),
    "allow: not listed": (
        "allow: {fact: governing_law, values: [US-DE]}",
        (fact("governing_law", "US-NY", value="New York"),),
        "fail",
    ),
    "allow: may be what is listed": (LAW, (fact("governing_law", "US"),), "unknown"),
    "allow: listed only in words": (LAW, (fact("governing_law", "FR"),), "unknown"),
    "allow: undecided": (LAW, (fact("governing_law", value="the seller's seat"),), "unknown"),
    "allow: candidate": (LAW, (fact("governing_law", "FR", firm=False),), "unknown"),
    "allow: nothing": (LAW, (), "unknown"),
    "allow: money": (
        "allow: {fact: amount, values: [5 EUR]}",
        (fact("amount", eur("5.00")),),
        "pass",
    ),
    "allow: other money": (
        "allow: {fact: amount, values: 5 EUR}",
        (fact("amount", eur("6")),),
        "fail",
    ),
    "limit: below": (MONEY, (fact("amount", eur("999.99")),), "pass"),
    "limit: equal": (MONEY, (fact("amount", eur("1000.00")),), "pass"),
    "limit: above": (MONEY, (fact("amount", eur("1000.01")),), "fail"),
    "limit: one of many above": (
        MONEY,
        (fact("amount", eur("1"), key="f1"), fact("amount", eur("2000"), key="f2")),
        "fail",
    ),
    "limit: other currency": (MONEY, (fact("amount", Money("1", "USD")),), "unknown"),
    "limit: no currency": (MONEY, (fact("amount", Money("1", None)),), "unknown"),
    "limit: an amount that is none": (MONEY, (fact("amount", eur("many")),), "unknown"),
    "limit: undecided": (MONEY, (fact("amount", value="a fair price"),), "unknown"),
    "limit: a candidate above": (MONEY, (fact("amount", eur("2000"), firm=False),), "unknown"),
    "limit: fine, and a candidate": (
        MONEY,
        (fact("amount", eur("1"), key="f1"), fact("amount", eur("1"), key="f2", firm=False)),
        "unknown",
    ),
    "limit: nothing": (MONEY, (), "unknown"),
    "limit: two answers to one question": (
        "limit: {fact: liability_cap, max: 10 EUR}",
        (fact("liability_cap", eur("5")), fact("liability_cap", eur("50"), key="f2")),
        "unknown",
    ),
    "limit: above, or undecided": (
        "limit: {fact: liability_cap, max: 10 EUR}",
        (fact("liability_cap", eur("50")), fact("liability_cap", value="the fees", key="f2")),
        "unknown",
    ),
    "limit: firm beats candidates": (
        "limit: {fact: liability_cap, max: 10 EUR}",
        (fact("liability_cap", eur("5")), fact("liability_cap", eur("50"), key="f2", firm=False)),
        "pass",
    ),
    "limit: date": (
        "limit: {fact: deadline, max: 2026-12-31}",
        (fact("deadline", "2026-12-31"),),
        "pass",
    ),
    "limit: late date": (
        "limit: {fact: deadline, max: 2026-12-31}",
        (fact("deadline", "2027-01-01"),),
        "fail",
    ),
    "limit: percentage": ("limit: {fact: percent, max: 10%}", (fact("percent", "10.5"),), "fail"),
    "limit: a month is not 30 days": (
        "limit: {fact: payment_term, max: 30 days}",
        (fact("payment_term", "P1M"),),
        "unknown",
    ),
    "limit: a month is less than 32 days": (
        "limit: {fact: payment_term, max: 32 days}",
        (fact("payment_term", "P1M"),),
        "pass",
    ),
    "limit: a year is more than 364 days": (
        "limit: {fact: term, max: 364 days}",
        (fact("term", "P1Y"),),
        "fail",
    ),
    "between: inside": (
        "between: {fact: term, min: P1Y, max: P2Y}",
        (fact("term", "P18M"),),
        "pass",
    ),
    "between: at an end": (
        "between: {fact: term, min: P1Y, max: P2Y}",
        (fact("term", "P24M"),),
        "pass",
    ),
    "between: below": ("between: {fact: term, min: P1Y, max: P2Y}", (fact("term", "P6M"),), "fail"),
    "between: above": ("between: {fact: term, min: P1Y, max: P2Y}", (fact("term", "P5Y"),), "fail"),
    "between: no duration": (
        "between: {fact: term, min: P1Y, max: P2Y}",
        (fact("term", "perpetual"),),
        "unknown",
    ),
    "between: nothing": ("between: {fact: term, min: P1Y, max: P2Y}", (), "unknown"),
}


@pytest.mark.parametrize(("rule", "facts", "result"), CASES.values(), ids=CASES.keys())
def test_an_operator_answers(rule: str, facts: tuple[Fact, ...], result: str) -> None:
    found = finding(rule, *facts)
    assert found.result == result, found.message
    assert set(found.fact_ids) <= {fact.id for fact in facts}
    assert found.message


@given(
    st.sampled_from(["require", "forbid"]),
    st.sampled_from(FIELDS),
    st.none() | st.booleans() | st.text() | st.builds(Money, st.text(), st.none() | st.text()),
)
def test_what_is_not_firm_is_unknown(operator: str, field: str, normalized: Normalized) -> None:
    found = finding(f"{operator}: {{fact: {field}}}", fact(field, normalized, firm=False))
    assert found.result == "unknown"


# --- absence ---

WHOLE = (clause("parties"),)
"""What a whole contract shows: its parties are certain."""


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("operator", ["require", "forbid"])
def test_absence_means_something_only_where_it_was_measured(operator: str, field: str) -> None:
    found = finding(f"{operator}: {{fact: {field}}}", not_found=FIELDS, clauses=WHOLE)
    firm = {"require": "fail", "forbid": "pass"}[operator]
    assert found.result == (firm if field in FIRM_ABSENCE else "unknown")


@pytest.mark.parametrize("operator", ["require", "forbid"])
@pytest.mark.parametrize("warning", [UNREAD_PAGE, UNREAD_PART])
def test_absence_means_nothing_where_something_was_not_read(
    operator: str, warning: Warning
) -> None:
    rule = f"{operator}: {{fact: governing_law}}"
    law = ("governing_law",)
    assert finding(rule, not_found=law, clauses=WHOLE).result != "unknown"
    read = finding(rule, not_found=law, clauses=WHOLE, warnings=(HARMLESS,))
    assert read.result != "unknown"
    found = finding(rule, not_found=law, clauses=WHOLE, warnings=(HARMLESS, warning))
    assert found.result == "unknown"
    assert "could not be read" in found.message


@pytest.mark.parametrize("operator", ["require", "forbid"])
@pytest.mark.parametrize("field", sorted(FIRM_ABSENCE))
def test_absence_from_a_part_of_a_contract_means_nothing(operator: str, field: str) -> None:
    for clauses in ((), (clause("parties", firm=False),), (clause("parties", present=False),)):
        found = finding(f"{operator}: {{fact: {field}}}", not_found=FIELDS, clauses=clauses)
        assert found.result == "unknown"
        assert "no whole contract" in found.message


def test_absence_means_nothing_where_nobody_looked_or_only_some_were_looked_for() -> None:
    assert finding("require: {fact: governing_law}", clauses=WHOLE).result == "unknown"
    absent = ("governing_law",)
    for narrowed in ("values: [DE]", "where: {role: x}"):
        rule = f"require: {{fact: governing_law, {narrowed}}}"
        assert finding(rule, not_found=absent, clauses=WHOLE).result == "unknown"


def test_that_all_amounts_are_fine_needs_all_pages() -> None:
    fine = fact("amount", eur("1"))
    assert finding(MONEY, fine).result == "pass"
    assert finding(MONEY, fine, warnings=(UNREAD_PAGE,)).result == "unknown"
    bad = fact("amount", eur("5000"))
    assert finding(MONEY, bad, warnings=(UNREAD_PAGE,)).result == "fail"


# --- where ---


PENALTY = "limit: {fact: percent, where: {role: [penalty, late_fee]}, max: 10%}"


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ([fact("percent", "5", role="penalty"), fact("percent", "90", role="share")], "pass"),
        ([fact("percent", "50", role="Penalty")], "fail"),
        ([fact("percent", "50", role="late_fee")], "fail"),
        ([fact("percent", "50", role="share")], "unknown"),
        ([fact("percent", "50")], "unknown"),
        ([fact("percent", "5")], "unknown"),
        ([fact("percent", "5", role="penalty"), fact("percent", "50")], "unknown"),
        ([fact("percent", "50", role="penalty"), fact("percent", "5")], "fail"),
    ],
)
def test_where_narrows_the_facts(facts: list[Fact], result: str) -> None:
    found = finding(PENALTY, *facts)
    assert found.result == result, found.message


def test_all_of_where_must_match() -> None:
    rule = "require: {fact: party, where: {role: seller, legal_form: gmbh}}"
    assert finding(rule, fact("party", "A", role="seller", legal_form="GmbH")).result == "pass"
    assert finding(rule, fact("party", "A", role="seller", legal_form="ltd")).result == "unknown"
    assert finding(rule, fact("party", "A", role="buyer")).result == "unknown"


# --- clauses ---


@pytest.mark.parametrize(
    ("operator", "present", "absent"), [("require", "pass", "fail"), ("forbid", "fail", "pass")]
)
def test_clauses(operator: str, present: str, absent: str) -> None:
    rule = f"{operator}: {{clause: non_compete}}"
    there = clause("non_compete")
    missing = clause("non_compete", present=False)
    assert finding(rule, clauses=(there,)).result == present
    assert finding(rule, clauses=(missing,)).result == absent
    assert finding(rule, clauses=(missing,), warnings=(UNREAD_PAGE,)).result == "unknown"
    assert finding(rule, clauses=(there,), warnings=(UNREAD_PAGE,)).result == present
    assert finding(rule, clauses=(clause("non_compete", firm=False),)).result == "unknown"
    assert finding(rule, clauses=(clause("term"),)).result == "unknown"
    placed = finding(rule, clauses=(there,))
    assert (placed.start, placed.end, placed.quote) == (0, 100, "x" * 100)


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ([fact("payment_term", "P60D", start=10)], "pass"),
        ([fact("payment_term", "P120D", start=10)], "fail"),
        ([fact("payment_term", "P120D", start=99)], "unknown"),
        ([fact("payment_term", "P120D", start=None)], "unknown"),
        ([fact("amount", eur("1"), start=10)], "unknown"),
        ([], "unknown"),
    ],
)
def test_values_inside_a_clause(facts: list[Fact], result: str) -> None:
    rule = "limit: {clause: payment, max: 90 days}"
    assert finding(rule, *facts, clauses=(clause("payment"),)).result == result
    absent = (clause("payment", present=False),)
    assert finding(rule, *facts, clauses=absent).result == "unknown"
    assert finding(rule, *facts).result == "unknown"


# --- applies_to ---


def test_applies_to_role_and_language() -> None:
    rules = """
our_role: Customer
rules:
  - {id: ours, require: {fact: party}, applies_to: {our_role: [customer]}}
  - {id: theirs, require: {fact: party}, applies_to: {our_role: supplier}}
  - {id: english, require: {fact: party}, applies_to: {languages: [en, de]}}
  - {id: russian, require: {fact: party}, applies_to: {languages: ru}}
  - {id: both, require: {fact: party}, applies_to: {our_role: supplier, languages: en}}
"""
    party = fact("party", "A Ltd")
    said = {languages: findings(rules, party, languages=languages) for languages in LANGUAGES}
    assert {
        languages: {item.rule: item.result for item in found} for languages, found in said.items()
    } == {
        ("en",): {"ours": "pass", "english": "pass"},
        ("en-GB", "ru"): {"ours": "pass", "english": "pass", "russian": "pass"},
        ("eng",): {"ours": "pass"},
        (): {"ours": "pass", "english": "unknown", "russian": "unknown"},
        ("und",): {"ours": "pass", "english": "unknown", "russian": "unknown"},
    }


LANGUAGES: tuple[tuple[str, ...], ...] = (("en",), ("en-GB", "ru"), ("eng",), (), ("und",))


def test_without_our_role_a_rule_for_a_role_does_not_apply() -> None:
    rule = "rules: [{id: a, require: {fact: party}, applies_to: {our_role: supplier}}]"
    assert findings(rule, fact("party", "A")) == ()


def test_applies_to_types() -> None:
    rule = "rules: [{id: a, require: {fact: party}, applies_to: {types: [Supply Agreement]}}]"
    party = fact("party", "A Ltd")
    supply = fact("document_type", "supply_agreement", value="Supply agreement")
    other = fact("document_type", "lease", value="Lease")

    def results(document_type: Fact | None) -> list[str]:
        return [found.result for found in findings(rule, party, document_type=document_type)]

    assert results(supply) == ["pass"]
    assert results(other) == []
    assert results(None) == ["unknown"]
    maybe = fact("document_type", "supply_agreement", value="Supply agreement", firm=False)
    assert results(maybe) == ["unknown"]


# --- what a finding carries ---


def test_a_finding_carries_its_place_severity_and_message() -> None:
    rule = "require: {fact: auto_renewal}, severity: high, message: ' Ask Legal. '"
    failed = finding(rule, fact("auto_renewal", False, value="shall not renew", start=7))
    assert failed == Finding(
        rule="only",
        playbook_sha256=load(f"rules: [{{id: only, {rule}}}]").sha256,
        result="fail",
        severity="high",
        message="Ask Legal.",
        fact_ids=("auto_renewal",),
        start=7,
        end=22,
        quote="shall not renew",
        field="auto_renewal",
    )
    passed = finding(rule, fact("auto_renewal", True, start=None))
    assert (passed.result, passed.start, passed.quote) == ("pass", None, None)
    assert passed.message == "Auto renewal: found."


def test_findings_come_in_the_order_of_the_playbook() -> None:
    ids = ["z", "a", "m", "b"]
    source = "rules:\n" + "".join(f"- {{id: {id_}, require: {{fact: party}}}}\n" for id_ in ids)
    first = findings(source, fact("party", "A"), fact("party", "B", key="p2"))
    assert [found.rule for found in first] == ids
    assert first == findings(source, fact("party", "A"), fact("party", "B", key="p2"))


FACTS = st.lists(
    st.builds(
        fact,
        st.sampled_from(FIELDS),
        st.none()
        | st.booleans()
        | st.sampled_from(["P30D", "P1M", "DE", "US", "2024-01-01", "5", "x"])
        | st.text()
        | st.builds(
            Money, st.sampled_from(["1", "1e9", "NaN", "x"]), st.sampled_from([None, "EUR"])
        ),
        firm=st.booleans(),
        start=st.none() | st.integers(0, 120),
    ),
    max_size=6,
)
EVERY_RULE = "rules:\n" + "".join(
    f"- {{id: r{number}, {rule}}}\n"
    for number, rule in enumerate(
        [
            *(f"require: {{fact: {field}}}" for field in FIELDS),
            LAW,
            MONEY,
            PENALTY,
            "between: {fact: term, min: 30 days, max: 1 year}",
            "limit: {fact: deadline, max: 2026-01-01}",
            "limit: {clause: payment, max: 10 EUR}",
            "forbid: {fact: governing_law, values: [DE]}",
        ]
    )
)


@given(FACTS, st.sampled_from([(), (HARMLESS,), (UNREAD_PAGE,)]))
def test_any_facts_give_the_same_findings_twice_and_none_from_candidates(
    facts: list[Fact], warnings: tuple[Warning, ...]
) -> None:
    both = [
        findings(EVERY_RULE, *facts, clauses=(clause("payment"),), warnings=warnings)
        for _ in range(2)
    ]
    assert both[0] == both[1]
    by_rule = {rule.id: rule for rule in load(EVERY_RULE).rules}
    for found in both[0]:
        field = by_rule[found.rule].fact
        firm = [item for item in facts if item.firm and item.field == field]
        assert firm or field not in SINGLE_VALUED or found.result == "unknown"


@pytest.mark.parametrize(
    ("rule", "facts", "said"),
    [
        (
            "limit: {fact: term, max: 30 days}",
            [("term", "P60D"), ("term", "P10D")],
            (
                "Term: only candidates were found (P60D, P10D); please look at them."
                " If the first is right, the rule fails."
            ),
        ),
        (
            "limit: {fact: term, max: 30 days}",
            [("term", "P10D")],
            (
                "Term: only candidates were found (P10D); please look at them."
                " If it is right, the rule passes."
            ),
        ),
        (
            "limit: {fact: percent, max: 10%}",
            [("percent", "5"), ("percent", "25")],
            (
                "Percent: only candidates were found (5, 25); please look at them."
                " If they are right, the rule fails."
            ),
        ),
        (
            "limit: {fact: term, max: 30 days}",
            [("term", "P1M")],
            "Term: only candidates were found (P1M); please look at them.",
        ),
        (
            "forbid: {fact: auto_renewal}",
            [("auto_renewal", True)],
            (
                "Auto renewal: only candidates were found (True); please look at them."
                " If it is right, the rule fails."
            ),
        ),
        (
            "require: {fact: governing_law, values: [DE]}",
            [("governing_law", "US-TX")],
            (
                "Governing law: only candidates were found (US-TX); please look at them."
                " If it is right, the rule fails."
            ),
        ),
    ],
)
def test_candidates_say_where_they_lead(
    rule: str, facts: list[tuple[str, Normalized]], said: str
) -> None:
    given = (
        fact(field, value, key=f"f{number}", firm=False)
        for number, (field, value) in enumerate(facts)
    )
    found = finding(rule, *given)
    assert (found.result, found.message) == ("unknown", said)


def test_a_clause_that_is_not_certain_says_how_likely_it_is() -> None:
    found = finding("require: {clause: insurance}", clauses=(clause("insurance", firm=False),))
    assert found.message == (
        "Insurance clause: not certain, 90% likely; please look at the candidates."
    )
    nothing = clause("insurance", present=False, firm=False)
    found = finding("require: {clause: insurance}", clauses=(nothing,))
    assert found.message == (
        "Insurance clause: none was found, which is not certain enough to rely on."
    )
