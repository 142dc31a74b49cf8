"""``report.xlsx``: documents × fields, every cell a string and linked to its evidence, and what a
person should look at, with cells for their decisions.

openpyxl in its write-only mode: constant memory, and about 4 s for 400 documents of 60 facts.
Three limits of Excel are kept, since a file beyond them is "repaired" by throwing content away:
32,767 UTF-16 units a cell, 65,530 links a sheet, 1,048,576 rows a sheet.
"""

import re
import shutil
import tempfile
import zipfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.writer.excel import ExcelWriter

from lexmill_legal.clause_kinds import CLAUSE_KINDS
from lexmill_legal.decisions import CLAUSE, value_key
from lexmill_legal.playbook import operands
from lexmill_legal.playbook.kinds import FIELD_KINDS
from lexmill_legal.relations import Relation
from lexmill_legal.reports.measured import precision_of
from lexmill_legal.reports.names import (
    attributes_text,
    document_file,
    field_label,
    normalized_text,
    percentage,
)
from lexmill_legal.reports.review_rows import Row, decisions_of, fact_key, review_rows
from lexmill_legal.reports.row_keys import key_text
from lexmill_legal.results import (
    FIELDS,
    SINGLE_VALUED,
    Clause,
    Decision,
    DocumentResult,
    Fact,
)

_MAX_UNITS = 32_767
_MAX_LINKS = 65_530
_MAX_REVIEW_LINKS = 10_000
"""Each is kept in memory until the file is written; nobody looks at so many rows."""
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
CHOICES = ("accept", "correct", "reject", "not in the document", "reopen")
"""What stands in the list of the cells "Decision"."""

_ANSWERS = (
    ("Decision", 19),
    ("Correct value", 26),
    ("Its quote", 26),
    ("Comment", 30),
    ("Reviewer", 16),
)
"""The columns for the person; the rest is the report's own."""
_KEY = (("Key", 12),)
_REVIEW = (
    ("Document", 34),
    ("Field", 20),
    ("Value", 30),
    ("Candidates", 40),
    ("Quote", 50),
    *_ANSWERS,
    ("Why", 50),
    ("Severity", 10),
    ("Confidence", 11),
    ("Measured precision", 22),
    ("Page", 8),
    ("Evidence", 16),
    ("Decided before", 30),
    *_KEY,
)
_CLAUSES = (("Document", 34), *((field_label(kind), 16) for kind in CLAUSE_KINDS))
_RELATIONS = (("Relation", 16), ("Document", 44), ("With", 60), ("Likeness", 10), ("Found by", 24))
_LEGEND = (("Field", 28), ("Name", 24), ("Values", 12), ("Written as", 60), ("Precision", 40))
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
    *_ANSWERS,
    *_KEY,
)
_TO_DECIDE = (
    "Choose in the column Decision of the sheet Review or Evidence, save the file, and run"
    " `lexmill review import report.xlsx`. Rows may be sorted, filtered and deleted."
)
_HOW = (
    ("To decide", _TO_DECIDE),
    ("accept", "the value is right"),
    ("correct", "the right value stands in Correct value; Its quote may say where, word by word"),
    ("reject", "what was found is not it, and what is right is not said"),
    ("not in the document", "there is none; of one value among many the same as reject"),
    ("reopen", "takes an earlier decision back"),
)


class _Entry(msgspec.Struct, array_like=True):
    """A cell before it is written: its text and where it leads, inside or outside the workbook."""

    text: str
    location: str | None = None
    target: str | None = None


_Cells = list[_Entry | None]
_cells = msgspec.msgpack.Decoder(_Cells)


