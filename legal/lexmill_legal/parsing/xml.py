"""Parts of an Office container, read within limits: neither zip nor XML may grow without bound."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.media import ZIP_ERRORS

Element = etree._Element  # noqa: SLF001 - lxml has no public name for it

_MAX_MEMBERS = 20_000
_MAX_DECLARED_BYTES = 4 * 1024**3  # pictures count here, though we never unpack them
_MAX_READ_BYTES = 256 * 1024**2
MAX_PART_BYTES = 128 * 1024**2
# Word's own XML stays below 100; only above a size where a bomb would hurt
_MAX_RATIO = 400
_RATIO_FROM_BYTES = 8 * 1024**2

_STRICT = (
    (
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
    (
        b"http://purl.oclc.org/ooxml/drawingml/main",
        b"http://schemas.openxmlformats.org/drawingml/2006/main",
    ),
)

PROTECTED = (
    "The document is protected with a password; give the password or save a copy without it."
)
CORRUPT = "The document is damaged or was cut off; ask for it again."
TOO_LARGE = "The document unpacks to far more than a document holds, so it was not opened."


@dataclass(frozen=True, slots=True)
class Relationship:
    id: str
    kind: str
    target: str


class Container:
    """The parts of an Office file by name, however the writer spelled it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS or sum(m.file_size for m in members) > _MAX_DECLARED_BYTES:
            raise DocumentError("too_large", TOO_LARGE)
        self.archive = archive
        self._members = {_canonical(member.filename): member for member in members}
        self._left = _MAX_READ_BYTES

    def read(self, name: str, *, most: int | None = None) -> bytes | None:
        """The part; with ``most`` its beginning is enough."""
        member = self._members.get(_canonical(name))
        if member is None:
            return None
        if member.flag_bits & 1:
            raise DocumentError("encrypted", PROTECTED)
        limit = min(self._left, MAX_PART_BYTES)
        try:
            with self.archive.open(member) as part:
                # what the header says about the size may be a lie
                data = part.read(limit + 1 if most is None else min(limit + 1, most))
        except ZIP_ERRORS as error:
            raise DocumentError("corrupt", CORRUPT) from error
        too_dense = len(data) > _RATIO_FROM_BYTES and len(data) > _MAX_RATIO * member.compress_size
        if len(data) > limit or too_dense:
            raise DocumentError("too_large", TOO_LARGE)
        self._left -= len(data)
        return data

    def root(self, name: str) -> Element | None:
        data = self.read(name)
        return None if data is None else parse_xml(data)

    def relationships(self, part: str) -> dict[str, Relationship]:
        """What the part points at inside the container, by id."""
        folder, _, file = part.rpartition("/")
        root = self.root(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, Relationship] = {}
        for item in root if root is not None else ():
            target, kind = item.get("Target", ""), item.get("Type", "")
            if item.get("TargetMode") == "External" or not target:
                continue
            path = posixpath.normpath(posixpath.join("/", folder, unquote(target)))
            key = item.get("Id", "")
            found[key] = Relationship(key, kind.rpartition("/")[2], path.lstrip("/"))
        return found


@contextmanager
def open_container(data: bytes) -> Iterator[Container]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ZIP_ERRORS as error:
        raise DocumentError("corrupt", CORRUPT) from error
    with archive:
        yield Container(archive)


def parse_xml(data: bytes) -> Element:
    """The root; no entities, no DTD, no network: an Office file has no use for any of them."""
    for strict, transitional in _STRICT:
        if strict in data:
            data = data.replace(strict, transitional)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise DocumentError("corrupt", CORRUPT) from error
    if root is None or root.getroottree().docinfo.internalDTD is not None:
        raise DocumentError("corrupt", CORRUPT)
    return root


def _canonical(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
