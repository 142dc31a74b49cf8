"""HTML: the page written anew from what a browser shows of it.

Only known elements, with attributes that are numbers or one of a few words; the texts are those of
the text layer. So there is no comment, script, style, address of a link, hidden or deleted text
and no metadata in the copy.
"""

import re
from dataclasses import dataclass
from html import escape

from selectolax.lexbor import LexborNode

from lexmill_legal.parsing.decoding import decode
from lexmill_legal.parsing.html import Writer, declared, walk
from lexmill_legal.parsing.media import HTML
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.marks import Marks, redacted_text
from lexmill_legal.results import ParsedDocument

HEAD = '<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n'
TAIL = "\n</body></html>\n"
_VOID = frozenset({"br", "hr"})
_KEPT = _VOID | {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "center", "address"),
    *("ul", "ol", "dl", "li", "dt", "dd", "figure", "figcaption"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"),
    *("div", "section", "article", "main", "header", "footer", "nav", "aside", "span"),
    *("b", "strong", "i", "em", "u", "s", "sub", "sup", "small", "big", "code", "tt", "mark"),
}
_ATTRIBUTES = {
    "colspan": r"\d{1,3}",
    "rowspan": r"\d{1,3}",
    "start": r"\d{1,4}",
    "value": r"\d{1,4}",
    "type": "[1aAiI]",
    "dir": "ltr|rtl|auto",
}
_PRESERVED = ' style="white-space:pre-wrap"'
_WRITTEN = [f'{name}="(?:{value})"' for name, value in _ATTRIBUTES.items()]
TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(_KEPT))})(?: (?:{'|'.join(_WRITTEN)})|{re.escape(_PRESERVED)})*>"
)
"""Every tag that a copy has between its head and its tail."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of the text layer."""

    start: int
    end: int


class _Rebuilder(Writer):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str | _Piece] = []
        self._closing: list[str] = []

    def enter(self, node: LexborNode) -> bool:
        if not super().enter(node):
            return False
        tag = node.tag or ""
        kept = tag in _KEPT and self._deleted is None
        if kept:
            attributes = "".join(
                f' {name}="{value}"'
                for name, value in sorted(node.attributes.items())
                if value and re.fullmatch(_ATTRIBUTES.get(name, "(?!)"), value)
            )
            if self._open[-1].preserved and tag not in _VOID | {"pre"}:
                attributes += _PRESERVED
            self.parts.append(f"<{tag}{attributes}>")
        self._closing.append(f"</{tag}>" if kept and tag not in _VOID else "")
        return True

    def leave(self) -> None:
        super().leave()
        self.parts.append(self._closing.pop())

    def _write(self, text: str) -> None:
        shown = self._deleted is None
        super()._write(text)
        if shown:
            self.parts.append(_Piece(self.layer.size - len(text), self.layer.size))


def burn_html(data: bytes, parsed: ParsedDocument, marks: Marks) -> Burned | None:
    """None where the page is not read as ``parsed`` was."""
    decoded = decode(data)
    if decoded is None:
        return None
    rebuilder = _Rebuilder()
    walk(declared(data, decoded).text, rebuilder)
    text, _ = rebuilder.layer.finish()
    if text != parsed.text:
        return None
    written: list[str] = []
    at = 0
    for part in rebuilder.parts:
        if isinstance(part, str):
            written.append(part)
            continue
        if text[at : part.start] == " ":
            written.append(redacted_text(text, marks, at, part.start))
        written.append(escape(redacted_text(text, marks, part.start, part.end), quote=False))
        at = part.end
    return Burned(f"{HEAD}{''.join(written)}{TAIL}".encode(), HTML, ".html")
