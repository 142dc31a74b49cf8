"""``report.xlsx``: documents × fields, every cell a string and linked to its evidence.

openpyxl in its write-only mode: constant memory, and about 4 s for 400 documents of 60 facts.
Three limits of Excel are kept, since a file beyond them is "repaired" by throwing content away:
32,767 UTF-16 units a cell, 65,530 links a sheet, 1,048,576 rows a sheet.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

from lexmill_legal.reports.names import (
    attributes_text,
    document_file,
    field_label,
    normalized_text,
)
from lexmill_legal.results import FIELDS, DocumentResult, Fact

_MAX_UNITS = 32_767
_MAX_LINKS = 65_530
_MAX_ROWS = 1_048_576
_CUT = "… [cut: see results.jsonl]"
_MAX_LINES = 40

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LIKE_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_LIKE_FORMULA = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠", "|", "%")

_EPOCH = datetime(1980, 1, 1)  # noqa: DTZ001 - the format's dates bear no zone
_GRID_FIELDS = tuple(field for field in FIELDS if field != "document_type")
_DOCUMENTS = (
    ("Document", 34),
    ("Status", 11),
    ("Reason", 40),
    ("Warnings", 10),
    ("Document type", 20),
    ("Languages", 11),
    *((field_label(field), 26) for field in _GRID_FIELDS),
    ("Other facts", 26),
)
_FINDINGS = (
    ("Rule", 26),
    ("Result", 10),
    ("Severity", 10),
    ("Message", 60),
    ("Document", 34),
    ("Quote", 60),
    ("Evidence", 16),
)
_EVIDENCE = (
    ("Document", 34),
    ("Field", 22),
    ("Value", 34),
    ("Normalized", 22),
    ("Quote", 60),
    ("Page", 8),
    ("Start", 10),
    ("End", 10),
    ("Method", 10),
    ("Confidence", 11),
    ("Firm", 8),
    ("Attributes", 34),
)


class _Entry(msgspec.Struct, array_like=True):
    """A cell before it is written: its text and where it leads, inside or outside the workbook."""

    text: str
    location: str | None = None
    target: str | None = None


_Row = list[_Entry]
_rows = msgspec.msgpack.Decoder(_Row)


class Workbook:
    """Takes one result after the other; ``save`` ends it.

    What could not be read, or not wholly, comes first in the sheet "Documents": the rows of the
    others wait in a temporary file.
    """

    def __init__(self, *, link_pages: bool = False) -> None:
        self._link_pages = link_pages
        self._book = openpyxl.Workbook(write_only=True)
        self._documents = _Sheet(self._book, "Documents", _DOCUMENTS)
        self._findings = _Sheet(self._book, "Findings", _FINDINGS)
        self._evidence = _Sheet(self._book, "Evidence", _EVIDENCE)
        self._waiting = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115

    def add(self, result: DocumentResult) -> None:
        places = [self._evidence.append(_evidence_row(result, fact)) for fact in result.facts]
        by_id = {fact.id: place for fact, place in zip(result.facts, places, strict=True)}
        for finding in result.findings:
            place = next((by_id[key] for key in finding.fact_ids if key in by_id), None)
            self._findings.append(
                [
                    _Entry(finding.rule),
                    _Entry(finding.result),
                    _Entry(finding.severity),
                    _Entry(finding.message),
                    _Entry(result.uri),
                    _Entry(finding.quote or ""),
                    _Entry("evidence" if place else "", location=place),
                ]
            )
        row = self._document_row(result, places)
        if result.status != "succeeded" or result.warnings:
            self._documents.append(row)
        else:
            packed = msgspec.msgpack.encode(row)
            self._waiting.write(len(packed).to_bytes(4, "big") + packed)

    def save(self, target: IO[bytes]) -> None:
        self._waiting.seek(0)
        while size := self._waiting.read(4):
            row = _rows.decode(self._waiting.read(int.from_bytes(size, "big")))
            self._documents.append(row)
        self._waiting.close()
        for sheet in (self._documents, self._findings, self._evidence):
            sheet.close()
        properties = self._book.properties
        properties.creator = "Lexmill"
        properties.created = properties.modified = _EPOCH
        with _SteadyZip(target, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(self._book, archive).write_data()

    def _document_row(self, result: DocumentResult, places: Sequence[str]) -> _Row:
        cells: dict[str, list[tuple[str, str]]] = {}
        for fact, place in zip(result.facts, places, strict=True):
            known = fact.field in FIELDS
            text = _fact_text(fact) if known else f"{fact.field}: {_fact_text(fact)}"
            cells.setdefault(fact.field if known else "", []).append((text, place))
        page = document_file(result.uri) if self._link_pages else None
        return [
            _Entry(result.uri, target=page),
            _Entry(result.status),
            _Entry(_reason(result)),
            _Entry(str(len(result.warnings)) if result.warnings else ""),
            _linked(cells.get("document_type", [])),
            _Entry(", ".join(result.languages)),
            *(_linked(cells.get(field, [])) for field in _GRID_FIELDS),
            _linked(cells.get("", [])),
        ]


def _reason(result: DocumentResult) -> str:
    pages = [(w, f" (page {w.page})" if w.page is not None else "") for w in result.warnings]
    lines = [result.error.message] if result.error else []
    return "\n".join(
        lines + [f"{warning.message or warning.code}{page}" for warning, page in pages]
    )


def _evidence_row(result: DocumentResult, fact: Fact) -> _Row:
    texts = (
        result.uri,
        fact.field,
        fact.value,
        normalized_text(fact.normalized),
        fact.quote or "",
        _number(fact.page),
        _number(fact.start),
        _number(fact.end),
        fact.method,
        f"{fact.confidence:.2f}",
        "yes" if fact.firm else "no",
        attributes_text(fact),
    )
    return [_Entry(text) for text in texts]


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _fact_text(fact: Fact) -> str:
    """The value on one line, with its role and its normal form where that says more."""
    value = " ".join(fact.value.split())
    role = fact.attributes.get("role")
    normalized = normalized_text(fact.normalized)
    said = f" [{normalized}]" if normalized and normalized.casefold() != value.casefold() else ""
    return f"{'' if fact.firm else '? '}{value}{f' ({role})' if role else ''}{said}"


def _linked(values: Sequence[tuple[str, str]]) -> _Entry:
    """All values of one field, one a line; the cell leads to the first one's evidence."""
    if not values:
        return _Entry("")
    lines = [text for text, _ in values[:_MAX_LINES]]
    if len(values) > _MAX_LINES:
        lines.append(f"… and {len(values) - _MAX_LINES} more in the sheet Evidence")
    return _Entry("\n".join(lines), location=values[0][1])


