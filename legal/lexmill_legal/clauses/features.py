"""What the model sees of a sentence: its words and pairs of words, its heading, its place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clauses.signals import signals_of
from lexmill_legal.clauses.units import Unit

_TOKEN: Final = re.compile(r"[a-z][a-z]+|0(?!0)|[$%]")
_NO_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_HEADING_WORD: Final = re.compile(r"[a-z]{3,}")
_HEADING_WORDS: Final = 6
_AT_START: Final = 1_500
_AT_END: Final = 2_500

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def plain_of(lower: str) -> str:
    """The text in ASCII, all digits 0, at the same offsets: quick to search."""
    return lower.encode("ascii", "replace").translate(_NO_DIGITS).decode("ascii")


def tokens_of(plain: str) -> list[str]:
    """The words of a sentence; every number is "0"."""
    return _TOKEN.findall(plain)


def marks_of(lower: str, tokens: Sequence[Sequence[str]], units: Sequence[Unit]) -> list[list[str]]:
    """Of each unit where it stands and which signals it has, in words that no text can have."""
    found = signals_of(lower, tokens, units)
    for marks, unit in zip(found, units, strict=True):
        heading = _HEADING_WORD.findall(unit.heading.lower())[:_HEADING_WORDS]
        marks.extend("h_" + word for word in heading)
        if unit.is_heading:
            marks.append("is_heading")
        if unit.start < _AT_START:
            marks.append("pos_start")
        if unit.end > len(lower) - _AT_END:
            marks.append("pos_end")
    return found


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each feature stands in each row: the entries of row ``i`` are contiguous."""

    rows: int
    row: Ints
    feature: Ints
    count: Ints


@dataclass(frozen=True)
class Vocabulary:
    """Feature ``i`` is the word ``i`` for the first ``singles`` words, then come the pairs.

    Words after the first ``singles`` only stand in pairs; a pair is ``first * len(words) +
    second``, in ascending order.
    """

    words: tuple[str, ...]
    singles: int
    pairs: Ints

    def __len__(self) -> int:
        return self.singles + len(self.pairs)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words)}

    @cached_property
    def marks(self) -> NDArray[np.bool_]:
        """Which features say where a sentence stands, not what it says."""
        found = np.zeros(len(self), dtype=np.bool_)
        found[: self.singles] = ["_" in word for word in self.words[: self.singles]]
        return found

    def count(self, tokens: Sequence[Sequence[str]], marks: Sequence[Sequence[str]]) -> Counts:
        row, word = self._known(tokens)
        mark_row, mark = self._known(marks)
        near = (row[1:] == row[:-1]) & (word[1:] >= 0) & (word[:-1] >= 0)
        keys = (word[:-1] * len(self.words) + word[1:])[near]
        place = np.searchsorted(self.pairs, keys)
        place[place == len(self.pairs)] = 0
        known = (
            self.pairs[place] == keys if len(self.pairs) else np.zeros(len(keys), dtype=np.bool_)
        )
        single = (word >= 0) & (word < self.singles)
        marked = (mark >= 0) & (mark < self.singles)
        width = max(len(self), 1)
        cells = np.concatenate(
            (
                row[single] * width + word[single],
                mark_row[marked] * width + mark[marked],
                row[:-1][near][known] * width + self.singles + place[known],
            )
        )
        cells.sort()
        first = np.ones(len(cells), dtype=np.bool_)
        np.not_equal(cells[1:], cells[:-1], out=first[1:])
        starts = np.flatnonzero(first)
        counts = np.diff(np.append(starts, len(cells)))
        cells = cells[starts]
        return Counts(len(tokens), cells // width, cells % width, counts)

    def _known(self, lists: Sequence[Sequence[str]]) -> tuple[Ints, Ints]:
        """Of each word in turn its row and its number, -1 for one that is not known."""
        get = self._ids.get
        ids = np.array([get(word, -1) for words in lists for word in words], dtype=np.int64)
        lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
        return np.repeat(np.arange(len(lists)), lengths), ids
