r"""Where a value stands in a text, however it is written there.

Both are folded to bare letters and digits: no case, accents, ligatures, invisible characters,
spaces or punctuation, and Cyrillic letters that look like Latin ones are those. What was left out
is looked at again afterwards, so that "smart in" is no "Martin", but "Mar-\ntin" is.
"""

import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from urllib.parse import quote

_SHORTEST = 3
"""One or two letters or digits tell nothing in another place."""
_WHOLE_WORDS = 6
"""Shorter values are only sought as whole words: "Ann" is not in "Annual"."""
_LONG = 10
_LOOKALIKES = str.maketrans("авекмнорстухіѕј", "abekmhopctyxisj")
_HYPHENS = frozenset("-\xad‐‑‒–\ufffe")
_IN_NUMBERS = frozenset(" \t\n\xa0\u2009\u202f-‐‑‒–.()/")
_WIDEST_GAP = 12
_WIDEST_IN_NUMBERS = 3
_LETTER_SPACED = 3


class _Folding(dict[int, str]):
    """For ``str.translate``: each character by its folded form, worked out once."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKD", chr(code)).casefold()
        folded = "".join(filter(str.isalnum, unicodedata.normalize("NFKD", folded)))
        self[code] = folded = folded.translate(_LOOKALIKES)
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    return text.translate(_FOLDING)


class Value:
    """One burned value, ready to be sought."""

    __slots__ = ("_breaks", "_gaps", "_whole", "folded")

    def __init__(self, text: str) -> None:
        self.folded = fold(text)
        self._gaps = [bool(gap) for gap in _gaps(text)]
        self._whole = len(self.folded) < _WHOLE_WORDS
        self._breaks = len(self.folded) >= _LONG or any(map(str.isdecimal, self.folded))

    @property
    def key(self) -> tuple[str, tuple[bool, ...]]:
        """The same for values that are found in the same places."""
        return self.folded, tuple(self._gaps)

    def fits(self, text: str, start: int, end: int) -> bool:
        """Whether ``text[start:end]``, which folds to the same, is the value to a reader."""
        gaps = list(_gaps(text[start:end]))
        if not all(map(self._allows, gaps, range(len(gaps)))):
            letter_spaced = len(gaps) >= _LETTER_SPACED and all(map(str.isspace, gaps))
            if not letter_spaced:
                return False
        return not self._whole or not (_goes_on(text, start, -1) or _goes_on(text, end - 1, 1))

    def _allows(self, gap: str, number: int) -> bool:
        if not gap or all(map(_is_invisible, gap)):
            return True
        if self._gaps[number]:
            return len(" ".join(gap.split())) <= _WIDEST_GAP
        if self.folded[number].isdecimal() and self.folded[number + 1].isdecimal():
            return len(gap) <= _WIDEST_IN_NUMBERS and _IN_NUMBERS.issuperset(gap)
        # hyphenated, perhaps at a line's end, or a long value broken there
        if gap[0] in _HYPHENS:
            return not gap[1:].strip()
        return self._breaks and gap.strip(" \t") == "\n"


def _gaps(text: str) -> Iterator[str]:
    """What stands between each two folded characters."""
    gap: str | None = None
    for char in text:
        folded = _FOLDING[ord(char)]
        if folded:
            if gap is not None:
                yield gap
            yield from [""] * (len(folded) - 1)
            gap = ""
        elif gap is not None:
            gap += char


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cf", "Mn", "Me", "Cc"} and not char.isspace()


def _goes_on(text: str, at: int, step: int) -> bool:
    """Whether the word or number of the character goes on beside it."""
    edge = text[at]
    at += step
    while 0 <= at < len(text) and _is_invisible(text[at]):
        at += step
    if not 0 <= at < len(text):
        return False
    # a footnote's number after a name is not part of it
    return (edge.isalpha() and text[at].isalpha()) or (edge.isdecimal() and text[at].isdecimal())


def _forms(text: str) -> Iterator[str]:
    """As it stands in a text, in the text of an address, and in that of a page's source."""
    forms = {fold(form): form for form in (_references(text), quote(text, safe=""), text)}
    yield from (forms[folded] for folded in sorted(forms))


def _references(text: str) -> str:
    return text.encode("ascii", "xmlcharrefreplace").decode()


class Values:
    """All values that must not be read any more."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._values: list[tuple[Value, str]] = []
        known: set[tuple[str, tuple[bool, ...]]] = set()
        for text in sorted(set(texts)):
            name = fold(text)
            for value in map(Value, _forms(text)) if len(name) >= _SHORTEST else ():
                if value.key not in known:
                    known.add(value.key)
                    self._values.append((value, name))

    def occurrences(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and the folded value of each place where one stands."""
        folded = fold(text)
        ends: array[int] | None = None
        for value, name in self._values:
            at = folded.find(value.folded)
            while at >= 0:
                if ends is None:
                    ends = array("I", accumulate(len(_FOLDING[ord(char)]) for char in text))
                start = bisect_right(ends, at)
                end = bisect_right(ends, at + len(value.folded) - 1) + 1
                fits = value.fits(text, start, end)
                if fits:
                    yield start, end, name
                at = folded.find(value.folded, at + (len(value.folded) if fits else 1))

    def stand_in(self, text: str) -> bool:
        return next(self.occurrences(text), None) is not None
