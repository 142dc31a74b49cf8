"""PDF by pdfium's C interface: its Python helpers cost more than the parsing itself."""

import ctypes
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any

import pypdfium2.raw as pdfium

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.columns import in_reading_order, parts_of
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.lines import Line, PageLines, Rectangle, State, assemble
from lexmill_legal.parsing.tables import with_rows
from lexmill_legal.results import Attachment, ParsedDocument

PDFIUM = threading.Lock()
"""pdfium is not thread-safe: hold this around every use of it in a process with threads."""

_HYPHEN = "\ufffe"  # pdfium's sign for a hyphen at a line's end, and for a glyph without meaning
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\xa0\xad\u200b\ufeff\ufffe\uffff\ud800-\uf8ff]")
# spaces of any kind are spaces; what draws nothing is nothing
_REPLACED = (
    dict.fromkeys(map(chr, range(0x20)), "")
    | dict.fromkeys(map(chr, range(0x7F, 0xA0)), "")
    | dict.fromkeys("\xad\u200b\ufeff\uffff", "")
    | dict(zip("\uf0b7\uf0a7\uf0a8\uf06f\uf0fc\uf0fe", "•▪☐☐✓☑", strict=True))
    | {"\t": " ", "\v": " ", "\f": " ", "\xa0": " ", "\x85": " "}
)
_UNMAPPED = "�"
# letters of a font that says nothing of their meaning: to a reader text, to us a picture
_UNREADABLE = re.compile(r"[�\ue000-\uf8ff]")
# A scan with a court's or a scanner's stamp has so few characters under so large a picture.
_STAMP_CHARACTERS = 100
_SCAN_COVERS = 0.6
# Some programs draw each letter as a figure: a page number is all the text that is left then.
_FEW_CHARACTERS = 40
_DRAWN_LETTERS = 300
_MAX_UNMAPPED = 0.3
_DRAWN_ANNOTATIONS = frozenset(
    {pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_WIDGET}
)
_SEEN = 0.5  # points: less of a line is a hair at the page's edge
_XFA_DYNAMIC = 2
_OCR_DPI = 200.0
_MOST_PIXELS = 10_000
_MAX_ATTACHMENTS = 1000
_MAX_ATTACHED_BYTES = 256 * 1024 * 1024

_Transform = Callable[[float, float, float, float], Rectangle]


def parse_pdf(
    data: bytes, *, passwords: Sequence[str] = (), keep_scans: bool = False
) -> ParsedDocument:
    with PDFIUM, open_document(data, passwords) as document:
        count = pdfium.FPDF_GetPageCount(document)
        pages = [_read_page(document, index) for index in range(count)]
        attachments = tuple(_attachments(document))
        dynamic = pdfium.FPDF_GetFormType(document) == _XFA_DYNAMIC
    if not pages:
        raise DocumentError("corrupt", "The PDF is damaged: it has no pages; ask for it again.")
    states = {page.state for page in pages}
    if dynamic and len(pages) == 1:
        raise DocumentError(
            "unsupported_format",
            "This is a dynamic form (XFA), which only Adobe Reader shows; print it to PDF.",
        )
    if "text" not in states and not attachments and not (keep_scans and "scan" in states):
        raise _no_text(states)
    return assemble(pages, attachments)


def render_page(data: bytes, number: int, *, passwords: Sequence[str] = ()) -> PageImage:
    """The page as it is shown, turned and with its annotations, in grey."""
    with (
        PDFIUM,
        open_document(data, passwords) as document,
        _page(document, number - 1) as page,
    ):
        if not page:
            raise DocumentError("corrupt", f"Page {number} is damaged.")
        points = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        dpi = min(_OCR_DPI, *(_MOST_PIXELS * 72 / max(1.0, side) for side in points))
        width, height = (max(1, round(side * dpi / 72)) for side in points)
        pixels = rendered(page, width, height, pdfium.FPDF_ANNOT)
    if pixels is None:
        raise DocumentError("too_large", f"Page {number} is larger than any page.")
    header = f"P5 {width} {height} 255\n".encode()
    return PageImage(header + pixels, "pgm", width, height, max(1, round(dpi)))


