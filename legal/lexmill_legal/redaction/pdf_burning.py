"""PDF: each page as a picture of what can be seen of it, black where it was marked.

Nothing of the old file is copied, so nothing can be left in it: no text under a box, no layer,
annotation, field, script, file or older version. The words that are seen and were not marked are
written over the picture as text that draws nothing, so that the copy can still be searched.
"""

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.media import PDF
from lexmill_legal.parsing.pdf import (
    PDFIUM,
    examined_page,
    largest_picture,
    open_document,
    rendered,
    to_top_left,
)
from lexmill_legal.parsing.places import place
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.marks import Mark, Marks
from lexmill_legal.redaction.pdf_writing import PdfWriter, Picture, Words
from lexmill_legal.redaction.values import fold
from lexmill_legal.results import Box, Page, ParsedDocument, TextBox
from lexmill_legal.results import Warning as Notice

_DPI = 150.0
_MOST_PIXELS = 40_000_000
_MARGIN = 1.0
# Letters of a font that does not say what they mean: seen by a reader, but examined by nobody.
_UNREADABLE = re.compile(r"[�\ue000-\uf8ff](?:[\s�\ue000-\uf8ff]*[�\ue000-\uf8ff]){2,}")
_CONTRAST = 50
_BLACK = 0
_PAPER = 160
_INSET = 0.15
_FEW = 2
_PICTURE = 0.002
_Pixels = NDArray[np.uint8]
_Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Glyphs:
    """What is drawn on a page, letter by letter, from its top left."""

    texts: list[str]
    tight: _Places
    loose: _Places


def burn_pdf(
    data: bytes, parsed: ParsedDocument, marks: Marks, *, passwords: Sequence[str] = ()
) -> Burned:
    alphabet = set(parsed.text).union(*marks.tokens) if marks.tokens else set(parsed.text)
    writer = PdfWriter(alphabet - {"\n", "\t"})
    withheld: list[int] = []
    pictured: list[int] = []
    with PDFIUM, open_document(data, passwords) as document:
        if pdfium.FPDF_GetPageCount(document) != len(parsed.pages):
            raise DocumentError(
                "not_redactable",
                "The marks do not belong to this PDF; let them be found anew.",
            )
        runs = {number: list(each) for number, each in groupby(parsed.boxes, _page_of)}
        for page in parsed.pages:
            with examined_page(document, page.number - 1) as loaded:
                burner = _PageBurner(parsed, page, runs.get(page.number, []), marks)
                if not burner.write(loaded, writer):
                    withheld.append(page.number)
                elif largest_picture(loaded) > _PICTURE * page.width * page.height:
                    pictured.append(page.number)
    warnings = [*map(_withheld, withheld), *([_pictures(pictured)] if pictured else [])]
    return Burned(writer.finish(), PDF, ".pdf", tuple(warnings))


def _page_of(run: TextBox) -> int:
    return run.box.page


def _withheld(page: int) -> Notice:
    return Notice(
        "page_withheld",
        f"Page {page} is black in the redacted copy: what stands on it could not be read or"
        " placed, so nothing shows that it may be given away.",
        page,
    )


def _pictures(pages: Sequence[int]) -> Notice:
    shown = ", ".join(map(str, pages[:10])) + (" …" if len(pages) > 10 else "")
    return Notice(
        "pictures_in_copy",
        f"There are pictures on page{'s' if len(pages) > 1 else ''} {shown}, in which nothing was"
        " looked for: see whether a signature, a stamp or a logo says too much.",
        pages[0],
    )


