"""What may be read in a redacted Word document, and that there is nothing else in it."""

import io
import re
import zipfile
from collections.abc import Iterator

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.docx import parse_docx
from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element, parse_xml
from lexmill_legal.redaction.burned import refusal
from lexmill_legal.redaction.docx_properties import is_formatting

_MEMBERS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|word/_rels/document\.xml\.rels"
    r"|word/(?:document|styles|numbering|footnotes|endnotes|settings)\.xml"
)


def docx_texts(data: bytes) -> Iterator[str]:
    try:
        yield parse_docx(data).text
    except DocumentError as error:
        if error.code != "empty":
            raise refusal() from error
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if archive.comment or any(item.extra or item.comment for item in archive.infolist()):
            raise refusal()
        for item in archive.infolist():
            if not _MEMBERS.fullmatch(item.filename):
                raise refusal()
            root = parse_xml(archive.read(item))
            if item.filename.startswith("word/") and item.filename.endswith(".xml"):
                yield from _part_texts(root)


def _part_texts(root: Element) -> Iterator[str]:
    """All text of a part, each paragraph in one piece, and each attribute that is no formatting."""
    yield "\n".join("".join(map(str, item.itertext())) for item in root.iter(f"{W}p"))
    yield "\n".join(map(str, root.itertext()))
    for item in root.iter():
        if not str(item.tag).startswith(W):
            raise refusal()
        for key in map(str, item.keys()):
            value = item.get(key, "")
            if item.tag == f"{W}lvlText":
                yield value
            elif not is_formatting(value):
                raise refusal()
