"""The schema for editors: as published, and of one mind with what `load` reads."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from lexmill_legal.errors import PlaybookError
from lexmill_legal.playbook import load
from lexmill_legal.playbook.kinds import CLAUSE_KINDS, FIELD_KINDS
from lexmill_legal.playbook.schema import FILE, playbook_schema, schema_text

SAMPLES = Path(__file__).parents[3] / "samples"
SHIPPED = [SAMPLES / "playbook.yaml", *sorted((SAMPLES / "playbooks").glob("*.yaml"))]
VALIDATOR = jsonschema.Draft7Validator(playbook_schema())


class _AsEditorsRead(yaml.SafeLoader):
    """YAML 1.2's core schema: a date is a text, `no` and `yes` are texts."""


_AsEditorsRead.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not tag.endswith(":timestamp") and (not tag.endswith(":bool") or first in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def errors(source: str) -> list[str]:
    found: Any = yaml.load(source, Loader=_AsEditorsRead)
    return [error.message for error in VALIDATOR.iter_errors(found)]


def is_loaded(source: str) -> bool:
    try:
        load(source)
    except PlaybookError:
        return False
    return True


def test_the_published_file_is_up_to_date() -> None:
    """If not: `lexmill playbook schema > legal/lexmill_legal/playbook/playbook.schema.json`."""
    published = files("lexmill_legal.playbook").joinpath(FILE).read_text(encoding="utf-8")
    assert published == schema_text()


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(playbook_schema())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_playbooks_are_valid(path: Path) -> None:
    assert errors(path.read_text(encoding="utf-8")) == []


VALUES = {
    "text": "Alpha",
    "place": "US-DE",
    "flag": "true",
    "date": "2026-12-31",
    "duration": "30 days",
    "money": "100000 USD",
    "percent": "10%",
}


def test_every_field_and_kind_may_be_named() -> None:
    for field, kind in FIELD_KINDS.items():
        for operator in ("require", "forbid", "allow"):
            source = (
                f"rules: [{{id: a, {operator}: {{fact: {field}, values: ['{VALUES[kind]}']}}}}]"
            )
            assert errors(source) == [], source
            assert is_loaded(source), source
    for clause in CLAUSE_KINDS:
        assert errors(f"rules: [{{id: a, require: {{clause: {clause}}}}}]") == []


@pytest.mark.parametrize(
    "rule",
    [
        "limit: {fact: term, max: P1Y6M}",
        "limit: {fact: term, max: 1 год}",
        "limit: {fact: term, max: 30-days}",
        "limit: {fact: amount, max: 'EUR 1,250,000.50'}",
        "limit: {fact: amount, max: 1 000 000 RUB}",
        "limit: {fact: percent, max: 10}",
        "limit: {fact: percent, max: '0,1 %'}",
        "limit: {fact: deadline, max: 2026-12-31}",
        "between: {clause: cap_on_liability, min: 1 USD, max: 9 USD}",
        "limit: {clause: warranty_duration, max: 24 months}",
        "allow: {clause: governing_law, values: [Delaware]}",
        "require: {fact: party, where: {role: [buyer, seller]}}",
        "require: {fact: party}, applies_to: {types: [lease, Supply Agreement], languages: ru}",
        "require: {fact: party}, severity: critical, examples: {good: a, bad: [b]}",
    ],
)
def test_what_is_read_is_valid(rule: str) -> None:
    source = f"rules: [{{id: a, {rule}}}]"
    assert is_loaded(source)
    assert errors(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "{}",
        "rules: {}",
        "{rules: [], extra: 1}",
        "rules: [{require: {fact: party}}]",
        "rules: [{id: a}]",
        "rules: [{id: a, require: {fact: party}, forbid: {fact: party}}]",
        "rules: [{id: a, require: {fact: partie}}]",
        "rules: [{id: a, require: {clause: non_competes}}]",
        "rules: [{id: a, require: {fact: party, clause: insurance}}]",
        "rules: [{id: a, require: {fact: party, max: 1}}]",
        "rules: [{id: a, require: {clause: insurance, values: [x]}}]",
        "rules: [{id: a, allow: {fact: governing_law}}]",
        "rules: [{id: a, allow: {fact: governing_law, values: []}}]",
        "rules: [{id: a, limit: {fact: party, max: 3 days}}]",
        "rules: [{id: a, limit: {fact: term, max: 3 fortnights}}]",
        "rules: [{id: a, limit: {fact: term, max: P}}]",
        "rules: [{id: a, limit: {fact: amount, max: 100000}}]",
        "rules: [{id: a, limit: {fact: percent, max: ten}}]",
        "rules: [{id: a, limit: {fact: deadline, max: 31.12.2026}}]",
        "rules: [{id: a, limit: {clause: insurance, max: much}}]",
        "rules: [{id: a, between: {fact: term, min: 3 days}}]",
        "rules: [{id: a, require: {fact: party}, severity: huge}]",
        "rules: [{id: a, require: {fact: party}, applies_to: {types: [leese]}}]",
        "rules: [{id: a, require: {fact: party}, applies_to: {type: [lease]}}]",
        "rules: [{id: a, require: {fact: party}, examples: {ugly: [x]}}]",
        "rules: [{id: a, require: {fact: party}, message: ''}]",
        "rules: [{id: 'a b', require: {fact: party}}]",
    ],
)
def test_what_is_refused_is_marked(source: str) -> None:
    assert not is_loaded(source)
    assert errors(source)
