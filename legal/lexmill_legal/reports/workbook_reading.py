"""The decisions that a person wrote into a ``report.xlsx``, read back strictly.

The file comes from outside: its size is known before anything is unpacked, formulas are no values,
links are never followed, and whatever else is wrong with it is a sentence, not an exception.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO, Any, Final, Literal

import openpyxl
from openpyxl.utils import get_column_letter

from lexmill_legal.decisions import is_clause, is_single, parse_value, refuse_reviewer, value_key
from lexmill_legal.reports.row_keys import RowKey, read_key
from lexmill_legal.reports.workbook import CHOICES

Choice = Literal["accept", "correct", "reject", "absent", "reopen"]

MOST_DECISIONS: Final = 20_000
_MOST_PARTS: Final = 2_000
_MOST_BYTES: Final = 4 << 30
"""Of all parts unpacked: a report on ten thousand documents has about one."""
_MOST_SMALL_BYTES: Final = 64 << 20
"""Of a part that is read as a whole."""
_MOST_STRINGS_BYTES: Final = 1 << 30
_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 60
_MOST_PROBLEMS: Final = 100
_HEAD: Final = 1 << 16
_DECLARATION: Final = re.compile(rb"<\x00?!\x00?(?:D\x00?O|E\x00?N)", re.IGNORECASE)
_LONGEST_COMMENT: Final = 4_000

_CHOICES: Final[dict[str, Choice]] = {
    "accept": "accept",
    "accepted": "accept",
    "correct": "correct",
    "corrected": "correct",
    "reject": "reject",
    "rejected": "reject",
    "not in the document": "absent",
    "absent": "absent",
    "reopen": "reopen",
}
_NEEDED: Final = ("Document", "Field", "Value")


class UnreadableWorkbookError(Exception):
    """The file as a whole is refused, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """``cell`` is "Review!F12"; ``message`` says what to do there."""

    cell: str
    message: str


@dataclass(frozen=True, slots=True)
class RowDecision:
    """What a person decided in one row; ``cells`` finds the cell of each part of it."""

    sheet: str
    row: int
    key: RowKey
    choice: Choice
    value: str | None
    quote: str | None
    comment: str | None
    reviewer: str | None
    cells: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadWorkbook:
    decisions: tuple[RowDecision, ...]
    problems: tuple[CellProblem, ...]


def read_workbook(source: IO[bytes]) -> ReadWorkbook:
    """Every row with a decision, or every cell that is wrong; UnreadableWorkbookError else."""
    _refuse_bomb(source)
    decisions: list[RowDecision] = []
    problems: list[CellProblem] = []
    sheets = 0
    try:
        with warnings.catch_warnings(action="ignore"):  # of what we do not look at
            book = openpyxl.load_workbook(source, read_only=True, keep_links=False)
        for sheet in book.worksheets:
            # What the file says of its own extent may be wrong, or a trap.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS)
            columns = _columns(next(rows, ()))
            if "Decision" not in columns:
                continue
            sheets += 1
            for found in _read_sheet(str(sheet.title), columns, rows):
                if isinstance(found, RowDecision):
                    decisions.append(found)
                else:
                    problems.append(found)
                if len(problems) >= _MOST_PROBLEMS or len(decisions) > MOST_DECISIONS:
                    break
    except Exception as error:  # a hostile file fails anywhere in openpyxl
        raise UnreadableWorkbookError(
            "this is no workbook that can be read: give the report.xlsx that Lexmill wrote, as"
            " saved by an office program in its own format (.xlsx)"
        ) from error
    if sheets == 0:
        raise UnreadableWorkbookError(
            "no sheet of this workbook has a column Decision: give the report.xlsx that Lexmill"
            " wrote, and keep its first rows"
        )
    if len(decisions) > MOST_DECISIONS:
        raise UnreadableWorkbookError(
            f"more than {MOST_DECISIONS:,} decisions are too many at once: delete some rows, import"
            " the file, and then one with the others"
        )
    return ReadWorkbook(tuple(decisions), (*problems, *_contradictions(decisions)))


def _refuse_bomb(source: IO[bytes]) -> None:
    """By what the archive says of itself; more than it says, no part gives."""
    try:
        with zipfile.ZipFile(source) as archive:
            _check_parts(archive)
    except UnreadableWorkbookError:
        raise
    except Exception as error:  # a damaged archive fails in many ways
        raise UnreadableWorkbookError(
            "this is no workbook (.xlsx): give the report.xlsx that Lexmill wrote; a file with a"
            " password has to be saved without it"
        ) from error
    source.seek(0)


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_BYTES:
        raise UnreadableWorkbookError("the workbook is larger than any report: it is refused")
    for part in parts:
        _check_part(archive, part)


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    name = part.filename.casefold()
    streamed = "worksheets/" in name and name.endswith(".xml")
    most = _MOST_STRINGS_BYTES if "sharedstrings" in name else _MOST_SMALL_BYTES
    if not streamed and part.file_size > most:
        raise UnreadableWorkbookError("the workbook is larger than any report: it is refused")
    if name.endswith((".xml", ".rels")):
        with archive.open(part) as content:
            head = content.read(_HEAD)
        # No office program declares entities, which can grow without end.
        if _DECLARATION.search(head):
            raise UnreadableWorkbookError("the workbook declares XML entities: it is refused")


def _columns(header: Sequence[Any]) -> dict[str, int]:
    """Where each column stands now; people move and add columns."""
    found: dict[str, int] = {}
    for number, cell in enumerate(header):
        if isinstance(cell.value, str):
            found.setdefault(cell.value.strip(), number)
    return found


