"""Where a range of the text layer stands on the pages."""

import unicodedata
from bisect import bisect_right
from operator import attrgetter

from lexmill_legal.results import Box, Page, ParsedDocument, TextBox

_start = attrgetter("start")
# Mean widths of Helvetica and Times, in thousandths of the size, from the space to the tilde:
# enough to cut a line's box within a character, where cutting by count is off by three or four.
_ASCII = (
    264, 306, 382, 528, 528, 861, 722, 186, 333, 333, 444, 574, 264, 333, 264, 278,
    528, 528, 528, 528, 528, 528, 528, 528, 528, 528, 278, 278, 574, 574, 574, 500,
    968, 694, 667, 694, 722, 639, 584, 750, 722, 306, 444, 694, 584, 861, 722, 750,
    612, 750, 694, 612, 611, 722, 694, 944, 694, 694, 611, 306, 278, 306, 469, 528,
    333, 500, 528, 472, 528, 500, 306, 528, 528, 250, 250, 500, 250, 806, 528, 528,
    528, 528, 333, 444, 278, 528, 500, 722, 500, 500, 472, 407, 230, 407, 562,
)  # fmt: skip
_WIDTHS = (
    dict(zip(map(chr, range(0x20, 0x7F)), _ASCII, strict=True))
    | dict.fromkeys("‘’·•", 280)
    | dict.fromkeys("“”„«»", 420)
    | dict.fromkeys("—…№ЖШЩЮМФжшщюмфы", 830)
)


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
        if run.start >= end or start >= end:
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
    return sum(_WIDTHS.get(char) or (700 if char.isupper() else 520) for char in text)


def _is_right_to_left(char: str) -> bool:
    return char >= "\u0590" and unicodedata.bidirectional(char) in {"R", "AL"}
