"""The trained model: what it holds, its file, and how it scores sentences with numpy alone.

Nothing here multiplies matrices: numpy would start threads for it, which the sandbox forbids.
"""

import json
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clauses.features import (
    Counts,
    Floats,
    Ints,
    Vocabulary,
    marks_of,
    words_of,
)
from lexmill_legal.clauses.units import Unit

FILE: Final = "clauses.model"
_MAGIC: Final = b"lexmill clauses 1\n"
# So many rows of weights fit into a processor's cache.
_CELLS_AT_ONCE: Final = 2_000
# So many sentences of each kind are looked at twice.
BEST: Final = 15
SECOND_LOOK: Final = (
    "score", "behind_best", "rank", "before", "after", "length", "place", "heading", "is_best",
    "whole_contract",
)  # fmt: skip
# What a contract's best, second and third sentence count for it.
_BEST_COUNT: Final = (1.0, 0.3, 0.15)
# Where a contract has no second or third sentence: a sentence that is nothing.
NOTHING: Final = -8.0
_USUAL_LENGTH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Judge:
    """How scores of one kind become probabilities and verdicts; all measured out of fold.

    ``slope`` and ``offset`` are for a contract's score, ``place_slope`` and ``place_offset`` for a
    sentence's. A verdict is firm from ``firm_from`` upwards (present) and below ``firm_below``
    (absent); None: never.
    """

    kind: str
    slope: float
    offset: float
    place_slope: float
    place_offset: float
    present_from: float
    firm_from: float | None = None
    firm_below: float | None = None

    def probability(self, score: float) -> float:
        return _sigmoid(self.slope * score + self.offset)

    def place_probability(self, score: float) -> float:
        return _sigmoid(self.place_slope * score + self.place_offset)


@dataclass(frozen=True)
class Lines:
    """A straight line a kind: weights of eight bits by feature (row) and kind (column)."""

    weights: NDArray[np.int8]
    scales: Floats
    biases: Floats

    @cached_property
    def rows(self) -> Floats:
        return self.weights.astype(np.float32) * self.scales


@dataclass(frozen=True, slots=True)
class Best:
    """Of each kind (column) the best sentences (rows), best first: their numbers and scores."""

    units: Ints
    scores: Floats

    def of_contract(self) -> Floats:
        """One score a kind, from its three best sentences."""
        top = np.full((3, self.scores.shape[1]), NOTHING, dtype=np.float32)
        top[: len(self.scores)] = self.scores[:3]
        counts = np.array(_BEST_COUNT, dtype=np.float32)[:, None]
        return np.asarray((counts * top).sum(axis=0), dtype=np.float32)


