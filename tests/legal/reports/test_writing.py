import hashlib
import io
import json
import tracemalloc
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import openpyxl
import pytest
from selectolax.lexbor import LexborHTMLParser

from lexmill_legal.reports import FORMATS, Format, document_file, write_reports
from lexmill_legal.reports.names import redline_file
from lexmill_legal.reports.writing import CHUNK_BYTES
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import (
    DocumentResult,
    ErrorRecord,
    Finding,
    Warning,  # noqa: A004 - the design's word
)
from tests.legal.reports.making import fact


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


TEXTS = {sha256(text): text for text in ("A Ltd and B Ltd.\n", "Договор\n")}
FIRST, SECOND = TEXTS
RESULTS = (
    DocumentResult(
        "a.pdf", "succeeded", text_sha256=FIRST, facts=(fact(value="A Ltd", place=(0, 5)),)
    ),
    DocumentResult("b/a.pdf", "succeeded", text_sha256=SECOND),
    DocumentResult("b/copy of a.pdf", "succeeded", text_sha256=FIRST),
    DocumentResult("c.pdf", "failed", error=ErrorRecord("empty", "The file is empty.")),
)
PAGES = {document_file(result.uri) for result in RESULTS}


@dataclass
class Folder:
    """A sink that appends, and holds the writer to its promises."""

    files: dict[str, bytes] = field(default_factory=dict)
    _last: str = ""

    def add(self, name: str, piece: bytes) -> None:
        assert len(piece) <= CHUNK_BYTES
        assert name == self._last or name not in self.files, f"{name} comes in two goes"
        self.files[name] = self.files.get(name, b"") + piece
        self._last = name


def written(
    formats: Collection[Format] = FORMATS, results: tuple[DocumentResult, ...] = RESULTS
) -> dict[str, bytes]:
    folder = Folder()
    write_reports(iter(results), TEXTS.__getitem__, folder.add, formats)
    return folder.files


def test_every_file_is_written_and_the_lines_last_of_all() -> None:
    files = written()
    texts = {f"texts/{name}.txt" for name in TEXTS}
    assert set(files) == texts | PAGES | {
        "index.html",
        "obligations.ics",
        "relations.jsonl",
        "report.xlsx",
        "results.jsonl",
    }
    assert list(files)[-1] == "results.jsonl"
    for name, text in TEXTS.items():
        assert files[f"texts/{name}.txt"] == text.encode()
    lines = files["results.jsonl"].split(b"\n")
    assert lines.pop() == b""
    assert tuple(read_result(line) for line in lines) == RESULTS


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        (("json",), {"relations.jsonl", "results.jsonl", *(f"texts/{name}.txt" for name in TEXTS)}),
        (("xlsx",), {"report.xlsx"}),
        (("html",), PAGES | {"index.html"}),
        (("xlsx", "html"), PAGES | {"index.html", "report.xlsx"}),
        (("ics",), {"obligations.ics"}),
        ((), set()),
    ],
)
def test_only_what_is_asked_for(formats: tuple[Format, ...], names: set[str]) -> None:
    assert set(written(formats)) == names


def test_a_text_is_asked_for_only_where_it_is_shown() -> None:
    def refuse(name: str) -> str:
        raise AssertionError(name)

    formats: tuple[Format, ...] = ("xlsx",)
    write_reports(RESULTS, refuse, Folder().add, formats)


def test_pages_and_workbook_lead_to_files_that_are_there() -> None:
    files = written()
    index = LexborHTMLParser(files["index.html"].decode())
    linked = {node.attributes["href"] for node in index.css("a[href]")}
    assert linked == PAGES | {"obligations.ics"}
    for name in PAGES:
        page = LexborHTMLParser(files[name].decode())
        (back,) = page.css("nav a")
        assert back.attributes["href"] == "../index.html"
        assert PurePosixPath(name).parent.name == "documents"
    sheet = openpyxl.load_workbook(io.BytesIO(files["report.xlsx"]))["Documents"]
    targets = {row[0].hyperlink.target for row in sheet.iter_rows(min_row=2) if row[0].hyperlink}
    assert targets == PAGES


def test_without_pages_the_workbook_leads_to_none() -> None:
    book = written(("json", "xlsx"))["report.xlsx"]
    sheet = openpyxl.load_workbook(io.BytesIO(book))["Documents"]
    assert not any(row[0].hyperlink for row in sheet.iter_rows(min_row=2))


def test_a_failed_document_is_told_in_every_report() -> None:
    files = written()
    for name in ("index.html", document_file("c.pdf")):
        assert b"The file is empty." in files[name]
    sheet = openpyxl.load_workbook(io.BytesIO(files["report.xlsx"]))["Documents"]
    assert [cell.value for cell in sheet[2]][:3] == ["c.pdf", "failed", "The file is empty."]
    assert json.loads(files["results.jsonl"].splitlines()[-1])["error"]["code"] == "empty"


def test_the_same_results_are_the_same_bytes() -> None:
    assert written() == written()


