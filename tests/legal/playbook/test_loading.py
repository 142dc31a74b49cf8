import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.errors import PlaybookError
from lexmill_legal.playbook import CLAUSE_KINDS, AppliesTo, Examples, Playbook, Rule, load
from lexmill_legal.playbook.kinds import FIELD_KINDS
from lexmill_legal.playbook.operands import Amount, Span
from lexmill_legal.results import FIELDS

SAMPLE = Path(__file__).parents[3] / "samples" / "playbook.yaml"

REFUSED = {
    "nothing": ("", 1, 1, "is empty"),
    "only a comment": ("# nothing\n", 1, 1, "is empty"),
    "YAML: unclosed": ("rules: [", 1, 9, "not valid YAML"),
    "YAML: tab": ("rules:\n\t- id: a\n", 2, 1, "not valid YAML"),
    "YAML: indentation": ("rules:\n  - id: a\n   severity: low\n", 3, 4, "not valid YAML"),
    "YAML: two documents": ("rules: []\n---\nrules: []\n", 2, 1, "another document"),
    "YAML: control character": ("rules:\n- id: a\x01\n", 2, 8, "does not allow"),
    "YAML: unknown alias": ("rules: *a\n", 1, 8, "undefined alias"),
    "YAML: absurd escape": ('name: "\\UFFFFFFFF"\n', 1, 1, "not valid YAML"),
    "escape of half a character": ('name: "\\ud800"\nrules: []', 1, 7, "stands for no character"),
    "escape of NUL": ('name: "\\0"\nrules: []', 1, 7, "stands for no character"),
    "no mapping": ("- id: a\n", 1, 1, "a playbook is a mapping"),
    "no rules": ("name: x\n", 1, 1, "needs `rules`"),
    "rules are no list": ("rules: {id: a}\n", 1, 8, "`rules` is a list"),
    "rule is no mapping": ("rules:\n  - a\n", 2, 5, "a rule is a mapping"),
    "rule contains itself": ("rules: &a [*a]\n", 1, 8, "a rule is a mapping"),
    "unknown key on top": ("rulez: []\n", 1, 1, "no key 'rulez'; did you mean 'rules'?"),
    "unknown key": (
        "rules:\n  - id: a\n    require: {fact: party}\n    severty: low\n",
        4,
        5,
        "no key 'severty'; did you mean 'severity'?",
    ),
    "key twice": ("rules: [{id: a, id: b, require: {fact: party}}]", 1, 17, "twice"),
    "object of Python": ("rules: !!python/name:os.system []\n", 1, 8, "`rules` is a list, not the"),
    "merge key": ("rules: [{<<: {id: a}, require: {fact: party}}]", 1, 10, "one value"),
    "unknown field": (
        "rules:\n  - id: a\n    require: {fact: governing-law}\n",
        3,
        21,
        "unknown field 'governing-law'; did you mean 'governing_law'?",
    ),
    "unknown clause kind": (
        "rules:\n  - id: a\n    forbid: {clause: non_competes}\n",
        3,
        22,
        "unknown clause kind 'non_competes'; did you mean 'non_compete'?",
    ),
    "two operators": (
        "rules:\n  - id: a\n    forbid: {fact: party}\n    require: {fact: party}\n",
        4,
        5,
        "a rule takes only one of require, forbid",
    ),
    "no operator": ("rules:\n  - id: a\n", 2, 5, "needs one of require, forbid, allow, limit"),
    "fact and clause": (
        "rules: [{id: a, require: {fact: party, clause: term}}]",
        1,
        40,
        "only one",
    ),
    "neither fact nor clause": (
        "rules: [{id: a, require: {}}]",
        1,
        17,
        "needs one of fact, clause",
    ),
    "no max": ("rules: [{id: a, limit: {fact: term}}]", 1, 17, "`limit` needs `max`"),
    "no min": ("rules: [{id: a, between: {fact: term, max: P1Y}}]", 1, 17, "needs `min`"),
    "no values": ("rules: [{id: a, allow: {fact: party}}]", 1, 17, "`allow` needs `values`"),
    "empty values": ("rules: [{id: a, allow: {fact: party, values: []}}]", 1, 46, "is empty"),
    "null": ("rules: [{id: a, allow: {fact: party, values: [~]}}]", 1, 47, "not nothing"),
    "operand of another operator": (
        "rules: [{id: a, limit: {fact: term, min: P1Y, max: P2Y}}]",
        1,
        37,
        "no key 'min'",
    ),
    "number for a duration": (
        "rules:\n  - id: a\n    limit: {fact: term, max: 90}\n",
        3,
        30,
        "a duration such as P30D or 30 days is needed, not '90'",
    ),
    "amount without currency": (
        "rules: [{id: a, limit: {fact: amount, max: 1000}}]",
        1,
        44,
        "an amount with its currency",
    ),
    "duration for a percentage": (
        "rules: [{id: a, limit: {fact: percent, max: 3 days}}]",
        1,
        45,
        "a percentage such as 10%",
    ),
    "no such day": (
        "rules: [{id: a, between: {fact: deadline, min: 2026-02-29, max: 2026-03-01}}]",
        1,
        48,
        "a date such as 2026-12-31",
    ),
    "word for a flag": (
        "rules: [{id: a, allow: {fact: auto_renewal, values: perhaps}}]",
        1,
        53,
        "true",
    ),
    "limit of a text": ("rules: [{id: a, limit: {fact: party, max: 5}}]", 1, 38, "not for a text"),
    "limit of a clause in words": (
        "rules: [{id: a, limit: {clause: term, max: long}}]",
        1,
        39,
        "not for a text",
    ),
    "min above max": (
        "rules: [{id: a, between: {fact: percent, min: 10%, max: 5%}}]",
        1,
        47,
        "`min` is more than `max`",
    ),
    "other kind in one list": (
        "rules: [{id: a, between: {clause: term, min: 30 days, max: 5%}}]",
        1,
        60,
        "a duration",
    ),
    "where on a clause": (
        "rules: [{id: a, require: {clause: term, where: {role: fee}}}]",
        1,
        41,
        "this rule is on a clause",
    ),
    "empty where": ("rules: [{id: a, require: {fact: amount, where: {}}}]", 1, 48, "is empty"),
    "duplicate id": (
        "rules:\n  - {id: a, require: {fact: party}}\n  - {id: a, forbid: {fact: party}}\n",
        3,
        10,
        "the id 'a' is taken by the rule in line 2",
    ),
    "no id": ("rules: [{require: {fact: party}}]", 1, 9, "needs `id`"),
    "id of a number": ("rules: [{id: 7, require: {fact: party}}]", 1, 14, "put it in quotes"),
    "id with a space": ("rules: [{id: a b, require: {fact: party}}]", 1, 14, "an id is made of"),
    "severity": (
        "rules: [{id: a, require: {fact: party}, severity: x}]",
        1,
        51,
        "one of info, low",
    ),
    "message is a list": (
        "rules: [{id: a, require: {fact: party}, message: []}]",
        1,
        50,
        "one value",
    ),
    "applies_to": (
        "rules: [{id: a, require: {fact: party}, applies_to: {type: [x]}}]",
        1,
        54,
        "no key 'type'; did you mean 'types'?",
    ),
}


