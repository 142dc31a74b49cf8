"""Word documents for the tests, and what Word makes of one when all changes are rejected."""

import io
import posixpath
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element
from tests.legal.parsing.making import NAMESPACES, part

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_PLAIN = "application/xml"
_SECTION = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'


def word(body: str, comments: str | None = None) -> bytes:
    """A whole document; ``comments`` are the elements of a part for them that it has already."""
    link = f'<Relationship Id="rId7" Type="{_OFFICE}/comments" Target="comments.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        f'relationships+xml"/><Default Extension="xml" ContentType="{_PLAIN}"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": part("document", f"<w:body>{body}{_SECTION}</w:body>"),
        "word/media/seal.bin": "not to be touched",
    }
    if comments is not None:
        parts["word/_rels/document.xml.rels"] = (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{link}</Relationships>'
        )
        parts["word/comments.xml"] = f"<w:comments {NAMESPACES}>{comments}</w:comments>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        return {name: archive.read(name) for name in names}


def with_parts(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts_of(data).items():
            archive.writestr(name, changed.get(name, content))
    return buffer.getvalue()


def rejected(data: bytes) -> bytes:
    """As Word does it: insertions go, deletions stay, an inserted mark joins two paragraphs.

    Only our own changes: those that the document had stay.
    """
    root = main_of(data)
    ours = _ours(root, "ins")
    for mark in ours:
        above = mark.getparent()
        assert above is not None
        if above.tag != f"{W}rPr":
            above.remove(mark)
    for deletion in _ours(root, "del"):
        for text in deletion.iter(f"{W}delText"):
            text.tag = f"{W}t"
        above = deletion.getparent()
        assert above is not None
        at = above.index(deletion)
        above[at : at + 1] = list(deletion)
    for paragraph in list(root.iter(f"{W}p")):
        mark_of = paragraph.find(f"{W}pPr/{W}rPr/{W}ins")
        if mark_of is not None and mark_of in ours:
            _join(paragraph)
    return with_parts(data, {"word/document.xml": etree.tostring(root)})


def _ours(root: Element, tag: str) -> list[Element]:
    return [
        each
        for each in root.iter(f"{W}{tag}")
        if (each.get(f"{W}author") or "").startswith("Lexmill playbook")
    ]


def _join(paragraph: Element) -> None:
    following = paragraph.getnext()
    assert following is not None
    assert following.tag == f"{W}p", "an inserted mark needs a paragraph to join with"
    content = [child for child in paragraph if child.tag != f"{W}pPr"]
    at = 1 if following.find(f"{W}pPr") is not None else 0
    for child in reversed(content):
        following.insert(at, child)
    above = paragraph.getparent()
    assert above is not None
    above.remove(paragraph)


def main_of(data: bytes) -> Element:
    return etree.fromstring(parts_of(data)["word/document.xml"])


@dataclass(frozen=True)
class Run:
    look: str
    text: str


Paragraph = tuple[str, tuple[Run, ...]]


def structure(data: bytes) -> list[Paragraph]:
    """Every paragraph with its properties and its text by looks, however it is cut into runs."""
    return [_paragraph(each) for each in main_of(data).iter(f"{W}p")]


def _paragraph(element: Element) -> Paragraph:
    runs: list[Run] = []
    for run in element.iter(f"{W}r"):
        look = _xml(run.find(f"{W}rPr"))
        text = "".join(_said(child) for child in run)
        if text and runs and runs[-1].look == look:
            runs[-1] = Run(look, runs[-1].text + text)
        elif text:
            runs.append(Run(look, text))
    return _xml(element.find(f"{W}pPr")), tuple(runs)


def _said(child: Element) -> str:
    if child.tag == f"{W}t":
        return child.text or ""
    name = etree.QName(child).localname
    return "" if name in {"rPr", "commentReference"} else f"<{name}>"


def _xml(element: Element | None) -> str:
    if element is None or not len(element):
        return ""
    return etree.tostring(element, method="c14n").decode()


def assert_well_made(data: bytes) -> None:
    """What Word insists on: ids of their own, deleted text as such, comments that are there."""
    parts = parts_of(data)
    root, comments = main_of(data), etree.fromstring(parts["word/comments.xml"])
    said = [each for each in comments if (each.get(f"{W}author") or "").startswith("Lexmill")]
    ids = [each.get(f"{W}id") for each in (*_ours(root, "ins"), *_ours(root, "del"), *said)]
    assert ids
    assert None not in ids
    assert len(ids) == len(set(ids))
    changed = {f"{W}{tag}" for tag in ("ins", "del", "moveFrom", "moveTo")}
    others = [each.get(f"{W}id") for each in root.iter() if each.tag in changed]
    assert all(others.count(each) <= 1 for each in ids)
    for deletion in _ours(root, "del"):
        assert not list(deletion.iter(f"{W}t"))
    written = {each.get(f"{W}id") for each in comments}
    for tag in ("commentRangeStart", "commentRangeEnd", "commentReference"):
        used = [each.get(f"{W}id") for each in root.iter(f"{W}{tag}")]
        assert [each for each in used if each in ids] == [
            each for each in dict.fromkeys(used) if each in ids
        ]
        assert {each for each in ids if each in written} <= set(used)
    types = etree.fromstring(parts["[Content_Types].xml"])
    assert "/word/comments.xml" in {each.get("PartName") for each in types}
    links = etree.fromstring(parts["word/_rels/document.xml.rels"])
    named = [each.get("Target") for each in links if (each.get("Type") or "").endswith("/comments")]
    assert [posixpath.join("word", target or "") for target in named] == ["word/comments.xml"]
    assert len({each.get("Id") for each in links}) == len(links)
