"""A copy is read again before it is given away: no burned value may be found in it.

Its text is read by the same parsers as the document's; what a parser does not read (the structure
of the file, attributes, packed streams) must be of the few words and numbers that its writer uses.
"""

import html
from collections.abc import Iterator
from urllib.parse import unquote

from lexmill_legal.parsing import media
from lexmill_legal.redaction.burned import Burned, refusal
from lexmill_legal.redaction.marks import Marks


def verify(burned: Burned, marks: Marks) -> None:
    """Raises DocumentError ``not_redactable`` unless the copy is free of every burned value."""
    for text in _texts(burned):
        if _leaks(text, marks):
            raise refusal()


def _texts(burned: Burned) -> Iterator[str]:
    """All that may be read in the copy."""
    match burned.media_type:
        case media.PDF:
            from lexmill_legal.redaction.pdf_verification import (  # noqa: PLC0415 - loads pdfium
                pdf_texts,
            )

            yield from pdf_texts(burned.data)
        case media.HTML:
            yield from _html_texts(burned.data)
        case media.DOCX:
            from lexmill_legal.redaction.docx_verification import (  # noqa: PLC0415 - loads lxml
                docx_texts,
            )

            yield from docx_texts(burned.data)
        case _:
            yield burned.data.decode()


def _leaks(text: str, marks: Marks) -> bool:
    # a token may well have the letters of a value ("[PERSON-7F3K]", "person")
    for token in marks.tokens:
        text = text.replace(token, "￼" * 16) if token else text
    return any(map(marks.values.stand_in, {text, html.unescape(text), unquote(text)}))


def _html_texts(data: bytes) -> Iterator[str]:
    from lexmill_legal.parsing.html import html_text  # noqa: PLC0415 - loads selectolax
    from lexmill_legal.redaction.html_burning import HEAD, TAG, TAIL  # noqa: PLC0415 - likewise

    page = data.decode()
    yield html_text(page)[0]
    content = TAG.sub("", page.removeprefix(HEAD).removesuffix(TAIL))
    if "<" in content or ">" in content:
        raise refusal()
    yield content
