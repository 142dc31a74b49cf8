"""A paragraph as its characters, so that a range of its text can be cut out of its runs."""

import copy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from lexmill_legal.parsing.layer import visible
from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element
from lexmill_legal.redline.wordml import text_of

# Children of a paragraph that hold no text, and of a run that say how it looks.
_SILENT: Final = frozenset(
    W + name
    for name in (
        "pPr",
        "bookmarkStart",
        "bookmarkEnd",
        "proofErr",
        "permStart",
        "permEnd",
        "commentRangeStart",
        "commentRangeEnd",
    )
)
_STANDS_FOR: Final = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_CHANGES: Final = tuple(W + name for name in ("ins", "del", "moveFrom", "moveTo"))
_SILENT_IN_RUN: Final = frozenset(
    W + name for name in ("rPr", "lastRenderedPageBreak", "softHyphen", "commentReference")
)


@dataclass(frozen=True, slots=True)
class _Character:
    """A character that is seen: in which run, in which of its children, at which offset."""

    seen: str
    run: Element
    child: Element
    offset: int


class Passage:
    """The runs of a paragraph that has nothing else in it: no field, link, note or change."""

    def __init__(self, characters: list[_Character]) -> None:
        self._characters = characters
        self.text = "".join(character.seen for character in characters)

    def cut(self, start: int, end: int) -> list[Element]:
        """Make runs of their own of ``[start, end)``, in place, and give them."""
        first, last = self._characters[start], self._characters[end - 1]
        if last.run is first.run:
            _split(last.run, last.child, last.offset + 1)
            middle = _split(first.run, first.child, first.offset)
            return [middle if middle is not None else first.run]
        _split(last.run, last.child, last.offset + 1)
        middle = _split(first.run, first.child, first.offset)
        begin = middle if middle is not None else first.run
        parent = begin.getparent()
        assert parent is not None
        inside = list(parent)[parent.index(begin) : parent.index(last.run) + 1]
        return [element for element in inside if element.tag == f"{W}r"]


def read_passage(paragraph: Element) -> Passage | None:
    """None where the paragraph holds more than plain runs: whoever cuts it would break it."""
    characters: list[_Character] = []
    for child in paragraph:
        if child.tag in _SILENT:
            continue
        if child.tag != f"{W}r" or not _read_run(child, characters):
            return None
    while characters and characters[0].seen == "\n":  # layout, which the text layer leaves out
        characters.pop(0)
    return Passage(characters)


def _read_run(run: Element, characters: list[_Character]) -> bool:
    looks = run.findall(f"{W}rPr")
    if len(looks) > 1 or (looks and looks[0] is not run[0]):
        return False
    if looks and next(looks[0].iter(*_CHANGES), None) is not None:
        return False
    for child in run:
        if child.tag == f"{W}t":
            if len(child):
                return False  # nothing that Word writes
            for offset, raw in enumerate(child.text or ""):
                seen = visible(raw)
                if seen:
                    characters.append(_Character(seen, run, child, offset))
        elif child.tag in _STANDS_FOR:
            characters.append(_Character(_STANDS_FOR[child.tag], run, child, 0))
        elif child.tag not in _SILENT_IN_RUN:
            return False
    return True


def _split(run: Element, child: Element, offset: int) -> Element | None:
    """What stands behind the place becomes a run of its own; None where nothing stands before."""
    length = len(child.text or "") if child.tag == f"{W}t" else 1
    index = run.index(child)
    if offset >= length:
        index, offset = index + 1, 0
    before = [each for each in list(run)[:index] if each.tag != f"{W}rPr"]
    if not before and offset == 0:
        return None
    if index >= len(run):
        return None
    rest = etree.Element(f"{W}r")
    look = run.find(f"{W}rPr")
    if look is not None:
        rest.append(copy.deepcopy(look))
    moved = list(run)[index:]
    if offset:
        text = child.text or ""
        moved = list(run)[index + 1 :]
        new = text_of(text[:offset])
        child.text = new.text
        child.attrib.update(new.attrib)
        rest.append(text_of(text[offset:]))
    rest.extend(moved)
    run.addnext(rest)
    return rest
