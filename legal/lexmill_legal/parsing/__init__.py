"""Bytes in, text layer out: ``parse`` decides by content, ``place`` finds a range on its pages."""

from collections.abc import Sequence

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import media
from lexmill_legal.parsing.decoding import Decoded, decode
from lexmill_legal.parsing.places import place
from lexmill_legal.results import ParsedDocument

__all__ = ["VERSION", "parse", "place"]

VERSION = "1"


def parse(data: bytes, *, name: str, passwords: Sequence[str] = ()) -> ParsedDocument:
    """The text layer of a document; raises DocumentError for one that cannot be read.

    ``name`` is the file's name, a hint for what content alone does not tell (Markdown, a mail
    with few headers); ``passwords`` are tried where the document asks for one.
    """
    match media.binary_format(data):
        case media.PDF:
            from lexmill_legal.parsing.pdf import parse_pdf  # noqa: PLC0415 - loads pdfium

            return parse_pdf(data, passwords=passwords)
        case "zip":
            media.zip_format(data)
            from lexmill_legal.parsing.docx import parse_docx  # noqa: PLC0415 - loads lxml

            return parse_docx(data)
    decoded = decode(data)
    if decoded is None:
        raise DocumentError(
            "unknown_format",
            "The file is neither text nor in a format that Lexmill knows; save it as PDF.",
        )
    return _parse_text(data, decoded, name)


def _parse_text(data: bytes, decoded: Decoded, name: str) -> ParsedDocument:
    match media.text_format(decoded.text, name=name):
        case media.HTML:
            from lexmill_legal.parsing.html import parse_html  # noqa: PLC0415 - loads selectolax

            return parse_html(data, decoded)
        case media.EML:
            from lexmill_legal.parsing.eml import parse_eml  # noqa: PLC0415 - loads email

            return parse_eml(data, decoded)
        case media_type:
            from lexmill_legal.parsing.plain import parse_plain  # noqa: PLC0415 - as the others

            return parse_plain(decoded, media_type=media_type)
