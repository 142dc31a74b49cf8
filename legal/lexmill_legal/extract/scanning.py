"""Fast searches for fixed words: a substring search each beats any alternation."""

import re
from collections.abc import Iterator
from typing import Final

MOST: Final = 20_000
"""Beyond this many places a text is no contract; looking on would only take time."""


_CLASS_OR_SPACE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]| (?P<maybe>\??)")


def spaced(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """A compiled pattern in which a space stands for white space, a line break with indent too."""

    def gap(match: re.Match[str]) -> str:
        if match["maybe"] is None:
            return match.group()
        return r"\s{0,20}" if match["maybe"] else r"\s{1,20}"

    return re.compile(_CLASS_OR_SPACE.sub(gap, pattern), flags)


def occurrences(text: str, needles: tuple[str, ...]) -> list[int]:
    """Where any of the needles stands, in order."""
    found: set[int] = set()
    for needle in needles:
        position = text.find(needle)
        while position >= 0 and len(found) < MOST:
            found.add(position)
            position = text.find(needle, position + len(needle))
    return sorted(found)


def word_starts(text: str, needles: tuple[str, ...]) -> Iterator[int]:
    """The occurrences that begin a word."""
    for position in occurrences(text, needles):
        if position == 0 or not text[position - 1].isalnum():  # "__Dec. 8" fills a blank
            yield position


def matches(
    pattern: re.Pattern[str], text: str, needles: tuple[str, ...], *, searched: str | None = None
) -> Iterator[re.Match[str]]:
    """The pattern's matches that begin where a needle begins a word, without overlaps.

    ``searched`` is where needles are looked for, a lower-cased ``text``, say.
    """
    end = 0
    for position in word_starts(text if searched is None else searched, needles):
        if position < end:
            continue
        match = pattern.match(text, position)
        if match is not None:
            end = match.end()
            yield match


def has_cyrillic(lower: str) -> bool:
    """Asked of lower-cased text; no sentence does without all of these letters."""
    return not lower.isascii() and any(letter in lower for letter in "оеаинтслрвмя")
