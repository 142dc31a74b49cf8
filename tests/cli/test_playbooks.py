"""`lexmill playbook`: what is typed reaches the engine, and each end has its sentence and code."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lexmill_cli.main import main
from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.playbook.schema import schema_text
from lexmill_legal.result_lines import results_line
from lexmill_legal.results import DocumentResult, ErrorRecord, ParsedDocument
from lexmill_legal.segment import segment

Lexmill = Callable[..., tuple[int, str, str]]

GOOD = """\
name: Ours
rules:
  - id: law
    allow: {fact: governing_law, values: [DE, IE]}
    severity: high
    message: Not our law.
    examples:
      good: [This Agreement is governed by the laws of Ireland.]
      bad: [This Agreement is governed by the laws of the State of Texas.]
  - id: penalty
    limit: {fact: percent, where: {role: penalty}, max: 10%}
    examples: {good: [a penalty of 5 % of the price], bad: [a penalty of 25 % of the price]}
"""
BAD = """\
rules:
  - id: a
    require: {fact: partie}
  - id: b
    limit: {fact: term, max: long}
"""


@pytest.fixture
def lexmill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Lexmill:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", "playbook", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def result(uri: str, text: str) -> DocumentResult:
    parsed = ParsedDocument("text/plain", text)
    classification, outline = classify(parsed), segment(parsed)
    found = extract(parsed, classification, outline)
    return DocumentResult(
        uri=uri,
        status="succeeded",
        languages=classification.languages,
        facts=found.facts,
        not_found=found.not_found,
        clauses=found.clauses,
    )


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """An earlier run's results."""
    lines = [
        result("a.txt", "This Agreement is governed by the laws of the State of Texas."),
        result("b.txt", "This Agreement is governed by the laws of Germany."),
        DocumentResult(uri="c.pdf", status="failed", error=ErrorRecord("corrupt", "It is cut.")),
    ]
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "results.jsonl"
    path.write_bytes(b"".join(results_line(line) + b"\n" for line in lines))
    return path


def test_check_says_what_is_valid(lexmill: Lexmill) -> None:
    assert lexmill("check", "good.yaml") == (0, "good.yaml: valid, 2 rules\n", "")


def test_check_says_where_each_rule_is_wrong(lexmill: Lexmill) -> None:
    code, out, err = lexmill("check", "good.yaml", "bad.yaml")
    assert (code, out) == (2, "good.yaml: valid, 2 rules\n")
    first, second = err.splitlines()
    assert first == "bad.yaml:3:21: unknown field 'partie'; did you mean 'party'?"
    assert second.startswith("bad.yaml:5:30: `max`: a duration such as P30D or 30 days is needed")


def test_check_as_json(lexmill: Lexmill) -> None:
    code, out, err = lexmill("check", "good.yaml", "bad.yaml", "--json")
    answer = json.loads(out)
    assert (code, err, answer["valid"]) == (2, "", False)
    good, bad = answer["playbooks"]
    assert (good["valid"], good["name"], good["rules"], good["problems"]) == (True, "Ours", 2, [])
    assert [(each["line"], each["column"]) for each in bad["problems"]] == [(3, 21), (5, 30)]


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_file_that_is_not_there(lexmill: Lexmill, command: str) -> None:
    assert lexmill(command, "none.yaml") == (2, "", "lexmill: none.yaml: no such file\n")


def test_a_file_that_is_no_text(lexmill: Lexmill, tmp_path: Path) -> None:
    (tmp_path / "book.yaml").write_bytes(b"rules: \xff")
    assert lexmill("check", "book.yaml") == (2, "", "lexmill: book.yaml: this is not UTF-8 text\n")


def test_test_tells_what_only_a_person_decides(lexmill: Lexmill) -> None:
    code, out, err = lexmill("test", "good.yaml")
    assert (code, err) == (0, "")
    assert "2 rules, 4 examples: 4 as they should be, 0 not." in out
    assert "(unknown until then): penalty" in out


