"""The sample job, as `make run` runs it: all of it is there, and nothing is done twice."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import openpyxl
import pytest
from icalendar import Calendar

from lexmill_legal.parsing import parse
from lexmill_legal.result_lines import read_result, results_schema
from lexmill_legal.results import DocumentResult
from lexmill_workers.sandbox import is_installed
from tests.system.commands import SAMPLES, Ended, Workplace, workplace

pytestmark = pytest.mark.system

COMMAND = ("run", SAMPLES / "contracts", "--playbook", SAMPLES / "playbook.yaml", "--json")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("samples")) as place:
        yield place


@pytest.fixture(scope="module")
def first_run(place: Workplace) -> Ended:
    return place.run(*COMMAND)


@pytest.fixture(scope="module")
def out(place: Workplace, first_run: Ended) -> Path:
    return place.path(first_run.answer["out"])


@pytest.fixture(scope="module")
def results(out: Path) -> list[DocumentResult]:
    return [read_result(line) for line in (out / "results.jsonl").read_bytes().splitlines()]


def test_every_sample_succeeds(first_run: Ended) -> None:
    assert first_run.code == 0, first_run.stderr
    documents = first_run.answer["documents"]
    files = len(list((SAMPLES / "contracts").iterdir()))
    assert documents == {
        "total": files + 2,  # a mail has two attachments
        "succeeded": documents["total"],
        "failed": 0,
        "dead": 0,
    }


def test_stdout_is_one_json_object_and_stderr_is_for_people(first_run: Ended) -> None:
    assert first_run.stdout.count("\n") == 1
    assert set(first_run.answer) == {"documents", "seconds", "out"}
    _assert_for_people(first_run.stderr)
    for report in ("index.html", "report.xlsx", "results.jsonl"):
        assert f"{first_run.answer['out']}/{report}" in first_run.stderr


def test_each_line_is_valid_and_sorted(out: Path, results: list[DocumentResult]) -> None:
    validator = jsonschema.Draft202012Validator(results_schema())
    for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))
    uris = [result.uri for result in results]
    assert uris == sorted(uris)
    assert {result.parent for result in results} == {None, "renewal-notice.eml"}


def test_every_fact_is_where_it_says(out: Path, results: list[DocumentResult]) -> None:
    """The text layer is UTF-8 with LF and without BOM; offsets are code points."""
    placed = 0
    for result in results:
        data = (out / "texts" / f"{result.text_sha256}.txt").read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        text = data.decode()
        for fact in result.facts:
            if fact.start is not None:
                assert text[fact.start : fact.end] == fact.quote, (result.uri, fact)
                placed += 1
        for revision in result.revisions:
            if revision.start is not None:
                assert 0 <= revision.start <= (revision.end or 0) <= len(text)
    assert placed > 10 * len(results)


def test_every_document_has_a_type_a_language_and_findings(results: list[DocumentResult]) -> None:
    assert {language for result in results for language in result.languages} >= {"en", "ru"}
    for result in results:
        assert result.facts, result.uri
        assert result.findings, result.uri


def test_the_workbook_opens_and_nothing_in_it_is_a_formula(
    out: Path, results: list[DocumentResult]
) -> None:
    book = openpyxl.load_workbook(out / "report.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    values = {cell.value for cell in cells}
    assert {result.uri for result in results} <= values
    book.close()


def test_all_links_of_the_pages_lead_somewhere(out: Path, results: list[DocumentResult]) -> None:
    pages = _pages(out / "index.html", set())
    assert len(pages) == 1 + len(results)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text), page  # needs no server


def test_the_calendar_and_the_redlines_open(out: Path, results: list[DocumentResult]) -> None:
    calendar = Calendar.from_ical((out / "obligations.ics").read_bytes())
    summaries = {str(event["summary"]) for event in calendar.walk("VEVENT")}
    assert "Contract ends: MASTER SERVICES AGREEMENT" in summaries
    redlines = sorted((out / "redlines").iterdir())
    assert redlines
    for path in redlines:
        changes = parse(path.read_bytes(), name=path.name).revisions
        author = "Lexmill playbook House rules for supply, service and confidentiality agreements"
        assert author in {change.author for change in changes}


def test_a_dry_run_shows_a_playbook_on_documents(place: Workplace, first_run: Ended) -> None:
    book = SAMPLES / "playbooks" / "postavka.yaml"
    dry = place.run("playbook", "dry-run", book, SAMPLES / "contracts", "--json")
    assert dry.code == 0, dry.stderr
    assert dry.answer["documents"] == first_run.answer["documents"]["total"]
    failed = {
        (finding["uri"], finding["rule"], finding["quote"])
        for finding in dry.answer["findings"]
        if finding["result"] == "fail"
    }
    assert failed == {("dogovor-postavki.docx", "нет-автопролонгации", "считается продлённым")}


def test_run_again_it_repeats_nothing_and_says_so(
    place: Workplace, first_run: Ended, out: Path
) -> None:
    before = (out / "results.jsonl").read_bytes()
    again = place.run(*COMMAND)
    assert again.code == 0
    assert again.answer["documents"] == first_run.answer["documents"]
    assert "Nothing had changed: every result was taken from an earlier run." in again.stderr
    assert (out / "results.jsonl").read_bytes() == before


def test_with_another_playbook_only_the_check_is_repeated(
    place: Workplace, first_run: Ended, out: Path
) -> None:
    playbook = place.path(
        "other.yaml", "rules:\n  - id: law\n    require: {fact: governing_law}\n    message: Law.\n"
    )
    again = place.run("run", SAMPLES / "contracts", "--playbook", playbook, "--json")
    assert again.code == 0, again.stderr
    assert "Only what had changed or failed was repeated (check);" in again.stderr
    lines = [read_result(line) for line in (out / "results.jsonl").read_bytes().splitlines()]
    assert {finding.rule for line in lines for finding in line.findings} == {"law"}


def test_what_cannot_be_read_fails_with_its_reason_and_holds_nothing_up(
    place: Workplace, first_run: Ended
) -> None:
    wide = replace(place, environment={"COLUMNS": "300"})
    ended = wide.run("run", SAMPLES / "broken", SAMPLES / "contracts" / "mutual-nda.docx", "--json")
    assert ended.code == 1
    # where Tesseract is installed, the scan is read
    scans = int(is_installed("tesseract"))
    assert ended.answer["documents"] == {
        "total": 7,
        "succeeded": 1 + scans,
        "failed": 6 - scans,
        "dead": 0,
    }
    out = place.path(ended.answer["out"])
    results = [read_result(line) for line in (out / "results.jsonl").read_bytes().splitlines()]
    errors = {result.uri.rpartition("/")[2]: result.error for result in results if result.error}
    assert {name: error.code for name, error in errors.items()} == {
        "cut.docx": "corrupt",
        "empty.txt": "empty",
        "encrypted.pdf": "encrypted",
        "random-bytes.pdf": "unknown_format",
        "truncated.pdf": "corrupt",
    } | ({} if scans else {"scan-without-text.pdf": "needs_ocr"})
    for error in errors.values():
        assert len(error.message) > 10
        assert error.message.endswith(".")
        assert error.message in ended.stderr
    _assert_for_people(ended.stderr)


def _assert_for_people(text: str) -> None:
    for word in ("Traceback", "Error(", "{", "WARNING", "lexmill_", "psycopg", "redis"):
        assert word not in text


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "src"} and value is not None:
                self.targets.add(value)
            if name == "id" and value is not None:
                self.ids.add(value)


def _read_links(page: Path) -> _Links:
    links = _Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


def _pages(page: Path, seen: set[Path]) -> set[Path]:
    """This page and all pages that one gets to from it."""
    seen.add(page)
    links = _read_links(page)
    for target in links.targets:
        parts = urlsplit(target)
        if parts.scheme in {"data", "mailto"}:
            continue
        assert not parts.scheme, (page, target)
        there = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert there.is_file(), (page, target)
        if there.suffix != ".html":
            continue
        if parts.fragment:
            assert unquote(parts.fragment) in _read_links(there).ids, (page, target)
        if there not in seen:
            _pages(there, seen)
    return seen
