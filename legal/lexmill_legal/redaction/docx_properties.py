"""The formatting of a Word document that its redacted copy keeps.

Only known elements and attributes, whose values are small numbers or one of Word's own words, so
that nothing of what they look like can carry a name or a number out of the document.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element
from lexmill_legal.redaction.values import Values

PARAGRAPH = frozenset(
    {
        *(
            "pStyle",
            "keepNext",
            "keepLines",
            "pageBreakBefore",
            "numPr",
            "ilvl",
            "numId",
            "spacing",
        ),
        *("ind", "contextualSpacing", "jc", "outlineLvl", "bidi", "tabs", "tab", "shd"),
        *("pBdr", "top", "left", "bottom", "right", "between"),
    }
)
RUN = frozenset(
    {
        *(
            "rStyle",
            "rFonts",
            "b",
            "bCs",
            "i",
            "iCs",
            "u",
            "strike",
            "dstrike",
            "caps",
            "smallCaps",
        ),
        *("sz", "szCs", "color", "highlight", "vertAlign", "rtl", "cs", "shd"),
    }
)
TABLE = frozenset(
    {
        *("tblStyle", "tblW", "jc", "tblBorders", "top", "left", "bottom", "right", "start", "end"),
        *("insideH", "insideV", "tblLayout", "tblInd", "tblCellMar", "bidiVisual"),
    }
)
ROW = frozenset({"trHeight", "tblHeader", "cantSplit", "gridBefore", "gridAfter"})
CELL = frozenset(
    {
        *("tcW", "gridSpan", "vMerge", "tcBorders", "top", "left", "bottom", "right", "start"),
        *("end", "shd", "noWrap", "vAlign", "textDirection", "tcMar"),
    }
)
SECTION = frozenset({"type", "pgSz", "pgMar", "cols", "col", "titlePg", "bidi", "vAlign"})

_MEASURES = frozenset(
    {
        *("w", "h", "type", "before", "after", "line", "lineRule", "left", "right"),
        *("start", "end", "top", "bottom", "header", "footer", "gutter", "firstLine"),
        *("hanging", "pos", "leader", "sz", "space", "color", "fill", "orient", "num"),
        *("equalWidth", "hRule", "beforeAutospacing", "afterAutospacing"),
    }
)
_FONTS = frozenset({"ascii", "hAnsi", "cs", "eastAsia"})
_ATTRIBUTES = frozenset(("val", *_MEASURES)) | _FONTS
_NUMBER = re.compile(r"-?\d{1,6}%?|[0-9A-Fa-f]{6}")
_WORDS = frozenset(
    {
        *("auto", "true", "false", "on", "off", "none", "nil", "left", "right", "center"),
        *("both", "start", "end", "distribute", "top", "bottom", "single", "double"),
        *("thick", "dotted", "dash", "dashed", "dotDash", "dashLong", "wave", "words"),
        *("clear", "solid", "pct5", "pct10", "pct15", "pct20", "pct25", "pct50", "exact"),
        *("atLeast", "nextPage", "continuous", "oddPage", "evenPage", "nextColumn"),
        *("restart", "continue", "pct", "dxa", "autofit", "fixed", "baseline"),
        *("superscript", "subscript", "landscape", "portrait", "hyphen", "dot"),
        *("underscore", "middleDot", "num", "bar", "decimal", "tbRl", "btLr", "lrTb"),
        *("black", "blue", "cyan", "green", "magenta", "red", "yellow", "white"),
        *("darkBlue", "darkCyan", "darkGreen", "darkMagenta", "darkRed", "darkYellow"),
        *("darkGray", "lightGray"),
    }
)
_KNOWN_FONTS = frozenset(
    {
        *("Arial", "Arial Narrow", "Times New Roman", "Calibri", "Calibri Light", "Cambria"),
        *("Courier New", "Georgia", "Garamond", "Verdana", "Tahoma", "Symbol", "Wingdings"),
        *("Wingdings 2", "Book Antiqua", "Century", "Palatino Linotype", "Segoe UI", "Aptos"),
        *(
            "Liberation Serif",
            "Liberation Sans",
            "Helvetica",
            "Trebuchet MS",
            "PT Serif",
            "PT Sans",
        ),
    }
)
_STYLE_NAMES = re.compile(
    r"(?i)normal|title|subtitle|heading [1-9]|list paragraph|body text|footnote (?:text|reference)"
    r"|endnote (?:text|reference)|table (?:grid|normal)|toc [1-9]|header|footer|strong|emphasis"
    r"|quote|no spacing|hyperlink|default paragraph font|no list|caption"
)
_STYLE_REFERENCES = frozenset(
    {"pStyle", "rStyle", "tblStyle", "basedOn", "numStyleLink", "styleLink"}
)
_STYLE_TYPES = frozenset({"paragraph", "character", "table", "numbering"})
_FORMATS = frozenset(
    {
        *("decimal", "decimalZero", "lowerRoman", "upperRoman", "lowerLetter"),
        *("upperLetter", "russianLower", "russianUpper", "ordinal", "cardinalText"),
        *("ordinalText", "bullet", "none", "decimalEnclosedParen"),
        *("decimalEnclosedFullstop", "decimalEnclosedCircle", "numberInDash", "chicago"),
    }
)
_SUFFIXES = frozenset({"tab", "space", "nothing"})
_LONGEST_LABEL = 40


_NAMES = re.compile(r"S\d+|Style \d+|preserve|page|column|separator|continuationSeparator")
_COMPATIBILITY = ("compatibilityMode", "http://schemas.microsoft.com/office/word")


def is_formatting(value: str) -> bool:
    """Whether an attribute's value is one that a copy may have."""
    return bool(
        _NUMBER.fullmatch(value)
        or _NAMES.fullmatch(value)
        or _STYLE_NAMES.fullmatch(value)
        or value in _WORDS | _KNOWN_FONTS | _STYLE_TYPES | _FORMATS | _SUFFIXES
        or value in _COMPATIBILITY
    )


