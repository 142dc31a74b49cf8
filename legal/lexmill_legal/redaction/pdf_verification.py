"""What may be read in a redacted PDF, and that there is nothing else in it."""

import re
import zlib
from collections.abc import Iterator

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.pdf import parse_pdf
from lexmill_legal.redaction.burned import refusal

_STREAM = re.compile(rb"<<([^<>]*)/Filter/FlateDecode/Length (\d+)>>\nstream\n", re.DOTALL)
_NAMES = (
    "Catalog Pages Type Count Kids Page Parent MediaBox Resources XObject P Font Contents Subtype"
    " Type1 Type3 BaseFont Helvetica-Bold Encoding WinAnsiEncoding FontBBox FontMatrix CharProcs g"
    " Differences FirstChar LastChar Widths ToUnicode Size Root F\\d+"
)
# Atomic groups: whatever does not fit is refused at once, not after every way to cut a number.
_SKELETON = re.compile(
    (
        r"%PDF-1\.5\n%\xe2\xe3\xcf\xd3\n"
        rf"(?>\s|\[|\]|<<|>>|/(?:{'|'.join(_NAMES.split())})(?![\w-])|\.?\d+(?:\.\d+)?"
        r"|obj\b|endobj\b|R\b|xref\b|trailer\b|startxref\b|n \n|f \n|%%EOF)*+"
    ).encode("latin-1")
)
_IMAGE = re.compile(
    rb"/Type/XObject/Subtype/Image/Width (\d+)/Height (\d+)/ColorSpace/DeviceGray"
    rb"/BitsPerComponent 2"
)
_CONTENT = re.compile(
    rb"(?>q|cm|/P|Do|Q|BT|ET|g|Tz|Tf|Tm|Tj|Tr|d1|/F\d+|-?\d+(?:\.\d+)?|<[0-9a-f]*>|\s)*+"
)
_MEANINGS = re.compile(
    rb"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Words def\n"
    rb"/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
    rb"(?:\d+ beginbfchar\n|<[0-9A-F]{2}> <[0-9A-F]+>\n|endbfchar\n)*+endcmap\nend\nend"
)


def pdf_texts(data: bytes) -> Iterator[str]:
    _check_structure(data)
    try:
        parsed = parse_pdf(data, keep_scans=True)
    except DocumentError as error:
        if error.code != "empty":
            raise refusal() from error
        return
    if parsed.attachments:
        raise refusal()
    yield parsed.text


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
            raise refusal()
        image = _IMAGE.fullmatch(found[1])
        if image:
            known = len(content) == -(-int(image[1]) // 4) * int(image[2])
        else:
            known = not found[1] and bool(
                _CONTENT.fullmatch(content) or _MEANINGS.fullmatch(content)
            )
        if not known:
            raise refusal()
    skeleton.append(data[at:])
    if not _SKELETON.fullmatch(b"".join(skeleton)):
        raise refusal()
