"""A copy is read again before it is given away: no burned value may be found in it.

Its text is read by the same parsers as the document's; what a parser does not read (the structure
of the file, attributes, packed streams) must be of the few words and numbers that its writer uses.
"""

import html
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import media
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.marks import Marks

_STREAM = re.compile(rb"<<([^<>]*)/Filter/FlateDecode/Length (\d+)>>\nstream\n", re.DOTALL)
_NAMES = (
    "Catalog Pages Type Count Kids Page Parent MediaBox Resources XObject P Font Contents Subtype"
    " Type1 Type3 BaseFont Helvetica-Bold Encoding WinAnsiEncoding FontBBox FontMatrix CharProcs g"
    " Differences FirstChar LastChar Widths ToUnicode Size Root F\\d+"
)
_SKELETON = re.compile(
    (
        r"%PDF-1\.5\n%\xe2\xe3\xcf\xd3\n"
        rf"(?:\s|\[|\]|<<|>>|/(?:{'|'.join(_NAMES.split())})(?![\w-])|\.?\d+(?:\.\d+)?"
        r"|obj\b|endobj\b|R\b|xref\b|trailer\b|startxref\b|n \n|f \n|%%EOF)*"
    ).encode("latin-1")
)
_IMAGE = re.compile(
    rb"/Type/XObject/Subtype/Image/Width (\d+)/Height (\d+)/ColorSpace/DeviceGray"
    rb"/BitsPerComponent 2"
)
_CONTENT = re.compile(
    rb"(?:q|cm|/P|Do|Q|BT|ET|g|Tz|Tf|Td|Tj|Tr|d1|/F\d+|-?\d+(?:\.\d+)?|<[0-9a-f]*>|\s)*"
)
_MEANINGS = re.compile(
    rb"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Words def\n"
    rb"/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
    rb"(?:\d+ beginbfchar\n|<[0-9A-F]{2}> <[0-9A-F]+>\n|endbfchar\n)*endcmap\nend\nend"
)


def verify(burned: Burned, marks: Marks) -> None:
    """Raises DocumentError ``not_redactable`` unless the copy is free of every burned value."""
    for text in _texts(burned):
        if _leaks(text, marks):
            raise _refusal()


def _texts(burned: Burned) -> Iterator[str]:
    """All that may be read in the copy."""
    match burned.media_type:
        case media.PDF:
            yield from _pdf_texts(burned.data)
        case media.HTML:
            yield from _html_texts(burned.data)
        case _:
            yield burned.data.decode()


def _leaks(text: str, marks: Marks) -> bool:
    # a token may well have the letters of a value ("[PERSON-7F3K]", "person")
    for token in marks.tokens:
        text = text.replace(token, "￼" * 16) if token else text
    return any(map(marks.values.stand_in, {text, html.unescape(text), unquote(text)}))


def _refusal() -> DocumentError:
    return DocumentError(
        "not_redactable",
        "A marked value, or something that could not be checked, was still in the redacted copy,"
        " which was therefore not kept; redact this document by hand.",
    )


def _html_texts(data: bytes) -> Iterator[str]:
    from lexmill_legal.parsing.html import html_text  # noqa: PLC0415 - loads selectolax
    from lexmill_legal.redaction.html_burning import HEAD, TAG, TAIL  # noqa: PLC0415 - likewise

    page = data.decode()
    yield html_text(page)[0]
    content = TAG.sub("", page.removeprefix(HEAD).removesuffix(TAIL))
    if "<" in content or ">" in content:
        raise _refusal()
    yield content


def _pdf_texts(data: bytes) -> Iterator[str]:
    from lexmill_legal.parsing.pdf import parse_pdf  # noqa: PLC0415 - loads pdfium

    _check_structure(data)
    parsed = parse_pdf(data, keep_scans=True)
    yield parsed.text
    if parsed.attachments or parsed.revisions:
        raise _refusal()


def _check_structure(data: bytes) -> None:
    """That there is nothing in the file but numbers, known names, pixels and coded letters."""
    skeleton: list[bytes] = []
    at = 0
    while found := _STREAM.search(data, at):
        skeleton.append(data[at : found.start()])
        end = found.end() + int(found[2])
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(data[found.end() : end])
        at = end + len(b"\nendstream")
        if unpacker.unused_data or not unpacker.eof or data[end:at] != b"\nendstream":
            raise _refusal()
        image = _IMAGE.fullmatch(found[1])
        if image:
            known = len(content) == -(-int(image[1]) // 4) * int(image[2])
        else:
            known = not found[1] and bool(
                _CONTENT.fullmatch(content) or _MEANINGS.fullmatch(content)
            )
        if not known:
            raise _refusal()
    skeleton.append(data[at:])
    if not _SKELETON.fullmatch(b"".join(skeleton)):
        raise _refusal()
