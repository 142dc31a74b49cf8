"""Recognised pages in their places among those that have text of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lexmill_legal.ocr.recognition import RecognisedPage, Recognition
from lexmill_legal.parsing.shown import not_read
from lexmill_legal.results import Page, ParsedDocument, Picture, Revision, TextBox
from lexmill_legal.results import Warning as Notice

# Below it so many words are wrong that what is not found may well be there.
_SURE = 0.80
_PAPER = (595.0, 842.0)


def unread_places(parsed: ParsedDocument) -> dict[int, Page]:
    """What is to be recognised, by the number that ``page_image`` knows it by.

    A picture in a format without pages has no place on one: its own size is that of the paper.
    """
    if parsed.pages:
        return {page.number: page for page in parsed.pages if not page.has_text}
    return {
        picture.number: Page(picture.number, 0, 0, *_PAPER, has_text=False)
        for picture in parsed.pictures
    }


def merged(parsed: ParsedDocument, recognition: Recognition) -> ParsedDocument:
    """The document with the text of its recognised pages, and a warning for each doubtful one."""
    found = {page.number: page for page in recognition.pages if page.text}
    if not found:
        return parsed
    if not parsed.pages:
        return _with_pictures_read(parsed, found, recognition)
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


def _with_pictures_read(
    parsed: ParsedDocument, found: Mapping[int, RecognisedPage], recognition: Recognition
) -> ParsedDocument:
    """What was read on a picture as paragraphs of their own, after the line that shows it."""
    parts: list[str] = []
    moves: list[tuple[int, int]] = []  # from here on in the old text, by so many characters
    unread: list[Picture] = []
    done = at = 0
    for picture in parsed.pictures:
        place = _line_end(parsed.text, picture.at)
        parts.append(parsed.text[done:place])
        at += place - done
        done = place
        page = found.get(picture.number)
        if page is None:
            unread.append(replace(picture, at=at - place + picture.at))
            continue
        before = "\n" if at else ""
        after = "\n" if place < len(parsed.text) and parsed.text[place] != "\n" else ""
        added = f"{before}{page.text}{after}"
        parts.append(added)
        moves.append((place, len(added)))
        at += len(added)
    text = "".join([*parts, parsed.text[done:]])
    warnings = [not_read(picture.number) for picture in parsed.pictures]
    return replace(
        parsed,
        text=text,
        revisions=tuple(_revision(each, text, moves) for each in parsed.revisions),
        pictures=tuple(unread),
        warnings=(
            *(notice for notice in parsed.warnings if notice not in warnings),
            *(not_read(picture.number) for picture in unread),
            *_warnings_of_pictures(recognition),
        ),
    )


def _line_end(text: str, at: int) -> int:
    if not at or text[at - 1 : at] == "\n":
        return at
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _revision(revision: Revision, text: str, moves: Sequence[tuple[int, int]]) -> Revision:
    """A point stays before what was added there; a range grows with what was added inside it."""
    start = revision.start + sum(by for place, by in moves if place < revision.start)
    start += sum(by for place, by in moves if place == revision.start < revision.end)
    end = max(start, revision.end + sum(by for place, by in moves if place < revision.end))
    said = text[start:end] if revision.kind == "insertion" else revision.text
    return Revision(revision.kind, revision.author, start, end, said)


def _warnings_of_pictures(recognition: Recognition) -> list[Notice]:
    pages = [page for page in recognition.pages if page.text]
    what = "1 picture" if len(pages) == 1 else f"{len(pages)} pictures"
    return [
        Notice(
            "text_recognised",
            f"What stands on {what} in the document was recognised (OCR) and may have wrong"
            " letters or figures.",
        ),
        *(
            Notice(
                "part_unreadable",
                f"Picture {page.number} of the document could hardly be recognised (OCR): compare"
                " it with the document.",
            )
            for page in pages
            if page.confidence < _SURE
        ),
    ]


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