def cell_text(text: str) -> str:
    """A text as a cell can hold it; Excel reads ``_x0041_`` as "A" unless it is escaped."""
    clean = _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    clean = _LIKE_ESCAPE.sub("_x005F_", clean)
    if len(clean) * 2 <= _MAX_UNITS or len(clean.encode("utf-16-le")) // 2 <= _MAX_UNITS:
        return clean
    room = (_MAX_UNITS - len(_CUT)) * 2
    return clean.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + _CUT


class _Sheet:
    """Rows of strings in one sheet, and in a next one when it is full."""

    def __init__(
        self, book: openpyxl.Workbook, title: str, columns: Sequence[tuple[str, int]]
    ) -> None:
        self._book = book
        self._title = title
        self._columns = columns
        self._count = 0
        self._start()

    def _start(self) -> None:
        self._count += 1
        self.title = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet: Any = self._book.create_sheet(self.title)
        self._sheet.freeze_panes = "B2"
        for number, (_, width) in enumerate(self._columns, start=1):
            letter = get_column_letter(number)
            self._sheet.column_dimensions[letter].width = width
        self._links = 0
        self._plain = self._styled()
        self._like_formula = self._styled(quoted=True)
        self._link = self._styled(Font(color="0B5394", underline="single"))
        self._like_formula_link = self._styled(
            Font(color="0B5394", underline="single"), quoted=True
        )
        header = self._styled(Font(bold=True), PatternFill("solid", fgColor="E7E6E0"))
        self._rows = 0
        self._write([self._cell(name, header) for name, _ in self._columns])

    def append(self, row: Iterable[_Entry]) -> str:
        """Write a row; the answer is where it stands, as a link's location."""
        if self._rows == _MAX_ROWS:
            self.close()
            self._start()
        self._write([self._entry_cell(entry) for entry in row])
        return f"'{self.title}'!A{self._rows}"

    def close(self) -> None:
        last = get_column_letter(len(self._columns))
        self._sheet.auto_filter.ref = f"A1:{last}{self._rows}"
        self._sheet.close()

    def _write(self, cells: list[Any]) -> None:
        self._sheet.append(cells)
        self._rows += 1

    def _entry_cell(self, entry: _Entry) -> Any:
        text = cell_text(entry.text)
        linked = (entry.location or entry.target) and self._links < _MAX_LINKS
        if text.startswith(_LIKE_FORMULA):
            cell = self._cell(text, self._like_formula_link if linked else self._like_formula)
        else:
            cell = self._cell(text, self._link if linked else self._plain)
        if linked:
            self._links += 1
            cell.hyperlink = Hyperlink(ref="", location=entry.location, target=entry.target)
        return cell

    def _cell(self, text: str, style: Any) -> Any:
        cell: Any = WriteOnlyCell(self._sheet)
        # Not through `cell.value`, which would make a formula of "=1+1" and an error of "#N/A";
        # a shared style, as each cell's own would double the time.
        cell._value = text  # noqa: SLF001
        cell.data_type = "s"
        cell._style = style  # noqa: SLF001
        return cell

    def _styled(
        self, font: Font | None = None, fill: PatternFill | None = None, *, quoted: bool = False
    ) -> Any:
        """A style for many cells; ``quoted`` keeps "=1+1" a text even after somebody edits it."""
        cell: Any = WriteOnlyCell(self._sheet)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.number_format = "@"
        if font:
            cell.font = font
        if fill:
            cell.fill = fill
        cell.quotePrefix = quoted
        return cell._style  # noqa: SLF001


class _SteadyZip(zipfile.ZipFile):
    """A ZIP file without the hour at which it was written."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        super().writestr(self._steady(zinfo_or_arcname), data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        with Path(filename).open("rb") as source, self.open(self._steady(arcname), "w") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    @staticmethod
    def _steady(name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, _EPOCH.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3
        info.external_attr = 0o644 << 16
        return info
