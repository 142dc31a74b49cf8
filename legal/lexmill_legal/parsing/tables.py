"""Tables that a PDF draws column by column, row by row as they are read.

Only where it is sure that it is a table: columns side by side whose lines stand at the same height,
one of them of figures. Blocks of signatures and columns of sentences stay as they were written.
"""

import re
from itertools import pairwise

from lexmill_legal.parsing.lines import Line, Rectangle

_FEWEST_ROWS = 3
_SAME_HEIGHT = 3.0
_ALIGNED = 0.7
_FIGURES = 0.6
_LONGEST_FIGURE = 24
_LONGEST_CELL = 60
_FIGURE = re.compile(r"\W*(?:[A-Z]{3} ?)?[\d.,' ()%€$£₽+-]*\d[\d.,' ()%€$£₽-]*(?:[A-Z]{3})?")


def with_rows(lines: list[Line]) -> list[Line]:
    columns = _columns(lines)
    if len(columns) == len(lines) or not lines:
        return lines
    ordered: list[Line] = []
    at = 0
    while at < len(columns):
        count = _table(columns, at)
        if count > 1:
            ordered += _rows([line for column in columns[at : at + count] for line in column])
        else:
            ordered += columns[at]
        at += max(1, count)
    return ordered


def _columns(lines: list[Line]) -> list[list[Line]]:
    """Lines that come one below the other, from one jump upwards to the next."""
    columns: list[list[Line]] = [lines[:1]] if lines else []
    for above, line in pairwise(lines):
        if above.runs and line.runs and _goes_on(_place(above), _place(line)):
            columns[-1].append(line)
        else:
            columns.append([line])
    return columns


def _goes_on(above: Rectangle, below: Rectangle) -> bool:
    """Below it, and not beside it."""
    overlaps = below[0] < above[2] and above[0] < below[2]
    return below[3] > above[3] + 1 and (overlaps or abs(below[0] - above[0]) < _SAME_HEIGHT)


def _table(columns: list[list[Line]], first: int) -> int:
    """How many columns from the first on are those of one table; 0 for none."""
    taken = [columns[first]]
    for column in columns[first + 1 :]:
        if not _stands_beside(taken[-1], column):
            break
        taken.append(column)
    cells = [line for column in taken for line in column]
    if len(taken) < 2 or any(len(line.text) > _LONGEST_CELL for line in cells):
        return 0
    return len(taken) if any(map(_is_of_figures, taken[1:])) else 0


def _stands_beside(left: list[Line], right: list[Line]) -> bool:
    if min(len(left), len(right)) < _FEWEST_ROWS:
        return False
    if max(_place(line)[2] for line in left) > min(_place(line)[0] for line in right):
        return False
    heights = [_place(line)[3] for line in left]
    aligned = sum(
        any(abs(_place(line)[3] - height) < _SAME_HEIGHT for height in heights) for line in right
    )
    return aligned >= _ALIGNED * len(right) and aligned >= _ALIGNED * len(left)


def _is_of_figures(column: list[Line]) -> bool:
    """But for its heading."""
    figures = sum(
        len(line.text) <= _LONGEST_FIGURE and bool(_FIGURE.fullmatch(line.text))
        for line in column[1:]
    )
    return figures >= _FIGURES * (len(column) - 1)


def _rows(cells: list[Line]) -> list[Line]:
    cells = sorted(cells, key=lambda cell: _place(cell)[3])
    rows: list[list[Line]] = []
    for cell in cells:
        if rows and _place(cell)[3] - _place(rows[-1][0])[3] < _SAME_HEIGHT:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [_joined(sorted(row, key=lambda cell: _place(cell)[0])) for row in rows]


def _joined(cells: list[Line]) -> Line:
    """The cells of one row as a line; without ``source``, as it has several."""
    runs: list[tuple[int, int, Rectangle]] = []
    text = ""
    for cell in cells:
        start = len(text) + 1 if text else 0
        text = f"{text} {cell.text}" if text else cell.text
        runs += [(start + first, start + last, place) for first, last, place in cell.runs]
    return Line(text, cells[-1].hyphenated, runs, turn=cells[0].turn)


def _place(line: Line) -> Rectangle:
    places = [place for _, _, place in line.runs]
    return (
        min(place[0] for place in places),
        min(place[1] for place in places),
        max(place[2] for place in places),
        max(place[3] for place in places),
    )