class _PageBurner:
    def __init__(
        self, parsed: ParsedDocument, page: Page, runs: list[TextBox], marks: Marks
    ) -> None:
        self._parsed, self._text = parsed, parsed.text
        self._page = page
        self._runs = runs
        self._marks = marks.within(page.start, page.end)

    def write(self, loaded: Any, writer: PdfWriter) -> bool:
        """False where the page had to be withheld."""
        page = self._page
        width, height = max(page.width, 1.0), max(page.height, 1.0)
        pixels = _picture(loaded, width, height) if loaded and page.has_text else None
        if pixels is None or not self._all_placed():
            side = np.zeros((8, 8), np.uint8)
            writer.page(width, height, _packed(side), [])
            return False
        self._pixels, self._scale = pixels, pixels.shape[1] / width
        self._glyphs = _read_glyphs(loaded)
        words, boxes = self._words_and_boxes()
        for box in boxes:
            pixels[self._rows(box.y0, box.y1), self._columns(box.x0, box.x1)] = _BLACK
        writer.page(width, height, _packed(pixels), words)
        return True

    def _all_placed(self) -> bool:
        """Whether each letter and digit of every mark is in a run that has a box."""
        for mark in self._marks:
            start, end = max(mark.start, self._page.start), min(mark.end, self._page.end)
            parts = (
                self._text[max(start, run.start) : min(end, run.end)]
                for run in self._runs
                if run.start < end and run.end > start
            )
            if fold("".join(parts)) != fold(self._text[start:end]):
                return False
        return True

    def _words_and_boxes(self) -> tuple[list[Words], list[Box]]:
        words: list[Words] = []
        boxes: list[Box] = []
        told: set[Mark] = set()
        for run in self._runs:
            text = self._text[run.start : run.end]
            letters = self._letters(run, text)
            seen = self._seen(run, text, letters)
            at = run.start
            for mark in self._marks_in(run, text):
                words += self._kept(run, letters, seen, at, max(at, mark.start))
                start, end = max(mark.start, run.start), min(mark.end, run.end)
                box = self._box(run, letters, start, end)
                boxes.append(box)
                if mark not in told:
                    told.add(mark)
                    words.append(Words(mark.token, box, self._turns(run, letters), shown=True))
                at = max(at, end)
            words += self._kept(run, letters, seen, at, run.end)
        return words, boxes

    def _marks_in(self, run: TextBox, text: str) -> list[Mark]:
        marks = [mark for mark in self._marks if mark.start < run.end and mark.end > run.start]
        marks += [
            Mark(run.start + found.start(), run.start + found.end(), "")
            for found in _UNREADABLE.finditer(text)
        ]
        return sorted(marks, key=lambda mark: (mark.start, mark.end))

    def _letters(self, run: TextBox, text: str) -> list[int] | None:
        """For each character of the run the glyph that draws it, -1 for none; None: not known."""
        tight, box = self._glyphs.tight, run.box
        if not len(tight):
            return None
        x, y = (tight[:, 0] + tight[:, 2]) / 2, (tight[:, 1] + tight[:, 3]) / 2
        inside = (x > box.x0 - 1) & (x < box.x1 + 1) & (y > box.y0 - 1) & (y < box.y1 + 1)
        glyphs = [int(number) for number in np.flatnonzero(inside)]
        folded = [fold(self._glyphs.texts[number]) for number in glyphs]
        wanted = fold(text)
        drawn = "".join(folded)
        at = drawn.find(wanted)
        if not wanted or at < 0 or drawn.find(wanted, at + 1) >= 0:
            return None
        owners = [number for number, part in zip(glyphs, folded, strict=True) for _ in part]
        letters: list[int] = []
        for char in text:
            letters.append(owners[at] if fold(char) else -1)
            at += len(fold(char))
        return letters

    def _box(self, run: TextBox, letters: list[int] | None, start: int, end: int) -> Box:
        """What the mark covers in the run: whole glyphs with a margin, the whole run in doubt."""
        whole = run.box
        if start > run.start or end < run.end:
            if letters is not None:
                whole = self._reach(run, letters, start, end)
            elif not len(self._glyphs.tight):
                whole = self._by_gaps(run, start, end)
        return Box(
            whole.page,
            whole.x0 - _MARGIN,
            whole.y0 - _MARGIN,
            whole.x1 + _MARGIN,
            whole.y1 + _MARGIN,
        )

    def _reach(self, run: TextBox, letters: list[int], start: int, end: int) -> Box:
        """Around the glyphs of the characters ``[start, end)``; all of the run for none."""
        numbers = [number for number in letters[start - run.start : end - run.start] if number >= 0]
        box = run.box
        if not numbers:
            return box
        text = self._text[start:end]
        first, last = numbers[0], numbers[-1]
        numbers += [*self._signs(first, text, -1), *self._signs(last, text, 1)]
        boxes = np.concatenate((self._glyphs.tight[numbers], self._glyphs.loose[numbers]))
        (x0, y0), (x1, y1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        if _runs_upwards(box):
            x0, x1 = min(x0, box.x0), max(x1, box.x1)
        else:
            y0, y1 = min(y0, box.y0), max(y1, box.y1)
        return Box(box.page, float(x0), float(y0), float(x1), float(y1))

    def _signs(self, edge: int, text: str, step: int) -> Iterator[int]:
        """The glyphs of the signs before the first letter ("+7") or after the last one."""
        texts = self._glyphs.texts
        signs = re.match(r"[\W_]*", text[::-step])
        for sign in reversed(signs[0].replace(" ", "") if signs else ""):
            edge += step
            if not 0 <= edge < len(texts) or texts[edge] != sign:
                return
            yield edge

    def _by_gaps(self, run: TextBox, start: int, end: int) -> Box:
        """The words of a recognised line are told apart by the widest gaps in its picture."""
        text, box = self._text[run.start : run.end], run.box
        words = [found.span() for found in re.finditer(r"\S+", text)]
        band = self._pixels[self._rows(box.y0, box.y1), self._columns(box.x0, box.x1)]
        if _runs_upwards(box) or not band.size:
            return box
        blank = band.min(axis=0) > _PAPER
        gaps = [
            (last - first, first, last)
            for first, last in _stretches(blank)
            if first > 0 and last < len(blank)
        ]
        widest = sorted(gaps, reverse=True)[: len(words) - 1]
        if len(widest) < len(words) - 1:
            return box
        cuts = [0.0, *sorted((a + b) / 2 for _, a, b in widest), float(len(blank))]
        covered = [
            number
            for number, (a, b) in enumerate(words)
            if run.start + a < end and run.start + b > start
        ]
        if not covered:
            return box
        left = box.x0 + cuts[covered[0]] / self._scale
        right = box.x0 + cuts[covered[-1] + 1] / self._scale
        # noise may look like a gap: what the widths of the letters say is covered as well
        _, guessed = place(self._parsed, max(start, run.start), min(end, run.end))
        left = min([left, *(each.x0 for each in guessed)])
        right = max([right, *(each.x1 for each in guessed)])
        return Box(box.page, left, box.y0, right, box.y1)

    def _seen(self, run: TextBox, text: str, letters: list[int] | None) -> list[bool]:
        """Which characters show on the picture: not white on white, nor black under a black box."""
        if letters is None:
            # what OCR read was seen; signs alone tell nothing
            recognised = not len(self._glyphs.tight)
            return [recognised or not fold(char) for char in text]
        numbers = [number for number in letters if number >= 0]
        tight, loose = self._glyphs.tight[numbers], self._glyphs.loose[numbers]
        seen: list[bool]
        if _runs_upwards(run.box):
            seen = [self._contrast(a, b) for a, b in zip(tight, loose, strict=True)]
        else:
            top, bottom = _median(tight[:, 1]), _median(tight[:, 3])
            seen = self._seen_in_line(top, bottom, tight, loose)
        found = iter(seen)
        return [number < 0 or next(found) for number in letters]

    def _seen_in_line(
        self, top: float, bottom: float, tight: _Places, loose: _Places
    ) -> list[bool]:
        inset = _INSET * (bottom - top)
        band = self._pixels[self._rows(top + inset, bottom - inset)]
        columns = np.stack(
            (
                np.minimum(tight[:, 0], loose[:, 0]) * self._scale,
                np.maximum(tight[:, 2], loose[:, 2]) * self._scale + 1,
            ),
            axis=1,
        )
        width = self._pixels.shape[1]
        inside = (columns[:, 0] >= 0) & (columns[:, 1] <= width) & (len(band) > 0)
        if not inside.any():
            return [False] * len(tight)
        # beside the last column one more, as reduceat wants a beginning for what ends there
        flat = np.clip(columns, 0, width).astype(np.intp).ravel()
        light = np.maximum.reduceat(np.append(band.max(axis=0), 0), flat)[::2].astype(int)
        dark = np.minimum.reduceat(np.append(band.min(axis=0), 255), flat)[::2].astype(int)
        return list(inside & (light - dark >= _CONTRAST))

    def _contrast(self, tight: _Places, loose: _Places) -> bool:
        part = self._pixels[
            self._rows(min(tight[1], loose[1]), max(tight[3], loose[3])),
            self._columns(tight[0], tight[2]),
        ]
        return bool(part.size) and int(part.max()) - int(part.min()) >= _CONTRAST

    def _kept(
        self, run: TextBox, letters: list[int] | None, seen: list[bool], start: int, end: int
    ) -> Iterator[Words]:
        """The words in ``[start, end)`` of which every letter shows, as far as they are in line."""
        text = self._text[start:end]
        first = last = -1
        for found in re.finditer(r"\S+", text):
            a, b = start + found.start(), start + found.end()
            if all(seen[a - run.start : b - run.start]):
                first, last = (a if first < 0 else first), b
            elif first >= 0:
                yield self._placed(run, letters, first, last)
                first = -1
        if first >= 0:
            yield self._placed(run, letters, first, last)

    def _placed(self, run: TextBox, letters: list[int] | None, start: int, end: int) -> Words:
        text = self._text[start:end].replace("\t", " ").replace("\n", " ")
        if letters and max(letters[start - run.start : end - run.start]) >= 0:
            return Words(text, self._reach(run, letters, start, end), self._turns(run, letters))
        _, boxes = place(self._parsed, start, end)
        return Words(text, boxes[0] if boxes else run.box, self._turns(run, letters))

    def _turns(self, run: TextBox, letters: list[int] | None) -> int:
        """How the run's text is turned on the page, by the way from its first glyph to its last."""
        numbers = [number for number in letters or () if number >= 0]
        if len(numbers) < _FEW or _is_right_to_left(self._glyphs.texts[numbers[0]]):
            return 3 if _runs_upwards(run.box) else 0
        first, last = self._glyphs.tight[numbers[0]], self._glyphs.tight[numbers[-1]]
        right, down = float(last[0] - first[0]), float(last[1] - first[1])
        if _runs_upwards(run.box):
            return 1 if down > 0 else 3
        return 0 if right >= 0 else 2

    def _rows(self, top: float, bottom: float) -> slice:
        return _pixels(top, bottom, self._scale)

    def _columns(self, left: float, right: float) -> slice:
        return _pixels(left, right, self._scale)


def _pixels(first: float, last: float, scale: float) -> slice:
    return slice(max(0, int(first * scale)), max(0, math.ceil(last * scale)))


def _median(numbers: _Places) -> float:
    return float(np.sort(numbers)[len(numbers) // 2])  # numpy's own reads modules late


def _is_right_to_left(char: str) -> bool:
    return unicodedata.bidirectional(char) in {"R", "AL"}


def _runs_upwards(box: Box) -> bool:
    return box.y1 - box.y0 > 2 * (box.x1 - box.x0)


def _stretches(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """The beginnings and ends of the stretches that are true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _picture(page: Any, width: float, height: float) -> _Pixels | None:
    """The page in grey, without annotations that are no text: nobody examined those."""
    scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / (width * height)))
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = rendered(page, across, down, 0)
    if pixels is None:
        return None
    return np.frombuffer(pixels, np.uint8).reshape(down, across).copy()


def _packed(pixels: _Pixels) -> Picture:
    """Four greys, four pixels to a byte."""
    height, width = pixels.shape
    greys = (pixels + np.uint16(42)) // 85
    padded = np.full((height, -(-width // 4) * 4), 3, np.uint8)
    padded[:, :width] = greys
    packed = padded[:, 0::4] << 6 | padded[:, 1::4] << 4 | padded[:, 2::4] << 2 | padded[:, 3::4]
    return Picture(width, height, packed.tobytes())


def _read_glyphs(page: Any) -> _Glyphs:
    text_page = pdfium.FPDFText_LoadPage(page)
    texts: list[str] = []
    tight: list[tuple[float, float, float, float]] = []
    loose: list[tuple[float, float, float, float]] = []
    turned = to_top_left(page)
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    out = tuple(map(ctypes.byref, (left, right, bottom, top)))
    around = pdfium.FS_RECTF()
    wide = ctypes.byref(around)
    try:
        for index in range(pdfium.FPDFText_CountChars(text_page) if text_page else 0):
            code = pdfium.FPDFText_GetUnicode(text_page, index)
            if code <= 0x20 or code > 0x10FFFF:
                continue
            if not pdfium.FPDFText_GetCharBox(text_page, index, *out):
                continue
            pdfium.FPDFText_GetLooseCharBox(text_page, index, wide)
            texts.append(chr(code))
            tight.append(turned(left.value, bottom.value, right.value, top.value))
            loose.append(turned(around.left, around.bottom, around.right, around.top))
    finally:
        if text_page:
            pdfium.FPDFText_ClosePage(text_page)
    return _Glyphs(texts, np.array(tight).reshape(-1, 4), np.array(loose).reshape(-1, 4))