@pytest.mark.parametrize(
    ("source", "line", "column", "message"), REFUSED.values(), ids=REFUSED.keys()
)
def test_an_error_says_where_and_what(source: str, line: int, column: int, message: str) -> None:
    with pytest.raises(PlaybookError) as refused:
        load(source)
    error = refused.value
    assert (error.line, error.column) == (line, column), error.message
    assert message in error.message
    assert str(error).startswith(f"line {line}, column {column}: ")


def test_absurd_nesting_is_an_error_of_the_playbook() -> None:
    with pytest.raises(PlaybookError):
        load("[" * 20_000)


def test_a_message_does_not_repeat_a_long_name() -> None:
    with pytest.raises(PlaybookError) as refused:
        load(f"rules: [{{id: a, require: {{fact: {'x' * 100_000}}}}}]")
    assert len(refused.value.message) < 200


def test_every_part_of_a_rule_is_read() -> None:
    source = """\
name: Ours
our_role: customer
rules:
  - id: law
    allow: {fact: governing_law, where: {role: [a, b], no: 1}, values: [DE, NO]}
    applies_to: {types: lease, languages: [en, de], our_role: [customer]}
    severity: critical
    owner: Legal
    message: "  Not ours. "
    preferred: English law.
    fallback: German law.
    examples: {good: [x], bad: y}
"""
    assert load(source) == Playbook(
        sha256=hashlib.sha256(source.encode()).hexdigest(),
        name="Ours",
        our_role="customer",
        rules=(
            Rule(
                id="law",
                operator="allow",
                fact="governing_law",
                clause=None,
                kind="place",
                where=(("role", ("a", "b")), ("no", ("1",))),
                values=("DE", "NO"),  # Norway, though YAML 1.1 says false
                applies_to=AppliesTo(("lease",), ("en", "de"), ("customer",)),
                severity="critical",
                owner="Legal",
                message="  Not ours. ",
                preferred="English law.",
                fallback="German law.",
                examples=Examples(("x",), ("y",)),
                line=4,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("term", "30 days", Span(0, Decimal(30))),
        ("term", "P30D", Span(0, Decimal(30))),
        ("term", "P2W", Span(0, Decimal(14))),
        ("term", "1 год", Span(12, Decimal(0))),
        ("term", "P1Y6M", Span(18, Decimal(0))),
        ("amount", "100000 USD", Amount(Decimal(100_000), "USD")),
        ("amount", "EUR 1,250,000.50", Amount(Decimal("1250000.50"), "EUR")),
        ("amount", "1 000 000 RUB", Amount(Decimal(1_000_000), "RUB")),
        ("percent", "10%", Decimal(10)),
        ("percent", "0.1", Decimal("0.1")),
        ("percent", "0,1 %", Decimal("0.1")),
        ("deadline", "2026-12-31", date(2026, 12, 31)),
    ],
)
def test_operands_are_read_by_the_kind_of_their_field(
    field: str, written: str, value: object
) -> None:
    (rule,) = load(f"rules: [{{id: a, limit: {{fact: {field}, max: '{written}'}}}}]").rules
    assert rule.maximum == value


def test_the_operands_of_a_clause_say_themselves_what_they_are() -> None:
    written = {"90 days": "duration", "10%": "percent", "5 USD": "money", "2026-01-01": "date"}
    for operand, kind in written.items():
        (rule,) = load(f"rules: [{{id: a, limit: {{clause: term, max: {operand}}}}}]").rules
        assert rule.kind == kind


def test_every_field_has_a_kind_and_every_name_loads() -> None:
    assert tuple(FIELD_KINDS) == FIELDS
    assert len(set(CLAUSE_KINDS)) == len(CLAUSE_KINDS)
    subjects = [f"fact: {field}" for field in FIELDS]
    subjects += [f"clause: {kind}" for kind in CLAUSE_KINDS]
    rules = [f"- {{id: r{n}, require: {{{text}}}}}" for n, text in enumerate(subjects)]
    assert len(load("rules:\n" + "\n".join(rules)).rules) == len(subjects)


def test_the_sample_loads_in_the_order_of_its_file() -> None:
    source = SAMPLE.read_text(encoding="utf-8")
    playbook = load(source)
    assert playbook.sha256 == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()
    assert [rule.id for rule in playbook.rules] == [
        r["id"] for r in yaml.safe_load(source)["rules"]
    ]
    assert {rule.operator for rule in playbook.rules} >= {"require", "forbid", "allow", "limit"}
    assert all(rule.message for rule in playbook.rules)
    lines = [rule.line for rule in playbook.rules]
    assert lines == sorted(set(lines))
    assert load(source) == playbook


def test_the_hash_is_of_the_file() -> None:
    assert load("rules: []").sha256 == hashlib.sha256(b"rules: []").hexdigest()
    assert load("rules: []").sha256 != load("rules: [] ").sha256


WORDS = st.sampled_from(
    [
        "rules", "id", "require", "forbid", "allow", "limit", "between", "fact", "clause", "where",
        "values", "min", "max", "party", "term", "governing_law", "amount", "non_compete", "P30D",
        "30 days", "5%", "10 USD", "a", "severity", "low", "applies_to", "types", "examples",
        "name", "message", "<<", "=", "~", "NO", "&a", "*a", "!!set", "!x", "---", "? ", "|", ">",
        ": ", "- ", ", ", "[", "]", "{", "}", "\n", "\n  ", "\n    ", "\t", "'", '"', "\\", "#",
        "%", "\\ud800", "\ud800", "\x00", "\x85", "\ufeff", "٣", "9" * 50,
    ]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text() | WORDS
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4)
)