def test_test_says_which_example_did_what_and_why(lexmill: Lexmill, tmp_path: Path) -> None:
    turned = GOOD.replace("of 5 %", "of 50 %").replace("of 25 %", "of 2 %")
    (tmp_path / "turned.yaml").write_text(turned, encoding="utf-8")
    code, out, _ = lexmill("test", "turned.yaml")
    assert code == 1
    assert (
        "turned.yaml:10: penalty: the good example 1 must not fail, but: unknown, and what was"
        " found is against the rule." in out
    )
    assert "the bad example 1 must fail, but: unknown, and what was found is in order." in out
    assert "    a penalty of 50 % of the price\n" in out


def test_test_as_json(lexmill: Lexmill) -> None:
    code, out, _ = lexmill("test", "good.yaml", "--json")
    answer = json.loads(out)
    assert (code, answer["ok"]) == (0, True)
    assert [
        (each["rule"], each["kind"], each["result"], each["leans"]) for each in answer["examples"]
    ] == [
        ("law", "good", "pass", "pass"),
        ("law", "bad", "fail", "fail"),
        ("penalty", "good", "unknown", "pass"),
        ("penalty", "bad", "unknown", "fail"),
    ]


def test_test_refuses_what_is_not_valid(lexmill: Lexmill) -> None:
    code, out, err = lexmill("test", "bad.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("lexmill: bad.yaml:3:21: unknown field 'partie'")


@pytest.mark.parametrize("path", ["out", "out/results.jsonl"])
def test_dry_run_checks_earlier_results_again(lexmill: Lexmill, earlier: Path, path: str) -> None:
    code, out, _ = lexmill("dry-run", "good.yaml", path)
    assert code == 1  # one document was not read
    assert "Not read: c.pdf: It is cut." in out
    rows = [line.split() for line in out.splitlines()]
    assert ["law", "high", "1", "–", "1", "–"] in rows
    assert ["penalty", "medium", "–", "2", "–", "–"] in rows
    assert "law: Not our law.\n  a.txt: “laws of the State of Texas”\n" in out


def test_dry_run_as_json(lexmill: Lexmill, earlier: Path) -> None:
    code, out, _ = lexmill("dry-run", "good.yaml", str(earlier), "--json")
    answer = json.loads(out)
    assert (code, answer["documents"], answer["unread"]) == (1, 3, ["c.pdf"])
    assert answer["rules"][0] == {
        "rule": "law", "severity": "high", "fail": 1, "unknown": 0, "pass": 1,
    }  # fmt: skip
    assert {(each["uri"], each["rule"], each["result"]) for each in answer["findings"]} == {
        ("a.txt", "law", "fail"),
        ("b.txt", "law", "pass"),
        ("a.txt", "penalty", "unknown"),
        ("b.txt", "penalty", "unknown"),
    }


def test_dry_run_refuses_lines_that_are_no_results(lexmill: Lexmill, earlier: Path) -> None:
    earlier.write_bytes(earlier.read_bytes() + b"{}\n")
    code, _, err = lexmill("dry-run", "good.yaml", "out")
    assert code == 2
    assert err == "lexmill: out/results.jsonl:4: this is no line of Lexmill's results\n"


def test_dry_run_takes_documents_or_results(lexmill: Lexmill, earlier: Path) -> None:
    code, _, err = lexmill("dry-run", "good.yaml", "out", "good.yaml")
    assert code == 2
    assert err == "lexmill: Name documents, or results of earlier runs, not both.\n"


def test_dry_run_of_what_is_not_there(lexmill: Lexmill) -> None:
    code, _, err = lexmill("dry-run", "good.yaml", "nowhere")
    assert (code, err) == (2, "lexmill: nowhere: no such file or folder\n")


def test_the_schema_is_printed(lexmill: Lexmill) -> None:
    assert lexmill("schema") == (0, schema_text(), "")
