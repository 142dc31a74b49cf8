"""WordprocessingML for tracked changes: what is inserted, deleted and said about it."""

import copy
from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element

_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
# Of a paragraph that new text is modelled on: how it looks, not what it is.
_LOOK_OF_PARAGRAPH: Final = ("pStyle", "spacing", "ind", "jc", "bidi")
_LOOK_OF_RUN: Final = ("rFonts", "color", "sz", "szCs", "rtl", "lang")


class Marker:
    """Makes marked elements, each with an id that the document does not have yet."""

    def __init__(self, author: str, taken: set[int]) -> None:
        self._author = author
        self._taken = taken
        self._next = 1

    def identifier(self) -> str:
        while self._next in self._taken:
            self._next += 1
        self._next += 1
        return str(self._next - 1)

    def change(self, tag: str) -> Element:
        """An empty ``w:ins`` or ``w:del``. Without a date: nothing here knows the day."""
        element = etree.Element(f"{W}{tag}")
        element.set(f"{W}id", self.identifier())
        element.set(f"{W}author", self._author)
        return element

    def inserted(self, runs: Iterable[Element]) -> Element:
        element = self.change("ins")
        element.extend(list(runs))
        return element

    def deleted(self, runs: Iterable[Element]) -> Element:
        element = self.change("del")
        for run in runs:
            for text in run.iter(f"{W}t"):
                text.tag = f"{W}delText"
                text.set(_SPACE, "preserve")
            element.append(run)
        return element

    def comment(self, identifier: str, lines: Iterable[str]) -> Element:
        element = etree.Element(f"{W}comment")
        element.set(f"{W}id", identifier)
        element.set(f"{W}author", self._author)
        element.set(f"{W}initials", "LM")
        for line in lines:
            paragraph = etree.SubElement(element, f"{W}p")
            paragraph.append(run_of(line, None))
        return element


def run_of(text: str, look: Element | None) -> Element:
    """``look`` is the run whose look the text takes on."""
    run = etree.Element(f"{W}r")
    properties = look.find(f"{W}rPr") if look is not None else None
    if properties is not None:
        run.append(_only(properties, None))
    run.append(text_of(text))
    return run


def plain_run(text: str, look: Element | None) -> Element:
    """As ``run_of``, but for text of its own: neither bold nor underlined as its model may be."""
    run = etree.Element(f"{W}r")
    properties = look.find(f"{W}rPr") if look is not None else None
    if properties is not None:
        run.append(_only(properties, _LOOK_OF_RUN))
    run.append(text_of(text))
    return run


def text_of(text: str) -> Element:
    element = etree.Element(f"{W}t")
    element.set(_SPACE, "preserve")
    element.text = text
    return element


def paragraph_like(model: Element, marker: Marker) -> Element:
    """An empty paragraph that looks like another; its mark, which ends it, is inserted."""
    own = model.find(f"{W}pPr")
    properties = etree.Element(f"{W}pPr") if own is None else _only(own, _LOOK_OF_PARAGRAPH)
    mark = etree.SubElement(properties, f"{W}rPr")
    mark.append(marker.change("ins"))
    paragraph = etree.Element(f"{W}p")
    paragraph.append(properties)
    return paragraph


def comment_start(identifier: str) -> Element:
    return _with_id("commentRangeStart", identifier)


def comment_end(identifier: str) -> Element:
    return _with_id("commentRangeEnd", identifier)


def comment_reference(identifier: str) -> Element:
    run = etree.Element(f"{W}r")
    run.append(_with_id("commentReference", identifier))
    return run


def ids_in(roots: Iterable[Element]) -> Iterator[int]:
    for root in roots:
        for element in root.iter():
            written = element.get(f"{W}id")
            if written is not None and written.lstrip("-").isascii():
                try:
                    yield int(written)
                except ValueError:
                    continue


def _with_id(tag: str, identifier: str) -> Element:
    element = etree.Element(f"{W}{tag}")
    element.set(f"{W}id", identifier)
    return element


def _only(properties: Element, kept: tuple[str, ...] | None) -> Element:
    """A copy with the wanted children, in their order; None keeps all but old changes."""
    found = etree.Element(properties.tag)
    for child in properties:
        name = etree.QName(child).localname
        wanted = name in kept if kept is not None else not name.endswith("Change")
        if wanted and name not in {"ins", "del", "moveFrom", "moveTo"}:
            found.append(copy.deepcopy(child))
    return found
