"""All reports of a job in one pass, in memory that does not grow with the number of documents."""

import tempfile
from collections.abc import Callable, Collection, Iterable
from typing import IO, Literal, get_args

from lexmill_legal.reports.document_page import document_page
from lexmill_legal.reports.index_page import Index
from lexmill_legal.reports.lines import results_line
from lexmill_legal.reports.names import document_file
from lexmill_legal.reports.workbook import Workbook
from lexmill_legal.results import DocumentResult

Format = Literal["json", "xlsx", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)

Sink = Callable[[str, bytes], None]

CHUNK_BYTES = 8 << 20
_IN_MEMORY_BYTES = 16 << 20


def write_reports(
    results: Iterable[DocumentResult],
    text_of: Callable[[str], str],
    sink: Sink,
    formats: Collection[Format] = FORMATS,
) -> None:
    """Give every file to ``sink`` as (name, content); ``text_of`` finds a text by its SHA-256.

    ``results`` come sorted by uri. A large file comes in several calls one right after the other
    with the same name, each at most ``CHUNK_BYTES``: the sink appends. ``results.jsonl`` comes
    last of all: where it is, everything else is.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as lines:
        workbook = Workbook(link_pages="html" in formats) if "xlsx" in formats else None
        index = Index() if "html" in formats else None
        texts: set[str] = set()
        for result in results:
            sha256 = result.text_sha256
            wanted = sha256 is not None and (index or ("json" in formats and sha256 not in texts))
            text = text_of(sha256) if sha256 is not None and wanted else ""
            if "json" in formats:
                lines.write(results_line(result) + b"\n")
                if sha256 is not None and sha256 not in texts:
                    texts.add(sha256)
                    _send(sink, f"texts/{sha256}.txt", text.encode())
            if workbook:
                workbook.add(result)
            if index:
                index.add(result)
                page = document_page(result, text)
                _send(sink, document_file(result.uri), page.encode(errors="replace"))
        if index:
            _send(sink, "index.html", index.page().encode(errors="replace"))
        if workbook:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as book:
                workbook.save(book)
                _copy(sink, "report.xlsx", book)
        if "json" in formats:
            _copy(sink, "results.jsonl", lines)


def _send(sink: Sink, name: str, content: bytes) -> None:
    for start in range(0, len(content) or 1, CHUNK_BYTES):
        sink(name, content[start : start + CHUNK_BYTES])


def _copy(sink: Sink, name: str, source: IO[bytes]) -> None:
    source.seek(0)
    chunk = source.read(CHUNK_BYTES)
    sink(name, chunk)
    while chunk := source.read(CHUNK_BYTES):
        sink(name, chunk)
