"""Recognised pages in their places among those that have text of their own."""

from dataclasses import replace

from lexmill_legal.ocr.recognition import RecognisedPage, Recognition
from lexmill_legal.results import Page, ParsedDocument, TextBox
from lexmill_legal.results import Warning as Notice

# Below it so many words are wrong that what is not found may well be there.
_SURE = 0.80


def unread_pages(parsed: ParsedDocument) -> tuple[int, ...]:
    """The numbers of the pages that are pictures."""
    return tuple(page.number for page in parsed.pages if not page.has_text)


def merged(parsed: ParsedDocument, recognition: Recognition) -> ParsedDocument:
    """The document with the text of its recognised pages, and a warning for each doubtful one."""
    found = {page.number: page for page in recognition.pages if page.text}
    if not found:
        return parsed
    parts: list[str] = []
    boxes: list[TextBox] = []
    pages: list[Page] = []
    own = iter(parsed.boxes)
    box = next(own, None)
    at = 0
    for page in parsed.pages:
        start = at
        text = parsed.text[page.start : page.end]
        if page.number in found:
            text = found[page.number].text + ("\n" if page.number < len(parsed.pages) else "")
            boxes += _moved(found[page.number], at)
        while box is not None and box.start < page.end:
            if page.number not in found:
                shift = at - page.start
                boxes.append(TextBox(box.start + shift, box.end + shift, box.box))
            box = next(own, None)
        parts.append(text)
        at += len(text)
        read = page.has_text or page.number in found
        pages.append(replace(page, start=start, end=at, has_text=read))
    kept = [notice for notice in parsed.warnings if notice.page not in found]
    return replace(
        parsed,
        text="".join(parts),
        pages=tuple(pages),
        boxes=tuple(boxes),
        warnings=(*kept, *_warnings(recognition)),
    )


def _moved(page: RecognisedPage, by: int) -> list[TextBox]:
    return [TextBox(each.start + by, each.end + by, each.box) for each in page.boxes]


def _warnings(recognition: Recognition) -> list[Notice]:
    pages = [page for page in recognition.pages if page.text]
    notices = [
        Notice(
            "text_recognised",
            f"{_counted(len(pages))} without text; what stands there was recognised (OCR) and may"
            " have wrong letters or figures.",
        )
    ]
    notices += [
        Notice(
            "page_doubtful",
            f"Page {page.number} could hardly be recognised (OCR): compare it with the picture.",
            page.number,
        )
        for page in pages
        if page.confidence < _SURE
    ]
    return notices


def _counted(count: int) -> str:
    return "1 page is a picture" if count == 1 else f"{count} pages are pictures"