def rendered(page: Any, width: int, height: int, flags: int) -> bytes | None:
    """Grey pixels, row by row without gaps; None where there is no memory for so many."""
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        return None
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    if stride == width:
        return pixels
    return b"".join(pixels[at : at + width] for at in range(0, len(pixels), stride))


def _no_text(states: AbstractSet[str]) -> DocumentError:
    if "scan" in states:
        return DocumentError(
            "needs_ocr",
            "The PDF is a scan without text; its text must first be recognised (OCR).",
        )
    if "damaged" in states:
        return DocumentError("corrupt", "The PDF is damaged or was cut off; ask for it again.")
    return DocumentError("empty", "The PDF has only blank pages.")


@contextmanager
def open_document(data: bytes, passwords: Sequence[str]) -> Iterator[Any]:
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    reason = pdfium.FPDF_GetLastError()
    # newer files mean UTF-8, older ones the code page of the machine that wrote them
    tried = (p.encode(name, "ignore") for p in passwords for name in ("utf-8", "latin-1", "cp1251"))
    for password in dict.fromkeys(filter(None, tried)):
        if document or reason != pdfium.FPDF_ERR_PASSWORD:
            break
        document = pdfium.FPDF_LoadMemDocument64(data, len(data), password)
    if not document:
        if reason in {pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY}:
            raise DocumentError(
                "encrypted",
                "The PDF is protected with a password; give the password or save a copy"
                " without it.",
            )
        raise DocumentError("corrupt", "The PDF is damaged or was cut off; ask for it again.")
    try:
        yield document
    finally:
        pdfium.FPDF_CloseDocument(document)


@contextmanager
def _page(document: Any, index: int) -> Iterator[Any]:
    page = pdfium.FPDF_LoadPage(document, index)
    try:
        yield page
    finally:
        if page:
            pdfium.FPDF_ClosePage(page)


def _read_page(document: Any, index: int) -> PageLines:
    with examined_page(document, index) as page:
        return _read_loaded(page) if page else PageLines(0.0, 0.0, [], "damaged")


@contextmanager
def examined_page(document: Any, index: int) -> Iterator[Any]:
    """The page as its text is read; none where it is damaged."""
    with _page(document, index) as page:
        annotated = bool(page) and _has_drawn_annotations(page)
        if annotated:
            # a form's entries, typewriter notes and stamps become text of the page itself
            pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
        else:
            yield page
    if annotated:
        with _page(document, index) as page:
            yield page


def _has_drawn_annotations(page: Any) -> bool:
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if annotation:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            pdfium.FPDFPage_CloseAnnot(annotation)
            if kind in _DRAWN_ANNOTATIONS:
                return True
    return False


def _read_loaded(page: Any) -> PageLines:
    width, height = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    with _text_page(page) as text_page:
        if not text_page:
            return PageLines(width, height, [], "damaged")
        reader = _Reader(text_page, to_top_left(page))
        written = reader.lines()
        shown = _visible(_with_turned_in_order(page, written), width, height)
        lines = in_reading_order(with_rows(shown), width, reader.cut)
    state = _state(page, lines, width * height)
    return PageLines(width, height, lines, state, hides=_letters(lines) < _letters(written))


@contextmanager
def _text_page(page: Any) -> Iterator[Any]:
    text_page = pdfium.FPDFText_LoadPage(page)
    try:
        yield text_page
    finally:
        if text_page:
            pdfium.FPDFText_ClosePage(text_page)


def _with_turned_in_order(page: Any, lines: list[Line]) -> list[Line]:
    """Pdfium reads what stands upside down from its end, and some of what stands upright there.

    So lines that are turned are read from the page turned as they are, and put where they began.
    """
    own = pdfium.FPDFPage_GetRotation(page) % 4
    for turn in sorted({line.turn for line in lines} - {own}):
        first = next(index for index, line in enumerate(lines) if line.turn == turn)
        pdfium.FPDFPage_SetRotation(page, turn)
        upright = _lines_turned(page, turn, back=(own - turn) % 4)
        pdfium.FPDFPage_SetRotation(page, own)
        if _letters(upright) < _letters([line for line in lines if line.turn == turn]):
            continue  # it is no text for pdfium then
        others = [line for line in lines if line.turn != turn]
        at = sum(line.turn != turn for line in lines[:first])
        lines = [*others[:at], *upright, *others[at:]]
    return lines


