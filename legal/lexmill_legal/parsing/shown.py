"""Pictures inside a document of text: scanned pages that somebody pasted into Word.

A format without pages has no place on a page to tell, so what is read on a picture stands in the
text where the picture does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.media import TIFF, picture_format
from lexmill_legal.parsing.pictures import picture_page, picture_size
from lexmill_legal.results import ParsedDocument, Picture
from lexmill_legal.results import Warning as Notice

Read = Callable[[int | None], bytes]
"""A picture's bytes, at most so many of them."""

_NEEDS_OCR = "The document holds pictures but no text; its text must first be recognised (OCR)."
_MOST_PICTURES = 500
_HEAD_BYTES = 131_072
# Beside text a picture this small is a logo or a chart; where there is no text, it may be a line.
_PAGE_SIDE = 800
_LINE_SIDE = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that the document shows at this place of its text layer."""

    at: int
    read: Read


def with_pictures(
    parsed: ParsedDocument, shown: Iterable[Shown], *, keep_scans: bool
) -> ParsedDocument:
    """The document and its pictures that may be pages; raises DocumentError where that is all."""
    shown = list(shown)
    text = bool(parsed.text.strip())
    pages = _pages(shown, text=text)
    if not text and not parsed.attachments and not (keep_scans and pages):
        if shown:
            raise DocumentError("needs_ocr", _NEEDS_OCR)
        raise DocumentError("empty", "The document has no text.")
    pictures = tuple(Picture(number, page.at) for number, page in enumerate(pages, 1))
    return replace(
        parsed,
        pictures=pictures,
        warnings=(*parsed.warnings, *(not_read(picture.number) for picture in pictures)),
    )


def not_read(number: int) -> Notice:
    return Notice(
        "part_unreadable",
        f"Picture {number} of the document is as large as a page; what stands on it was not read.",
    )


def picture_image(text: str, shown: Iterable[Shown], number: int) -> PageImage:
    """The n-th of the pictures that may be pages."""
    pages = _pages(list(shown), text=bool(text.strip()))
    if not 1 <= number <= len(pages):
        raise DocumentError("corrupt", f"The document has no picture {number}.")
    return picture_page(pages[number - 1].read(None), 1)


def _pages(shown: list[Shown], *, text: bool) -> list[Shown]:
    return [each for each in shown[:_MOST_PICTURES] if _is_page(each, text=text)]


def _is_page(shown: Shown, *, text: bool) -> bool:
    try:
        head = shown.read(_HEAD_BYTES)
        kind = picture_format(head)
        if kind == TIFF:  # says its size anywhere
            head = shown.read(None)
        size = picture_size(head) if kind else None
    except DocumentError:
        return False  # damaged, or larger than any page
    return size is not None and min(size) >= (_PAGE_SIDE if text else _LINE_SIDE)