@dataclass(frozen=True)
class Model:
    """Linear models of a sentence and of a whole contract, with a judge for each kind.

    ``plain`` kinds were trained without any mark; ``second`` weighs what ``SECOND_LOOK`` names,
    its last number is the bias.
    """

    vocabulary: Vocabulary
    idf: NDArray[np.float16]
    sentence: Lines
    whole: Lines
    second: Floats
    plain: NDArray[np.bool_]
    judges: tuple[Judge, ...]

    @cached_property
    def _weigh(self) -> Floats:
        return self.idf.astype(np.float32)

    def count(self, lower: str, units: Sequence[Unit]) -> Counts:
        read = self.vocabulary.read(words_of(lower, ((unit.start, unit.end) for unit in units)))
        return self.vocabulary.count(read, marks_of(lower, read.hints, units))

    def sentence_scores(self, counts: Counts) -> Floats:
        """The score of each sentence (row) for each kind (column), in the order of ``judges``."""
        found = np.tile(self.sentence.biases, (counts.rows, 1))
        if not len(counts.row):
            return found
        values = weighted(counts, self._weigh)
        squares = values * values
        whole = np.bincount(counts.row, squares, counts.rows)
        said = squares * ~self.vocabulary.marks[counts.feature]
        plain = np.bincount(counts.row, said, counts.rows)
        shares = np.empty_like(found)
        shares[:, ~self.plain] = _shares(whole)[:, None]
        shares[:, self.plain] = _shares(plain)[:, None]
        sums = np.zeros_like(found)
        firsts = np.flatnonzero(np.diff(counts.row, prepend=-1))
        weights = self.sentence.rows
        at = 0
        while at < len(firsts):
            stop = max(at + 1, int(np.searchsorted(firsts, firsts[at] + _CELLS_AT_ONCE)))
            begin = int(firsts[at])
            end = int(firsts[stop]) if stop < len(firsts) else len(counts.row)
            products = weights.take(counts.feature[begin:end], axis=0)
            products *= values[begin:end, None]
            rows = counts.row[firsts[at:stop]]
            sums[rows] = np.add.reduceat(products, firsts[at:stop] - begin, axis=0)
            at = stop
        found += sums * shares
        return found

    def whole_scores(self, counts: Counts) -> Floats:
        """What all words of a contract together say of each kind."""
        together = joined(counts)
        values = weighted(together, self._weigh)
        values *= _shares((values * values).sum(keepdims=True))
        said = (values[:, None] * self.whole.rows.take(together.feature, axis=0)).sum(axis=0)
        return np.asarray(said + self.whole.biases, dtype=np.float32)

    def best(self, scores: Floats, whole: Floats, units: Sequence[Unit], length: int) -> Best:
        """The best sentences after a second look at each among its neighbours and rivals."""
        order, seen = second_look(scores, whole, units, length)
        return ranked(order, looked_at(seen, self.second))


def second_look(
    scores: Floats, whole: Floats, units: Sequence[Unit], length: int
) -> tuple[Ints, Floats]:
    """The best sentences of each kind by their scores, and what ``SECOND_LOOK`` names of each."""
    order = best_rows(scores)
    seen = np.zeros((*order.shape, len(SECOND_LOOK)), dtype=np.float32)
    if not len(order):
        return order, seen
    nothing = np.full((1, scores.shape[1]), -1, dtype=np.float32)
    lengths = np.log(np.array([unit.end - unit.start for unit in units], dtype=np.float32))
    places = np.array([unit.start for unit in units], dtype=np.float32) / max(length, 1)
    headings = np.array([unit.is_heading for unit in units], dtype=np.float32)
    own = np.take_along_axis(scores, order, axis=0)
    before = np.concatenate((nothing, scores[:-1]))
    after = np.concatenate((scores[1:], nothing))
    seen[..., 0] = own
    seen[..., 1] = own - own[0]
    seen[..., 2] = (np.arange(len(order)) / BEST)[:, None]
    seen[..., 3] = np.take_along_axis(before, order, axis=0)
    seen[..., 4] = np.take_along_axis(after, order, axis=0)
    seen[..., 5] = lengths[order] - _USUAL_LENGTH
    seen[..., 6] = places[order]
    seen[..., 7] = headings[order]
    seen[0, :, 8] = 1
    seen[..., 9] = whole
    return order, seen


def best_rows(scores: Floats) -> Ints:
    """Of each column the rows of its best scores, best first, the earlier row first of equals.

    Each score and its row become one integer of the same order: quicker than sorting all.
    """
    scores = np.ascontiguousarray(-scores.T) + np.float32(0)
    keys = scores.view(np.int32).astype(np.int64)
    keys ^= (keys >> 63) & 0x7FFFFFFF
    keys = (keys << 32) | np.arange(keys.shape[1])
    if keys.shape[1] > BEST:
        keys = np.partition(keys, BEST - 1, axis=1)[:, :BEST]
    keys.sort(axis=1)
    return np.ascontiguousarray((keys & 0xFFFFFFFF).T)


def looked_at(seen: Floats, second: Floats) -> Floats:
    return np.asarray((seen * second[:-1]).sum(axis=-1) + second[-1], dtype=np.float32)


