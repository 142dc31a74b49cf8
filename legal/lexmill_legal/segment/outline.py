"""The clause tree: markers are accepted where they continue a sequence that is open."""

import bisect
import re
from dataclasses import dataclass, field
from typing import Final

from lexmill_legal.results import ParsedDocument, Section, SectionKind
from lexmill_legal.segment.headings import heading_after
from lexmill_legal.segment.markers import Marker, Style, find_markers
from lexmill_legal.segment.signing import blocks, end_of

VERSION: Final = "2"

_DEEPEST: Final = 12
_LISTS: Final = frozenset(
    {"letter", "roman", "upper_letter", "upper_roman", "letter_dot", "cyrillic", "bracket_digit",
     "digit_bracket"}
)  # fmt: skip
_RANKS: Final[dict[Style, int]] = {
    "annex": 0, "part": 1, "article": 2, "upper_roman_dot": 2,
    "upper_letter_dot": 2, "section": 3, "decimal": 4, "bare": 4,
}  # fmt: skip
_CONTENTS: Final = re.compile(
    r"^[ \t]*(?:TABLE OF CONTENTS|CONTENTS|Table of Contents|СОДЕРЖАНИЕ|ОГЛАВЛЕНИЕ|Оглавление)\b",
    re.MULTILINE,
)
_SIGNING: Final = re.compile(
    r"^(?:in witness whereof|signatures?(?: page| block)?$)|подписи\b|реквизиты\b.*\bсторон",
    re.IGNORECASE,
)
_NEAR: Final = 40_000


@dataclass(slots=True)
class _Node:
    marker: Marker
    heading: str | None = None
    children: list["_Node"] = field(default_factory=list)
    end: int = 0


def segment(parsed: ParsedDocument) -> tuple[Section, ...]:
    """The clause tree of a document: children lie inside their parent and never overlap."""
    return outline_of(parsed.text)


def outline_of(text: str) -> tuple[Section, ...]:
    builder = _Builder(text, _without_contents(text, find_markers(text)))
    nodes = builder.build()
    if not any(node.marker.number for node in nodes):
        nodes = _Builder(text, _headed_lines(text)).build()
    _close(text, nodes, len(text))
    nodes = _with_signatures(text, nodes)
    return tuple(_section(node) for node in nodes)