def _lines_turned(page: Any, turn: int, *, back: int) -> list[Line]:
    size = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
    with _text_page(page) as text_page:
        if not text_page:
            return []
        reader = _Reader(text_page, to_top_left(page))
        upright = [line for line in reader.lines() if line.turn == turn]
        upright = in_reading_order(with_rows(upright), size[0], reader.cut)
    for line in upright:
        line.runs = [
            (first, last, _turned(place, size, quarters=back)) for first, last, place in line.runs
        ]
        line.source, line.turn = None, turn
    return upright


def _turned(place: Rectangle, size: tuple[float, float], *, quarters: int) -> Rectangle:
    """The same place on the page turned clockwise; ``size`` is how large it was before."""
    for _ in range(quarters):
        (x0, y0, x1, y1), (width, height) = place, size
        place, size = (height - y1, x0, height - y0, x1), (height, width)
    return place


def _letters(lines: list[Line]) -> int:
    return sum(len(line.text) - line.text.count(" ") for line in lines)


def _visible(lines: list[Line], width: float, height: float) -> list[Line]:
    """Without what stands outside of the page, where nobody sees it; what juts out is cut."""
    kept: list[Line] = []
    for line in lines:
        if all(
            x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height
            for _, _, (x0, y0, x1, y1) in line.runs
        ):
            kept.append(line)
            continue
        for part in parts_of(line):
            part.runs = [
                (first, last, (max(0.0, x0), max(0.0, y0), min(width, x1), min(height, y1)))
                for first, last, (x0, y0, x1, y1) in part.runs
            ]
            if all(x1 - x0 > _SEEN and y1 - y0 > _SEEN for _, _, (x0, y0, x1, y1) in part.runs):
                kept.append(part)
    return kept


def _state(page: Any, lines: list[Line], area: float) -> State:
    visible = sum(len(line.text) for line in lines)
    if visible >= _STAMP_CHARACTERS:
        unmapped = sum(len(_UNREADABLE.findall(line.text)) for line in lines)
        return "scan" if unmapped > _MAX_UNMAPPED * visible else "text"
    if visible:
        if visible < _FEW_CHARACTERS and _paths(page) > _DRAWN_LETTERS:
            return "scan"
        return "scan" if largest_picture(page) > _SCAN_COVERS * area else "text"
    return "blank" if _is_blank(page) else "scan"


def _objects(page: Any) -> Iterator[Any]:
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        yield pdfium.FPDFPage_GetObject(page, index)


def _paths(page: Any) -> int:
    return sum(
        pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH for item in _objects(page)
    )


