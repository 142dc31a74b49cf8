"""The ranges of the text layer that are burned: those that were asked for, and every other place
where one of their values stands, for a value that is readable elsewhere is not redacted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from operator import attrgetter

from lexmill_legal.errors import DocumentError
from lexmill_legal.redaction.values import Values, fold
from lexmill_legal.results import ParsedDocument, Redaction

# what stands between the text of two pages: so many lines on either side, so long at most
_FURNITURE = 3
_SHORT_LINE = 80
_AROUND = 200
_start, _end = attrgetter("start"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Mark:
    start: int
    end: int
    token: str


@dataclass(frozen=True, slots=True)
class Marks:
    """``ranges`` are sorted and apart from each other; ``values`` are what they cover."""

    ranges: tuple[Mark, ...]
    values: Values
    tokens: tuple[str, ...]

    def within(self, start: int, end: int) -> tuple[Mark, ...]:
        """Those that touch ``[start, end)``."""
        first = bisect_right(self.ranges, start, key=_end)
        return self.ranges[first : bisect_left(self.ranges, end, lo=first, key=_start)]


def read_marks(parsed: ParsedDocument, redactions: Sequence[Redaction]) -> Marks:
    text = parsed.text
    asked: list[Mark] = []
    for each in redactions:
        if not 0 <= each.start <= each.end <= len(text):
            raise DocumentError(
                "not_redactable",
                "The marks do not belong to this text of the document; let them be found anew.",
            )
        quote = text[each.start : each.end]
        start = each.start + len(quote) - len(quote.lstrip())
        if quote.strip():
            asked.append(Mark(start, start + len(quote.strip()), each.token))
    asked.sort(key=lambda mark: (mark.start, -mark.end, mark.token))
    values = Values(text[mark.start : mark.end] for mark in asked)
    tokens: dict[str, str] = {}
    for mark in asked:
        tokens.setdefault(fold(text[mark.start : mark.end]), mark.token)
    marks = list(asked)
    for before, after, value in _across_pages(parsed, values):
        marks += [Mark(*before, tokens[value]), Mark(*after, "")]
    marks += [Mark(a, b, tokens[value]) for a, b, value in values.occurrences(text)]
    marks = _merged(marks)
    # again and again: a mark may make a word of what was part of a longer one
    while found := list(values.occurrences(_blanked(text, marks))):
        marks = _merged([*marks, *(Mark(a, b, tokens[value]) for a, b, value in found)])
    return Marks(tuple(marks), values, tuple(sorted({mark.token for mark in asked})))


def _blanked(text: str, marks: Sequence[Mark]) -> str:
    """The text with the same offsets, and nothing to read where a mark is."""
    parts: list[str] = []
    at = 0
    for mark in marks:
        parts += [text[at : mark.start], "\ufffc" * (mark.end - mark.start)]
        at = mark.end
    return "".join([*parts, text[at:]])


def _across_pages(
    parsed: ParsedDocument, values: Values
) -> Iterator[tuple[tuple[int, int], tuple[int, int], str]]:
    """Values that a page's number, footer or header cuts in two: the places of both parts."""
    text = parsed.text
    for page, following in pairwise(parsed.pages):
        ends = [page.start + end for end in _ends(text[page.start : page.end])]
        begins = [following.start + at for at in _begins(text[following.start : following.end])]
        for end, begin in product(ends, begins):
            first = max(page.start, end - _AROUND)
            joined = f"{text[first:end]}\n{text[begin : min(following.end, begin + _AROUND)]}"
            cut = end - first
            for a, b, value in values.occurrences(joined):
                if a < cut and b > cut + 1:
                    yield (first + a, end), (begin, begin + b - cut - 1), value


def _ends(page: str) -> list[int]:
    """Where the page's text may end: after its last line, and before each short one there."""
    ends = []
    end = len(page.rstrip())
    for _ in range(_FURNITURE + 1):
        ends.append(end)
        line = page.rfind("\n", 0, end) + 1
        if end - line > _SHORT_LINE or not line:
            break
        end = len(page[:line].rstrip())
    return ends


def _begins(page: str) -> list[int]:
    begins = []
    at = len(page) - len(page.lstrip())
    for _ in range(_FURNITURE + 1):
        begins.append(at)
        end = page.find("\n", at)
        if end < 0 or end - at > _SHORT_LINE:
            break
        at = len(page) - len(page[end:].lstrip())
    return begins


def _merged(marks: list[Mark]) -> list[Mark]:
    """Marks that overlap are one; it has the token of the longest."""
    merged: list[Mark] = []
    longest = 0
    for mark in sorted(marks, key=lambda each: (each.start, -each.end)):
        last = merged[-1] if merged else None
        size = mark.end - mark.start
        if last is None or mark.start >= last.end:
            merged.append(mark)
            longest = size
            continue
        token = mark.token if size > longest else last.token
        longest = max(longest, size)
        merged[-1] = Mark(last.start, max(last.end, mark.end), token)
    return merged


def redacted_text(text: str, marks: Marks, start: int = 0, end: int | None = None) -> str:
    """``text[start:end]`` with each mark's token where it begins."""
    end = len(text) if end is None else end
    parts: list[str] = []
    at = start
    for mark in marks.within(start, end):
        parts.append(text[at : max(at, mark.start)])
        if mark.start >= start:
            parts.append(mark.token)
        at = min(mark.end, end)
    parts.append(text[at:end])
    return "".join(parts)