def ranked(order: Ints, scores: Floats) -> Best:
    again = np.argsort(-scores, axis=0, kind="stable")
    return Best(np.take_along_axis(order, again, axis=0), np.take_along_axis(scores, again, axis=0))


def joined(counts: Counts) -> Counts:
    """All rows as one."""
    width = int(counts.feature.max()) + 1 if len(counts.feature) else 0
    number = np.bincount(counts.feature, counts.count, width).astype(np.int64)
    features = np.flatnonzero(number)
    return Counts(1, np.zeros(len(features), dtype=np.int64), features, number[features])


def weighted(counts: Counts, idf: Floats) -> Floats:
    """Sublinear frequency times rarity."""
    frequency = 1 + np.log(counts.count.astype(np.float32))
    return np.asarray(frequency * idf[counts.feature], dtype=np.float32)


def _shares(squares: NDArray[Any]) -> Floats:
    return np.asarray(1 / np.sqrt(np.where(squares > 0, squares, 1)), dtype=np.float32)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))


# --- the file: a header of JSON, then the arrays, compressed ---


def encode(model: Model) -> bytes:
    arrays: dict[str, NDArray[Any]] = {
        "pairs": model.vocabulary.pairs.astype("<i8"),
        "idf": model.idf.astype("<f2"),
        **_arrays("sentence", model.sentence),
        **_arrays("whole", model.whole),
        "second": model.second.astype("<f4"),
        "plain": model.plain.astype(np.uint8),
    }
    header = {
        "words": " ".join(model.vocabulary.words),
        "singles": model.vocabulary.singles,
        "judges": [asdict(judge) for judge in model.judges],
        "arrays": [[name, array.dtype.str, array.shape] for name, array in arrays.items()],
    }
    written = json.dumps(header, ensure_ascii=True, sort_keys=True).encode()
    body = struct.pack("<Q", len(written)) + written + b"".join(map(_bytes, arrays.values()))
    return _MAGIC + zlib.compress(body, 9)


def _arrays(name: str, lines: Lines) -> dict[str, NDArray[Any]]:
    return {
        f"{name}.weights": np.ascontiguousarray(lines.weights.T),
        f"{name}.scales": lines.scales.astype("<f4"),
        f"{name}.biases": lines.biases.astype("<f4"),
    }


def _lines(name: str, arrays: dict[str, NDArray[Any]]) -> Lines:
    return Lines(
        np.ascontiguousarray(arrays[f"{name}.weights"].T),
        arrays[f"{name}.scales"],
        arrays[f"{name}.biases"],
    )


def _bytes(array: NDArray[Any]) -> bytes:
    return array.tobytes()


def decode(data: bytes) -> Model:
    if not data.startswith(_MAGIC):
        raise ValueError("this is no clause model of this version")
    body = zlib.decompress(data[len(_MAGIC) :])
    (length,) = struct.unpack_from("<Q", body)
    header = json.loads(body[8 : 8 + length])
    at = 8 + length
    arrays: dict[str, NDArray[Any]] = {}
    for name, written, shape in header["arrays"]:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(body, np.dtype(written), count, at).reshape(shape)
        at += arrays[name].nbytes
    words = tuple(header["words"].split(" ")) if header["words"] else ()
    return Model(
        vocabulary=Vocabulary(words, header["singles"], arrays["pairs"]),
        idf=arrays["idf"],
        sentence=_lines("sentence", arrays),
        whole=_lines("whole", arrays),
        second=arrays["second"],
        plain=arrays["plain"].astype(np.bool_),
        judges=tuple(Judge(**judge) for judge in header["judges"]),
    )


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model of this package, read once."""
    return decode(shipped_bytes())


def shipped_bytes() -> bytes:
    return files("lexmill_legal.clauses").joinpath(FILE).read_bytes()
