import json
from dataclasses import fields, replace
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given

import lexmill_legal.result_lines
from lexmill_legal.result_lines import read_result, results_line, results_schema
from lexmill_legal.results import (
    SCHEMA,
    Decision,
    DocumentResult,
    Finding,
    Warning,  # noqa: A004 - the design's word
)
from tests.legal.reports.making import fact, results

COMMITTED = Path(lexmill_legal.result_lines.__file__).with_name("results.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(results_schema())


def test_the_committed_schema_is_that_of_the_records() -> None:
    derived = json.dumps(results_schema(), indent=2, ensure_ascii=False) + "\n"
    assert COMMITTED.read_text(encoding="utf-8") == derived, (
        f"write this into {COMMITTED.name}:\n{derived}"
    )


def test_the_schema_is_one_and_knows_every_key() -> None:
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    line = schema["$defs"]["DocumentResult"]
    names = [field.name for field in fields(DocumentResult)]
    assert sorted(line["properties"]) == sorted(names)
    assert set(line["properties"]) - set(line["required"]) == {"decisions"}
    for definition in schema["$defs"].values():
        assert definition["additionalProperties"] is False


@given(results())
def test_a_line_is_valid_and_reads_back(result: DocumentResult) -> None:
    line = results_line(result)
    assert b"\n" not in line
    VALIDATOR.validate(json.loads(line))
    assert read_result(line) == result
    assert results_line(read_result(line)) == line


def test_the_schema_comes_first_and_keys_keep_the_order_of_the_record() -> None:
    names = [field.name for field in fields(DocumentResult) if field.name != "schema"]
    decided = Decision("term", "", "absent", "anna", "2026-11-22T10:00:00Z")
    line = results_line(DocumentResult("a", "failed", decisions=(decided,)))
    assert list(json.loads(line)) == ["schema", *names]


def test_only_a_document_that_people_looked_at_has_decisions() -> None:
    assert "decisions" not in json.loads(results_line(DocumentResult("a", "failed")))


def test_the_order_in_which_mappings_were_filled_does_not_show() -> None:
    one = DocumentResult(
        "a",
        "succeeded",
        facts=(fact(attributes={"role": "buyer", "alias": "B"}),),
        versions={"parse": "1", "check": "2"},
    )
    other = replace(
        one,
        facts=(fact(attributes={"alias": "B", "role": "buyer"}),),
        versions={"check": "2", "parse": "1"},
    )
    assert results_line(one) == results_line(other)


def test_what_a_warning_or_a_finding_has_not_is_left_out() -> None:
    line = results_line(
        DocumentResult(
            "a",
            "succeeded",
            warnings=(Warning("x", "X."), Warning("y", "Y.", 2)),
            findings=(Finding("r", "0", "pass", "low", "Fine."),),
        )
    )
    record = json.loads(line)
    assert record["warnings"] == [
        {"code": "x", "message": "X."},
        {"code": "y", "message": "Y.", "page": 2},
    ]
    assert set(record["findings"][0]) == {
        "rule",
        "playbook_sha256",
        "result",
        "severity",
        "message",
        "fact_ids",
    }
    assert record["error"] is None


@pytest.mark.parametrize(
    "change",
    [{"status": "lost"}, {"schema": "lexmill.io/results/v2"}, {"uri": None}, {"facts": [{}]}],
)
def test_another_record_is_refused(change: dict[str, object]) -> None:
    record = json.loads(results_line(DocumentResult("a", "failed"))) | change
    assert not VALIDATOR.is_valid(record)
    with pytest.raises(msgspec.ValidationError):
        read_result(json.dumps(record).encode())


def test_a_key_that_nobody_knows_is_not_valid() -> None:
    record = json.loads(results_line(DocumentResult("a", "failed")))
    assert VALIDATOR.is_valid(record)
    assert record["schema"] == SCHEMA
    assert not VALIDATOR.is_valid(record | {"extra": 1})
