"""The pieces that are judged one by one: sentences, cut at clause numbers and in long lists."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from lexmill_legal.results import Section

_BLANK: Final = re.compile(r"\n[ \t\r]*\n\s*")
# A new line that begins with a clause number begins a unit, though no full stop stands before it.
_NUMBERED_LINE: Final = re.compile(
    r"\n[ \t]*(?=(?:(?:ARTICLE|Article|SECTION|Section)\s+)?(?:\d{1,2}(?:\.\d{1,2}){0,4}[.)]?|"
    r"\([a-zA-Z0-9]{1,4}\)|[A-Z]\.)\s+[\"“A-Z(])"
)
_LONG: Final = 900
_ENOUGH: Final = 350
_LONG_CUT: Final = re.compile(r";\s+(?:and\s+|or\s+)?|\.\s+(?=\(\w{1,4}\))")
_SHORTEST: Final = 3
_HEADING: Final = 90
_TITLE_WORD: Final = re.compile(r"[^\W\d_]+")
_SMALL: Final = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "other", "the",
     "to", "upon", "with", "without")
)  # fmt: skip
_LONGEST: Final = 3_000
# No contract has more sentences than this; what has more is a table or an attack.
MOST_UNITS: Final = 8_000
# A longer text is split into sentences part by part, so that the rest need not be if it is full.
_PART: Final = 200_000


class Unit(NamedTuple):
    """``heading`` is what the unit stands under; a heading itself stands under none."""

    start: int
    end: int
    heading: str
    is_heading: bool = False


def units_of(text: str, outline: tuple[Section, ...]) -> list[Unit]:
    sections = list(_flat(outline))
    headings = _Headings(sections)
    units: list[Unit] = []
    own = ""
    own_at = -1
    for start, end in _spans(text, {section.start for section in sections}):
        written = text[start:end]
        if end - start < _HEADING and _looks_like_heading(written):
            own, own_at = written, start
            units.append(Unit(start, end, "", is_heading=True))
        else:
            since, heading = headings.above(start)
            units.append(Unit(start, end, own if own_at > since else heading))
        if len(units) >= MOST_UNITS:
            break
    return units


def without_signatures(outline: tuple[Section, ...], end: int) -> tuple[Section, ...]:
    """The outline as clauses see it: a signature block without a heading belongs to what precedes.

    What stands above it tells more of who signs than nothing; the model was made so.
    """
    kept: list[Section] = []
    limit, cut = end, False
    for section in reversed(outline):
        if section.kind == "signature_block" and not section.heading:
            cut = True
            continue
        kept.append(_until(section, limit) if cut else section)
        limit, cut = section.start, False
    return tuple(reversed(kept))


def _until(section: Section, end: int) -> Section:
    """The section and the last of its parts reach to the place."""
    children = section.children
    if children:
        children = (*children[:-1], _until(children[-1], end))
    return replace(section, end=end, children=children)


def _flat(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _flat(section.children)


class _Headings:
    """The heading of the innermost section that has one, for each place."""

    def __init__(self, sections: list[Section]) -> None:
        starts: list[int] = []
        names: list[tuple[int, str]] = []
        open_: list[tuple[int, int, str]] = []
        for section in sections:
            while open_ and open_[-1][1] <= section.start:
                open_.pop()
            if section.heading:
                open_.append((section.start, section.end, section.heading))
            starts.append(section.start)
            names.append((open_[-1][0], open_[-1][2]) if open_ else (-1, ""))
        self._starts = starts
        self._names = names

    def above(self, position: int) -> tuple[int, str]:
        at = bisect_right(self._starts, position) - 1
        return self._names[at] if at >= 0 else (-1, "")


def _spans(text: str, section_starts: set[int]) -> Iterator[tuple[int, int]]:
    cuts = sorted(section_starts)
    at = 0
    for start, end in _parts(text):
        own = {start}
        first = at
        at = bisect_right(cuts, end - 1, lo=first)
        own.update(cuts[first:at])
        own.update(_sentence_starts(text, start, end))
        ordered = sorted(own)
        for begin, stop in zip(ordered, [*ordered[1:], end], strict=True):
            yield from _unit_spans(text, begin, stop)


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > 2 * _PART:
        end = text.find("\n", start + _PART, start + _PART + _LONGEST) + 1
        end = end or start + _PART
        yield start, end
        start = end
    yield start, len(text)


def _sentence_starts(text: str, start: int, end: int) -> Iterator[int]:
    from nupunkt import sent_spans  # noqa: PLC0415 - 45 ms of import that few calls need

    part = text if end - start == len(text) else text[start:end]
    for pattern in (_BLANK, _NUMBERED_LINE):
        for match in pattern.finditer(part):
            yield start + match.end()
    for begin, _ in sent_spans(part):
        yield start + begin


def _unit_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin, stop = _trimmed(text, start, end)
    if stop - begin > _LONG:
        yield from _pieces(text, begin, stop)
    elif stop - begin >= _SHORTEST:
        yield begin, stop


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _LONG_CUT.finditer(text, start, end):
        if match.end() - begin >= _ENOUGH:
            yield from _short_pieces(text, begin, match.end())
            begin = match.end()
    yield from _short_pieces(text, begin, end)


def _short_pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Without any stop for pages, as in a table: cut between words."""
    begin = start
    while begin < end:
        stop = end
        if end - begin > _LONGEST:
            stop = text.rfind(" ", begin + 1, begin + _LONGEST)
            stop = begin + _LONGEST if stop < 0 else stop
        first, last = _trimmed(text, begin, stop)
        if last - first >= _SHORTEST:
            yield first, last
        begin = stop


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return start, start
    begin = start + piece.index(stripped[0])
    return begin, begin + len(stripped)


def _looks_like_heading(written: str) -> bool:
    words: list[str] = _TITLE_WORD.findall(written)
    if not words or len(words) > 12 or written[-1] in ",;":
        return False
    long = [word for word in words if len(word) > 1]
    if not long:
        return False
    if all(word.isupper() for word in long):
        return True
    return all(word[0].isupper() or word in _SMALL for word in words) and len(words) <= 8
