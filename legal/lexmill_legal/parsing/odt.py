"""OpenDocument text, as a reader sees it who accepts every change: the rules are those of Word's.

Left out: headers and footers. Kept with a warning: hidden text. Notes stand at the end of the
layer, text boxes after the paragraph that they hang on.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.layer import WIDE_ROW, Layer, Mark, visible
from lexmill_legal.parsing.media import ODT
from lexmill_legal.parsing.odt_lists import STYLE, TEXT, Lists, OpenList, read_lists
from lexmill_legal.parsing.odt_locks import Locks
from lexmill_legal.parsing.shown import Shown, picture_image, with_pictures
from lexmill_legal.parsing.xml import (
    CORRUPT,
    MAX_PART_BYTES,
    TOO_LARGE,
    Container,
    Element,
    open_container,
)
from lexmill_legal.results import Attachment, ParsedDocument
from lexmill_legal.results import Warning as Notice

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DEEPEST = 120
_MOST_SPACES = 200
_SPACE = re.compile(r"[ \t\r\n]+")
_HIDDEN = Notice(
    "hidden_text",
    "The document has text that LibreOffice does not show; it is part of the text here.",
)
_OBJECT = Notice(
    "embedded_object",
    "The document holds an embedded object, whose content was not read.",
)
_ROWS = frozenset(
    {f"{_TABLE}{name}" for name in ("table-header-rows", "table-rows", "table-row-group")}
)
_MARKS = frozenset(
    {
        *(f"{TEXT}{name}" for name in ("change-start", "change-end", "change")),
        *(f"{_OFFICE}{name}" for name in ("annotation", "annotation-end")),
    }
)
_BLOCKS = frozenset(
    {
        *(f"{TEXT}{name}" for name in ("section", "table-of-content", "index-body", "index-title")),
        *(f"{TEXT}{name}" for name in ("alphabetical-index", "illustration-index", "table-index")),
        *(f"{TEXT}{name}" for name in ("object-index", "user-index", "bibliography")),
        *(f"{TEXT}{name}" for name in ("numbered-paragraph", "soft-page-break")),
    }
)


def parse_odt(
    data: bytes, *, passwords: Sequence[str] = (), keep_scans: bool = False
) -> ParsedDocument:
    with _opened(data, passwords) as container:
        parsed, shown = _read(container)
        return with_pictures(parsed, shown, keep_scans=keep_scans)


def odt_picture(data: bytes, number: int, *, passwords: Sequence[str] = ()) -> PageImage:
    with _opened(data, passwords) as container:
        parsed, shown = _read(container)
        return picture_image(parsed.text, shown, number)


def _read(container: Container) -> tuple[ParsedDocument, list[Shown]]:
    root, styles = container.root("content.xml"), container.root("styles.xml")
    body = root.find(f"{_OFFICE}body/{_OFFICE}text") if root is not None else None
    if root is None or body is None:
        raise DocumentError("corrupt", CORRUPT)
    walker = _Walker(read_lists(styles, root), _hidden_styles(styles, root))
    walker.document(body)
    attachments = _attachments(container, body)
    text, revisions = walker.layer.finish()
    warnings = [_HIDDEN] if walker.met_hidden_text else []
    if next(body.iter(f"{_DRAW}object", f"{_DRAW}object-ole"), None) is not None:
        warnings.append(_OBJECT)
    parsed = ParsedDocument(
        ODT, text, revisions=revisions, warnings=tuple(warnings), attachments=attachments
    )
    return parsed, [
        Shown(at, partial(_picture, container, target)) for at, target in walker.pictures
    ]


def _picture(container: Container, target: str, most: int | None) -> bytes:
    return container.read(target, most=most) or b""


class _Unlocked(Container):
    """A container whose parts are encrypted, each by itself."""

    def __init__(self, archive: zipfile.ZipFile, locks: Locks) -> None:
        super().__init__(archive)
        locks.choose(super().read)
        self._locks = locks

    def read(self, name: str, *, most: int | None = None) -> bytes | None:
        data = super().read(name)
        if data is None:
            return None
        content = self._locks.opened(name, data, limit=MAX_PART_BYTES)
        if len(content) > MAX_PART_BYTES:
            raise DocumentError("too_large", TOO_LARGE)
        return content[:most]


@contextmanager
def _opened(data: bytes, passwords: Sequence[str]) -> Iterator[Container]:
    with open_container(data) as container:
        manifest = container.root("META-INF/manifest.xml")
        locks = Locks(manifest, passwords) if manifest is not None else None
        yield _Unlocked(container.archive, locks) if locks else container


def _hidden_styles(*roots: Element | None) -> frozenset[str]:
    return frozenset(
        style.get(f"{STYLE}name", "")
        for root in roots
        for style in (root.iter(f"{STYLE}style") if root is not None else ())
        for properties in style.iterfind(f"{STYLE}text-properties")
        if properties.get(f"{TEXT}display") == "none"
    )


def _attachments(container: Container, body: Element) -> tuple[Attachment, ...]:
    """Documents of other kinds that are embedded as they are."""
    found = []
    for item in body.iter(f"{_DRAW}object"):
        target = item.get(f"{_XLINK}href", "").removeprefix("./")
        data = container.read(target) if "." in target and ".." not in target else None
        if data:
            found.append(attachment(target, data))
    return tuple(found)


class _Walker:
    """Walks the document once, in reading order, and writes the layer."""

    def __init__(self, lists: Lists, hidden: frozenset[str]) -> None:
        self.layer = Layer()
        self.met_hidden_text = False
        self.pictures: list[tuple[int, str]] = []  # where, the member's name
        self._lists = lists
        self._hidden_styles = hidden
        self._hidden = 0
        self._depth = 0
        self._spaced = True
        self._changes: dict[str, Element] = {}
        self._insertions: dict[str, Mark] = {}
        self._comments: dict[str, Mark] = {}
        self._range_ends: set[str] = set()
        self._notes: list[tuple[str, Element]] = []
        self._boxes: list[Element] = []
        self._in_note = False
        self._label = ""
        self._inline: dict[str, Callable[[Element], None]] = {
            f"{TEXT}s": self._spaces,
            f"{TEXT}tab": lambda _: self._put("\t"),
            f"{TEXT}line-break": lambda _: self._line_break(),
            f"{TEXT}note": self._note,
            f"{TEXT}change-start": self._change_start,
            f"{TEXT}change-end": self._change_end,
            f"{TEXT}change": self._deletion,
            f"{_OFFICE}annotation": self._annotation,
            f"{_OFFICE}annotation-end": self._annotation_end,
            f"{_DRAW}frame": self._frame,
            f"{_DRAW}custom-shape": self._boxes.append,
            f"{TEXT}ruby": self._ruby,
            f"{TEXT}tracked-changes": lambda _: None,
            f"{TEXT}hidden-text": self._hidden_field,
        }

    def document(self, body: Element) -> None:
        for region in body.iter(f"{TEXT}changed-region"):
            for name in (region.get(f"{_XML}id"), region.get(f"{TEXT}id")):
                if name:
                    self._changes[name] = region
        for end in body.iter(f"{_OFFICE}annotation-end"):
            self._range_ends.add(end.get(f"{_OFFICE}name", ""))
        self._blocks(body, "\n\n")
        notes, self._in_note = tuple(self._notes), True
        for label, note in notes:
            self.layer.separator = "\n\n"
            self.layer.write(f"[{label}] ")
            self._spaced = True
            self._blocks(note, "\n")

    # Blocks

    def _blocks(self, parent: Element, separator: str, within: OpenList | None = None) -> None:
        self._enter()
        for child in parent:
            tag = child.tag
            if tag in {f"{TEXT}p", f"{TEXT}h"}:
                self._paragraph(child, separator)
            elif tag == f"{TEXT}list":
                self._list(child, separator, within, 0)
            elif tag == f"{_TABLE}table":
                self._table(child, separator)
            elif tag in _BLOCKS:
                self._hide(child, lambda item: self._blocks(item, separator))
            elif tag in {f"{_DRAW}frame", f"{_DRAW}custom-shape"}:
                self._inline[tag](child)
                self._write_boxes(separator)
            elif tag in _MARKS:
                self._inline[tag](child)
        self._depth -= 1

    def _hide(self, element: Element, walk: Callable[[Element], None]) -> None:
        hidden = element.get(f"{TEXT}display") in {"none", "condition"}
        self._hidden += hidden
        walk(element)
        self._hidden -= hidden

    def _paragraph(self, paragraph: Element, separator: str) -> None:
        before = self.layer.size
        self._spaced = True
        style = paragraph.get(f"{TEXT}style-name", "")
        hidden = style in self._hidden_styles
        if paragraph.tag == f"{TEXT}h" and not self._label and _says_something(paragraph):
            self._label = self._lists.heading(paragraph)
        if self._label and not _says_something(paragraph):
            self._label = ""
        if self._label:
            self.layer.write(self._label)
            self._label = ""
        self._hidden += hidden
        self._inlines(paragraph)
        self._hidden -= hidden
        if self.layer.size > before:
            self.layer.separator = separator
        self._write_boxes(separator)

    def _write_boxes(self, separator: str) -> None:
        while self._boxes:
            boxes = list(self._boxes)
            self._boxes.clear()
            for box in boxes:
                self._blocks(box, separator)

    def _list(self, element: Element, separator: str, within: OpenList | None, depth: int) -> None:
        self._enter()
        opened = self._lists.begin(element, within)
        for item in element:
            if item.tag not in {f"{TEXT}list-item", f"{TEXT}list-header"}:
                continue
            first = next((child for child in item if child.tag != f"{TEXT}soft-page-break"), None)
            numbered = first is not None and first.tag in {f"{TEXT}p", f"{TEXT}h"}
            if numbered and item.tag == f"{TEXT}list-item" and _says_something(item):
                self._label = self._lists.label(item, opened, depth)
            self._items(item, separator, opened, depth)
            self._label = ""
        self._depth -= 1

    def _items(self, item: Element, separator: str, opened: OpenList, depth: int) -> None:
        for child in item:
            if child.tag == f"{TEXT}list":
                self._list(child, separator, opened, depth + 1)
            elif child.tag in {f"{TEXT}p", f"{TEXT}h"}:
                self._paragraph(child, separator)

    def _table(self, table: Element, separator: str) -> None:
        self._enter()
        layer = self.layer
        before, lead = layer.size, layer.separator
        for row in _rows(table):
            at = layer.size
            self._row(row, lead)
            if layer.size > at:
                # a row of whole paragraphs is a clause in two languages, not a line of figures
                lead = separator if layer.size - at > WIDE_ROW else "\n"
        layer.separator = separator if layer.size > before else lead
        self._depth -= 1

    def _row(self, row: Element, lead: str) -> None:
        layer = self.layer
        for cell in row:
            if cell.tag != f"{_TABLE}table-cell":
                continue
            at = layer.size
            layer.separator = lead
            self._blocks(cell, "\n")
            lead = ("" if layer.size > at else lead) + "\t"

    # Inlines

    def _inlines(self, parent: Element) -> None:
        self._enter()
        self._text(parent.text)
        for child in parent:
            handle = self._inline.get(child.tag)
            if handle is not None:
                handle(child)
            else:
                hidden = child.get(f"{TEXT}style-name", "") in self._hidden_styles
                self._hidden += hidden
                self._inlines(child)
                self._hidden -= hidden
            self._text(child.tail)
        self._depth -= 1

    def _text(self, text: str | None) -> None:
        """White space is one space, and none where there is one already."""
        if not text:
            return
        text = _SPACE.sub(" ", visible(text))
        if self._spaced:
            text = text.removeprefix(" ")
        if text:
            self._put(text)

    def _put(self, text: str) -> None:
        self._spaced = text[-1] in " \t\n"
        if self._hidden and text.strip():
            self.met_hidden_text = True
        self.layer.write(text)

    def _spaces(self, element: Element) -> None:
        count = element.get(f"{TEXT}c", "1")
        self._put(" " * min(int(count) if count.isdigit() else 1, _MOST_SPACES))
        self._spaced = False

    def _line_break(self) -> None:
        # before a paragraph's first word it is layout
        if self.layer.size and not self.layer.separator:
            self._put("\n")

    def _note(self, note: Element) -> None:
        body = note.find(f"{TEXT}note-body")
        if body is None or self._in_note:
            return
        citation = note.find(f"{TEXT}note-citation")
        label = "".join(_plain(citation)).strip() if citation is not None else ""
        label = label or str(len(self._notes) + 1)
        self._notes.append((label, body))
        self._put(f"[{label}]")

    def _change_start(self, element: Element) -> None:
        name = element.get(f"{TEXT}change-id", "")
        region = self._changes.get(name)
        if region is not None and region.find(f"{TEXT}insertion") is not None:
            self._insertions[name] = self.layer.begin("insertion", _author(region))

    def _change_end(self, element: Element) -> None:
        if mark := self._insertions.pop(element.get(f"{TEXT}change-id", ""), None):
            self.layer.end(mark)

    def _deletion(self, element: Element) -> None:
        region = self._changes.get(element.get(f"{TEXT}change-id", ""))
        deletion = region.find(f"{TEXT}deletion") if region is not None else None
        if region is None or deletion is None:
            return
        paragraphs = ("".join(_plain(item)) for item in deletion.iter(f"{TEXT}p", f"{TEXT}h"))
        if text := visible("\n".join(paragraphs)):
            self.layer.point("deletion", _author(region), text)

    def _annotation(self, element: Element) -> None:
        lines = ("".join(_plain(item)) for item in element.iter(f"{TEXT}p"))
        text = visible("\n".join(lines).strip())
        author = element.findtext(f"{_DC}creator") or None
        mark = self.layer.begin("comment", author, text)
        name = element.get(f"{_OFFICE}name", "")
        if name in self._range_ends and name not in self._comments:
            self._comments[name] = mark
        else:
            self.layer.end(mark)

    def _annotation_end(self, element: Element) -> None:
        if mark := self._comments.get(element.get(f"{_OFFICE}name", "")):
            self.layer.end(mark)

    def _frame(self, frame: Element) -> None:
        self._boxes.extend(frame.iterfind(f"{_DRAW}text-box"))
        images = [image.get(f"{_XLINK}href", "") for image in frame.iterfind(f"{_DRAW}image")]
        if images:
            # the same picture in several forms: a drawing first, what everybody can show last
            drawn = [name for name in images if not name.lower().endswith((".svm", ".svg"))]
            self.pictures.append((self.layer.size, (drawn or images)[0].removeprefix("./")))

    def _ruby(self, ruby: Element) -> None:
        base = ruby.find(f"{TEXT}ruby-base")
        if base is not None:
            self._inlines(base)

    def _hidden_field(self, field: Element) -> None:
        self._hidden += 1
        self._inlines(field)
        self._hidden -= 1

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DocumentError("corrupt", CORRUPT)


def _rows(table: Element) -> Iterator[Element]:
    waiting = list(reversed(table))
    while waiting:
        element = waiting.pop()
        if element.tag == f"{_TABLE}table-row":
            yield element
        elif element.tag in _ROWS:
            waiting.extend(reversed(element))


def _author(region: Element) -> str | None:
    return next((item.text for item in region.iter(f"{_DC}creator") if item.text), None)


def _says_something(element: Element) -> bool:
    return any(text.strip() for text in _plain(element)) or (
        next(element.iter(f"{TEXT}note", f"{_DRAW}text-box"), None) is not None
    )


def _plain(element: Element) -> Iterator[str]:
    """The text in an element but for notes, comments and what is said of them."""
    waiting: list[Element | str] = [element]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
            continue
        if item.tag in {f"{TEXT}s", f"{TEXT}tab"}:
            yield " "
        inner: list[Element | str] = [item.text] if item.text else []
        for child in item:
            if child.tag not in {f"{TEXT}note", f"{_OFFICE}annotation", f"{TEXT}tracked-changes"}:
                inner.append(child)
            if child.tail:
                inner.append(child.tail)
        waiting.extend(reversed(inner))
