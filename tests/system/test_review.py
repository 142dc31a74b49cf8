"""A lawyer decides in the report, takes it back in, and runs again."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lexmill_cli.local.processes import free_port
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult, Fact
from tests.system.commands import SAMPLES, Ended, Workplace, until, workplace

pytestmark = pytest.mark.system

NAMES = ("office-lease.txt", "mutual-nda.docx")
LEASE = NAMES[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("review")) as place:
        (place.folder / "contracts").mkdir()
        for name in NAMES:
            shutil.copy(SAMPLES / "contracts" / name, place.folder / "contracts")
        yield place


def run(place: Workplace) -> Ended:
    ended = place.run("run", "contracts", "--playbook", SAMPLES / "playbook.yaml", "--json")
    assert ended.code == 0, ended.stderr
    return ended


def results(place: Workplace, ended: Ended) -> dict[str, DocumentResult]:
    lines = (place.path(ended.answer["out"]) / "results.jsonl").read_bytes().splitlines()
    return {result.uri: result for result in map(read_result, lines)}


def facts(result: DocumentResult, field: str) -> list[Fact]:
    return [fact for fact in result.facts if fact.field == field]


def answer(book: openpyxl.Workbook, sheet: str, decided: dict[tuple[str, str], Any]) -> None:
    """Fill in rows by document and field, as a person does."""
    rows = book[sheet]
    names = {str(cell.value): number for number, cell in enumerate(rows[1], 1)}
    left = dict(decided)
    for row in range(2, rows.max_row + 1):
        key = (rows.cell(row, names["Document"]).value, rows.cell(row, names["Field"]).value)
        for column, text in left.pop(key, {}).items():
            rows.cell(row, names[column]).value = text
    assert not left, f"{left} is not in {sheet}"


def test_decisions_come_back_and_the_next_run_follows_them(place: Workplace) -> None:
    first = run(place)
    out: Path = place.path(first.answer["out"])
    before = results(place, first)[LEASE]
    assert not facts(before, "term")[0].firm
    (law,) = facts(before, "governing_law")
    book = openpyxl.load_workbook(out / "report.xlsx")
    answer(
        book,
        "Review",
        {
            (LEASE, "Term"): {"Decision": "accept", "Reviewer": "Anna Berg"},
            (LEASE, "Renewal term"): {
                "Decision": "correct",
                "Correct value": "5 years",
                "Comment": "clause 3.2",
                "Reviewer": "Anna Berg",
            },
            (LEASE, "Dispute forum"): {"Decision": "reject", "Reviewer": "Anna Berg"},
        },
    )
    answer(
        book,
        "Evidence",
        {(LEASE, "governing_law"): {"Decision": "correct", "Correct value": "US-NJ"}},
    )
    edited = place.folder / "edited.xlsx"
    book.save(edited)

    imported = place.run("review", "import", edited, "--reviewer", "otto", "--json")
    assert imported.code == 0, imported.stderr
    assert imported.answer == {"recorded": 4, "unchanged": 0, "problems": []}
    again = place.run("review", "import", edited, "--reviewer", "otto", "--json")
    assert again.answer == {"recorded": 0, "unchanged": 4, "problems": []}

    second = run(place)
    assert "Only what had changed or failed was repeated (check);" in second.stderr
    after = results(place, second)[LEASE]
    (term,) = facts(after, "term")
    assert (term.method, term.firm, term.confidence) == ("human", True, 1.0)
    assert (term.start, term.quote) == (facts(before, "term")[0].start, term.quote)
    assert term.attributes["decided_by"] == "Anna Berg"
    (renewal,) = facts(after, "renewal_term")
    assert (renewal.value, renewal.normalized) == ("5 years", "P5Y")
    assert facts(after, "dispute_forum") == []
    (changed,) = facts(after, "governing_law")
    assert (changed.value, changed.attributes["decided_by"]) == ("US-NJ", "otto")
    assert changed.attributes["engine_value"] == law.value
    assert changed.attributes["disagrees"] == "known"
    assert {one.field: one.decision for one in after.decisions} == {
        "term": "accepted",
        "renewal_term": "corrected",
        "dispute_forum": "rejected",
        "governing_law": "corrected",
    }
    verdicts = {finding.rule: finding.result for finding in after.findings}
    earlier = {finding.rule: finding.result for finding in before.findings}
    assert (earlier["end-is-known"], verdicts["end-is-known"]) == ("unknown", "pass")
    assert (earlier["governing-law-accepted"], verdicts["governing-law-accepted"]) != (
        "pass",
        "pass",
    )

    # what nobody decided about is as it was, and what was decided needs no look any more
    other = NAMES[1]
    assert results(place, second)[other] == results(place, first)[other]
    review = openpyxl.load_workbook(out / "report.xlsx")["Review"]
    listed = {(row[0], row[1]) for row in review.iter_rows(min_row=2, values_only=True)}
    assert not listed & {(LEASE, "Term"), (LEASE, "Renewal term"), (LEASE, "Dispute forum")}
    pages = "".join(page.read_text() for page in (out / "documents").glob("office-lease*.html"))
    assert "Anna Berg" in pages
    assert f"engine_value: {law.value}" in pages

    with running(place):
        _assert_trail(place)
        _assert_refused_whole(place, edited)


@contextmanager
def running(place: Workplace) -> Iterator[None]:
    """A system that the commands talk to, instead of starting one each."""
    with place.started("up", "--port", str(free_port())) as command:
        until((place.home / "url").exists)
        yield
        command.interrupt()
        command.wait()


def _assert_trail(place: Workplace) -> None:
    shown = place.run("audit", "show", "--json")
    entries = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [entry["number"] for entry in entries] == [1, 2, 3, 4]
    assert {entry["actor"] for entry in entries} == {"Anna Berg", "otto"}
    verdict = place.run("audit", "verify", "--json")
    assert verdict.code == 0, verdict.stderr
    head = verdict.answer["head"]
    noted = f"{head['number']}:{head['hash']}"
    assert noted in verdict.stderr
    export = place.folder / "audit.jsonl"
    assert place.run("audit", "export", export).code == 0
    assert place.run("audit", "verify", "--file", export, "--head", noted).code == 0
    lines = export.read_bytes().splitlines(keepends=True)
    export.write_bytes(lines[0] + lines[2] + lines[-1])
    broken = place.run("audit", "verify", "--file", export)
    assert broken.code == 1
    assert "broken at number 2: it is missing" in broken.stderr
    listed = place.run("review", "list", "--json")
    assert {json.loads(line)["field"] for line in listed.stdout.splitlines()} == {
        "term",
        "renewal_term",
        "dispute_forum",
        "governing_law",
    }


def _assert_refused_whole(place: Workplace, edited: Path) -> None:
    """Of an older report that somebody else answers, and of one with a mistake, nothing stays."""
    book = openpyxl.load_workbook(edited)
    answer(
        book,
        "Review",
        {
            (LEASE, "Term"): {"Decision": "not in the document", "Reviewer": "Karl"},
            (LEASE, "Renewal term"): {
                "Decision": "reject",
                "Correct value": None,
                "Reviewer": "Karl",
            },
        },
    )
    other = place.folder / "other.xlsx"
    book.save(other)
    conflict = place.run("review", "import", other, "--json")
    assert conflict.code == 1
    assert [problem["cell"].split("!")[0] for problem in conflict.answer["problems"]] == [
        "Review",
        "Review",
    ]
    assert "meanwhile Anna Berg has accepted it" in conflict.stderr
    answer(book, "Review", {(LEASE, "Term"): {"Decision": "maybe"}})
    book.save(other)
    mistaken = place.run("review", "import", other)
    assert mistaken.code == 2
    assert "'maybe' is no decision: choose one of accept" in mistaken.stderr
    assert "Nothing was recorded" in mistaken.stderr
    assert len(place.run("review", "list", "--json").stdout.splitlines()) == 4