def largest_picture(page: Any) -> float:
    """The area under the largest picture."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    largest = 0.0
    for item in _objects(page):
        if _holds_image(item):
            pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
            largest = max(largest, (right.value - left.value) * (top.value - bottom.value))
    return largest


def _holds_image(item: Any, depth: int = 0) -> bool:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth > 3:
        return bool(kind == pdfium.FPDF_PAGEOBJ_IMAGE)
    return any(
        _holds_image(pdfium.FPDFFormObj_GetObject(item, index), depth + 1)
        for index in range(pdfium.FPDFFormObj_CountObjects(item))
    )


def _is_blank(page: Any) -> bool:
    """Whether nothing can be seen: many programs draw a white rectangle on an empty page."""
    if not pdfium.FPDFPage_CountObjects(page):
        return True
    pixels = rendered(page, 128, 128, 0)
    return pixels is not None and min(pixels) == max(pixels)


class _Reader:
    """Reads one text page: its lines, and for each the rectangles of its runs."""

    def __init__(self, text_page: Any, to_top_left: _Transform) -> None:
        self._text_page = text_page
        self._to_top_left = to_top_left
        self._left, self._top, self._right, self._bottom = (ctypes.c_double() for _ in range(4))
        self._out = tuple(map(ctypes.byref, (self._left, self._top, self._right, self._bottom)))

    def lines(self) -> list[Line]:
        count = pdfium.FPDFText_CountChars(self._text_page)
        if count <= 0:
            return []
        text = self._characters(count)
        lines: list[Line] = []
        at = 0
        for raw in text.split("\r\n"):
            if raw:
                turn = self._turn(at)
                if _ODD.search(raw):
                    found = list(self._odd_lines(raw, at))
                elif line := self._line(raw.rstrip(" "), at):
                    line.source = at
                    found = [line]
                else:
                    found = []
                for line in found:
                    line.turn = turn
                lines += found
            at += len(raw) + 2
        return lines

    def _turn(self, index: int) -> int:
        angle: float = pdfium.FPDFText_GetCharAngle(self._text_page, index)
        return -round(angle / (math.pi / 2)) % 4

    def _characters(self, count: int) -> str:
        """One Python character for each of pdfium's, so that an offset is its index as well."""
        buffer = (ctypes.c_ushort * (2 * count + 2))()  # room for surrogate pairs
        written = pdfium.FPDFText_GetText(self._text_page, 0, count, buffer)
        raw = bytes(memoryview(buffer).cast("B")[: 2 * max(0, written - 1)])
        text = raw.decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text
        # pdfium leaves some characters out of its text but not out of its count
        return "".join(
            chr(code) if 0 < (code := self._code(index)) < 0x110000 else _HYPHEN
            for index in range(count)
        )

    def _code(self, index: int) -> int:
        code: int = pdfium.FPDFText_GetUnicode(self._text_page, index)
        return code

    def _odd_lines(self, raw: str, at: int) -> Iterator[Line]:
        """The visual lines in what pdfium gives as one, without its special characters."""
        first = 0
        characters: list[str] = []
        for index, char in enumerate(raw):
            hyphenated = char == _HYPHEN and self._code(at + index) == 0x02
            if hyphenated or char == "\x02":
                characters.append("-")
                if line := self._mapped(characters, at + first, hyphenated=True):
                    yield line
                first, characters = index + 1, []
            elif char == _HYPHEN or "\ud800" <= char <= "\udfff":
                characters.append(_UNMAPPED)
            else:
                characters.append(_REPLACED.get(char, char))
        if line := self._mapped(characters, at + first, hyphenated=False):
            yield line

    def _mapped(self, characters: list[str], at: int, *, hyphenated: bool) -> Line | None:
        """A line some of whose characters became none: its runs are moved accordingly."""
        line = self._line("".join(char or "\0" for char in characters), at, hyphenated=hyphenated)
        if line is None:
            return None
        if "\0" in line.text:
            text = line.text
            line.runs = [
                (a - text.count("\0", 0, a), b - text.count("\0", 0, b), rectangle)
                for a, b, rectangle in line.runs
            ]
            line.runs = [run for run in line.runs if run[0] < run[1]]
            line.text = text.replace("\0", "")
        stripped = line.text.rstrip(" ")
        line.runs = [
            (a, min(b, len(stripped)), rectangle)
            for a, b, rectangle in line.runs
            if a < len(stripped)
        ]
        line.text = stripped
        return line if stripped else None

    def _line(self, text: str, at: int, *, hyphenated: bool = False) -> Line | None:
        if not text:
            return None
        runs: list[tuple[int, int, Rectangle]] = []
        first = 0
        current: Rectangle | None = None
        # a list: _start_of makes pdfium forget the rectangles it counted before
        for number, rectangle in enumerate(list(self._rectangles(at, len(text)))):
            if rectangle is None:
                continue
            if current is None:
                current = rectangle
            elif _stands_apart(current, rectangle):
                cut = self._start_of(number, at, len(text))
                runs.append((first, first + len(text[first:cut].rstrip(" \0")), current))
                first, current = cut, rectangle
            else:
                current = _union(current, rectangle)
        if current is not None:
            runs.append((first, len(text), current))
        return Line(text, hyphenated, [run for run in runs if run[0] < run[1]])

    def cut(self, line: Line, x: float) -> list[Line]:
        """The parts of a line left and right of ``x``, where its words leave room there."""
        if line.source is None:
            return [line]
        places = list(self._rectangles(line.source, len(line.text)))
        drawn = [place for place in places if place is not None]
        right = [number for number, place in enumerate(places) if place and place[0] >= x]
        if len(drawn) != len(places) or not right or right != list(range(right[0], len(places))):
            return [line]
        if not right[0] or any(place[2] > x + 1 for place in drawn[: right[0]]):
            return [line]
        at = self._start_of(right[0], line.source, len(line.text))
        return [
            Line(text, hyphenated, [(0, len(text), _enclosing(part))])
            for text, part, hyphenated in (
                (line.text[:at].rstrip(" "), drawn[: right[0]], False),
                (line.text[at:], drawn[right[0] :], line.hyphenated),
            )
            if text
        ]

    def _rectangles(self, at: int, length: int) -> Iterator[Rectangle | None]:
        for index in range(pdfium.FPDFText_CountRects(self._text_page, at, length)):
            pdfium.FPDFText_GetRect(self._text_page, index, *self._out)
            left, right = self._left.value, self._right.value
            bottom, top = self._bottom.value, self._top.value
            drawn = right > left and top > bottom
            yield self._to_top_left(left, bottom, right, top) if drawn else None

    def _start_of(self, rectangle: int, at: int, length: int) -> int:
        """The offset of the first character under a line's n-th rectangle."""
        low, high = 1, length
        while low < high:
            middle = (low + high) // 2
            if pdfium.FPDFText_CountRects(self._text_page, at, middle) > rectangle:
                high = middle
            else:
                low = middle + 1
        return low - 1


