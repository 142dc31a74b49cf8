"""A redacted copy of a document, which holds nothing that nobody looked at.

What is in the text layer was examined and stays, but for the marked ranges; all else (metadata,
comments, deleted text, headers of a Word document, attachments …) is not in the copy. Plain text
and Markdown stay what they are. Any other format whose parts cannot be rebuilt safely is given
back as its redacted text.
"""

from collections.abc import Sequence

from lexmill_legal.parsing import media
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.marks import Marks, read_marks, redacted_text
from lexmill_legal.redaction.verification import verify
from lexmill_legal.results import ParsedDocument, Redaction
from lexmill_legal.results import Warning as Notice

_AS_TEXT = Notice(
    "redacted_as_text",
    "A document of this format cannot be rewritten safely: the redacted copy is its text alone.",
)


def burn(
    data: bytes,
    parsed: ParsedDocument,
    redactions: Sequence[Redaction],
    *,
    passwords: Sequence[str] = (),
) -> Burned:
    """The redacted copy of ``data``, whose text layer is ``parsed``.

    Raises DocumentError ``not_redactable`` where a marked value would be left in the copy.
    """
    marks = read_marks(parsed, redactions)
    burned = _burned(_opened(data, passwords), parsed, marks, passwords)
    verify(burned, marks)
    return burned


def _opened(data: bytes, passwords: Sequence[str]) -> bytes:
    """The document itself, out of a signature or from behind Office's password."""
    if media.is_signed(data):
        from lexmill_legal.parsing.signed import signed_content  # noqa: PLC0415 - loads asn1crypto

        return signed_content(data)
    if media.binary_format(data) == "ole" and media.ole_format(data) == "protected":
        from lexmill_legal.parsing.protected import office_content  # noqa: PLC0415 - loads olefile

        return office_content(data, passwords)
    return data


def _burned(data: bytes, parsed: ParsedDocument, marks: Marks, passwords: Sequence[str]) -> Burned:
    match parsed.media_type:
        case media.PDF if media.binary_format(data) == media.PDF:
            from lexmill_legal.redaction.pdf_burning import burn_pdf  # noqa: PLC0415 - loads pdfium

            return burn_pdf(data, parsed, marks, passwords=passwords)
        case media.HTML:
            from lexmill_legal.redaction.html_burning import (  # noqa: PLC0415 - loads selectolax
                burn_html,
            )

            rebuilt = burn_html(data, parsed, marks)
        case media.DOCX if media.binary_format(data) == "zip":
            from lexmill_legal.redaction.docx_burning import (  # noqa: PLC0415 - loads lxml
                burn_docx,
            )

            rebuilt = burn_docx(data, parsed, marks)
        case _:
            rebuilt = None
    return rebuilt or _as_text(parsed, marks)


def _as_text(parsed: ParsedDocument, marks: Marks) -> Burned:
    text = redacted_text(parsed.text, marks).encode()
    match parsed.media_type:
        case media.MARKDOWN:
            return Burned(text, media.MARKDOWN, ".md")
        case media.PLAIN:
            return Burned(text, media.PLAIN, ".txt")
        case _:
            return Burned(text, media.PLAIN, ".txt", (_AS_TEXT,))
