"""Pictures of pages (PNG, JPEG, TIFF): how many and how large; their text comes from OCR."""

import struct
from collections.abc import Iterator

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.lines import PageLines, assemble
from lexmill_legal.parsing.media import JPEG, PNG, TIFF, picture_format
from lexmill_legal.results import ParsedDocument

_CORRUPT = "The picture is damaged or was cut off; ask for it again."
_MAX_PAGES = 2000
_MAX_PIXELS = 200_000_000
_USUAL_DPI = 200.0
_POINTS = 72.0
# what a page is scanned with; other figures are what a camera or a screen says
_LEAST_DPI, _MOST_DPI = 72.0, 1200.0
# JPEG's markers that begin a picture and say its size
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def parse_picture(data: bytes, *, keep_scans: bool = False) -> ParsedDocument:
    """Its pages, without text: ``keep_scans`` says that OCR comes later."""
    kind = picture_format(data)
    sizes = _checked_sizes(data, kind)
    if not keep_scans:
        raise DocumentError(
            "needs_ocr", "This is a picture, whose text must first be recognised (OCR)."
        )
    pages = [PageLines(w * _POINTS / dpi, h * _POINTS / dpi, [], "scan") for w, h, dpi in sizes]
    return assemble(pages, (), media_type=kind or PNG)


def picture_page(data: bytes, page: int) -> PageImage:
    """The file as it is: the OCR program reads these formats itself."""
    kind = picture_format(data)
    sizes = _checked_sizes(data, kind)
    if not 1 <= page <= len(sizes):
        raise DocumentError("corrupt", _CORRUPT)
    width, height, dpi = sizes[page - 1]
    suffix = {PNG: "png", JPEG: "jpg"}.get(kind or "", "tif")
    return PageImage(data, suffix, width, height, round(dpi), page - 1)


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of its first page; its beginning is enough but for TIFF."""
    width, height, _ = _checked_sizes(data, picture_format(data))[0]
    return width, height


def _checked_sizes(data: bytes, kind: str | None) -> list[tuple[int, int, float]]:
    try:
        sizes = list(_sizes(data, kind))
    except (struct.error, IndexError) as error:
        raise DocumentError("corrupt", _CORRUPT) from error
    if not sizes or any(not width or not height for width, height, _ in sizes):
        raise DocumentError("corrupt", _CORRUPT)
    if len(sizes) > _MAX_PAGES or any(w * h > _MAX_PIXELS for w, h, _ in sizes):
        raise DocumentError("too_large", "The picture is larger than any page; scan it anew.")
    return sizes


def _sizes(data: bytes, kind: str | None) -> Iterator[tuple[int, int, float]]:
    """Width and height in pixels and the resolution of each page."""
    if kind == PNG:
        yield _png(data)
    elif kind == JPEG:
        yield _jpeg(data)
    elif kind == TIFF:
        yield from _tiff(data)


def _resolution(dpi: float) -> float:
    return dpi if _LEAST_DPI < dpi <= _MOST_DPI else _USUAL_DPI


def _png(data: bytes) -> tuple[int, int, float]:
    width, height = struct.unpack_from(">II", data, 16)
    dpi = 0.0
    at = 8
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if name == b"pHYs" and size == 9:
            per_metre, _, unit = struct.unpack_from(">IIB", data, at + 8)
            dpi = per_metre * 0.0254 if unit == 1 else 0.0
        if name in {b"IDAT", b"pHYs"}:
            break
        at += 12 + size
    return width, height, _resolution(dpi)


def _jpeg(data: bytes) -> tuple[int, int, float]:
    at, dpi = 2, 0.0
    while True:
        if data[at] != 0xFF:
            raise DocumentError("corrupt", _CORRUPT)
        marker = data[at + 1]
        if marker in {0xFF, 0x01} or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        (size,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height, _resolution(dpi)
        if marker == 0xE0 and data[at + 4 : at + 9] == b"JFIF\0":
            unit, density = struct.unpack_from(">BH", data, at + 11)
            dpi = density * {1: 1.0, 2: 2.54}.get(unit, 0.0)
        at += 2 + size


def _tiff(data: bytes) -> Iterator[tuple[int, int, float]]:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    seen: set[int] = set()
    while at and at not in seen and len(seen) <= _MAX_PAGES:
        seen.add(at)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        tags: dict[int, int] = {}
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHII", data, at + 2 + 12 * index)
            # a short value stands at the beginning of its four bytes
            tags[tag] = (
                value >> 16
                if kind == 3 and order == ">"
                else value & (0xFFFF if kind == 3 else 0xFFFF_FFFF)
            )
        dpi = 0.0
        if 282 in tags and tags[282] + 8 <= len(data):
            above, below = struct.unpack_from(f"{order}II", data, tags[282])
            dpi = above / below * (2.54 if tags.get(296) == 3 else 1.0) if below else 0.0
        yield tags.get(256, 0), tags.get(257, 0), _resolution(dpi)
        (at,) = struct.unpack_from(f"{order}I", data, at + 2 + 12 * count)