class _Builder:
    def __init__(self, text: str, markers: list[Marker]) -> None:
        self._text = text
        self._markers = markers
        self._roots: list[_Node] = []
        self._open: list[_Node] = []
        self._places: dict[tuple[Style, tuple[int, ...]], list[int]] = {}
        for marker in markers:
            reading: Marker | None = marker
            while reading is not None:
                self._places.setdefault((reading.style, reading.keys), []).append(reading.start)
                reading = reading.other

    def build(self) -> list[_Node]:
        for index, marker in enumerate(self._markers):
            following = self._markers[index + 1].start if index + 1 < len(self._markers) else None
            self._offer(marker, len(self._text) if following is None else following)
        return self._roots

    def _offer(self, marker: Marker, following: int) -> None:
        reading: Marker | None = marker
        readings: list[Marker] = []
        while reading is not None:
            readings.append(reading)
            reading = reading.other
        for continues in (True, False):
            for reading in self._ordered(readings):
                depth = self._sibling(reading) if continues else self._first(reading)
                if depth is not None and depth < _DEEPEST:
                    self._accept(reading, depth, following)
                    return

    def _ordered(self, readings: list[Marker]) -> list[Marker]:
        """As in "(i)" after "(h)" is a letter, unless "(ii)" comes before "(j)"."""
        if len(readings) < 2:
            return readings
        nexts = [self._next(reading) for reading in readings]
        order = sorted(
            range(len(readings)), key=lambda index: (nexts[index] is None, nexts[index] or 0)
        )
        return [readings[index] for index in order]

    def _next(self, marker: Marker) -> int | None:
        """Where the number after this one stands, if it is near."""
        places = self._places.get((marker.style, (*marker.keys[:-1], marker.keys[-1] + 1)))
        if not places:
            return None
        index = bisect.bisect_right(places, marker.start)
        if index == len(places) or places[index] - marker.start > _NEAR:
            return None
        return places[index]

    def _goes_on(self, marker: Marker) -> bool:
        """Numbers two to four follow: "… as follows Formation 1. By this Agreement"."""
        places = [marker.start]
        for number in (2, 3, 4):
            following = self._places.get((marker.style, (number,)), [])
            index = bisect.bisect_right(following, places[-1])
            if marker.style != "decimal" or index == len(following):
                return False
            places.append(following[index])
        return places[-1] - marker.start < _NEAR

    def _sibling(self, marker: Marker) -> int | None:
        """The depth at which the marker continues an open sequence."""
        depths = range(len(self._open) - 1, -1, -1)
        fitting = [depth for depth in depths if self._continues(self._open[depth].marker, marker)]
        if not fitting:
            return None
        if len(fitting) > 1 and marker.style in {"decimal", "bare"}:
            # Both an inner list and the clauses themselves could go on: headings tell.
            headed = heading_after(self._text, marker.end, len(self._text)) is not None
            for depth in fitting:
                if (self._open[depth].heading is not None) == headed:
                    return depth
        return fitting[0]

    def _continues(self, last: Marker, marker: Marker) -> bool:
        if marker.style == "unnumbered":
            return False
        if marker.style != last.style or len(marker.keys) != len(last.keys):
            return False
        if marker.keys[:-1] != last.keys[:-1]:
            return self._next_chapter(last, marker)
        step = marker.keys[-1] - last.keys[-1]
        if step == 1:
            return self._may_follow(marker)
        lenient = marker.at_line_start and marker.before_capital and marker.style not in _LISTS
        return lenient and marker.style != "bare" and 1 < step <= 3

    @staticmethod
    def _next_chapter(last: Marker, marker: Marker) -> bool:
        """As in "2.1" after "1.4" where the chapters themselves carry no number."""
        return (
            len(marker.keys) == 2
            and marker.keys[1] == 1
            and marker.keys[0] == last.keys[0] + 1
            and marker.at_line_start
        )

    @staticmethod
    def _may_follow(marker: Marker) -> bool:
        if marker.style == "decimal" and len(marker.keys) == 1:
            return marker.after_stop or marker.before_capital
        return True

    def _first(self, marker: Marker) -> int | None:
        """The depth at which the marker begins a new sequence."""
        match marker.style:
            case "unnumbered":
                return 0
            case "annex":
                return 0 if marker.at_line_start else None
            case "part" | "article":
                return self._first_keyword(marker)
            case "section":
                return self._first_section(marker)
            case "decimal" if len(marker.keys) > 1:
                return self._first_decimal(marker)
            case _:
                return self._first_of_list(marker)

    def _first_of_list(self, marker: Marker) -> int | None:
        if marker.keys[-1] != 1 or not (marker.after_stop or self._goes_on(marker)):
            return None
        if marker.style not in _LISTS:
            return self._first_number(marker)
        alone = self._next(marker) is None and not marker.at_line_start
        return None if alone else self._below_list(marker)

    def _first_keyword(self, marker: Marker) -> int | None:
        if marker.keys[-1] != 1 and not marker.at_line_start:
            return None
        return self._above_rank(_RANKS[marker.style])

    def _first_section(self, marker: Marker) -> int | None:
        if len(marker.keys) > 1:
            depth = self._first_decimal(marker)
            if depth is not None:
                return depth
        if marker.keys[-1] == 1 or marker.at_line_start:
            return self._above_rank(_RANKS["section"])
        return None

    def _first_decimal(self, marker: Marker) -> int | None:
        parent = marker.keys[:-1]
        for depth in range(len(self._open) - 1, -1, -1):
            above = self._open[depth].marker
            numbered = above.style in {"decimal", "bare", "section", "article", "part"}
            if not numbered or not above.keys:
                continue
            early = marker.keys[-1] <= (2 if marker.after_stop else 1)
            if above.keys == parent and (early or marker.at_line_start):
                return depth + 1
            if marker.at_line_start and marker.keys[-1] == 1 and above.keys == parent[:-1]:
                return depth + 1
        lonely = marker.keys[-1] == 1 and len(marker.keys) == 2 and marker.at_line_start
        return self._above_rank(_RANKS["decimal"]) if lonely else None

    def _first_number(self, marker: Marker) -> int | None:
        follows = self._next(marker) is not None
        if not follows and not marker.at_line_start:
            return None
        same = [
            depth
            for depth, node in enumerate(self._open)
            if node.marker.style in {"decimal", "bare"} and node.marker.style == marker.style
        ]
        if same:  # a list inside a clause
            return len(self._open) if follows and marker.at_line_start else None
        return self._above_rank(_RANKS[marker.style]) if follows or marker.before_capital else None

    def _below_list(self, marker: Marker) -> int:
        """Under the innermost clause; a second "(a)" there begins again beside the first."""
        for depth, node in enumerate(self._open):
            if node.marker.style == marker.style:
                return depth
        return len(self._open)

    def _above_rank(self, rank: int) -> int:
        for depth, node in enumerate(self._open):
            if _RANKS.get(node.marker.style, 9) >= rank:
                return depth
        return len(self._open)

    def _accept(self, marker: Marker, depth: int, following: int) -> None:
        node = _Node(marker, self._heading(marker, following))
        if marker.style in _LISTS and node.heading and not marker.before_capital:
            node.heading = None
        del self._open[depth:]
        (self._open[-1].children if self._open else self._roots).append(node)
        self._open.append(node)

    def _heading(self, marker: Marker, following: int) -> str | None:
        start = marker.start if marker.number is None else marker.end
        limit = following if following > marker.end else len(self._text)
        alone = marker.style in {"article", "part", "annex"}
        return heading_after(self._text, start, limit, below=alone)


