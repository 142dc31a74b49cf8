import hashlib
import io
import json
import tracemalloc
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import openpyxl
import pytest
from selectolax.lexbor import LexborHTMLParser

from lexmill_legal.reports import FORMATS, Format, document_file, read_result, write_reports
from lexmill_legal.reports.writing import CHUNK_BYTES
from lexmill_legal.results import DocumentResult, ErrorRecord
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
    assert set(files) == texts | PAGES | {"index.html", "report.xlsx", "results.jsonl"}
    assert list(files)[-1] == "results.jsonl"
    for name, text in TEXTS.items():
        assert files[f"texts/{name}.txt"] == text.encode()
    lines = files["results.jsonl"].split(b"\n")
    assert lines.pop() == b""
    assert tuple(read_result(line) for line in lines) == RESULTS


@pytest.mark.parametrize(
    ("formats", "names"),
    [
        (("json",), {"results.jsonl", *(f"texts/{name}.txt" for name in TEXTS)}),
        (("xlsx",), {"report.xlsx"}),
        (("html",), PAGES | {"index.html"}),
        (("xlsx", "html"), PAGES | {"index.html", "report.xlsx"}),
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
    assert {node.attributes["href"] for node in index.css("a[href]")} == PAGES
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
    assert set(files) == {"index.html", "report.xlsx", "results.jsonl"}
    assert files["results.jsonl"] == b""


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
    text = "The Supplier delivers.\n" * 10_000
    count = 150

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
    assert peak_bytes < 20 * len(text)
