"""For whom somebody signs, where the block itself names a party that the facts know.

A party without a form of company ("Harbour Trading"), or only its name in the contract ("SELLER"),
is told from other lines by what the beginning of the contract says of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from lexmill_legal.results import Fact, Signature

# A party stands above its signature, not further away than this.
_ABOVE: Final = 400
_SHORTEST: Final = 4
_MOST_NAMES: Final = 40
# A line, or a column of one.
_CHUNK: Final = re.compile(r"\S(?:\S|[ \t]{1,2}(?=\S))*")
_WORD: Final = re.compile(r"\w+")
_INTRODUCES: Final = frozenset({"for", "the"})
# What is left of a name without its form of company must still tell parties apart.
_FORM: Final = re.compile(
    r"[\s,]+(?:inc(?:orporated)?|corp(?:oration)?|l\.?l\.?c|ltd|limited|company|co|plc|gmbh|l\.?p)"
    r"\.?\Z",
    re.IGNORECASE,
)


class _Known(NamedTuple):
    """What a party is called; ``whole``: a chunk must be just that, "SELLER", "The Seller:"."""

    words: tuple[str, ...]
    whole: bool
    party: str


def with_parties(
    text: str, signatures: Sequence[Signature], facts: Iterable[Fact]
) -> tuple[Signature, ...]:
    """Signatures that have no party yet get the known one that is written above them."""
    facts = [fact for fact in facts if fact.field == "party"][:_MOST_NAMES]
    names = list(_names(facts))
    called = {name.words: name.party for name in reversed(names) if name.whole}
    found = [
        replace(signature, party=called.get(_words(signature.party), signature.party))
        if signature.party is not None
        else signature
        for signature in signatures
    ]
    for first, last in _rows(text, found, names):
        row = found[first:last]
        start = max(row[0].start - _ABOVE, found[first - 1].end if first else 0)
        above = _named(text, start, row[0].start, names)
        if len(row) == 1:
            above = above[-1:]
        if len(above) == len(row):
            found[first:last] = [
                replace(signature, party=party) for signature, party in zip(row, above, strict=True)
            ]
    return tuple(found)


def _rows(
    text: str, signatures: Sequence[Signature], names: Sequence[_Known]
) -> Iterator[tuple[int, int]]:
    """Those without a party that sign side by side: no name stands between them."""
    first = 0
    while first < len(signatures):
        last = first + 1
        if signatures[first].party is None:
            while (
                last < len(signatures)
                and signatures[last].party is None
                and not _named(text, signatures[last - 1].start, signatures[last].start, names)
            ):
                last += 1
            yield first, last
        first = last


def _named(text: str, start: int, end: int, names: Sequence[_Known]) -> list[str]:
    """The parties that are written there, each once, in the order of their last mention."""
    places: dict[str, int] = {}
    for chunk in _CHUNK.finditer(text, start, end):
        words = _words(chunk.group())
        for name in names:
            begins = words[: len(name.words)] == name.words
            if begins and (not name.whole or len(words) == len(name.words)):
                places[name.party] = chunk.start()
    return sorted(places, key=lambda party: places[party])


def _names(parties: Iterable[Fact]) -> Iterator[_Known]:
    for fact in parties:
        name = _FORM.sub("", fact.value)
        if len(name) >= _SHORTEST and (words := _words(name)):
            yield _Known(words, False, fact.value)
        for alias in fact.attributes.get("alias", "").split("; "):
            if len(alias) >= _SHORTEST and (words := _words(alias)):
                yield _Known(words, True, fact.value)


def _words(written: str) -> tuple[str, ...]:
    words = _WORD.findall(written.casefold())
    while words and words[0] in _INTRODUCES:
        del words[0]
    return tuple(words)
