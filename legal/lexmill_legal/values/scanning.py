"""Fast searches for fixed words: by an index of where words begin, else substring by substring."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lexmill_legal.lowering import lowered

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


class _Words:
    """Where words begin, by their first letters: one pass over a text for hundreds of searches.

    Thirty bits stand for six letters, so what is found has to be compared with the text.
    """

    def __init__(self, lower: str) -> None:
        import numpy as np  # noqa: PLC0415 - what only checks a value's form does without it

        codes = np.frombuffer(lower.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        inside = _alphanumeric()[np.minimum(codes, _LAST)]
        beyond = np.flatnonzero(codes > _LAST)
        if len(beyond):
            inside[beyond] = [chr(code).isalnum() for code in codes[beyond].tolist()]
        begins = inside.copy()
        begins[1:] &= ~inside[:-1]
        starts = np.flatnonzero(begins[: max(len(codes) - _KEY + 1, 0)])
        letters = np.zeros(len(codes) + _LETTERS, dtype=np.int64)
        letters[: len(codes)] = codes & _LETTER
        keys = np.zeros_like(starts)
        for place in range(_LETTERS):
            keys = (keys << _BITS) | letters[starts + place]
        both = (keys << 32) | starts
        both.sort()
        self._lower = lower
        self._starts: list[int] = (both & 0xFFFFFFFF).tolist()
        self._keys: list[int] = (both >> 32).tolist()

    def starting(self, needle: str) -> list[int]:
        """The words that begin with a needle of lower-case letters or digits, in any order."""
        key = 0
        for letter in needle[:_LETTERS]:
            key = (key << _BITS) | (ord(letter) & _LETTER)
        rest = _BITS * max(_LETTERS - len(needle), 0)
        first = bisect_left(self._keys, key << rest)
        last = bisect_left(self._keys, (key + 1) << rest, lo=first)
        lower = self._lower
        found = [
            position for position in self._starts[first:last] if lower.startswith(needle, position)
        ]
        return found if len(found) <= MOST else sorted(found)[:MOST]


# A needle has three letters at least; six tell nearly all words apart.
_KEY: Final = 3
_LETTERS: Final = 6
_BITS: Final = 5
# Enough to tell Latin letters apart; other characters may look the same.
_LETTER: Final = 31
_LAST: Final = 0xFFFF


@lru_cache(maxsize=1)
def _alphanumeric() -> "NDArray[Any]":
    """Of each character of the basic plane; whether it may stand inside a word."""
    import numpy as np  # noqa: PLC0415 - as above

    return np.array([chr(code).isalnum() for code in range(_LAST + 1)], dtype=np.bool_)


_words: Final = lru_cache(maxsize=2)(_Words)


def word_starts(text: str, needles: tuple[str, ...]) -> list[int]:
    """Where any of the needles begins a word, in order; "__Dec. 8" fills a blank."""
    lower = lowered(text)
    words = _words(lower)
    same = lower == text
    found: set[int] = set()
    for needle in needles:
        low = needle.lower()
        if len(low) < _KEY or not low[:_KEY].isalnum():
            found.update(
                position
                for position in occurrences(text, (needle,))
                if position == 0 or not text[position - 1].isalnum()
            )
        elif same and low == needle:
            found.update(words.starting(low))
        else:
            found.update(
                position for position in words.starting(low) if text.startswith(needle, position)
            )
    return sorted(found)[:MOST]


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
