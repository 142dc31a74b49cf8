"""The reading order of pages whose text stands in two columns.

A PDF says where its letters stand but not in which order they are read: a bilingual contract comes
line by line across both languages, or cell by cell. Only a page with two columns of running text
is put in order; a table of figures stays row by row, as it was written.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from lexmill_legal.parsing.lines import Line, Rectangle

Cut = Callable[[Line, float], list[Line]]
"""The parts of a line left and right of x; the line alone where something stands across."""

_FEWEST_LINES = 4
# The gap between two columns of a page begins in its middle third, or a little beside it.
_MIDDLE = (0.3, 0.7)
_ALIGNED = 3.0
_NARROWEST = 0.25
_LETTERS_A_LINE = 16
_FULL = 0.5
_FULL_LINES = 0.6
_FAR = 2.0
_TURNS = 3


@dataclass(slots=True)
class _Piece:
    line: Line
    place: Rectangle
    number: int
    """Of the line that it was, or was part of."""

    @property
    def letters(self) -> int:
        return sum(map(str.isalpha, self.line.text))


def in_reading_order(lines: list[Line], width: float, cut: Cut) -> list[Line]:
    if len(lines) < _FEWEST_LINES or any(not line.runs for line in lines):
        return lines
    if not _has_two_sides(lines, width):
        return lines
    pieces = [
        _Piece(part, _place(part), number)
        for number, line in enumerate(lines)
        for part in parts_of(line)
    ]
    gap = _gap(pieces, width)
    if gap is None:
        return lines
    pieces = [
        piece for number, line in enumerate(lines) for piece in _split(line, number, gap, cut)
    ]
    bands = [band for band in _bands(pieces, gap) if _is_torn(band, gap, width)]
    return _mended(lines, pieces, bands, gap) if bands else lines


def _split(line: Line, number: int, gap: float, cut: Cut) -> list[_Piece]:
    """What stands left and what stands right of the gap; a line on one side stays whole."""
    whole = _Piece(line, _place(line), number)
    if _side(whole, gap):
        return [whole]
    parts = parts_of(line) if len(line.runs) > 1 else cut(line, gap)
    pieces = [_Piece(part, _place(part), number) for part in parts]
    return pieces if len(pieces) > 1 and all(_side(piece, gap) for piece in pieces) else [whole]


def _is_torn(band: list[_Piece], gap: float, width: float) -> bool:
    """Whether two columns of running text come by turns."""
    for side in (-1, 1):
        if not _is_running([piece for piece in band if _side(piece, gap) == side], width):
            return False
    written = sorted(band, key=lambda piece: piece.number)
    sides = [_side(piece, gap) for piece in written if piece.letters >= _LETTERS_A_LINE]
    return sum(a != b for a, b in pairwise(sides)) >= _TURNS


def _mended(
    lines: list[Line], pieces: list[_Piece], bands: list[list[_Piece]], gap: float
) -> list[Line]:
    """Each band's columns one after the other, where the band began; all else as it was."""
    of_band = {id(piece): number for number, band in enumerate(bands) for piece in band}
    by_line: dict[int, list[_Piece]] = {}
    for piece in pieces:
        by_line.setdefault(piece.number, []).append(piece)
    ordered: list[Line] = []
    written: set[int] = set()
    for number, line in enumerate(lines):
        parts = by_line.get(number, [])
        touched = [of_band[id(part)] for part in parts if id(part) in of_band]
        if not touched:
            ordered.append(line)
            continue
        for band in dict.fromkeys(touched):
            if band not in written:
                written.add(band)
                columns = sorted(bands[band], key=lambda each: (_side(each, gap), each.number))
                ordered += [piece.line for piece in columns]
        ordered += [part.line for part in parts if id(part) not in of_band]
    return ordered


def _has_two_sides(lines: list[Line], width: float) -> bool:
    """A look that costs little: most pages have nothing that begins beyond their middle."""
    least = _MIDDLE[0] * width
    return sum(line.runs[-1][2][0] > least for line in lines) >= _FEWEST_LINES


def parts_of(line: Line) -> list[Line]:
    """The line's runs as lines of their own: what stands far apart."""
    if len(line.runs) == 1:
        return [line]
    parts = []
    for number, (first, last, place) in enumerate(line.runs):
        text = line.text[first:last].rstrip()
        if text:
            hyphenated = line.hyphenated and number == len(line.runs) - 1
            # without ``start``: it is cut as far as it can be
            parts.append(Line(text, hyphenated, [(0, len(text), place)]))
    return parts


def _place(line: Line) -> Rectangle:
    places = [place for _, _, place in line.runs]
    return (
        min(place[0] for place in places),
        min(place[1] for place in places),
        max(place[2] for place in places),
        max(place[3] for place in places),
    )


def _side(piece: _Piece, gap: float) -> int:
    if piece.place[2] <= gap + 1:
        return -1
    return 1 if piece.place[0] >= gap - 1 else 0


def _gap(pieces: list[_Piece], width: float) -> float | None:
    """Where the right column begins: the left edge that most lines share there."""
    edges = Counter(
        round(piece.place[0])
        for piece in pieces
        if _MIDDLE[0] * width < piece.place[0] < _MIDDLE[1] * width
    )
    best: tuple[int, float] | None = None
    for edge in edges:
        count = sum(edges[edge + shift] for shift in (-1, 0, 1))
        if best is None or (count, -edge) > (best[0], -best[1]):
            best = count, float(edge)
    return best[1] - _ALIGNED if best and best[0] >= _FEWEST_LINES else None


def _bands(pieces: list[_Piece], gap: float) -> list[list[_Piece]]:
    """From top to bottom; a line across both columns stands alone, one far from all others too."""
    ordered = sorted(pieces, key=lambda piece: (piece.place[3], piece.place[0]))
    bands: list[list[_Piece]] = [[]]
    for piece in ordered:
        if piece.place[3] - piece.place[1] > 2 * (piece.place[2] - piece.place[0]):
            continue  # text that runs upwards at the page's edge
        if _side(piece, gap) == 0:
            bands += [[piece], []]
        else:
            bands[-1].append(piece)
    return [part for band in bands if band for part in _without_ends(band)]


def _without_ends(band: list[_Piece]) -> list[list[_Piece]]:
    """What stands far above or below the columns: a heading, the number of the page."""
    first, last = 0, len(band)
    while first < last - 1 and _far(band[first], band[first + 1]):
        first += 1
    while last > first + 1 and _far(band[last - 2], band[last - 1]):
        last -= 1
    return [part for part in (band[:first], band[first:last], band[last:]) if part]


def _far(above: _Piece, below: _Piece) -> bool:
    height = max(above.place[3] - above.place[1], below.place[3] - below.place[1])
    return below.place[1] - above.place[3] > _FAR * height


def _is_running(column: list[_Piece], width: float) -> bool:
    """Lines of sentences, most of which fill their column; not names, figures or dotted lines."""
    if len(column) < _FEWEST_LINES:
        return False
    room = max(p.place[2] for p in column) - min(p.place[0] for p in column)
    if room < _NARROWEST * width:
        return False
    letters = sum(piece.letters for piece in column)
    full = sum(piece.place[2] - piece.place[0] > _FULL * room for piece in column)
    return letters > _LETTERS_A_LINE * len(column) and full >= _FULL_LINES * len(column)