class Workbook:
    """Takes one result after the other; ``save`` ends it.

    What could not be read, or not wholly, comes first in the sheets "Documents" and "Clauses": the
    rows of the others wait in a temporary file. So do those of "Review", which come by their risk.
    """

    def __init__(self, *, link_pages: bool = False) -> None:
        self._link_pages = link_pages
        self._book = openpyxl.Workbook(write_only=True)
        self._documents = _Sheet(self._book, "Documents", _DOCUMENTS)
        self._review = _Sheet(self._book, "Review", _REVIEW, most_links=_MAX_REVIEW_LINKS)
        self._findings = _Sheet(self._book, "Findings", _FINDINGS)
        self._evidence = _Sheet(self._book, "Evidence", _EVIDENCE)
        self._clauses = _Sheet(self._book, "Clauses", _CLAUSES)
        self._relations = _Sheet(self._book, "Relations", _RELATIONS)
        self._legend = _Sheet(self._book, "Legend", _LEGEND)
        self._waiting = _Waiting()
        self._reviews = _Waiting()
        self._risks = array("d")
        self._reviewed: set[bytes] = set()

    def add(self, result: DocumentResult) -> None:
        decided = decisions_of(result)
        places = []
        for fact in result.facts:
            seen = _seen(result, fact)
            key = fact_key(result.sha256, fact, seen, decided) if result.sha256 else None
            shown = (result.uri, fact.field, fact.value)
            text = key_text(key, shown) if key else ""
            places.append(self._evidence.append(_evidence_row(result, fact, text)))
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
        self._add_reviews(result, by_id)
        rows = (self._document_row(result, places), _clauses_row(result))
        if result.status != "succeeded" or result.warnings:
            self._documents.append(rows[0])
            self._clauses.append(rows[1])
        else:
            for row in rows:
                self._waiting.add(row)

    def _add_reviews(self, result: DocumentResult, places: dict[str, str]) -> None:
        """The same bytes a second time are decided with the first."""
        if result.sha256 is not None:
            digest = result.sha256.encode(errors="replace")[:32]
            if digest in self._reviewed:
                return
            self._reviewed.add(digest)
        for row in review_rows(result):
            place = places.get(row.fact.id) if row.fact else None
            self._reviews.add(_review_row(result, row, place, link_page=self._link_pages))
            self._risks.append(row.risk)

    def save(self, target: IO[bytes], relations: Iterable[Relation] = ()) -> None:
        waiting = iter(self._waiting)
        for row in waiting:
            self._documents.append(row)
            self._clauses.append(next(waiting))
        # Stable: what weighs the same stays in the order of the documents.
        for number in sorted(range(len(self._risks)), key=lambda n: -self._risks[n]):
            self._review.append(self._reviews.at(number))
        for relation in relations:
            self._relations.append(_relation_row(relation))
        for row in _legend_rows():
            self._legend.append(row)
        self._waiting.close()
        self._reviews.close()
        for sheet in (
            self._documents,
            self._review,
            self._findings,
            self._evidence,
            self._clauses,
            self._relations,
            self._legend,
        ):
            sheet.close()
        properties = self._book.properties
        properties.creator = "Lexmill"
        properties.created = properties.modified = _EPOCH
        with _SteadyZip(target, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(self._book, archive).write_data()

    def _document_row(self, result: DocumentResult, places: Sequence[str]) -> _Cells:
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


def _seen(result: DocumentResult, fact: Fact) -> tuple[str, ...]:
    """What the engine proposed for the item: of a field with one value, all candidates."""
    several = fact.field not in SINGLE_VALUED
    facts = [fact] if several else [each for each in result.facts if each.field == fact.field]
    return tuple(dict.fromkeys(value_key(each.value, each.normalized) for each in facts))


def _evidence_row(result: DocumentResult, fact: Fact, key: str) -> _Cells:
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
    return [*(_Entry(text) for text in texts), *_BLANK, _Entry(key)]


# Not even empty cells, which would make the file half as large again: their columns have a style.
_BLANK = (None,) * len(_ANSWERS)


def _review_row(result: DocumentResult, row: Row, place: str | None, *, link_page: bool) -> _Cells:
    label = _label(row.key.field)
    item = (label, row.shown, "\n".join(row.candidates), row.quote)
    about = (
        "\n".join(row.why),
        row.severity or "",
        "" if row.confidence is None else percentage(row.confidence),
        precision_of(row.key.field),
        _number(row.page),
    )
    return [
        _page_link(result, row.fact) if link_page else _Entry(result.uri),
        *(_Entry(text) for text in item),
        *_BLANK,
        *(_Entry(text) for text in about),
        _Entry("evidence" if place else "", location=place),
        _Entry("" if row.decision is None else _decision_text(row.decision)),
        _Entry(key_text(row.key, (result.uri, label, row.shown))),
    ]


def _page_link(result: DocumentResult, fact: Fact | None) -> _Entry:
    """To the document's page, and there to the marked words."""
    marked = fact is not None and fact.start is not None
    anchor = f"f{result.facts.index(fact)}" if fact is not None and marked else None
    return _Entry(result.uri, location=anchor, target=document_file(result.uri))


def _label(field: str) -> str:
    if field.startswith(CLAUSE):
        return f"Clause: {field_label(field.removeprefix(CLAUSE))}"
    return field_label(field)


def _decision_text(decision: Decision) -> str:
    comment = f": {decision.comment}" if decision.comment else ""
    when = decision.decided_at.replace("T", " ").removesuffix("Z")
    return f"{decision.decision} by {decision.reviewer}, {when} UTC{comment}"


def _clauses_row(result: DocumentResult) -> _Cells:
    clauses = {clause.kind: clause for clause in result.clauses}
    return [
        _Entry(result.uri),
        *(_Entry(_presence(clauses.get(kind))) for kind in CLAUSE_KINDS),
    ]


def _presence(clause: Clause | None) -> str:
    if clause is None:
        return ""
    if clause.firm:
        return "present" if clause.present else "absent"
    return f"? {percentage(clause.score)}"


def _relation_row(relation: Relation) -> _Cells:
    first, *others = relation.uris
    lines = others[:_MAX_LINES]
    if len(others) > _MAX_LINES:
        lines.append(f"… and {len(others) - _MAX_LINES} more in relations.jsonl")
    return [
        _Entry(relation.kind.replace("_", " ")),
        _Entry(first),
        _Entry("\n".join(lines)),
        _Entry("" if relation.likeness is None else percentage(relation.likeness)),
        _Entry(", ".join(relation.evidence)),
    ]


def _legend_rows() -> Iterator[_Cells]:
    for field in FIELDS:
        texts = (
            field_label(field),
            field,
            "one" if field in SINGLE_VALUED else "several",
            operands.asked(FIELD_KINDS[field]),
            precision_of(field),
        )
        yield [_Entry(text) for text in texts]
    yield [_Entry("A ? is before a value that is not firm: please look at it.")]
    for name, text in _HOW:
        yield [_Entry(name), _Entry(""), _Entry(""), _Entry(text)]


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


class _Waiting:
    """Rows that are written later, in a file that is in memory while it is small."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115
        self._starts = array("q")
        self._end = 0

    def add(self, row: _Cells) -> None:
        packed = msgspec.msgpack.encode(row)
        self._file.write(packed)
        self._starts.append(self._end)
        self._end += len(packed)

    def at(self, number: int) -> _Cells:
        start = self._starts[number]
        after = number + 1
        end = self._starts[after] if after < len(self._starts) else self._end
        self._file.seek(start)
        return _cells.decode(self._file.read(end - start))

    def __iter__(self) -> Iterator[_Cells]:
        return (self.at(number) for number in range(len(self._starts)))

    def close(self) -> None:
        self._file.close()


class _Sheet:
    """Rows of strings in one sheet, and in a next one when it is full."""

    def __init__(
        self,
        book: openpyxl.Workbook,
        title: str,
        columns: Sequence[tuple[str, int]],
        *,
        most_links: int = _MAX_LINKS,
    ) -> None:
        self._book = book
        self._most_links = most_links
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
            self._sheet.column_dimensions[letter].number_format = "@"
        # Hidden and not locked: a protected sheet could not be sorted.
        self._hide("Key")
        self._links = 0
        self._plain = self._styled()
        self._like_formula = self._styled(quoted=True)
        self._link = self._styled(Font(color="0B5394", underline="single"))
        self._like_formula_link = self._styled(
            Font(color="0B5394", underline="single"), quoted=True
        )
        header = self._styled(Font(bold=True), PatternFill("solid", fgColor="E7E6E0"))
        answer = self._styled(Font(bold=True), PatternFill("solid", fgColor="FFF2CC"))
        answers = {name for name, _ in _ANSWERS}
        self._rows = 0
        self._write(
            [self._cell(name, answer if name in answers else header) for name, _ in self._columns]
        )

    def _hide(self, column: str) -> None:
        for number, (name, _) in enumerate(self._columns, start=1):
            if name == column:
                self._sheet.column_dimensions[get_column_letter(number)].hidden = True

    def _offer_choices(self) -> None:
        """A list to choose from, in all rows at once."""
        for number, (name, _) in enumerate(self._columns, start=1):
            if name == "Decision" and self._rows > 1:
                choice = DataValidation(
                    "list",
                    formula1=f'"{",".join(CHOICES)}"',
                    allow_blank=True,
                    showErrorMessage=True,
                    errorTitle="Decision",
                    error=f"Choose one of: {', '.join(CHOICES)}.",
                )
                letter = get_column_letter(number)
                choice.add(f"{letter}2:{letter}{self._rows}")
                self._sheet.data_validations.append(choice)

    def append(self, row: Iterable[_Entry | None]) -> str:
        """Write a row; the answer is where it stands, as a link's location."""
        if self._rows == _MAX_ROWS:
            self.close()
            self._start()
        self._write([entry and self._entry_cell(entry) for entry in row])
        return f"'{self.title}'!A{self._rows}"

    def close(self) -> None:
        last = get_column_letter(len(self._columns))
        self._sheet.auto_filter.ref = f"A1:{last}{self._rows}"
        self._offer_choices()
        self._sheet.close()

    def _write(self, cells: list[Any]) -> None:
        self._sheet.append(cells)
        self._rows += 1

    def _entry_cell(self, entry: _Entry) -> Any:
        text = cell_text(entry.text)
        linked = (entry.location or entry.target) and self._links < self._most_links
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
