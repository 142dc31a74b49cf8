"""The sample contracts, held against what a lawyer reads in them (samples/contracts.expected.yaml).

What is firm must be right: that is the promise. What is not found yet is listed there as `open`,
and an entry that is no longer true fails here, so that the list stays honest.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.parsing import parse
from lexmill_legal.results import FIELDS, SINGLE_VALUED, Fact, Money
from lexmill_legal.segment import segment

SAMPLES = Path(__file__).parents[2] / "samples"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(
    (SAMPLES / "contracts.expected.yaml").read_text(encoding="utf-8")
)
ALL_THERE_ARE = frozenset({"party", "email", "identifier"})
CANDIDATES = 3

each_sample = pytest.mark.parametrize("name", EXPECTED)


@cache
def facts_of(name: str) -> tuple[Fact, ...]:
    file, _, child = name.partition("#")
    parsed = parse((SAMPLES / "contracts" / file).read_bytes(), name=file)
    if child:
        attachment = parsed.attachments[int(child) - 1]
        parsed = parse(attachment.data, name=attachment.name)
    return extract(parsed, classify(parsed), segment(parsed)).facts


def same(fact: Fact, expected: object) -> bool:
    if isinstance(expected, dict):
        return fact.normalized == Money(expected["amount"], expected["currency"])
    if isinstance(expected, dt.date):
        return fact.normalized == expected.isoformat()
    if isinstance(expected, str) and fact.normalized is None:
        return " ".join(fact.value.split()).casefold() == expected.casefold()
    return fact.normalized == expected


def section(name: str, part: str) -> dict[str, Any]:
    found = EXPECTED[name].get(part) or {}
    return dict.fromkeys(found, "") if isinstance(found, list) else found


def expected_of(name: str, field: str) -> list[object]:
    expected = EXPECTED[name]["facts"][field]
    return expected if isinstance(expected, list) else [expected]


def missing(name: str, field: str) -> list[object]:
    found = [fact for fact in facts_of(name) if fact.field == field]
    if field in SINGLE_VALUED:
        found = found[:CANDIDATES]
    return [value for value in expected_of(name, field) if not any(same(f, value) for f in found)]


def mistaken(name: str) -> dict[str, list[str]]:
    """The firm values that are not what the document says, by field."""
    listed = EXPECTED[name]["facts"]
    undecided = section(name, "ambiguous") | section(name, "absent")
    wrong: dict[str, list[str]] = {}
    for fact in facts_of(name):
        held = fact.field in SINGLE_VALUED or fact.field in ALL_THERE_ARE
        if not fact.firm:
            continue
        if fact.field in undecided:
            right = False
        elif fact.field in listed and held:
            right = any(same(fact, value) for value in expected_of(name, fact.field))
        else:
            continue
        if not right:
            wrong.setdefault(fact.field, []).append(f"{fact.value} ({fact.normalized})")
    return wrong


def test_every_sample_has_its_expectations() -> None:
    files = {path.name for path in (SAMPLES / "contracts").iterdir()}
    attached = {
        f"{file}#{number}"
        for file in files
        for number, _ in enumerate(
            parse((SAMPLES / "contracts" / file).read_bytes(), name=file).attachments, 1
        )
    }
    assert set(EXPECTED) == files | attached


@each_sample
def test_the_expectations_are_well_formed(name: str) -> None:
    assert set(EXPECTED[name]) <= {"facts", "absent", "ambiguous", "open", "wrong"}
    listed = set(EXPECTED[name]["facts"])
    absent, ambiguous = set(section(name, "absent")), set(section(name, "ambiguous"))
    assert listed | absent | ambiguous <= set(FIELDS)
    assert not listed & (absent | ambiguous)
    assert not absent & ambiguous
    assert set(section(name, "open")) | set(section(name, "wrong")) <= listed
    for part in ("ambiguous", "open", "wrong"):
        assert all(section(name, part).values()), f"{part}: a reason for each field"


@each_sample
def test_no_firm_value_is_wrong(name: str) -> None:
    wrong = mistaken(name)
    assert set(wrong) == set(section(name, "wrong")), wrong


@each_sample
def test_what_the_document_says_is_found(name: str) -> None:
    lost = {field: gone for field in EXPECTED[name]["facts"] if (gone := missing(name, field))}
    known = section(name, "open") | section(name, "wrong")
    assert set(lost) == set(known), {field: lost.get(field) for field in set(lost) ^ set(known)}
