"""HTML as text: what a browser shows, its blocks as lines, its tables row by row.

A paragraph ends in a blank line, a line of a list, a table or a division in a line end. Hidden
content is left out, for a browser's reader never sees it; ``<ins>`` and ``<del>`` are tracked
changes as in Word.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.decoding import Decoded, clean, decode_as
from lexmill_legal.parsing.images import PageImage
from lexmill_legal.parsing.layer import WIDE_ROW, Layer, Mark, visible
from lexmill_legal.parsing.media import HTML
from lexmill_legal.parsing.numbering import number
from lexmill_legal.parsing.plain import UNCERTAIN
from lexmill_legal.parsing.shown import Shown, picture_image, with_pictures
from lexmill_legal.results import ParsedDocument, Revision

_LEFT_OUT = frozenset(
    {
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "iframe",
        "object",
        "embed",
        "canvas",
        "audio",
        "video",
        "map",
        "datalist",
        "select",
        "optgroup",
        "option",
        "frameset",
        "title",
        "meta",
        "link",
        "-comment",
        "-doctype",
    }
)
_PARAGRAPHS = frozenset(
    {
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "dl",
        "table",
        "hr",
        "fieldset",
        "figure",
        "listing",
        "xmp",
    }
)
_LINES = frozenset(
    {
        "html",
        "body",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "nav",
        "aside",
        "address",
        "form",
        "li",
        "dt",
        "dd",
        "tr",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "legend",
        "center",
        "summary",
        "details",
        "figcaption",
        "dir",
        "menu",
    }
)
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# a division that keeps a distance is a paragraph by another name
_SPACED = re.compile(
    r"(?:margin|padding)(?:-top|-bottom)?\s*:[^;]*[1-9]",
    re.IGNORECASE,
)
_PRESERVED = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_UNMARKED = re.compile(r"list-style(?:-type)?\s*:[^;]*\bnone\b", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([a-z-]+)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")
_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
_HEAD = 4096
_EMBEDDED = re.compile(r"\s*data:image/[\w.+-]+;base64,", re.IGNORECASE)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]+")
# A tag as the standard reads it, up to the sign that ends it; else what hides tags from a reader.
_TAG = re.compile(
    r"""<(?:
        (?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)
        (?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?)?)*+
      | !--(?:-?>|.*?(?:--!?>|\Z))
      | (?P<data>!\[CDATA\[)
      | [!?/][^>]*+
    )""",
    re.VERBOSE | re.DOTALL,
)
# what ends only where its own end tag stands, whatever tags are in it
_RAW = frozenset(
    {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"}
)
# Browsers stop at 512; the HTML parser's time grows with the square of the depth.
_DEEPEST = 20_000
# what the next one of its kind closes, or has no content: none of them nests by itself
_FLAT = frozenset(
    {
        *("p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "colgroup"),
        *("br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source"),
        *("track", "wbr", "param", "html", "head", "body"),
    }
)
_FORMS = {
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero",
}
_BULLETS = {"disc", "circle", "square"}


def parse_html(data: bytes, decoded: Decoded, *, keep_scans: bool = False) -> ParsedDocument:
    parsed, shown = _read(data, decoded)
    return with_pictures(parsed, shown, keep_scans=keep_scans)


def html_picture(data: bytes, decoded: Decoded, number: int) -> PageImage:
    parsed, shown = _read(data, decoded)
    return picture_image(parsed.text, shown, number)


def _read(data: bytes, decoded: Decoded) -> tuple[ParsedDocument, list[Shown]]:
    decoded = declared(data, decoded)
    writer = Writer()
    walk(decoded.text, writer)
    text, revisions = writer.layer.finish()
    warnings = () if decoded.certain else (UNCERTAIN,)
    parsed = ParsedDocument(HTML, text, revisions=revisions, warnings=warnings)
    return parsed, [Shown(at, partial(_picture, source)) for at, source in writer.pictures]


def _picture(source: str, most: int | None) -> bytes:
    """One that the page itself holds; nothing is ever fetched."""
    letters = _NO_BASE64.sub("", source if most is None else source[: 2 * most])
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))[:most]


def html_text(html: str) -> tuple[str, tuple[Revision, ...]]:
    """The text layer of a page and the changes marked in it."""
    writer = Writer()
    walk(html, writer)
    return writer.layer.finish()


def walk(html: str, writer: "Writer") -> None:
    """Shows the writer each element and text of the page, in order."""
    if html.count("<") > _DEEPEST:
        _refuse_depth(html)
    try:
        root = LexborHTMLParser(clean(html)).root
    except (SelectolaxError, ValueError, RuntimeError) as error:
        raise DocumentError("corrupt", "The page is damaged; ask for it again.") from error
    if root is not None:
        _walk(root, writer)


def _refuse_depth(html: str) -> None:
    """Elements that are open at once, as the tags have it: rather too many than too few.

    In a script, and where a drawing holds data, end tags may be none; what begins there counts.
    """
    open_tags: dict[str, int] = {}
    depth = raw_until = 0
    for tag in _TAG.finditer(html):
        if tag["data"] and tag.start() >= raw_until:
            end = html.find("]]>", tag.end())
            raw_until = end if end >= 0 else len(html)
        name = (tag["name"] or "").lower()
        if not name or name in _FLAT:
            continue
        count = open_tags.get(name, 0)
        if not tag["end"]:
            open_tags[name] = count + 1
            depth += 1
            if name in _RAW and tag.end() > raw_until:
                raw_until = _end_of_raw(html, name, tag.end())
        elif count and tag.start() >= raw_until and _ends(name, open_tags):
            open_tags[name] = count - 1
            depth -= 1
        if depth > _DEEPEST:
            raise DocumentError(
                "too_large",
                f"The page has elements nested more than {_DEEPEST:,} deep, so it was not opened.",
            )


def _ends(name: str, open_tags: Mapping[str, int]) -> bool:
    """Within a list to choose from, no other end tag means anything."""
    return not open_tags.get("select") or name in {"select", "optgroup"}


def _end_of_raw(html: str, name: str, at: int) -> int:
    end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, at)
    return end.start() if end else len(html)


def declared(data: bytes, decoded: Decoded) -> Decoded:
    """What the page says of its encoding goes before our own finding, but not before a BOM."""
    if decoded.encoding.startswith("utf-") and decoded.certain and not data.isascii():
        return decoded
    found = _CHARSET.search(data[:_HEAD])
    if not found:
        return decoded
    name = (found[1] or found[2]).decode("ascii", "replace")
    if name.lower().startswith(("utf-16", "utf-32")):
        return decoded  # the declaration itself was readable as single bytes
    return decode_as(data, name) or decoded


def _walk(root: LexborNode, writer: "Writer") -> None:
    """Depth first without recursion: pages may nest as deep as they like."""
    node: LexborNode | None = root
    open_nodes: list[LexborNode] = []
    while node is not None:
        child = None
        if node.is_text_node:
            writer.text(node.text_content or "")
        elif writer.enter(node):
            child = node.first_child
            if child is None:
                writer.leave()
        if child is not None:
            open_nodes.append(node)
            node = child
            continue
        while node is not None:
            following = node.next if open_nodes else None
            if following is not None:
                node = following
                break
            node = open_nodes.pop() if open_nodes else None
            if node is not None:
                writer.leave()


@dataclass(slots=True)
class _Open:
    """An element between its tags; ``after`` is the separator its end asks for."""

    tag: str
    after: str = ""
    preserved: bool = False
    mark: Mark | None = None
    deleted: bool = False
    items: int = 0
    form: str | None = None
    filled_at: int = -1


class Writer:
    def __init__(self) -> None:
        self.layer = Layer()
        self.pictures: list[tuple[int, str]] = []  # where, their bytes in Base64
        self._open: list[_Open] = []
        self._lists: list[_Open] = []
        self._rows: list[_Open] = []
        self._space = False
        self._flushed = False
        self._marker = ""
        self._cells = 0
        self._deleted: list[str] | None = None

    def enter(self, node: LexborNode) -> bool:
        """False where the element and all in it is left out."""
        tag = node.tag or ""
        if tag in _LEFT_OUT:
            return False
        attributes = node.attributes
        style = attributes.get("style") or ""
        if "hidden" in attributes or (style and _HIDDEN.search(style)):
            return False
        item = _Open(tag, preserved=bool(self._open) and self._open[-1].preserved)
        if tag in {"pre", "textarea", "listing", "xmp"} or (style and _PRESERVED.search(style)):
            item.preserved = True
        item.after = self._separator(tag, style)
        if item.after:
            self._separate(item.after)
        self._begin(item, attributes, style)
        self._open.append(item)
        return True

    def _separator(self, tag: str, style: str) -> str:
        """What stands before and after an element: a blank line, a line end or nothing."""
        if tag in _LISTS:
            return "\n" if self._lists else "\n\n"  # a list within a list keeps to its lines
        if tag in _PARAGRAPHS or (tag == "div" and style and _SPACED.search(style)):
            return "\n\n"
        return "\n" if tag in _LINES else ""

    def _begin(self, item: _Open, attributes: dict[str, str | None], style: str) -> None:
        match item.tag:
            case "br":
                self._break()
            case "input":
                self._input(attributes)
            case "img":
                self._picture(attributes.get("src") or "")
            case "td" | "th":
                self._cell()
            case tag if tag in _LISTS:
                item.form = _list_form(item.tag, attributes, style)
                start = attributes.get("start") or ""
                item.items = _integer(start, 1) - 1
                self._lists.append(item)
            case "li":
                self._item(attributes, style)
            case "tr":
                item.filled_at = self.layer.size
                self._rows.append(item)
            case "q":
                self._write("“")
            case "ins" | "del" if self._deleted is None:
                self._change(item)

    def _change(self, item: _Open) -> None:
        self._flush_space()
        if item.tag == "ins":
            item.mark = self.layer.begin("insertion", None)
        else:
            item.deleted = True
            self._deleted = []

    def _picture(self, source: str) -> None:
        embedded = _EMBEDDED.match(source)
        if embedded and self._deleted is None:
            self.pictures.append((self.layer.size, source[embedded.end() :]))

    def leave(self) -> None:
        item = self._open.pop()
        if item.mark is not None:
            self.layer.end(item.mark)
        if item.deleted and self._deleted is not None:
            text, self._deleted = "".join(self._deleted), None
            if text.strip():
                self.layer.point("deletion", None, text)
        self._end(item.tag)
        if item.after:
            self._separate(item.after)

    def _end(self, tag: str) -> None:
        match tag:
            case "q":
                self._write("”")
            case "td" | "th":
                self._cells -= 1
                if self.layer.separator == "\t":  # an empty cell
                    self.layer.separator = ""
            case "li":
                self._marker = ""
            case "tr":
                row = self._rows.pop()
                if self.layer.size - row.filled_at > WIDE_ROW:
                    self._separate("\n\n")
            case _ if tag in _LISTS:
                self._lists.pop()

    def text(self, text: str) -> None:
        text = visible(text)
        if self._open and self._open[-1].preserved:
            if text.strip():
                self._write(text if self._space_kept() else text.strip("\n"))
            elif text and not self.layer.separator:
                self._write(text)
            return
        collapsed = _SPACE.sub(" ", text)
        if not collapsed.strip(" "):
            self._space = self._space or bool(collapsed)
            return
        if collapsed[0] == " ":
            self._space = True
        self._write(collapsed.strip(" "))
        self._space = collapsed[-1] == " "

    def _space_kept(self) -> bool:
        return not self.layer.separator and bool(self.layer.size)

    def _write(self, text: str) -> None:
        if self._deleted is not None:
            self._deleted.append(f" {text}" if self._space and self._deleted else text)
            self._space = False
            return
        if self._space and not self._flushed and self._goes_on():
            text = f" {text}"
        self._space = self._flushed = False
        self.layer.write(self._marker + text)
        self._marker = ""

    def _goes_on(self) -> bool:
        """Whether the next text stands on a line that has begun."""
        return bool(self.layer.size) and not self.layer.separator and not self._marker

    def _flush_space(self) -> None:
        """A change begins at its first letter, not at the space before it."""
        if self._space and self._goes_on():
            self.layer.write(" ")
            self._space, self._flushed = False, True

    def _separate(self, separator: str) -> None:
        """Asks for a line end or a blank line before the text that comes next."""
        self._space = False
        if self._deleted is not None or self._marker:
            return
        if separator == "\n\n" and self._cells:
            separator = "\n"
        current = self.layer.separator
        # the first words of a cell stay beside the cell before
        if current.endswith("\t"):
            return
        if len(separator) > len(current):
            self.layer.separator = separator

    def _break(self) -> None:
        self._space = False
        if self._deleted is not None:
            self._deleted.append("\n")
        elif not self._marker and not self.layer.separator.endswith("\t"):
            self.layer.separator = "\n" if not self.layer.separator else "\n\n"

    def _cell(self) -> None:
        self._cells += 1
        self._space = False
        filled = bool(self._rows) and self.layer.size > self._rows[-1].filled_at
        if filled and self._deleted is None:
            self.layer.separator = "\t"

    def _item(self, attributes: dict[str, str | None], style: str) -> None:
        if not self._lists:
            self._marker = "• "
            return
        outer = self._lists[-1]
        outer.items = _integer(attributes.get("value") or "", outer.items + 1)
        form = _list_form("", attributes, style) if _LIST_STYLE.search(style) else outer.form
        if form == "bullet":
            self._marker = "• "
        elif form:
            self._marker = f"{number(form, outer.items)}. "

    def _input(self, attributes: dict[str, str | None]) -> None:
        match (attributes.get("type") or "text").lower():
            case "checkbox" | "radio":
                self._write("☒" if "checked" in attributes else "☐")
            case "text" | "date" | "number" | "email" | "tel" | "url":
                if value := visible(clean(attributes.get("value") or "")).strip():
                    self._write(value)


def _list_form(tag: str, attributes: dict[str, str | None], style: str) -> str:
    """How a list counts: one of Word's number formats, "bullet", or "" for not at all."""
    if _UNMARKED.search(style):
        return ""
    found = _LIST_STYLE.search(style)
    name = found[1].lower() if found else attributes.get("type") or ""
    if name in _BULLETS:
        return "bullet"
    if name in _FORMS:
        return _FORMS[name]
    return "decimal" if tag == "ol" or name == "decimal" else "bullet"


def _integer(text: str, default: int) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else default
