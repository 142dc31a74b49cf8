"""From what a playbook refuses to a Word document with tracked changes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from lexmill_legal.errors import DocumentError
from lexmill_legal.extract.reading import Reading
from lexmill_legal.parsing.docx import PlacedParagraph, PlacedText, read_placed
from lexmill_legal.parsing.numbering import W
from lexmill_legal.parsing.xml import Element, open_container
from lexmill_legal.playbook.models import Playbook, Rule
from lexmill_legal.redline import wordml
from lexmill_legal.redline.packing import is_strict, pack, read_comments
from lexmill_legal.redline.passages import Passage, read_passage
from lexmill_legal.redline.wordml import Marker
from lexmill_legal.results import Finding

VERSION: Final = "1"

_MOST_BYTES: Final = 32 << 20
_REACH: Final = 3_000
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
# Where a paragraph can be edited: in a text box its twin for old versions would stay as it is.
_OPEN: Final = frozenset(
    W + name for name in ("document", "body", "tbl", "tr", "tc", "sdt", "sdtContent")
)
# A number that somebody typed stays where it is.
_TYPED_NUMBER: Final = re.compile(
    r"\s*(?:(?:section|article|clause|статья|пункт|п\.)\s+)?"
    r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|\([a-z0-9]{1,4}\)|[a-zа-я]\))\s+",
    re.IGNORECASE,
)
_SIGNING: Final = re.compile(
    r"\s*(?:\d{1,2}\.?\s*)?(?:in\s+witness\s+whereof|signed\s+(?:by|for|on)|signatures?\b"
    r"|the\s+parties\s+have\s+(?:caused|executed|signed)|executed\s+(?:by|as)\b"
    r"|(?:exhibit|schedule|annex|appendix|attachment)\s+\w{1,3}\b"
    r"|(?:юридические\s+)?(?:адреса|реквизиты|подписи)\b|место\s*нахождени\w+|приложение\s*№)",
    re.IGNORECASE,
)
_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)
_LATIN: Final = re.compile("[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a rule asks for, and what it says about it."""

    rule: Rule
    finding: Finding
    text: str


@dataclass(slots=True)
class _Edit:
    """A sentence of a paragraph and the changes that want it otherwise, gravest first."""

    start: int
    end: int
    changes: list[_Change]


@dataclass(slots=True)
class _Work:
    """What is to be done to one paragraph; ``remarks`` only speak of it."""

    passage: Passage | None
    edits: list[_Edit] = field(default_factory=list)
    remarks: list[_Change] = field(default_factory=list)


def redline_docx(data: bytes, playbook: Playbook, findings: Sequence[Finding]) -> bytes | None:
    """The document with the wording of each rule that failed; None where there is none to put in.

    Also None where the document cannot be edited: it is too large, protected or no DOCX.
    """
    changes = list(_changes(playbook, findings))
    if not changes or len(data) > _MOST_BYTES:
        return None
    try:
        with open_container(data) as container:
            placed = read_placed(container)
            if is_strict(container, placed.part):
                return None
            comments = read_comments(container, placed.part)
            taken = set(wordml.ids_in((placed.root, comments)))
            redline = _Redline(placed, comments, Marker(_author(playbook), taken))
            redline.make(changes)
            return pack(data, container, placed, comments) if redline.is_made else None
    except DocumentError:
        return None


def _changes(playbook: Playbook, findings: Sequence[Finding]) -> Iterator[_Change]:
    rules = {rule.id: rule for rule in playbook.rules}
    failed = [finding for finding in findings if finding.result == "fail"]
    for finding in sorted(failed, key=lambda each: _SEVERITIES.index(each.severity)):
        rule = rules.get(finding.rule)
        text = (rule.fallback or rule.preferred) if rule else None
        if rule and text:
            yield _Change(rule, finding, "\n".join(filter(None, map(str.strip, text.split("\n")))))


def _author(playbook: Playbook) -> str:
    return _clean(f"Lexmill playbook {playbook.name or ''}".strip())


