"""What must not be read any more, in one pass over a document's text layer."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from lexmill_legal.extract.reading import Reading
from lexmill_legal.redaction.mentions import Mention
from lexmill_legal.redaction.numbers import find_numbers
from lexmill_legal.redaction.people import find_persons
from lexmill_legal.redaction.places import find_places, find_telephones
from lexmill_legal.redaction.pseudonyms import Pseudonyms, plain_token
from lexmill_legal.redaction.terms import TERM, Terms
from lexmill_legal.results import Classification, Fact, ParsedDocument, Redaction

BLACK: Final = "█████"
"""Always as long: the length of what stood there would tell of it."""

# Of two that overlap by as much, the one that says more.
_ORDER: Final = (TERM, "email", "account", "identifier", "phone", "address", "person")
_BREAK: Final = re.compile(r"(?<=[\dA-Z+()-])[ \t]{0,3}\n[ \t]{0,8}(?=[\d(])")
_REACH: Final = 60
_LETTER: Final = re.compile(r"[^\W_]")


def find_redactions(
    parsed: ParsedDocument,
    classification: Classification,
    facts: Sequence[Fact],
    terms: Terms,
    pseudonyms: Pseudonyms | None = None,
) -> tuple[Redaction, ...]:
    """Sorted and apart from each other; tokens are linkable only with ``pseudonyms``."""
    mentions = find_mentions(parsed, classification, facts, terms)
    return tuple(as_redaction(mention, terms, pseudonyms) for mention in mentions)


def as_redaction(mention: Mention, terms: Terms, pseudonyms: Pseudonyms | None) -> Redaction:
    if terms.style == "black":
        token = BLACK
    elif pseudonyms is None:
        token = plain_token(mention.kind)
    else:
        token = pseudonyms.token(mention.kind, mention.subject)
    return Redaction(mention.start, mention.end, mention.kind, mention.reason, token)


def find_mentions(
    parsed: ParsedDocument, classification: Classification, facts: Sequence[Fact], terms: Terms
) -> tuple[Mention, ...]:
    # what nobody classified may be of either language
    languages = classification.languages or ("en", "ru")
    reading = Reading(parsed.text, languages)
    kinds = frozenset(terms.kinds)
    found = [each for each in _found(reading, facts) if each.kind in kinds]
    kept = list(_literals(reading.lower, terms.keep))
    found = [each for each in found if not any(s <= each.start and each.end <= e for s, e in kept)]
    return tuple(_apart(parsed.text, [*_own(reading, terms), *found]))


def _found(reading: Reading, facts: Sequence[Fact]) -> Iterator[Mention]:
    numbers = [*find_numbers(reading), *find_places(reading)]
    yield from numbers
    yield from _broken(reading, numbers)
    yield from find_persons(reading, facts)


def _broken(reading: Reading, found: list[Mention]) -> Iterator[Mention]:
    """Numbers that a line's end cuts in two, where the first part is none by itself."""
    taken = sorted((mention.start, mention.end) for mention in found)
    starts = [start for start, _ in taken]
    for match in _BREAK.finditer(reading.text):
        begin, at = max(0, match.start() - _REACH), match.start()
        # after a hyphen nothing stands for the break, else a space
        gap = "" if reading.text[at - 1] == "-" else " "
        lost = len(match.group()) - len(gap)
        line = reading.text[begin:at] + gap + reading.text[match.end() : match.end() + _REACH]
        around = Reading(line, reading.languages)
        for mention in (*find_numbers(around), *find_telephones(around)):
            start, end = mention.start + begin, mention.end + begin + lost
            before = bisect_left(starts, at)
            overlaps = before > 0 and taken[before - 1][1] > start
            if start < at and match.end() < end and not overlaps:
                yield replace(mention, start=start, end=end)


def _own(reading: Reading, terms: Terms) -> Iterator[Mention]:
    for term in terms.terms:
        pattern = _pattern([term.text], stem=term.stem)
        for match in pattern.finditer(reading.lower):
            written = " ".join(reading.text[match.start() : match.end()].split())
            subject = " ".join(term.text.lower().split())
            yield Mention(*match.span(), TERM, term.reason, subject, written)


def _literals(lower: str, texts: Iterable[str]) -> Iterator[tuple[int, int]]:
    texts = list(texts)
    if texts:
        yield from (match.span() for match in _pattern(texts, stem=False).finditer(lower))


def _pattern(texts: Iterable[str], *, stem: bool) -> re.Pattern[str]:
    """Whole words in small letters, however they are spaced and wrapped."""
    going_on = r"[\w-]*" if stem else ""
    alternatives = (
        r"\s{1,20}".join(re.escape(word) + going_on for word in text.lower().split())
        for text in sorted(texts, key=lambda text: (-len(text), text))
    )
    return re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)")


def _apart(text: str, mentions: list[Mention]) -> Iterator[Mention]:
    """What overlaps becomes one: nothing of either may stay readable."""
    ordered = sorted(
        mentions,
        key=lambda each: (each.start, -each.end, _ORDER.index(each.kind), each.reason),
    )
    last: Mention | None = None
    for mention in ordered:
        if not _LETTER.search(text, mention.start, mention.end):
            continue
        if last is None or mention.start >= last.end:
            if last is not None:
                yield last
            last = mention
            continue
        best = last
        if mention.end - mention.start > last.end - last.start:
            best = mention
        end = max(last.end, mention.end)
        last = Mention(last.start, end, best.kind, best.reason, best.subject, best.value)
    if last is not None:
        yield last
