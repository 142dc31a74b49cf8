"""Where a range of the text layer stands on the pages."""

import unicodedata
from bisect import bisect_right
from operator import attrgetter

from lexmill_legal.results import Box, Page, ParsedDocument, TextBox

_start = attrgetter("start")
# Widths in a common proportional font, in thousandths of its size: enough to cut a line's box
# within a character or so, where cutting by count is off by three or four.
_NARROW = dict.fromkeys("ijlI.,;:'|!’‘`", 270) | dict.fromkeys('ftr()[]{}-/ \xa0"“”°*', 340)
_WIDE = dict.fromkeys("mwMW@%—…ЖШЩЮМФжшщюмф", 840)
_WIDTHS = _NARROW | _WIDE


def place(parsed: ParsedDocument, start: int, end: int) -> tuple[int | None, tuple[Box, ...]]:
    """The page on which ``[start, end)`` begins and the rectangles that cover it, in text order.

    The page is None in a format without pages; there are no boxes where nothing is drawn (a line
    break, an empty range).
    """
    page = _page(parsed.pages, start)
    boxes: list[Box] = []
    at = max(0, bisect_right(parsed.boxes, start, key=_start) - 1)
    for index in range(at, len(parsed.boxes)):
        run = parsed.boxes[index]
        if run.start >= end:
            break
        if run.end > start:
            boxes.append(_cut(parsed.text, run, max(start, run.start), min(end, run.end)))
    return page, tuple(boxes)


def _page(pages: tuple[Page, ...], start: int) -> int | None:
    if not pages:
        return None
    at = max(0, bisect_right(pages, start, key=_start) - 1)
    return pages[at].number


def _cut(text: str, run: TextBox, start: int, end: int) -> Box:
    box = run.box
    if start == run.start and end == run.end:
        return box
    line = text[run.start : run.end]
    width, height = box.x1 - box.x0, box.y1 - box.y0
    if height > 2 * width or any(map(_is_right_to_left, line)):
        return box  # text that runs upwards or leftwards: the whole run is right, a cut is not
    before = _width(line[: start - run.start])
    within = _width(line[start - run.start : end - run.start])
    scale = width / (before + within + _width(line[end - run.start :]))
    left = box.x0 + before * scale
    return Box(box.page, left, box.y0, min(box.x1, left + within * scale), box.y1)


def _width(text: str) -> float:
    return sum(_WIDTHS.get(char) or (680 if char.isupper() else 510) for char in text)


def _is_right_to_left(char: str) -> bool:
    return char >= "\u0590" and unicodedata.bidirectional(char) in {"R", "AL"}