def load_or_refuse(source: str) -> None:
    lines = len(source.splitlines())
    try:
        playbook = load(source)
    except PlaybookError as error:
        refusal = error
    else:
        assert playbook.sha256 == hashlib.sha256(source.encode()).hexdigest()
        assert all(
            text.encode() for rule in playbook.rules for text in (rule.id, rule.message) if text
        )
        return
    assert 1 <= refusal.line <= lines + 1
    assert refusal.column >= 1
    refusal.message.encode()


@given(st.text())
def test_any_text_is_a_playbook_or_an_error(source: str) -> None:
    load_or_refuse(source)


@given(st.lists(WORDS, max_size=40).map("".join))
def test_any_words_of_the_grammar_are_a_playbook_or_an_error(source: str) -> None:
    load_or_refuse(source)


@given(
    st.fixed_dictionaries(
        {"id": st.text(min_size=1, max_size=5)},
        optional={
            "require": TREES,
            "allow": st.fixed_dictionaries(
                {"fact": st.sampled_from(FIELDS), "values": st.lists(LEAVES)}
            ),
            "between": st.fixed_dictionaries(
                {"clause": st.sampled_from(CLAUSE_KINDS), "min": LEAVES, "max": LEAVES}
            ),
            "message": LEAVES,
            "applies_to": TREES,
            "examples": TREES,
            "severity": LEAVES,
        },
    )
)
def test_any_rule_is_read_or_refused(rule: object) -> None:
    load_or_refuse(yaml.safe_dump({"rules": [rule]}, allow_unicode=True))
