"""What the model sees of a sentence: its words and pairs of words, its heading, its place."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clauses.signals import NEEDS, Hints, hints_of, signals_of
from lexmill_legal.clauses.units import Unit

# Small letters stay, digits become 0, the rest is space.
_PLAIN: Final = bytes(
    code if code in b"abcdefghijklmnopqrstuvwxyz$%" else ord("0" if code in b"0123456789" else " ")
    for code in range(256)
)
_END: Final = "|"
_HEADING_WORD: Final = re.compile(r"[a-z]{3,}")
_HEADING_WORDS: Final = 6
_AT_START: Final = 1_500
_AT_END: Final = 2_500
# What a word is that is in no vocabulary; what is no word; what ends a row.
_UNKNOWN: Final = -1
_NOTHING: Final = -2
_ENDS_ROW: Final = -3
# So many different words are kept from one text to the next.
_MOST_MET: Final = 100_000
_SLOT_BITS: Final = 19

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def words_of(lower: str, spans: Iterable[tuple[int, int]]) -> list[str]:
    """The words of each span, one after the other, with a mark after each: every number is "0"."""
    plain = lower.encode("ascii", "replace").translate(_PLAIN).decode("ascii")
    joined = "".join([f"{plain[start:end]} {_END} " for start, end in spans])
    while "00" in joined:
        joined = joined.replace("00", "0")
    return joined.replace("0", " 0 ").replace("$", " $ ").replace("%", " % ").split()


def rows_of(words: Iterable[str]) -> Iterator[list[str]]:
    """The words of each span that count: a single letter is none."""
    row: list[str] = []
    for word in words:
        if word == _END:
            yield row
            row = []
        elif len(word) > 1 or not word.isalpha():
            row.append(word)


def marks_of(lower: str, hints: Hints, units: Sequence[Unit]) -> list[list[str]]:
    """Of each unit where it stands and which signals it has, in words that no text can have."""
    found = signals_of(lower, hints, units)
    known: dict[str, list[str]] = {}
    for marks, unit in zip(found, units, strict=True):
        if unit.heading not in known:
            heading = _HEADING_WORD.findall(unit.heading.lower())[:_HEADING_WORDS]
            known[unit.heading] = ["h_" + word for word in heading]
        marks.extend(known[unit.heading])
        if unit.is_heading:
            marks.append("is_heading")
        if unit.start < _AT_START:
            marks.append("pos_start")
        if unit.end > len(lower) - _AT_END:
            marks.append("pos_end")
    return found


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of words: each word's row and its number in the vocabulary; the hints of each row."""

    rows: int
    row: Ints
    word: Ints
    hints: Hints


class Lexicon(dict[str, int]):
    """Of every word that was met its number here; what else is known of it is found out once."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        super().__init__()
        self._vocabulary = vocabulary
        self._words = np.zeros(1024, dtype=np.int64)
        self._hints = np.zeros((1024, NEEDS), dtype=np.uint64)
        self._one_at_a_time = Lock()

    def __missing__(self, word: str) -> int:
        with self._one_at_a_time:
            number = len(self)
            if word in self:
                return self[word]
            if number == len(self._words):
                self._words = np.concatenate((self._words, np.zeros_like(self._words)))
                self._hints = np.concatenate((self._hints, np.zeros_like(self._hints)))
            self._words[number] = self._number(word)
            hints = hints_of(word)
            if hints is not None:
                self._hints[number] = hints
            self[word] = number
        return number

    def _number(self, word: str) -> int:
        if word == _END:
            return _ENDS_ROW
        if len(word) == 1 and word.isalpha():
            return _NOTHING
        return self._vocabulary.get(word, _UNKNOWN)

    def read(self, words: Sequence[str]) -> Read:
        if len(self) + len(words) // 4 > _MOST_MET and self:
            return Lexicon(self._vocabulary).read(words)
        numbers = np.fromiter(map(self.__getitem__, words), dtype=np.int64, count=len(words))
        word = self._words[numbers]
        ends = np.flatnonzero(word == _ENDS_ROW)
        lengths = np.diff(ends, prepend=-1)
        row = np.repeat(np.arange(len(ends)), lengths)
        starts = ends + 1 - lengths
        hints = self._hints[numbers]
        counted = word >= _UNKNOWN
        return Read(
            rows=len(ends),
            row=row[counted],
            word=word[counted],
            hints=np.bitwise_or.reduceat(hints, starts, axis=0) if len(ends) else hints[:0],
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each feature stands in each row: the entries of row ``i`` are contiguous."""

    rows: int
    row: Ints
    feature: Ints
    count: Ints


def _slot_of(pairs: Ints) -> Ints:
    """Spreads pairs over slots, so that most have one of their own and need no search."""
    return (pairs * 0x9E3779B1 >> 12) & ((1 << _SLOT_BITS) - 1)


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
    def _lexicon(self) -> Lexicon:
        return Lexicon(self._ids)

    def read(self, words: Sequence[str]) -> Read:
        return self._lexicon.read(words)

    @cached_property
    def marks(self) -> NDArray[np.bool_]:
        """Which features say where a sentence stands, not what it says."""
        found = np.zeros(len(self), dtype=np.bool_)
        found[: self.singles] = ["_" in word for word in self.words[: self.singles]]
        return found

    def count(self, read: Read, marks: Sequence[Sequence[str]]) -> Counts:
        row, word = read.row, read.word
        mark_row, mark = self._marked(marks)
        near = (row[1:] == row[:-1]) & (word[1:] >= 0) & (word[:-1] >= 0)
        keys = (word[:-1] * len(self.words) + word[1:])[near]
        known, place = self._pairs_of(keys)
        single = (word >= 0) & (word < self.singles)
        marked = (mark >= 0) & (mark < self.singles)
        width = max(len(self), 1)
        cells = np.concatenate(
            (
                row[single] * width + word[single],
                mark_row[marked] * width + mark[marked],
                row[:-1][near][known] * width + self.singles + place,
            )
        )
        cells.sort()
        first = np.ones(len(cells), dtype=np.bool_)
        np.not_equal(cells[1:], cells[:-1], out=first[1:])
        starts = np.flatnonzero(first)
        counts = np.diff(np.append(starts, len(cells)))
        cells = cells[starts]
        return Counts(read.rows, cells // width, cells % width, counts)

    @cached_property
    def _slots(self) -> NDArray[np.int32]:
        """Of each slot a pair that belongs there (the last of several), or -1."""
        slots = np.full(1 << _SLOT_BITS, -1, dtype=np.int32)
        slots[_slot_of(self.pairs)] = np.arange(len(self.pairs))
        return slots

    def _pairs_of(self, keys: Ints) -> tuple[NDArray[np.bool_], Ints]:
        """Which keys are pairs of the vocabulary, and the numbers of those."""
        number = self._slots[_slot_of(keys)].astype(np.int64)
        known = number >= 0
        known[known] = self.pairs[number[known]] == keys[known]
        shared = np.flatnonzero((number >= 0) & ~known)
        if len(shared):
            again = np.searchsorted(self.pairs[:-1], keys[shared])
            number[shared] = again
            known[shared] = self.pairs[again] == keys[shared]
        return known, number[known]

    def _marked(self, marks: Sequence[Sequence[str]]) -> tuple[Ints, Ints]:
        """Of each mark in turn its row and its number, -1 for one that is not known."""
        get = self._ids.get
        ids = np.array([get(mark, _UNKNOWN) for own in marks for mark in own], dtype=np.int64)
        lengths = np.fromiter(map(len, marks), dtype=np.int64, count=len(marks))
        return np.repeat(np.arange(len(marks)), lengths), ids
