"""Word documents, as a reader sees them who accepts every change.

Left out: headers and footers (they are the page's, not the text's). Kept though Word may not show
it: hidden text, with a warning, for a lawyer wants to know of it. Notes stand at the end of the
layer, with their number in brackets in both places. Text boxes follow the paragraph they hang on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.attached import attachment
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.layer import WIDE_ROW, Layer, Mark, visible
from lexmill_legal.parsing.media import DOCX
from lexmill_legal.parsing.numbering import Numbering, W, number, read_numbering
from lexmill_legal.parsing.shown import Shown, picture_image, with_pictures
from lexmill_legal.parsing.xml import CORRUPT, Container, Element, Relationship, open_container
from lexmill_legal.results import Attachment, ParsedDocument
from lexmill_legal.results import Warning as Notice

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_VML = "{urn:schemas-microsoft-com:vml}"
_MAIN = "word/document.xml"
_DEEPEST = 120
_Walk = Callable[[Element], None]
_FALSE = {"0", "false", "off", "none"}
# What a document's checkboxes and bullets look like; both fonts draw at private code points.
_SYMBOLS = {
    ("wingdings", 0x6F): "☐",
    ("wingdings", 0x71): "☐",
    ("wingdings", 0xA8): "☐",
    ("wingdings", 0xFD): "☒",
    ("wingdings", 0xFE): "☑",
    ("wingdings", 0x78): "☒",
    ("wingdings", 0xFB): "✗",
    ("wingdings", 0xFC): "✓",
    ("wingdings 2", 0x50): "✓",
    ("wingdings 2", 0x52): "☑",
    ("wingdings 2", 0x53): "☒",
    ("wingdings 2", 0x54): "☒",
    ("wingdings 2", 0xA3): "☐",
    ("symbol", 0xA7): "♣",
    ("symbol", 0xB7): "•",
    ("symbol", 0xA3): "≤",
    ("symbol", 0xB3): "≥",
    ("symbol", 0xB1): "±",
    ("symbol", 0xD2): "®",
    ("symbol", 0xD3): "©",
    ("symbol", 0xD4): "™",
    ("symbol", 0xE2): "®",
    ("symbol", 0xE3): "©",
    ("symbol", 0xE4): "™",
    ("symbol", 0x2D): "−",
    ("symbol", 0xB4): "×",
    ("symbol", 0xB0): "°",
}
_HIDDEN = Notice(
    "hidden_text",
    "The document has text that Word does not show; it is part of the text here.",
)
_OBJECT = Notice(
    "embedded_object",
    "The document holds an embedded object, whose content was not read.",
)


@dataclass(slots=True)
class _Style:
    parent: str | None
    number_id: str | None
    level: int | None
    hidden: bool


@dataclass(slots=True)
class _Field:
    """A complex field (TOC, REF, FORMTEXT …): its code is not text, its result is."""

    in_result: bool = False


@dataclass(slots=True)
class Source:
    """What the parts beside the main one say."""

    numbering: Numbering
    styles: dict[str, _Style]
    default_style: str | None
    comments: dict[str, tuple[str | None, str]]
    notes: dict[str, dict[str, Element]]


@dataclass(frozen=True, slots=True)
class PlacedParagraph:
    """A paragraph and where its text stands in the layer, its number included."""

    element: Element
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlacedText:
    """The layer with the paragraphs that it came from, for whoever edits the document."""

    part: str
    root: Element
    text: str
    paragraphs: tuple[PlacedParagraph, ...]


def read_placed(container: Container) -> PlacedText:
    part = main_part(container)
    root = container.root(part)
    body = root.find(f"{W}body") if root is not None else None
    if root is None or body is None:
        raise DocumentError("corrupt", CORRUPT)
    walker = Walker(read_source(container, container.relationships(part)))
    walker.document(body)
    text, _ = walker.layer.finish()
    return PlacedText(part, root, text, tuple(walker.placed))


def parse_docx(data: bytes, *, keep_scans: bool = False) -> ParsedDocument:
    with open_container(data) as container:
        parsed, shown = _read(container)
        return with_pictures(parsed, shown, keep_scans=keep_scans)


def docx_picture(data: bytes, number: int) -> PageImage:
    with open_container(data) as container:
        parsed, shown = _read(container)
        return picture_image(parsed.text, shown, number)


def _read(container: Container) -> tuple[ParsedDocument, list[Shown]]:
    main = main_part(container)
    root = container.root(main)
    body = root.find(f"{W}body") if root is not None else None
    if root is None or body is None:
        raise DocumentError("corrupt", CORRUPT)
    links = container.relationships(main)
    walker = Walker(read_source(container, links))
    walker.document(body)
    attachments = _attachments(container, root, links)
    text, revisions = walker.layer.finish()
    warnings = [_HIDDEN] if walker.met_hidden_text else []
    if root.find(f".//{W}object") is not None and any(
        link.kind == "oleObject" for link in links.values()
    ):
        warnings.append(_OBJECT)
    parsed = ParsedDocument(
        DOCX, text, revisions=revisions, warnings=tuple(warnings), attachments=attachments
    )
    targets = {key: link.target for key, link in links.items() if link.kind == "image"}
    return parsed, [
        Shown(at, partial(_picture, container, targets.get(identifier, "")))
        for at, identifier in walker.pictures
    ]


def _picture(container: Container, target: str, most: int | None) -> bytes:
    return container.read(target, most=most) or b""


def main_part(container: Container) -> str:
    for link in container.relationships("").values():
        if link.kind == "officeDocument":
            return link.target
    return _MAIN


def read_source(container: Container, links: dict[str, Relationship]) -> Source:
    def part(kind: str) -> Element | None:
        target = next((link.target for link in links.values() if link.kind == kind), None)
        return container.root(target or f"word/{kind}.xml")

    styles, default = _read_styles(part("styles"))
    return Source(
        read_numbering(part("numbering")),
        styles,
        default,
        _read_comments(part("comments")),
        {
            "footnote": _read_notes(part("footnotes"), "footnote"),
            "endnote": _read_notes(part("endnotes"), "endnote"),
        },
    )


def _read_styles(root: Element | None) -> tuple[dict[str, _Style], str | None]:
    styles: dict[str, _Style] = {}
    default = None
    for item in root.iterfind(f"{W}style") if root is not None else ():
        name = item.get(f"{W}styleId", "")
        if item.get(f"{W}type") == "paragraph" and item.get(f"{W}default") in {"1", "true"}:
            default = name
        level = item.find(f"{W}pPr/{W}numPr/{W}ilvl")
        styles[name] = _Style(
            _val(item.find(f"{W}basedOn")),
            _val(item.find(f"{W}pPr/{W}numPr/{W}numId")),
            _level(level),
            _is_on(item.find(f"{W}rPr/{W}vanish")),
        )
    return styles, default


def _read_comments(root: Element | None) -> dict[str, tuple[str | None, str]]:
    comments: dict[str, tuple[str | None, str]] = {}
    for item in root.iterfind(f"{W}comment") if root is not None else ():
        lines = (
            "".join(node.text or "" for node in paragraph.iter(f"{W}t"))
            for paragraph in item.iter(f"{W}p")
        )
        author = item.get(f"{W}author") or None
        comments[item.get(f"{W}id", "")] = author, visible("\n".join(lines).strip())
    return comments


def _read_notes(root: Element | None, kind: str) -> dict[str, Element]:
    return {
        item.get(f"{W}id", ""): item
        for item in (root.iterfind(f"{W}{kind}") if root is not None else ())
        if item.get(f"{W}type") in {None, "normal"}
    }


def _attachments(
    container: Container, root: Element, links: dict[str, Relationship]
) -> tuple[Attachment, ...]:
    """Embedded documents, and imported ones that Word would merge when it opens this one."""
    imported = [item.get(f"{_R}id", "") for item in root.iter(f"{W}altChunk")]
    embedded = [link.id for link in links.values() if link.kind == "package"]
    found = []
    for identifier in dict.fromkeys(imported + embedded):
        link = links.get(identifier)
        data = container.read(link.target) if link else None
        if link and data:
            found.append(attachment(link.target, data))
    return tuple(found)


class Walker:
    """Walks the document once, in reading order, and writes the layer."""

    def __init__(self, source: Source) -> None:
        self.layer = Layer()
        self.met_hidden_text = False
        self.node: Element | None = None  # whose text is written: redaction writes it anew
        self.pictures: list[tuple[int, str]] = []  # where, the relationship's id
        self.placed: list[PlacedParagraph] = []
        self._source = source
        self._fields: list[_Field] = []
        self._deleted: list[str] | None = None
        self._depth = 0
        self._comments: dict[str, Mark] = {}
        self._merged: list[Element] = []
        self._text_boxes: list[Element] = []
        self._noted: list[tuple[str, str, str]] = []  # kind, id, number
        self._counts = {"footnote": 0, "endnote": 0}
        self._in_notes = False
        self._paragraph_hidden = False
        self._fields_are_broken = False
        self._handlers: dict[str, _Walk] = {
            f"{W}r": self._run,
            **dict.fromkeys(CHANGES, self._change),
            **dict.fromkeys(_RANGES, self._comment_range),
            **dict.fromkeys(INLINE_CONTAINERS, self._inlines),
            **dict.fromkeys((f"{M}oMath", f"{M}oMathPara"), self._math),
            f"{MC}AlternateContent": self._paragraph_alternatives,
        }
        self._run_handlers: dict[str, _Walk] = {
            **dict.fromkeys(_tags("tab", "ptab"), self._tab),
            **dict.fromkeys(_tags("br", "cr"), self._break),
            f"{W}noBreakHyphen": self._hyphen,
            f"{W}sym": self._symbol,
            f"{W}fldChar": self._field_character,
            **dict.fromkeys(_tags("footnoteReference", "endnoteReference"), self._note),
            f"{W}commentReference": self._comment_range,
            **dict.fromkeys(_tags("drawing", "pict", "object"), self._drawing),
            f"{W}ruby": self._ruby,
            f"{MC}AlternateContent": self._run_alternatives,
        }

    def document(self, body: Element) -> None:
        kinds = [item.get(f"{W}fldCharType") for item in body.iter(f"{W}fldChar")]
        self._fields_are_broken = kinds.count("begin") != kinds.count("end")
        self._blocks(body, "\n\n")
        noted, self._in_notes = tuple(self._noted), True
        for kind, identifier, label in noted:
            note = self._source.notes[kind][identifier]
            self.layer.separator = "\n\n"
            self.node = note
            self._write(f"[{label}] ")
            self._blocks(note, "\n")

    # Blocks

    def _blocks(self, parent: Element, separator: str) -> None:
        self._enter()
        for child in parent:
            tag = child.tag
            self.node = child
            if tag == f"{W}p":
                self._paragraph(child, separator)
            elif tag == f"{W}tbl":
                self._table(child, separator)
            elif tag in _RANGES:
                self._comment_range(child)
            elif tag in BLOCK_CONTAINERS:
                self._blocks(child, separator)
            elif tag in CHANGES:
                self._changed(child, lambda item: self._blocks(item, separator))
            elif tag == f"{MC}AlternateContent":
                self._alternatives(child, lambda item: self._blocks(item, separator))
        self._merge_rest(separator)
        self._depth -= 1

    def _paragraph(self, paragraph: Element, separator: str) -> None:
        properties = paragraph.find(f"{W}pPr")
        mark = properties.find(f"{W}rPr") if properties is not None else None
        if mark is not None and (
            mark.find(f"{W}del") is not None or mark.find(f"{W}moveFrom") is not None
        ):
            # a deleted paragraph mark: this paragraph runs on into the next one
            self._merged.append(paragraph)
            return
        merged, self._merged = self._merged, []
        self._write_paragraph([*merged, paragraph], properties, separator, numbered=True)

    def _merge_rest(self, separator: str) -> None:
        """Paragraphs whose mark is deleted but after which none follows."""
        if self._merged:
            merged, self._merged = self._merged, []
            kept = any(map(_has_kept_text, merged))
            self._write_paragraph(merged, merged[-1].find(f"{W}pPr"), separator, numbered=kept)

    def _write_paragraph(
        self,
        paragraphs: list[Element],
        properties: Element | None,
        separator: str,
        *,
        numbered: bool,
    ) -> None:
        before = self.layer.size
        lead = len(self.layer.separator) if before else 0
        style = _val(properties.find(f"{W}pStyle")) if properties is not None else None
        style = style or self._source.default_style
        if self._deleted:
            self._deleted.append("\n")
        elif self._deleted is None and numbered and (label := self._label(properties, style)):
            self._write(self._source.numbering.label(*label))
        self._paragraph_hidden = self._style_hides(style)
        for index, paragraph in enumerate(paragraphs):
            self._inlines(paragraph)
            if index < len(paragraphs) - 1:
                self._delete_mark(paragraph)
        if self.layer.size > before:
            self.layer.separator = separator
            if len(paragraphs) == 1:  # those that were merged are nobody's to edit again
                place = PlacedParagraph(paragraphs[0], before + lead, self.layer.size)
                self.placed.append(place)
        if self._text_boxes and self._deleted is None:
            boxes, self._text_boxes = self._text_boxes, []
            for box in boxes:
                self._blocks(box, separator)

    def _delete_mark(self, paragraph: Element) -> None:
        change = paragraph.find(f"{W}pPr/{W}rPr/{W}del")
        author = change.get(f"{W}author") if change is not None else None
        self.layer.point("deletion", author or None, "\n")

    def _label(self, properties: Element | None, style: str | None) -> tuple[str, int] | None:
        number_id = level = None
        if properties is not None and (own := properties.find(f"{W}numPr")) is not None:
            number_id = _val(own.find(f"{W}numId"))
            level = _level(own.find(f"{W}ilvl"))
        if number_id is None and (found := self._style_number(style)):
            number_id, style_level, numbered_style = found
            if level is None:
                level = style_level
            if level is None:
                level = self._source.numbering.level_of_style(number_id, numbered_style)
        if number_id in {None, "0"}:
            return None
        return number_id or "", level or 0

    def _style_number(self, style: str | None) -> tuple[str, int | None, str] | None:
        """The numbering of a style: its id, its level, and the style of the chain that has it."""
        seen: set[str] = set()
        level = None
        while style and style not in seen and (found := self._source.styles.get(style)):
            seen.add(style)
            level = found.level if level is None else level
            if found.number_id is not None:
                return found.number_id, level, style
            style = found.parent
        return None

    def _style_hides(self, style: str | None) -> bool:
        seen: set[str] = set()
        while style and style not in seen and (found := self._source.styles.get(style)):
            if found.hidden:
                return True
            seen.add(style)
            style = found.parent
        return False

    def _table(self, table: Element, separator: str) -> None:
        self._enter()
        layer = self.layer
        before, lead = layer.size, layer.separator
        for row in _nested(table, f"{W}tr"):
            change = row.find(f"{W}trPr/{W}del")
            if change is not None and self._deleted is None:
                layer.separator = lead
                self._delete(change, partial(self._row, row, lead))
                continue
            at = layer.size
            self._row(row, lead)
            if layer.size > at:
                # a row of whole paragraphs is a clause in two languages, not a line of figures
                lead = separator if layer.size - at > WIDE_ROW else "\n"
        layer.separator = separator if layer.size > before else lead
        self._depth -= 1

    def _row(self, row: Element, lead: str) -> None:
        """Cells apart by tabs; ``lead`` is what separates the row from the text before it."""
        layer = self.layer
        for cell in _nested(row, f"{W}tc"):
            at = layer.size
            layer.separator = lead
            self._blocks(cell, "\n")
            lead = ("" if layer.size > at else lead) + "\t"

    # Inlines

    def _inlines(self, parent: Element) -> None:
        self._enter()
        for child in parent:
            self.node = child
            handle = self._handlers.get(child.tag)
            if handle is not None:
                handle(child)
        self._depth -= 1

    def _run(self, run: Element) -> None:
        hidden = self._paragraph_hidden
        for child in run:
            tag = child.tag
            self.node = child
            if tag == f"{W}t":
                if child.text:
                    if hidden and child.text.strip() and self._shows:
                        self.met_hidden_text = True
                    self._write(visible(child.text))
            elif tag == f"{W}rPr":
                hidden = self._run_hides(child, hidden=hidden)
            elif tag == f"{W}delText":
                # only met inside w:del; elsewhere a writer's mistake that Word does not show
                if child.text and self._deleted is not None:
                    self._write(visible(child.text))
            elif (handle := self._run_handlers.get(tag)) is not None:
                handle(child)

    def _run_hides(self, properties: Element, *, hidden: bool) -> bool:
        own = properties.find(f"{W}vanish")
        if own is not None:
            return _is_on(own)
        style = _val(properties.find(f"{W}rStyle"))
        return hidden or (style is not None and self._style_hides(style))

    @property
    def _shows(self) -> bool:
        return self._fields_are_broken or all(item.in_result for item in self._fields)

    def _write(self, text: str) -> None:
        if not self._shows:
            return
        if self._deleted is None:
            self.layer.write(text)
        else:
            self._deleted.append(text)

    def _symbol(self, symbol: Element) -> None:
        try:
            code = int(symbol.get(f"{W}char", ""), 16)
        except ValueError:
            return
        font = symbol.get(f"{W}font", "").lower()
        known = _SYMBOLS.get((font, code & 0xFF)) if code < 0x100 or code >= 0xF000 else None
        if known:
            self._write(known)
        elif 0x20 <= code < 0xD800 and font not in {"wingdings", "webdings", "symbol"}:
            self._write(chr(code))
        else:
            self._write("�")

    def _field_character(self, character: Element) -> None:
        kind = character.get(f"{W}fldCharType")
        if kind == "begin":
            box = character.find(f"{W}ffData/{W}checkBox")
            if box is not None:
                state = box.find(f"{W}checked")
                state = state if state is not None else box.find(f"{W}default")
                self._write("☒" if _is_on(state) else "☐")
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].in_result = True
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _note(self, reference: Element) -> None:
        kind = "footnote" if reference.tag == f"{W}footnoteReference" else "endnote"
        identifier = reference.get(f"{W}id", "")
        known = identifier in self._source.notes[kind]
        if not known or self._deleted is not None or self._in_notes:
            return
        self._counts[kind] = count = self._counts[kind] + 1
        label = str(count) if kind == "footnote" else number("lowerRoman", count)
        self._noted.append((kind, identifier, label))
        self._write(f"[{label}]")

    def _comment_range(self, element: Element) -> None:
        identifier = element.get(f"{W}id", "")
        comment = self._source.comments.get(identifier)
        if comment is None:
            return
        if element.tag == f"{W}commentRangeStart":
            if identifier not in self._comments:
                self._comments[identifier] = self.layer.begin("comment", *comment)
        elif element.tag == f"{W}commentRangeEnd":
            if mark := self._comments.get(identifier):
                self.layer.end(mark)
        elif identifier not in self._comments:  # a reference without a range: a point
            self._comments[identifier] = self.layer.begin("comment", *comment)
            self.layer.end(self._comments[identifier])

    def _change(self, change: Element) -> None:
        self._changed(change, self._inlines)

    def _changed(self, change: Element, walk: _Walk) -> None:
        if change.tag in DELETIONS:
            self._delete(change, lambda: walk(change))
        elif self._deleted is not None:
            walk(change)
        else:
            mark = self.layer.begin("insertion", change.get(f"{W}author") or None)
            walk(change)
            self.layer.end(mark)

    def _delete(self, change: Element, walk: Callable[[], None]) -> None:
        if self._deleted is not None:
            walk()
            return
        kept_boxes = len(self._text_boxes)
        self._deleted = []
        walk()
        text, self._deleted = "".join(self._deleted), None
        del self._text_boxes[kept_boxes:]
        if text:
            self.layer.point("deletion", change.get(f"{W}author") or None, text)

    def _alternatives(self, element: Element, walk: _Walk) -> None:
        """The same content for new and for old versions of Word: once is enough."""
        chosen = alternative(element)
        if chosen is not None:
            walk(chosen)

    def _run_alternatives(self, element: Element) -> None:
        self._alternatives(element, self._run)

    def _paragraph_alternatives(self, element: Element) -> None:
        self._alternatives(element, self._inlines)

    def _drawing(self, drawing: Element) -> None:
        self._text_boxes.extend(text_boxes(drawing))
        if self._deleted is not None or self._in_notes:
            return  # the notes' relationships are others
        for picture in _found(drawing, _PICTURES):
            identifier = picture.get(f"{_R}embed") or picture.get(f"{_R}id") or ""
            self.pictures.append((self.layer.size, identifier))

    def _ruby(self, ruby: Element) -> None:
        base = ruby.find(f"{W}rubyBase")
        if base is not None:
            self._inlines(base)

    def _math(self, math: Element) -> None:
        self._write("".join(node.text or "" for node in math.iter(f"{M}t")))

    def _tab(self, _: Element) -> None:
        self._write("\t")

    def _break(self, _: Element) -> None:
        # before a paragraph's first word it is layout
        if self._deleted is not None or (self.layer.size and not self.layer.separator):
            self._write("\n")

    def _hyphen(self, _: Element) -> None:
        self._write("-")

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DocumentError("corrupt", CORRUPT)


def _tags(*names: str) -> frozenset[str]:
    return frozenset(W + name for name in names)


_RANGES = _tags("commentRangeStart", "commentRangeEnd")
DELETIONS = _tags("del", "moveFrom")
CHANGES = DELETIONS | _tags("ins", "moveTo")
BLOCK_CONTAINERS = _tags("sdt", "sdtContent", "customXml", "smartTag")
INLINE_CONTAINERS = BLOCK_CONTAINERS | _tags("hyperlink", "fldSimple", "dir", "bdo")


def alternative(element: Element) -> Element | None:
    """Of the same content for new and for old versions of Word, the first."""
    choice = element.find(f"{MC}Choice")
    return choice if choice is not None else element.find(f"{MC}Fallback")


_BOX = frozenset({f"{W}txbxContent"})
_PICTURES = frozenset({f"{_A}blip", f"{_VML}imagedata"})


def text_boxes(drawing: Element) -> Iterator[Element]:
    """The outermost boxes: those inside them are found when they are walked."""
    return _found(drawing, _BOX)


def _found(drawing: Element, wanted: frozenset[str]) -> Iterator[Element]:
    """Outside of boxes, or the outermost of them: what is inside is found when they are walked."""
    waiting = [drawing]
    while waiting:
        element = waiting.pop()
        if element.tag in wanted:
            yield element
        elif element.tag in _BOX:
            continue
        elif element.tag == f"{MC}AlternateContent":
            chosen = alternative(element)
            waiting.extend([] if chosen is None else [chosen])
        else:
            waiting.extend(reversed(element))


def _nested(parent: Element, wanted: str) -> Iterator[Element]:
    """Rows or cells, also where content controls are wrapped around them."""
    waiting = list(reversed(parent))
    while waiting:
        element = waiting.pop()
        if element.tag == wanted:
            yield element
        elif element.tag in BLOCK_CONTAINERS or element.tag in CHANGES:
            waiting.extend(reversed(element))


def _has_kept_text(paragraph: Element) -> bool:
    return any(
        node.text and not any(above.tag in DELETIONS for above in node.iterancestors())
        for node in paragraph.iter(f"{W}t")
    )


def _val(element: Element | None) -> str | None:
    return None if element is None else element.get(f"{W}val")


def _is_on(element: Element | None) -> bool:
    return element is not None and element.get(f"{W}val", "true") not in _FALSE


def _level(element: Element | None) -> int | None:
    value = _val(element)
    return int(value) if value and value.isascii() and value.isdigit() else None
