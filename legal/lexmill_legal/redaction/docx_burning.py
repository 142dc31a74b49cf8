"""Word documents, written anew from what was read of them: a new container, new parts.

The text is that of the text layer, so whatever is not in it (headers and footers, comments and
their authors, deleted and moved text, field codes, links' targets, properties, pictures, embedded
files, custom XML) is not in the copy either; hidden text is left out, insertions are accepted.
"""

import io
import zipfile
from collections.abc import Iterator

from lxml import etree

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.docx import (
    BLOCK_CONTAINERS,
    CHANGES,
    DELETIONS,
    INLINE_CONTAINERS,
    MC,
    M,
    Source,
    Walker,
    alternative,
    main_part,
    read_source,
    text_boxes,
)
from lexmill_legal.parsing.media import DOCX
from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Container, Element, open_container
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.docx_properties import (
    CELL,
    PARAGRAPH,
    ROW,
    RUN,
    SECTION,
    TABLE,
    Formatting,
    new,
)
from lexmill_legal.redaction.marks import Marks, redacted_text
from lexmill_legal.results import ParsedDocument
from lexmill_legal.results import Warning as Notice

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_BREAKS = {"page", "column"}
_LEFT_OUT = Notice(
    "not_in_copy",
    "Headers, footers, comments, deleted and hidden text, pictures and embedded files were not"
    " examined: the redacted copy has none of them.",
)
_SETTINGS = (
    "<w:compat><w:compatSetting w:name='compatibilityMode'"
    " w:uri='http://schemas.microsoft.com/office/word' w:val='15'/></w:compat>"
)


def burn_docx(data: bytes, parsed: ParsedDocument, marks: Marks) -> Burned | None:
    """None where the document is not read as ``parsed`` was."""
    try:
        with open_container(data) as container:
            return _rebuilt(container, parsed, marks)
    except DocumentError:
        return None


def _rebuilt(container: Container, parsed: ParsedDocument, marks: Marks) -> Burned | None:
    main = main_part(container)
    root = container.root(main)
    body = root.find(f"{W}body") if root is not None else None
    if body is None:
        return None
    links = container.relationships(main)

    def part(kind: str) -> Element | None:
        target = next((link.target for link in links.values() if link.kind == kind), None)
        return container.root(target or f"word/{kind}.xml")

    formatting = Formatting(marks.values)
    parts: dict[str, Element] = {}
    styles, numbering = part("styles"), part("numbering")
    if styles is not None:
        parts["styles"] = formatting.style_sheet(styles)
    if numbering is not None:
        parts["numbering"] = formatting.numbering(numbering)
    rebuilder = _Rebuilder(read_source(container, links), formatting, marks)
    rebuilder.document(body)
    rebuilder.text, _ = rebuilder.layer.finish()
    if rebuilder.text != parsed.text:
        return None
    document, notes = rebuilder.rebuild(body)
    settings = etree.fromstring(f"<w:settings xmlns:w='{W[1:-1]}'>{_SETTINGS}</w:settings>")
    parts = {"document": document, "settings": settings} | parts | notes
    return Burned(_packed(parts), DOCX, ".docx", (_LEFT_OUT,))