def _without_contents(text: str, markers: list[Marker]) -> list[Marker]:
    """Leave out a table of contents: its first number comes again with the same heading."""
    contents = _CONTENTS.search(text, 0, 30_000)
    if contents is None:
        return markers
    first: dict[tuple[Style, tuple[int, ...], str], int] = {}
    for marker in markers:
        if marker.start < contents.start():
            continue
        line, newline, _ = text[marker.end : marker.end + 60].lstrip().partition("\n")
        words = re.findall(r"[^\W\d_]+", line)[: 2 if newline else 1]
        key = (marker.style, marker.keys, " ".join(words).lower())
        if key in first and words:
            begin = first[key]
            return [other for other in markers if not begin <= other.start < marker.start]
        first.setdefault(key, marker.start)
    return markers


def _headed_lines(text: str) -> list[Marker]:
    """Without any number: short capital or title lines that stand alone are headings."""
    markers: list[Marker] = []
    for match in re.finditer(r"^[ \t]*([^\n]{3,80})$", text, re.MULTILINE):
        line = match.group(1).strip()
        if not line or line[-1] in ".,;" or not line[0].isalpha() or len(line.split()) > 10:
            continue
        letters = [letter for letter in line if letter.isalpha()]
        if len(letters) >= 3 and all(letter.isupper() for letter in letters):
            start = match.start(1)
            markers.append(
                Marker(start, start + len(line), None, "unnumbered", (), True, True, True)
            )
    return markers


def _close(text: str, nodes: list[_Node], end: int) -> None:
    """Each section ends where the next one begins, without the white space before it."""
    limits = [*(node.marker.start for node in nodes[1:]), end]
    for node, limit in zip(nodes, limits, strict=False):
        last = limit
        while last > node.marker.end and text[last - 1].isspace():
            last -= 1
        node.end = last
        _close(text, node.children, last)


def _with_signatures(text: str, nodes: list[_Node]) -> list[_Node]:
    """Signature blocks end where their last label does; those without a heading become parts.

    They are set between the others when those are known: a block never changes the numbering.
    """
    found: list[_Node] = []
    starts = iter([*blocks(text), len(text)])
    start = next(starts)
    for node in nodes:
        while start < node.marker.start:
            if not found or found[-1].end <= start:
                found.append(_block(text, start, node.marker.start))
            start = next(starts)
        found.append(node)
        signs = not node.children and _kind(node) == "signature_block"
        while start < node.end:
            if not signs and not _goes_on_after(node, start):
                found.append(_block(text, start, node.end))
                _cut(text, node, start)
                signs = True
            start = next(starts)
        if not node.children and _kind(node) == "signature_block":
            node.end = end_of(text, node.marker.start, node.end)
    if start < len(text) and (not found or found[-1].end <= start):
        found.append(_block(text, start, len(text)))
    return found


def _block(text: str, start: int, limit: int) -> _Node:
    marker = Marker(start, start + 1, None, "signature", (), True, True, True)
    return _Node(marker, end=max(start + 1, end_of(text, start, limit)))


def _goes_on_after(node: _Node, start: int) -> bool:
    """Whether a part of the section begins behind the place, or right at it."""
    while node.children:
        node = node.children[-1]
        if node.marker.end > start:
            return True
    return node.marker.end > start


def _cut(text: str, node: _Node, end: int) -> None:
    """The section and the last of its parts end before the place."""
    while node.end > end or text[node.end - 1].isspace():
        node.end = min(node.end - 1, end)
    if node.children:
        _cut(text, node.children[-1], end)


def _section(node: _Node) -> Section:
    return Section(
        node.marker.number,
        node.heading,
        node.marker.start,
        node.end,
        tuple(_section(child) for child in node.children),
        _kind(node),
    )


def _kind(node: _Node) -> SectionKind:
    if node.marker.style == "annex":
        return "exhibit"
    signed = node.marker.style == "signature" or _SIGNING.search(node.heading or "")
    return "signature_block" if signed else "section"