def new(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, W + name, {W + key: value for key, value in attributes.items()})


@dataclass(slots=True)
class Formatting:
    """Copies formatting; styles get new names, as theirs are free text."""

    values: Values
    styles: dict[str, str] = field(default_factory=dict)

    def properties(self, source: Element | None, parent: Element, kept: frozenset[str]) -> None:
        """What is known of ``pPr``, ``rPr`` and the like, under the same name; nothing for none."""
        if source is None:
            return
        copy = etree.Element(source.tag)
        self._children(source, copy, kept)
        if len(copy):
            parent.append(copy)

    def _children(self, source: Element, copy: Element, kept: frozenset[str]) -> None:
        for child in source:
            name = _local(child)
            if name in kept and (attributes := self._attributes(child, name)) is not None:
                self._children(child, etree.SubElement(copy, child.tag, attributes), kept)

    def _attributes(self, element: Element, name: str) -> dict[str, str] | None:
        """None for an element that says nothing known."""
        if name in _STYLE_REFERENCES:
            style = self.styles.get(element.get(f"{W}val", ""))
            return {f"{W}val": style} if style else None
        kept = {}
        for key in map(str, element.keys()):
            attribute, value = key.removeprefix(W), element.get(key, "")
            if attribute in _ATTRIBUTES and (
                _NUMBER.fullmatch(value)
                or value in _WORDS
                or (attribute in _FONTS and value in _KNOWN_FONTS)
            ):
                kept[key] = value
        return kept if kept or not element.attrib else None

    def style_sheet(self, root: Element) -> Element:
        """The copy of ``styles.xml``; from then on its styles are known by their new names."""
        sources = [item for item in root.iterfind(f"{W}style") if _type(item) in _STYLE_TYPES]
        for number, item in enumerate(sources, 1):
            self.styles.setdefault(item.get(f"{W}styleId", ""), f"S{number}")
        copy = etree.Element(f"{W}styles", nsmap={"w": W[1:-1]})
        for group, inner in (("rPrDefault", "rPr"), ("pPrDefault", "pPr")):
            found = root.find(f"{W}docDefaults/{W}{group}/{W}{inner}")
            if found is not None:
                defaults = copy.find(f"{W}docDefaults")
                outer = new(copy, "docDefaults") if defaults is None else defaults
                self.properties(found, new(outer, group), RUN if inner == "rPr" else PARAGRAPH)
        for number, item in enumerate(sources, 1):
            style = new(copy, "style", type=_type(item), styleId=f"S{number}")
            if item.get(f"{W}default") in {"1", "true"}:
                style.set(f"{W}default", "1")
            name = _val(item, "name")
            new(style, "name", val=name if _STYLE_NAMES.fullmatch(name) else f"Style {number}")
            based = self.styles.get(_val(item, "basedOn"))
            if based:
                new(style, "basedOn", val=based)
            self.properties(item.find(f"{W}pPr"), style, PARAGRAPH)
            self.properties(item.find(f"{W}rPr"), style, RUN)
            self.properties(item.find(f"{W}tblPr"), style, TABLE)
            self.properties(item.find(f"{W}tcPr"), style, CELL)
        return copy

    def numbering(self, root: Element) -> Element:
        copy = etree.Element(f"{W}numbering", nsmap={"w": W[1:-1]})
        for item in root.iterfind(f"{W}abstractNum"):
            abstract = new(
                copy, "abstractNum", abstractNumId=_digits(item.get(f"{W}abstractNumId"))
            )
            self._list_links(item, abstract)
            for level in item.iterfind(f"{W}lvl"):
                self._level(level, abstract)
        for item in root.iterfind(f"{W}num"):
            numbered = new(copy, "num", numId=_digits(item.get(f"{W}numId")))
            new(numbered, "abstractNumId", val=_digits(_val(item, "abstractNumId")))
            for override in item.iterfind(f"{W}lvlOverride"):
                over = new(numbered, "lvlOverride", ilvl=_digits(override.get(f"{W}ilvl")))
                if override.find(f"{W}startOverride") is not None:
                    new(over, "startOverride", val=_digits(_val(override, "startOverride")))
                own = override.find(f"{W}lvl")
                if own is not None:
                    self._level(own, over)
        return copy

    def _list_links(self, source: Element, parent: Element) -> None:
        for name in ("styleLink", "numStyleLink"):
            style = self.styles.get(_val(source, name))
            if style:
                new(parent, name, val=style)

    def _level(self, source: Element, parent: Element) -> None:
        level = new(parent, "lvl", ilvl=_digits(source.get(f"{W}ilvl")))
        for name in (
            "start",
            "numFmt",
            "lvlRestart",
            "pStyle",
            "isLgl",
            "suff",
            "lvlText",
            "lvlJc",
        ):
            child = source.find(f"{W}{name}")
            if child is None:
                continue
            value = child.get(f"{W}val", "")
            match name:
                case "start" | "lvlRestart":
                    new(level, name, val=_digits(value))
                case "numFmt":
                    new(level, name, val=value if value in _FORMATS else "decimal")
                case "pStyle" if value in self.styles:
                    new(level, name, val=self.styles[value])
                case "isLgl":
                    new(level, name)
                case "suff" if value in _SUFFIXES:
                    new(level, name, val=value)
                case "lvlJc" if value in _WORDS:
                    new(level, name, val=value)
                case "lvlText":
                    shown = len(value) <= _LONGEST_LABEL and not self.values.stand_in(value)
                    new(level, name, val=value if shown else "")
        self.properties(source.find(f"{W}pPr"), level, PARAGRAPH)
        self.properties(source.find(f"{W}rPr"), level, RUN)


def _local(element: Element) -> str:
    tag = str(element.tag)
    return tag.removeprefix(W) if tag.startswith(W) else ""


def _type(style: Element) -> str:
    return style.get(f"{W}type", "")


def _val(parent: Element, name: str) -> str:
    child = parent.find(f"{W}{name}")
    return "" if child is None else child.get(f"{W}val", "")


def _digits(value: str | None) -> str:
    return value if value and re.fullmatch(r"\d{1,5}", value) else "0"