class _Rebuilder(Walker):
    """Reads as the parser does, and remembers which element gave which part of the text."""

    def __init__(self, source: Source, formatting: Formatting, marks: Marks) -> None:
        super().__init__(source)
        self.text = ""
        self._pieces: dict[Element, list[tuple[int, int]]] = {}
        self._formatting = formatting
        self._marks = marks

    def _write(self, text: str) -> None:
        shown = self._shows and self._deleted is None
        super()._write(text)
        if shown and self.node is not None:
            place = self.layer.size - len(text), self.layer.size
            self._pieces.setdefault(self.node, []).append(place)

    def rebuild(self, body: Element) -> tuple[Element, dict[str, Element]]:
        """The main part, and the parts with the notes that are referred to."""
        document = etree.Element(f"{W}document", nsmap={"w": W[1:-1]})
        copy = new(document, "body")
        self._copy_blocks(body, copy)
        self._formatting.properties(body.find(f"{W}sectPr"), copy, SECTION)
        notes: dict[str, Element] = {}
        for kind, identifier, _ in self._noted:
            if f"{kind}s" not in notes:
                notes[f"{kind}s"] = _separators(kind)
            note = new(notes[f"{kind}s"], kind, id=self._note_id(kind, identifier))
            self._copy_blocks(self._source.notes[kind][identifier], note)
            _close(note)
        return document, notes

    def _note_id(self, kind: str, identifier: str) -> str:
        """Its place among all notes: what the writer called it is free text."""
        places = (
            number
            for number, (other, name, _) in enumerate(self._noted, 1)
            if (other, name) == (kind, identifier)
        )
        return str(next(places, 0))

    def _copy_blocks(self, source: Element, copy: Element) -> None:
        for child in source:
            tag = child.tag
            if tag == f"{W}p":
                self._copy_paragraph(child, copy)
            elif tag == f"{W}tbl":
                self._copy_table(child, copy)
            elif tag in BLOCK_CONTAINERS or tag in CHANGES - DELETIONS:
                self._copy_blocks(child, copy)
            elif tag == f"{MC}AlternateContent" and (chosen := alternative(child)) is not None:
                self._copy_blocks(chosen, copy)

    def _copy_paragraph(self, source: Element, parent: Element) -> None:
        properties = source.find(f"{W}pPr")
        style = properties.find(f"{W}pStyle") if properties is not None else None
        name = style.get(f"{W}val") if style is not None else self._source.default_style
        self._paragraph_hidden = self._style_hides(name)
        copy = new(parent, "p")
        self._formatting.properties(properties, copy, PARAGRAPH)
        if properties is not None and (section := properties.find(f"{W}sectPr")) is not None:
            own = copy.find(f"{W}pPr")
            own = new(copy, "pPr") if own is None else own
            self._formatting.properties(section, own, SECTION)
        boxes: list[Element] = []
        self._copy_inlines(source, copy, boxes)
        deleted = properties is not None and properties.find(f"{W}rPr/{W}del") is not None
        if deleted and copy.find(f"{W}r") is None:
            parent.remove(copy)
        for box in boxes:
            self._copy_blocks(box, parent)

    def _copy_inlines(self, source: Element, copy: Element, boxes: list[Element]) -> None:
        for child in source:
            tag = child.tag
            if tag == f"{W}r":
                self._copy_run(child, copy, boxes)
            elif tag in INLINE_CONTAINERS or tag in CHANGES - DELETIONS:
                self._copy_inlines(child, copy, boxes)
            elif tag == f"{MC}AlternateContent" and (chosen := alternative(child)) is not None:
                self._copy_inlines(chosen, copy, boxes)
            elif tag in {f"{M}oMath", f"{M}oMathPara"}:
                _add_text(new(copy, "r"), self._text_of(child))

    def _copy_run(self, source: Element, paragraph: Element, boxes: list[Element]) -> None:
        properties = source.find(f"{W}rPr")
        if (
            self._paragraph_hidden
            if properties is None
            else self._run_hides(properties, hidden=self._paragraph_hidden)
        ):
            return
        run = new(paragraph, "r")
        self._formatting.properties(properties, run, RUN)
        formatted = len(run)
        self._copy_content(source, run, boxes)
        if len(run) == formatted:
            paragraph.remove(run)

    def _copy_content(self, source: Element, run: Element, boxes: list[Element]) -> None:
        for child in source:
            tag = str(child.tag).removeprefix(W)
            if tag in {"drawing", "pict", "object"}:
                boxes.extend(text_boxes(child))
            elif tag == "ruby":
                for inner in child.iterfind(f"{W}rubyBase/{W}r"):
                    self._copy_content(inner, run, boxes)
            elif child.tag == f"{MC}AlternateContent":
                if (chosen := alternative(child)) is not None:
                    self._copy_content(chosen, run, boxes)
            elif tag in {"br", "cr"}:
                kind = child.get(f"{W}type", "")
                new(run, "br", **({"type": kind} if kind in _BREAKS else {}))
            elif tag in {"footnoteRef", "endnoteRef"}:
                new(run, tag)
            elif child in self._pieces:
                self._copy_piece(child, tag, run)

    def _copy_piece(self, child: Element, tag: str, run: Element) -> None:
        match tag:
            case "tab" | "ptab":
                new(run, "tab")
            case "noBreakHyphen":
                new(run, "noBreakHyphen")
            case "footnoteReference" | "endnoteReference":
                kind = tag.removesuffix("Reference")
                new(run, tag, id=self._note_id(kind, child.get(f"{W}id", "")))
            case _:
                _add_text(run, self._text_of(child))

    def _text_of(self, element: Element) -> str:
        return "".join(
            redacted_text(self.text, self._marks, start, end)
            for start, end in self._pieces.get(element, ())
        )

    def _copy_table(self, source: Element, parent: Element) -> None:
        table = new(parent, "tbl")
        self._formatting.properties(source.find(f"{W}tblPr"), table, TABLE)
        grid = source.find(f"{W}tblGrid")
        if grid is not None:
            self._formatting.properties(grid, table, frozenset({"gridCol"}))
        for row in _inner(source, f"{W}tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            copied_row = new(table, "tr")
            self._formatting.properties(row.find(f"{W}trPr"), copied_row, ROW)
            for cell in _inner(row, f"{W}tc"):
                copied = new(copied_row, "tc")
                self._formatting.properties(cell.find(f"{W}tcPr"), copied, CELL)
                self._copy_blocks(cell, copied)
                _close(copied)
        if table.find(f"{W}tr") is None:
            parent.remove(table)


def _inner(parent: Element, wanted: str) -> Iterator[Element]:
    """Rows or cells, also in content controls and insertions."""
    for child in parent:
        if child.tag == wanted:
            yield child
        elif child.tag in BLOCK_CONTAINERS or child.tag in CHANGES - DELETIONS:
            yield from _inner(child, wanted)


def _close(parent: Element) -> None:
    """A cell or note must end in a paragraph."""
    if not len(parent) or parent[-1].tag != f"{W}p":
        new(parent, "p")


def _add_text(run: Element, text: str) -> None:
    for number, line in enumerate(text.split("\n")):
        if number:
            new(run, "br")
        for position, part in enumerate(line.split("\t")):
            if position:
                new(run, "tab")
            if part:
                item = new(run, "t")
                item.text = part
                item.set(_SPACE, "preserve")


def _separators(kind: str) -> Element:
    root = etree.Element(f"{W}{kind}s", nsmap={"w": W[1:-1]})
    for identifier, name in (("-1", "separator"), ("0", "continuationSeparator")):
        note = new(root, kind, type=name, id=identifier)
        new(new(new(note, "p"), "r"), name)
    return root


def _packed(parts: dict[str, Element]) -> bytes:
    names = sorted(parts)
    types = "".join(
        f'<Override PartName="/word/{name}.xml"'
        f' ContentType="{_KIND}.{"document.main" if name == "document" else name}+xml"/>'
        for name in names
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{name}" Target="{name}.xml"/>'
        for number, name in enumerate((n for n in names if n != "document"), 1)
    )
    members = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_LINKS}"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{_LINKS}">{links}</Relationships>',
    }
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, text in members.items():
            archive.writestr(_member(name), head + text.encode())
        for name in names:
            archive.writestr(_member(f"word/{name}.xml"), head + etree.tostring(parts[name]))
    return buffer.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # of 1980: a date would say when it was made
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
