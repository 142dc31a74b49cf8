"""Bytes in, text layer out: ``parse`` decides by content, ``place`` finds a range on its pages."""

from collections.abc import Sequence
from dataclasses import replace

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import media
from lexmill_legal.parsing.decoding import Decoded, decode
from lexmill_legal.parsing.doc import parse_doc
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.places import place
from lexmill_legal.results import ParsedDocument

__all__ = ["VERSION", "PageImage", "page_image", "parse", "parse_doc", "place"]

VERSION = "4"


def parse(
    data: bytes, *, name: str, passwords: Sequence[str] = (), keep_scans: bool = False
) -> ParsedDocument:
    """The text layer of a document; raises DocumentError for one that cannot be read.

    ``name`` is the file's name, a hint for what content alone does not tell (Markdown, a mail
    with few headers); ``passwords`` are tried where the document asks for one. With
    ``keep_scans`` a document of pictures alone is no error: its pages have no text yet.
    """
    kind = media.binary_format(data)
    if kind is not None:
        return _parse_binary(kind, data, name, passwords, keep_scans=keep_scans)
    decoded = decode(data)
    if decoded is None:
        raise DocumentError(
            "unknown_format",
            "The file is neither text nor in a format that Lexmill knows; save it as PDF.",
        )
    return _parse_text(data, decoded, name, keep_scans=keep_scans)


def page_image(data: bytes, *, page: int, passwords: Sequence[str] = ()) -> PageImage:
    """The picture of a page as it is shown, for OCR; raises DocumentError for one that has none.

    In a format without pages ``page`` is the number of one of the document's ``pictures``.
    """
    match media.binary_format(data):
        case media.PDF:
            from lexmill_legal.parsing.pdf import render_page  # noqa: PLC0415 - loads pdfium

            return render_page(data, page, passwords=passwords)
        case "picture":
            from lexmill_legal.parsing.pictures import picture_page  # noqa: PLC0415 - likewise

            return picture_page(data, page)
        case "signed":
            from lexmill_legal.parsing.signed import signed_content  # noqa: PLC0415 - likewise

            return page_image(signed_content(data), page=page, passwords=passwords)
    return _shown_picture(data, page, passwords)


def _shown_picture(data: bytes, number: int, passwords: Sequence[str]) -> PageImage:
    """A picture that stands in the text of a document without pages."""
    kind: str | None = media.binary_format(data)
    if kind == "ole" and media.ole_format(data) == "protected":
        from lexmill_legal.parsing.protected import office_content  # noqa: PLC0415 - loads olefile

        data, kind = office_content(data, passwords), "zip"
    match media.zip_format(data) if kind == "zip" else kind:
        case "docx":
            from lexmill_legal.parsing.docx import docx_picture  # noqa: PLC0415 - loads lxml

            return docx_picture(data, number)
        case "odt":
            from lexmill_legal.parsing.odt import odt_picture  # noqa: PLC0415 - loads lxml

            return odt_picture(data, number, passwords=passwords)
        case media.RTF:
            from lexmill_legal.parsing.rtf import rtf_picture  # noqa: PLC0415 - likewise

            return rtf_picture(data, number)
        case None if decoded := decode(data):
            from lexmill_legal.parsing.html import html_picture  # noqa: PLC0415 - likewise

            return html_picture(data, decoded, number)
    raise DocumentError("unsupported_format", "Pages of this format have no picture.")


def _parse_binary(
    kind: media.Binary, data: bytes, name: str, passwords: Sequence[str], *, keep_scans: bool
) -> ParsedDocument:
    match kind:
        case media.PDF:
            from lexmill_legal.parsing.pdf import parse_pdf  # noqa: PLC0415 - loads pdfium

            return parse_pdf(data, passwords=passwords, keep_scans=keep_scans)
        case "zip":
            return _parse_zip(data, passwords, keep_scans=keep_scans)
        case "ole":
            return _parse_ole(data, passwords, keep_scans=keep_scans)
        case media.RTF:
            from lexmill_legal.parsing.rtf import parse_rtf  # noqa: PLC0415 - as the others

            return parse_rtf(data, keep_scans=keep_scans)
        case "picture":
            from lexmill_legal.parsing.pictures import parse_picture  # noqa: PLC0415 - likewise

            return parse_picture(data, keep_scans=keep_scans)
        case "signed":
            return _parse_signed(data, name, passwords, keep_scans=keep_scans)


def _parse_zip(data: bytes, passwords: Sequence[str], *, keep_scans: bool) -> ParsedDocument:
    match media.zip_format(data):
        case "docx":
            from lexmill_legal.parsing.docx import parse_docx  # noqa: PLC0415 - loads lxml

            return parse_docx(data, keep_scans=keep_scans)
        case "odt":
            from lexmill_legal.parsing.odt import parse_odt  # noqa: PLC0415 - loads lxml

            return parse_odt(data, passwords=passwords, keep_scans=keep_scans)
        case "zip":
            from lexmill_legal.parsing.archive import parse_zip  # noqa: PLC0415 - likewise

            return parse_zip(data, passwords=passwords)


def _parse_ole(data: bytes, passwords: Sequence[str], *, keep_scans: bool) -> ParsedDocument:
    match media.ole_format(data):
        case "msg":
            from lexmill_legal.parsing.msg import parse_msg  # noqa: PLC0415 - loads olefile

            return parse_msg(data)
        case "protected":
            from lexmill_legal.parsing.protected import office_content  # noqa: PLC0415 - likewise

            return _parse_zip(office_content(data, passwords), passwords, keep_scans=keep_scans)
        case "doc":
            from lexmill_legal.parsing.protected import (  # noqa: PLC0415 - loads olefile
                refuse_protected_doc,
            )

            refuse_protected_doc(data)
            raise DocumentError(
                "needs_converter",
                "This is a Word 97 document (.doc), which another program must convert; save it as"
                " .docx or PDF.",
            )


def _parse_signed(
    data: bytes, name: str, passwords: Sequence[str], *, keep_scans: bool
) -> ParsedDocument:
    from lexmill_legal.parsing.signed import (  # noqa: PLC0415 - loads asn1crypto
        UNVERIFIED,
        inner_name,
        signed_content,
    )

    content = signed_content(data)
    parsed = parse(
        content, name=inner_name(name, content), passwords=passwords, keep_scans=keep_scans
    )
    return replace(parsed, warnings=(*parsed.warnings, UNVERIFIED))


def _parse_text(data: bytes, decoded: Decoded, name: str, *, keep_scans: bool) -> ParsedDocument:
    match media.text_format(decoded.text, name=name):
        case media.HTML:
            from lexmill_legal.parsing.html import parse_html  # noqa: PLC0415 - loads selectolax

            return parse_html(data, decoded, keep_scans=keep_scans)
        case media.EML:
            from lexmill_legal.parsing.eml import parse_eml  # noqa: PLC0415 - loads email

            return parse_eml(data, decoded)
        case media_type:
            from lexmill_legal.parsing.plain import parse_plain  # noqa: PLC0415 - as the others

            return parse_plain(decoded, media_type=media_type)