def test_no_documents_make_empty_reports() -> None:
    files = written(results=())
    assert set(files) == {
        "index.html",
        "obligations.ics",
        "relations.jsonl",
        "report.xlsx",
        "results.jsonl",
    }
    assert files["results.jsonl"] == files["relations.jsonl"] == b""


def test_a_redline_is_written_where_there_is_one_and_linked() -> None:
    folder = Folder()
    first = RESULTS[0].uri
    failed = Finding("law", "0" * 64, "fail", "high", "Not our law.")
    write_reports(
        (replace(RESULTS[0], findings=(failed,)), *RESULTS[1:]),
        TEXTS.__getitem__,
        folder.add,
        redline_of=lambda result: b"PK" if result.uri == first else b"",
    )
    assert {name for name in folder.files if name.startswith("redlines/")} == {redline_file(first)}
    assert folder.files[redline_file(first)] == b"PK"
    for name in ("index.html", document_file(first)):
        assert redline_file(first).encode() in folder.files[name]
    assert b"redlines/" not in folder.files[document_file(RESULTS[1].uri)]


def test_redlines_that_nobody_asked_for_are_not_written() -> None:
    folder = Folder()
    formats: tuple[Format, ...] = ("html",)
    write_reports(RESULTS, TEXTS.__getitem__, folder.add, formats, redline_of=lambda _: b"PK")
    assert not any(name.startswith("redlines/") for name in folder.files)


def test_what_belongs_together_is_on_the_first_page_and_in_a_file() -> None:
    mail = DocumentResult("m.eml", "succeeded", sha256="1" * 64)
    part = DocumentResult("m.eml#1", "succeeded", parent="m.eml", sha256="2" * 64)
    copy = DocumentResult("n.docx", "succeeded", sha256="2" * 64)
    folder = Folder()
    write_reports([mail, part, copy], TEXTS.__getitem__, folder.add)
    kinds = [json.loads(line)["kind"] for line in folder.files["relations.jsonl"].splitlines()]
    assert kinds == ["duplicate", "attachment"]
    index = LexborHTMLParser(folder.files["index.html"].decode())
    titles = [node.text() for node in index.css("h2")]
    assert titles[-1] == "Belong together"
    rows = [node.text(separator=" ") for node in index.css("table")[-1].css("tbody tr")]
    assert rows == [
        "The same m.eml#1 n.docx same file",
        "Attached m.eml has  m.eml#1 came out of it",
    ]
    links = {node.attributes["href"] for node in index.css("table")[-1].css("a")}
    assert links == {document_file(each.uri) for each in (mail, part, copy)}


def test_what_could_not_be_read_comes_first_then_what_has_warnings() -> None:
    results = [
        DocumentResult("a", "succeeded"),
        DocumentResult("b", "succeeded", warnings=(Warning("page_without_text", "Page 2.", 2),)),
        DocumentResult("c", "failed", error=ErrorRecord("corrupt", "It is damaged.")),
    ]
    folder = Folder()
    formats: tuple[Format, ...] = ("html",)
    write_reports(results, TEXTS.__getitem__, folder.add, formats)
    index = LexborHTMLParser(folder.files["index.html"].decode())
    titles = [node.text() for node in index.css("h2")]
    assert titles == ["Not readable", "Read, but look at the warnings", "Read"]
    assert [node.text() for node in index.css("tbody a")] == ["c", "b", "a"]


def test_a_large_file_comes_in_pieces() -> None:
    text = "€" * CHUNK_BYTES
    folder = Folder()
    result = DocumentResult("a", "succeeded", text_sha256=sha256(text))
    write_reports([result], lambda _: text, folder.add, ("json", "html"))
    assert folder.files[f"texts/{sha256(text)}.txt"] == text.encode()
    assert text.encode() in folder.files[document_file("a")]


def test_each_result_is_written_before_the_next_one_is_asked_for() -> None:
    folder = Folder()

    def results() -> Iterator[DocumentResult]:
        for number, result in enumerate(RESULTS):
            assert len(PAGES & set(folder.files)) == number
            yield result

    write_reports(results(), TEXTS.__getitem__, folder.add)
    assert set(folder.files) >= PAGES


def test_memory_does_not_grow_with_the_texts() -> None:
    text = "The Supplier delivers.\n" * 4_000
    count = 60

    def results() -> Iterator[DocumentResult]:
        for number in range(count):
            party = fact(value="The Supplier", place=(0, 12))
            uri = f"{number:03}.txt"
            yield DocumentResult(uri, "succeeded", text_sha256=f"{number:064}", facts=(party,))

    sizes: dict[str, int] = {}

    def weigh(name: str, piece: bytes) -> None:
        sizes[name] = sizes.get(name, 0) + len(piece)

    tracemalloc.start()
    try:
        write_reports(results(), lambda _: text, weigh)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(sizes.values()) > 2 * count * len(text)
    assert peak_bytes < 40 * len(text)  # the words of one document, while it is compared
