"""All reports of a job in one pass, in memory that does not grow with the number of documents."""

import tempfile
from collections.abc import Callable, Collection, Iterable
from typing import IO, Literal, get_args

from lexmill_legal.relations import Relations, relation_line
from lexmill_legal.reports.document_page import document_page
from lexmill_legal.reports.index_page import Index
from lexmill_legal.reports.names import document_file, redline_file
from lexmill_legal.reports.obligations import FILE as CALENDAR
from lexmill_legal.reports.obligations import Obligations
from lexmill_legal.reports.workbook import Workbook
from lexmill_legal.result_lines import results_line
from lexmill_legal.results import DocumentResult

Format = Literal["json", "xlsx", "html", "ics", "redline"]
FORMATS: tuple[Format, ...] = get_args(Format)

Sink = Callable[[str, bytes], None]

CHUNK_BYTES = 8 << 20
_IN_MEMORY_BYTES = 16 << 20


def write_reports(
    results: Iterable[DocumentResult],
    text_of: Callable[[str], str],
    sink: Sink,
    formats: Collection[Format] = FORMATS,
    redline_of: Callable[[DocumentResult], bytes] = lambda _: b"",
) -> None:
    """Give every file to ``sink`` as (name, content); ``text_of`` finds a text by its SHA-256,
    ``relations`` is asked when all results were read.

    ``results`` come sorted by uri. A large file comes in several calls one right after the other
    with the same name, each at most ``CHUNK_BYTES``: the sink appends. ``results.jsonl`` comes
    last of all: where it is, everything else is. ``redline_of`` has no bytes where there is none.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as lines:
        reports = _Reports(sink, formats, lines)
        for result in results:
            sha256 = result.text_sha256
            text = text_of(sha256) if sha256 is not None and reports.show_texts else ""
            reports.add(result, text, redline_of(result) if "redline" in formats else b"")
        reports.finish()


class _Reports:
    """What the documents add to; each report is there only where it is asked for."""

    def __init__(self, sink: Sink, formats: Collection[Format], lines: IO[bytes]) -> None:
        self._sink = sink
        self._formats = formats
        self._lines = lines if "json" in formats else None
        self._workbook = Workbook(link_pages="html" in formats) if "xlsx" in formats else None
        self._index = Index() if "html" in formats else None
        self._calendar = Obligations() if "ics" in formats else None
        self._relations = Relations() if {"json", "html", "xlsx"} & set(formats) else None
        self._texts: set[str] = set()
        self.show_texts = bool({"json", "html", "ics"} & set(formats))

    def add(self, result: DocumentResult, text: str, redline: bytes) -> None:
        if self._lines:
            self._lines.write(results_line(result) + b"\n")
            sha256 = result.text_sha256
            if sha256 is not None and sha256 not in self._texts:
                self._texts.add(sha256)
                _send(self._sink, f"texts/{sha256}.txt", text.encode())
        if self._relations:
            self._relations.add(result, text)
        if self._workbook:
            self._workbook.add(result)
        if self._calendar:
            self._calendar.add(result, text)
        if redline:
            _send(self._sink, redline_file(result.uri), redline)
        if self._index:
            self._index.add(result, has_redline=bool(redline))
            wanted = "redline" in self._formats
            page = document_page(result, text, redline=bool(redline) if wanted else None)
            _send(self._sink, document_file(result.uri), page.encode(errors="replace"))

    def finish(self) -> None:
        relations = list(self._relations.found()) if self._relations else []
        if self._index:
            page = self._index.page(relations, has_calendar=self._calendar is not None)
            _send(self._sink, "index.html", page.encode(errors="replace"))
        if self._workbook:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as book:
                self._workbook.save(book, relations)
                _copy(self._sink, "report.xlsx", book)
        if self._calendar:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as entries:
                self._calendar.save(entries)
                _copy(self._sink, CALENDAR, entries)
        if self._lines:
            found = b"".join(relation_line(relation) + b"\n" for relation in relations)
            _send(self._sink, "relations.jsonl", found)
            _copy(self._sink, "results.jsonl", self._lines)


def _send(sink: Sink, name: str, content: bytes) -> None:
    for start in range(0, len(content) or 1, CHUNK_BYTES):
        sink(name, content[start : start + CHUNK_BYTES])


def _copy(sink: Sink, name: str, source: IO[bytes]) -> None:
    source.seek(0)
    chunk = source.read(CHUNK_BYTES)
    sink(name, chunk)
    while chunk := source.read(CHUNK_BYTES):
        sink(name, chunk)
