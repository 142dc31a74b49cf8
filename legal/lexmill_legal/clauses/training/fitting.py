"""From labelled contracts to a pruned model: the same bytes for the same contracts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from lexmill_legal.clause_kinds import BOILERPLATE_KINDS, CLAUSE_KINDS, CUAD_KINDS
from lexmill_legal.clauses.features import Counts, Floats, Vocabulary, rows_of
from lexmill_legal.clauses.model import (
    SECOND_LOOK,
    Judge,
    Lines,
    Model,
    joined,
    weighted,
)
from lexmill_legal.clauses.training.corpus import Bools, Contract

_SEED: Final = 0
_SOFTNESS: Final = 0.25
_SOFTNESS_OF_WHOLE: Final = 0.5
_POSITIVE: Final = 3.0
# A sentence that says the same again is often not labelled, so a contract that has the kind is a
# weak witness against its other sentences.
_NEGATIVE_BESIDE: Final = 0.4
# One signal stands for many ways to say a thing, and was thought of beforehand.
_SIGNALS_COUNT: Final = 1.5
_TOLERANCE: Final = 1e-2


@dataclass(frozen=True, slots=True)
class Size:
    """``rows`` is how many sentences must have a feature; ``kept`` how many features stay."""

    rows: int = 3
    kept: int = 40_000


class Matrix:
    """All sentences of a corpus as counts over one vocabulary, made once for all folds."""

    def __init__(self, contracts: Sequence[Contract], size: Size) -> None:
        self.contracts = contracts
        self.vocabulary = _vocabulary(contracts, size)
        marks = [mark for contract in contracts for mark in contract.marks]
        words = [word for contract in contracts for word in contract.words]
        self.counts = self.vocabulary.count(self.vocabulary.read(words), marks)
        bodies = [word for contract in contracts for word in contract.bodies]
        self.bodies = self.vocabulary.count(self.vocabulary.read(bodies), [()] * len(marks))
        lengths = [len(contract.units) for contract in contracts]
        self.contract_of = np.repeat(np.arange(len(contracts)), lengths)
        self.labels = np.concatenate([contract.labels for contract in contracts])
        self.known = np.concatenate([contract.known for contract in contracts])
        self.present = np.stack([contract.present for contract in contracts])


def _vocabulary(contracts: Sequence[Contract], size: Size) -> Vocabulary:
    singles: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for contract in contracts:
        for tokens, marks in zip(rows_of(contract.words), contract.marks, strict=True):
            singles.update({*tokens, *marks})
            pairs.update(set(pairwise(tokens)))
    kept = [pair for pair, rows in pairs.items() if rows >= size.rows]
    # A word stands in at least as many sentences as any pair it is part of.
    words = sorted(word for word, rows in singles.items() if rows >= size.rows)
    ids = {word: index for index, word in enumerate(words)}
    keys = sorted(ids[first] * len(words) + ids[second] for first, second in kept)
    return Vocabulary(tuple(words), len(words), np.array(keys, dtype=np.int64))


def fit(matrix: Matrix, chosen: Bools, size: Size) -> Model:
    """A model of the chosen contracts; its judges know nothing yet."""
    rows = chosen[matrix.contract_of]
    counts = _rows(matrix.counts, rows)
    frequency = np.bincount(counts.feature, minlength=len(matrix.vocabulary))
    idf = np.log((1 + rows.sum()) / (1 + frequency)) + 1
    idf[frequency < size.rows] = 0
    for index, word in enumerate(matrix.vocabulary.words):
        if word.startswith("r_"):
            idf[index] *= _SIGNALS_COUNT
    idf = idf.astype(np.float16)
    whole = _sparse(counts, idf, len(matrix.vocabulary))
    bodies = _sparse(_rows(matrix.bodies, rows), idf, len(matrix.vocabulary))
    labels, known = matrix.labels[rows], matrix.known[rows]
    beside = matrix.present[matrix.contract_of[rows]]
    weights = np.zeros((len(matrix.vocabulary), len(CLAUSE_KINDS)), dtype=np.float32)
    biases = np.full(len(CLAUSE_KINDS), -1, dtype=np.float32)
    for column, kind in enumerate(CLAUSE_KINDS):
        plain = kind in BOILERPLATE_KINDS
        take = known[:, column]
        wanted = labels[take, column]
        if not wanted.any() or wanted.all():
            continue
        against = 1.0 if plain else np.where(beside[take, column], _NEGATIVE_BESIDE, 1.0)
        weight = np.where(wanted, _POSITIVE, against)
        source = bodies if plain else whole
        found = _line(source if take.all() else source[np.flatnonzero(take)], wanted, weight)
        weights[:, column], biases[column] = found
    model = _pruned(matrix.vocabulary, idf, weights, biases, size.kept)
    return replace(model, whole=_whole(model, matrix, chosen))


def _whole(model: Model, matrix: Matrix, chosen: Bools) -> Lines:
    """What all words of a contract say of it: a fleet contract has volumes, a franchise a ban."""
    chosen_contracts = [matrix.contracts[index] for index in np.flatnonzero(chosen).tolist()]
    each = [
        joined(model.vocabulary.count(model.vocabulary.read(contract.words), contract.marks))
        for contract in chosen_contracts
    ]
    counts = Counts(
        len(each),
        np.repeat(np.arange(len(each)), [len(own.feature) for own in each]),
        np.concatenate([own.feature for own in each]),
        np.concatenate([own.count for own in each]),
    )
    source = _sparse(counts, model.idf, len(model.vocabulary))
    weights = np.zeros(model.sentence.weights.shape, dtype=np.float32)
    biases = np.zeros(len(CLAUSE_KINDS), dtype=np.float32)
    for column in range(len(CUAD_KINDS)):
        wanted = matrix.present[chosen, column]
        if wanted.any() and not wanted.all():
            weight = np.where(wanted, 1 / wanted.mean(), 1 / (1 - wanted.mean())) / 2
            weights[:, column], biases[column] = _line(
                source, wanted, weight, softness=_SOFTNESS_OF_WHOLE
            )
    return _small(weights, biases)


def _line(
    matrix: Any, wanted: Bools, weight: Any, *, softness: float = _SOFTNESS
) -> tuple[Floats, float]:
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - only who trains has it

    machine = LinearSVC(C=softness, tol=_TOLERANCE, random_state=_SEED)
    machine.fit(matrix, wanted, sample_weight=weight)
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _rows(counts: Counts, rows: Bools) -> Counts:
    take = rows[counts.row]
    number = np.cumsum(rows) - 1
    return Counts(
        int(rows.sum()), number[counts.row[take]], counts.feature[take], counts.count[take]
    )


def _sparse(counts: Counts, idf: Any, width: int) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 - only who trains has it

    values = weighted(counts, idf.astype(np.float32))
    squares = np.bincount(counts.row, values * values, counts.rows)
    values /= np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)[counts.row]
    take = values != 0
    return csr_matrix(
        (values[take], (counts.row[take], counts.feature[take])), shape=(counts.rows, width)
    )


def _pruned(vocabulary: Vocabulary, idf: Any, weights: Floats, biases: Floats, most: int) -> Model:
    """The features with the largest weight for any kind, their weights as small integers."""
    strength = np.abs(weights).max(axis=1)
    order = np.argsort(-strength, kind="stable")[:most]
    kept = np.sort(order[strength[order] > 0])
    singles = kept[kept < vocabulary.singles]
    pairs = vocabulary.pairs[kept[kept >= vocabulary.singles] - vocabulary.singles]
    before = len(vocabulary.words)
    needed = np.union1d(pairs // before, pairs % before)
    only_paired = np.setdiff1d(needed, singles)
    old = np.concatenate((singles, only_paired))
    new = np.zeros(before, dtype=np.int64)
    new[old] = np.arange(len(old))
    keys = new[pairs // before] * len(old) + new[pairs % before]
    ascending = np.argsort(keys, kind="stable")
    features = np.concatenate((singles, kept[len(singles) :][ascending]))
    return Model(
        vocabulary=Vocabulary(
            tuple(vocabulary.words[index] for index in old), len(singles), keys[ascending]
        ),
        idf=idf[features],
        sentence=_small(weights[features], biases),
        whole=_small(np.zeros_like(weights[features]), np.zeros_like(biases)),
        second=np.zeros(len(SECOND_LOOK) + 1, dtype=np.float32),
        plain=np.array([kind not in CUAD_KINDS for kind in CLAUSE_KINDS]),
        judges=tuple(Judge(kind, 1, 0, 1, 0, 0.5) for kind in CLAUSE_KINDS),
    )


def _small(weights: Floats, biases: Floats) -> Lines:
    largest = np.abs(weights).max(axis=0, initial=0)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return Lines(np.rint(weights / scales).astype(np.int8), scales, biases)
