"""The container of a redline: every part as it was, but for the text and its comments."""

import io
import posixpath
import zipfile
from typing import Final

from lxml import etree

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.docx import PlacedText
from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import CORRUPT, Container, Element, open_container, parse_xml

_STRICT: Final = b"http://purl.oclc.org/ooxml/"
_TYPES: Final = "[Content_Types].xml"
_TYPES_NS: Final = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_LINKS_NS: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_KIND: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/comments"
_COMMENTS_TYPE: Final = (
    "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
)


def is_strict(container: Container, part: str) -> bool:
    """Written in the other dialect of the standard, of which only parts would be left."""
    return _STRICT in (container.read(part) or b"")


def read_comments(container: Container, part: str) -> Element:
    """The document's comments, to which ours come; an empty list where there are none."""
    found = container.root(_comments_part(container, part))
    return found if found is not None else etree.Element(f"{W}comments", nsmap={"w": W[1:-1]})


def pack(data: bytes, container: Container, placed: PlacedText, comments: Element) -> bytes:
    """The same parts in the same order, ours at the end where they are new."""
    target = _comments_part(container, placed.part)
    links = _links_part(placed.part)
    changed = {
        placed.part.lower(): _written(placed.root),
        target.lower(): _written(comments),
        _TYPES.lower(): _with_type(container, target),
        links.lower(): _with_link(container, placed.part, links, target),
    }
    result = io.BytesIO()
    with (
        open_container(data) as source,  # its own budget of bytes to unpack
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        done: set[str] = set()
        for info in old.infolist():
            name = info.filename.replace("\\", "/").lstrip("/").lower()
            if name in done or info.is_dir():
                continue
            done.add(name)
            content = changed.get(name)
            _add(new, info.filename, content if content is not None else source.read(name))
        for name in (target, links):
            if name.lower() not in done:
                done.add(name.lower())
                _add(new, name, changed[name.lower()])
    return result.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes | None) -> None:
    if content is None:
        raise DocumentError("corrupt", CORRUPT)
    info = zipfile.ZipInfo(name)  # the date of all its parts is 1980: nothing here reads a clock
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


def _written(root: Element) -> bytes:
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def _comments_part(container: Container, part: str) -> str:
    for link in container.relationships(part).values():
        if link.kind == "comments":
            return link.target
    return posixpath.join(posixpath.dirname(part), "comments.xml")


def _links_part(part: str) -> str:
    folder, _, file = part.rpartition("/")
    return posixpath.join(folder, "_rels", f"{file}.rels")


def _with_type(container: Container, target: str) -> bytes:
    root = container.root(_TYPES)
    if root is None:
        raise DocumentError("corrupt", CORRUPT)
    name = f"/{target}"
    overrides = root.iterfind(f"{_TYPES_NS}Override")
    if not any(each.get("PartName", "").lower() == name.lower() for each in overrides):
        override = etree.SubElement(root, f"{_TYPES_NS}Override")
        override.set("PartName", name)
        override.set("ContentType", _COMMENTS_TYPE)
    return _written(root)


def _with_link(container: Container, part: str, links: str, target: str) -> bytes:
    known = container.relationships(part)
    root = container.root(links)
    if root is None:
        root = parse_xml(f'<Relationships xmlns="{_LINKS_NS[1:-1]}"/>'.encode())
    if not any(link.kind == "comments" for link in known.values()):
        taken = {item.get("Id", "") for item in root}
        number = next(n for n in range(1, len(taken) + 2) if f"rIdComments{n}" not in taken)
        link = etree.SubElement(root, f"{_LINKS_NS}Relationship")
        link.set("Id", f"rIdComments{number}")
        link.set("Type", _KIND)
        # not relpath(), which asks for the current folder: there is none in the sandbox
        beside = posixpath.dirname(target) == posixpath.dirname(part)
        link.set("Target", posixpath.basename(target) if beside else f"/{target}")
    return _written(root)