class _Redline:
    def __init__(self, placed: PlacedText, comments: Element, marker: Marker) -> None:
        self._placed = placed
        self._comments = comments
        self._marker = marker
        self._open = [each for each in placed.paragraphs if _is_open(each.element, placed.root)]
        self.is_made = False

    def make(self, changes: list[_Change]) -> None:
        works: dict[Element, _Work] = {}
        missing: list[_Change] = []
        for change in changes:
            if change.finding.start is None:
                missing.append(change)
            elif (place := self._place(change.finding)) is not None:
                paragraph, start, end = place
                work = works.setdefault(paragraph.element, _Work(read_passage(paragraph.element)))
                self._plan(work, paragraph, start, end, change)
        self._insert(missing)  # first: new paragraphs look like the old ones
        for element, work in works.items():
            self._edit(element, work)

    # where

    def _place(self, finding: Finding) -> tuple[PlacedParagraph, int, int] | None:
        """The paragraph that a finding lies in; pictures that were read may have moved it."""
        assert finding.start is not None
        assert finding.end is not None
        start, end, quote = finding.start, finding.end, finding.quote or ""
        if self._placed.text[start:end] != quote:
            if not quote or self._placed.text.count(quote) != 1:
                return None
            start = self._placed.text.index(quote)
            end = start + len(quote)
        for paragraph in self._open:
            if paragraph.start <= start < paragraph.end:
                return paragraph, start, end
        return None

    def _plan(
        self, work: _Work, paragraph: PlacedParagraph, start: int, end: int, change: _Change
    ) -> None:
        passage = work.passage
        layer = self._placed.text[paragraph.start : paragraph.end]
        whole = end <= paragraph.end and passage is not None and passage.text != ""
        if not whole or passage is None or not layer.endswith(passage.text):
            work.remarks.append(change)
            return
        shift = paragraph.start + len(layer) - len(passage.text)
        first, last = _sentence(passage.text, max(start - shift, 0), max(end - shift, 1))
        if not _same_script(change.text, passage.text[first:last]):
            work.remarks.append(change)
            return
        for edit in work.edits:
            if edit.start < last and first < edit.end:
                edit.changes.append(change)
                return
        work.edits.append(_Edit(first, last, [change]))

    # what

    def _edit(self, element: Element, work: _Work) -> None:
        """From the last sentence to the first: what is cut off moves nothing before it."""
        for edit in sorted(work.edits, key=lambda each: -each.start):
            assert work.passage is not None
            runs = work.passage.cut(edit.start, edit.end)
            if not runs:
                continue
            self.is_made = True
            first = runs[0]
            at = element.index(first)
            new = [wordml.run_of(edit.changes[0].text.replace("\n", " "), first)]
            inserted = self._marker.inserted(new)
            place = wordml.comment_start("")  # the runs leave, so something keeps their place
            element.insert(at, place)
            gone = self._marker.deleted(runs)
            place.addnext(gone)
            gone.addnext(inserted)
            element.remove(place)
            for number, change in enumerate(edit.changes):
                self._comment(change, element, gone, inserted, is_in=number == 0)
        for change in work.remarks:
            self._remark(element, change)

    def _remark(self, element: Element, change: _Change) -> None:
        """Where the text itself cannot be changed, the comment holds the wording."""
        self.is_made = True
        identifier = self._said(change, is_in=False)
        has_properties = len(element) > 0 and element[0].tag == f"{W}pPr"
        element.insert(1 if has_properties else 0, wordml.comment_start(identifier))
        element.append(wordml.comment_end(identifier))
        element.append(wordml.comment_reference(identifier))

    def _comment(
        self, change: _Change, element: Element, first: Element, last: Element, *, is_in: bool
    ) -> None:
        identifier = self._said(change, is_in=is_in)
        element.insert(element.index(first), wordml.comment_start(identifier))
        end = wordml.comment_end(identifier)
        last.addnext(end)
        end.addnext(wordml.comment_reference(identifier))

    def _said(self, change: _Change, *, is_in: bool) -> str:
        identifier = self._marker.identifier()
        rule, finding = change.rule, change.finding
        lines = [f"{finding.severity.capitalize()}: {finding.message}"]
        if not is_in:
            lines.append(f"Proposed wording: {change.text}")
        if rule.preferred and rule.fallback:
            lines.append(f"Preferred wording: {' '.join(rule.preferred.split())}")
        lines.append(f"Rule {rule.id}" + (f", {rule.owner}" if rule.owner else ""))
        self._comments.append(self._marker.comment(identifier, map(_clean, lines)))
        return identifier

    # what is missing

    def _insert(self, missing: list[_Change]) -> None:
        """New paragraphs after the last section: before the signatures, else at the end."""
        body = self._placed.root.find(f"{W}body")
        flat = [each for each in self._open if each.element.getparent() is body]
        if not missing or not flat:
            return
        signing = self._signing(flat)
        before = [each for each in flat if signing is None or each.start < signing.start]
        model = _model(before or flat)
        here = [each for each in missing if _same_script(each.text, self._placed.text)]
        for change in missing:
            if change not in here:
                self._remark(model.element, change)
        if not here:
            return
        self.is_made = True
        if signing is not None:
            for change in here:
                for paragraph in self._new(change, model.element):
                    signing.element.addprevious(paragraph)
            return
        last = flat[-1].element
        new = [paragraph for each in here for paragraph in self._new(each, model.element)]
        following = last.getnext()
        if following is None or following.tag != f"{W}p":
            self._move_mark(last, new[-1])
        for paragraph in reversed(new):
            last.addnext(paragraph)

    def _signing(self, flat: list[PlacedParagraph]) -> PlacedParagraph | None:
        text = self._placed.text
        for paragraph in flat:
            late = paragraph.start > len(text) / 3
            if late and _SIGNING.match(text, paragraph.start, paragraph.end):
                return paragraph
        return None

    def _new(self, change: _Change, model: Element) -> Iterator[Element]:
        look = next(model.iter(f"{W}r"), None)
        lines = change.text.split("\n")
        identifier = self._said(change, is_in=True)
        for number, line in enumerate(lines, 1):
            paragraph = wordml.paragraph_like(model, self._marker)
            if number == 1:
                paragraph.append(wordml.comment_start(identifier))
            paragraph.append(self._marker.inserted([wordml.plain_run(_clean(line), look)]))
            if number == len(lines):
                paragraph.append(wordml.comment_end(identifier))
                reference = wordml.comment_reference(identifier)
                paragraph.append(self._marker.inserted([reference]))
            yield paragraph

    def _move_mark(self, last: Element, new: Element) -> None:
        """Behind the last paragraph: its own mark ends the new text, and a new mark ends it."""
        old = last.find(f"{W}pPr")
        look = new.find(f"{W}pPr")
        if look is not None:
            new.remove(look)
        if old is not None:
            last.remove(old)
            new.insert(0, old)
        own = wordml.paragraph_like(new, self._marker).find(f"{W}pPr")
        assert own is not None
        last.insert(0, own)


def _is_open(element: Element, root: Element) -> bool:
    above = list(element.iterancestors())
    return bool(above) and above[-1] is root and all(each.tag in _OPEN for each in above)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentences around a place, without the number in front of the first."""
    reading = Reading(text, ())
    first, _ = reading.sentence(min(start, len(text) - 1), reach=_REACH)
    _, last = reading.sentence(min(end, len(text)) - 1, reach=_REACH)
    typed = _TYPED_NUMBER.match(text, first) if first == 0 else None
    if typed is not None and typed.end() < last:
        first = typed.end()
    return first, max(last, first + 1)


def _model(paragraphs: list[PlacedParagraph]) -> PlacedParagraph:
    """The last paragraph that reads like a clause, not like a heading."""
    long = [each for each in paragraphs if each.end - each.start >= 60]
    return (long or paragraphs)[-1]


def _same_script(one: str, other: str) -> bool:
    return _is_cyrillic(one) == _is_cyrillic(other)


def _is_cyrillic(text: str) -> bool:
    return len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text))


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(letter if _is_xml(letter) else " " for letter in text)


def _is_xml(letter: str) -> bool:
    code = ord(letter)
    return letter in "\t\n" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