def _read_sheet(
    title: str, columns: dict[str, int], rows: Iterator[Sequence[Any]]
) -> Iterator[RowDecision | CellProblem]:
    missing = [name for name in (*_NEEDED, "Key") if name not in columns]
    for number, cells in enumerate(rows, start=2):
        row = _RowReader(title, number, columns, cells)
        if not row.is_answered():
            continue
        if missing:
            yield CellProblem(
                f"{title}!1:1", f"the column {missing[0]} is missing: use a report that has it"
            )
            return
        try:
            yield row.decision()
        except _CellError as error:
            yield CellProblem(row.cell(error.column), str(error))


class _CellError(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


class _RowReader:
    def __init__(
        self, sheet: str, number: int, columns: dict[str, int], cells: Sequence[Any]
    ) -> None:
        self._sheet = sheet
        self._number = number
        self._columns = columns
        self._cells = cells

    def cell(self, column: str) -> str:
        letter = get_column_letter(self._columns.get(column, self._columns["Decision"]) + 1)
        return f"{self._sheet}!{letter}{self._number}"

    def is_answered(self) -> bool:
        """A reviewer alone decides nothing: people fill that column down."""
        return any(
            self._raw(name) for name in ("Decision", "Correct value", "Its quote", "Comment")
        )

    def decision(self) -> RowDecision:
        choice = self._choice()
        try:
            shown = (self._text("Document"), self._text("Field"), self._text("Value"))
            key = read_key(self._text("Key"), shown)
        except ValueError as error:
            raise _CellError("Decision", str(error)) from error
        several = not is_single(key.field)
        if choice == "absent" and several and key.item:
            choice = "reject"
        self._check(key, choice)
        value: str | None = self._text("Correct value").strip()
        if choice == "correct":
            self._parsed(key.field, value or "")
        else:
            value = key.value
        own_quote = self._text("Its quote").strip() or None
        accepted = self._text("Quote") if choice == "accept" and "Quote" in self._columns else None
        return RowDecision(
            sheet=self._sheet,
            row=self._number,
            key=key,
            choice=choice,
            value=value,
            quote=own_quote or accepted or None,
            comment=self._comment(),
            reviewer=self._reviewer(),
            cells={
                "choice": self.cell("Decision"),
                "value": self.cell("Correct value" if choice == "correct" else "Decision"),
                "comment": self.cell("Comment"),
                "reviewer": self.cell("Reviewer"),
                "evidence": self.cell("Its quote"),
            },
        )

    def _choice(self) -> Choice:
        text = self._text("Decision").strip()
        if not text:
            raise _CellError("Decision", f"a decision is missing: {_listed()}")
        choice = _CHOICES.get(" ".join(text.casefold().split()))
        if choice is None:
            raise _CellError("Decision", f"{_quoted(text)} is no decision: {_listed()}")
        return choice

    def _check(self, key: RowKey, choice: Choice) -> None:
        written = self._text("Correct value").strip()
        if choice == "correct" and not written:
            raise _CellError("Correct value", "the right value is missing here")
        if choice != "correct" and written:
            raise _CellError(
                "Correct value", f"to {choice} needs no value; for another one choose correct"
            )
        if choice not in {"accept", "correct"} and self._text("Its quote").strip():
            raise _CellError("Its quote", "only a value that holds has a quote: leave it empty")
        if choice == "accept" and not key.value:
            raise _CellError(
                "Decision", "there is no value here to accept: correct, or not in the document"
            )
        if choice == "reject" and not key.seen:
            raise _CellError(
                "Decision", "there is no value here to reject: correct, or not in the document"
            )

    def _parsed(self, name: str, value: str) -> None:
        try:
            parse_value(name, value)
        except ValueError as error:
            what = "a clause is there or not: yes or no" if is_clause(name) else str(error)
            raise _CellError("Correct value", f"{_quoted(value)}: {what}") from error

    def _comment(self) -> str | None:
        comment = self._text("Comment").strip()
        if len(comment) > _LONGEST_COMMENT:
            raise _CellError("Comment", f"a comment has at most {_LONGEST_COMMENT:,} characters")
        return comment or None

    def _reviewer(self) -> str | None:
        name = self._text("Reviewer").strip()
        try:
            return refuse_reviewer(name) if name else None
        except ValueError as error:
            raise _CellError("Reviewer", str(error)) from error

    def _raw(self, column: str) -> Any:
        number = self._columns.get(column)
        cell = None if number is None or number >= len(self._cells) else self._cells[number]
        value = None if cell is None else cell.value
        return None if isinstance(value, str) and not value.strip() else value

    def _text(self, column: str) -> str:
        number = self._columns.get(column)
        if number is None or number >= len(self._cells):
            return ""
        cell = self._cells[number]
        value = cell.value
        if getattr(cell, "data_type", None) in {"f", "e"}:
            raise _CellError(column, "this is a formula: write the value itself")
        return "" if value is None else _written(value)


def _written(value: Any) -> str:
    """As a person would have typed what the office program made a date or a number of."""
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _contradictions(decisions: Sequence[RowDecision]) -> Iterator[CellProblem]:
    """The same item in two rows, which say different things."""
    first: dict[tuple[str, str, str], RowDecision] = {}
    for one in decisions:
        key = (one.key.sha256, one.key.field, one.key.item)
        if not one.key.item and not is_single(one.key.field):
            continue  # each adds a value of its own
        other = first.setdefault(key, one)
        if _says(other) != _says(one):
            yield CellProblem(
                one.cells["choice"],
                f"the same item is decided otherwise in {other.cells['choice']}: leave one empty",
            )


def _says(one: RowDecision) -> tuple[str, ...]:
    if one.choice == "accept":
        return one.choice, value_key(one.value or "", one.key.normalized)
    return (one.choice, one.value or "") if one.choice == "correct" else (one.choice,)


def _listed() -> str:
    return f"choose one of {', '.join(CHOICES)}"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")