def to_top_left(page: Any) -> _Transform:
    """From the page's own coordinates to those of the page as it is shown, turned if need be."""
    box = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, box)
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    turns: dict[int, _Transform] = {
        0: lambda x0, y0, x1, y1: (x0 - left, top - y1, x1 - left, top - y0),
        1: lambda x0, y0, x1, y1: (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
        2: lambda x0, y0, x1, y1: (right - x1, y0 - bottom, right - x0, y1 - bottom),
        3: lambda x0, y0, x1, y1: (top - y1, right - x1, top - y0, right - x0),
    }
    return turns[pdfium.FPDFPage_GetRotation(page) % 4]


def _union(a: Rectangle, b: Rectangle) -> Rectangle:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _enclosing(places: Sequence[Rectangle]) -> Rectangle:
    whole = places[0]
    for place in places[1:]:
        whole = _union(whole, place)
    return whole


def _stands_apart(a: Rectangle, b: Rectangle) -> bool:
    """Whether the gap is wider than any between two words: another column or cell."""
    size = max(a[3] - a[1], b[3] - b[1])
    return b[0] - a[2] > 1.5 * size or a[0] - b[2] > 1.5 * size or _rise(a, b) > 0.5 * size


def _rise(a: Rectangle, b: Rectangle) -> float:
    return max(a[1] - b[3], b[1] - a[3])


def _attachments(document: Any) -> Iterator[Attachment]:
    total = 0
    count = pdfium.FPDFDoc_GetAttachmentCount(document)
    for index in range(min(count, _MAX_ATTACHMENTS)):
        item = pdfium.FPDFDoc_GetAttachment(document, index)
        size = ctypes.c_ulong()
        if not item or not pdfium.FPDFAttachment_GetFile(item, None, 0, size):
            continue
        total += size.value
        if total > _MAX_ATTACHED_BYTES:
            raise DocumentError("too_large", "The files inside the PDF are too large together.")
        buffer = ctypes.create_string_buffer(size.value)
        pdfium.FPDFAttachment_GetFile(item, buffer, size.value, size)
        yield attachment(_attachment_name(item), buffer.raw[: size.value])


def _attachment_name(item: Any) -> str:
    size = pdfium.FPDFAttachment_GetName(item, None, 0)
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    pdfium.FPDFAttachment_GetName(item, buffer, size)
    return bytes(buffer)[: max(0, size - 2)].decode("utf-16-le", "replace")
