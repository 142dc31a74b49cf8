"""How the weights of ``extract.ranking`` are learned, and their worth on unseen companies."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.accuracy.facts import comparable, is_right_value
from lexmill_legal.accuracy.labels import FOLDS, Contract, fold_of
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.extraction import find_ranked
from lexmill_legal.extract.ranking import RANKED, Features, Ranker, features_of, groups_of
from lexmill_legal.extract.reading import Reading

Reals = NDArray[np.float64]

_HELD_BACK: Final = 1.0
_FEWEST: Final = 3
_STEPS: Final = 50
# How often firm values have to be right on unseen contracts.
_SAFE: Final = {
    "document_name": 0.96,
    "agreement_date": 0.955,
    "effective_date": 0.93,
    "expiration_date": 0.93,
}
_FIRM_LEAST: Final = 0.6


@dataclass(frozen=True, slots=True)
class Case:
    """A group of candidates of one contract, with what speaks for it."""

    contract: int
    features: Features
    right: bool


def cases_of(
    contracts: Sequence[Contract],
    readings: Sequence[Reading],
    field: str,
    rankers: Mapping[str, Ranker],
    chosen: Iterable[int],
) -> list[Case]:
    cases: list[Case] = []
    for index in chosen:
        answer = contracts[index].answers.get(field)
        if answer is not None and not comparable(field, answer):
            continue
        groups = groups_of(_pool(readings[index], field, rankers))
        cases.extend(
            Case(index, features, is_right_value(field, answer, group.best))
            for group, features in zip(groups, features_of(readings[index], groups), strict=True)
        )
    return cases


def _pool(reading: Reading, field: str, rankers: Mapping[str, Ranker]) -> list[Candidate]:
    later = RANKED[RANKED.index(field) + 1 :]
    pool: list[Candidate] = []
    for candidate in find_ranked(reading, rankers):
        if candidate.field in later:
            break
        if candidate.field == field:
            pool.append(candidate)
    return pool


def fitted(cases: Sequence[Case]) -> dict[str, float]:
    """Logistic weights by Newton's steps, held back; what few contracts show weighs nothing."""
    shown: dict[str, set[int]] = {}
    for case in cases:
        for name, value in case.features.items():
            if value:
                shown.setdefault(name, set()).add(case.contract)
    names = sorted(name for name, where in shown.items() if len(where) >= _FEWEST)
    if not names:
        return {}
    column = {name: index for index, name in enumerate(names)}
    design = np.zeros((len(cases), len(names)))
    for row, case in enumerate(cases):
        for name, value in case.features.items():
            if name in column:
                design[row, column[name]] = value
    target = np.array([case.right for case in cases], dtype=np.float64)
    prior = np.diag([1e-6 if name == "bias" else _HELD_BACK for name in names])
    found = np.zeros(len(names))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        weight = np.maximum(chance * (1 - chance), 1e-9)
        gradient = design.T @ (chance - target) + prior @ found
        step = np.linalg.solve((design * weight[:, None]).T @ design + prior, gradient)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return {name: float(f"{value:.4g}") for name, value in zip(names, found, strict=True)}


def learned(
    contracts: Sequence[Contract],
    readings: Sequence[Reading],
    chosen: Sequence[int],
    firm_from: Mapping[str, float],
) -> dict[str, Ranker]:
    """The rankers of the chosen contracts, field after field: one leans on those before."""
    rankers: dict[str, Ranker] = {}
    for field in RANKED:
        cases = cases_of(contracts, readings, field, rankers, chosen)
        rankers[field] = Ranker(fitted(cases), firm_from.get(field, 1.0))
    return rankers


def crossed(
    contracts: Sequence[Contract], readings: Sequence[Reading]
) -> tuple[list[dict[str, Ranker]], dict[str, list[tuple[float, bool]]]]:
    """A set of rankers for each fold that has not seen it, and each first value's chance there."""
    folds = [fold_of(contract.file) for contract in contracts]
    sets: list[dict[str, Ranker]] = []
    firsts: dict[str, list[tuple[float, bool]]] = {field: [] for field in RANKED}
    for fold in range(FOLDS):
        rankers = learned(
            contracts, readings, [i for i, own in enumerate(folds) if own != fold], {}
        )
        sets.append(rankers)
        for field in RANKED:
            own = [index for index, at in enumerate(folds) if at == fold]
            before = {name: rankers[name] for name in RANKED[: RANKED.index(field)]}
            best: dict[int, tuple[float, bool]] = {}
            for case in cases_of(contracts, readings, field, before, own):
                chance = rankers[field].chance(case.features)
                if chance > best.get(case.contract, (-1.0, False))[0]:
                    best[case.contract] = chance, case.right
            firsts[field].extend(best.values())
    return sets, firsts


def firm_from(field: str, firsts: Iterable[tuple[float, bool]]) -> float:
    """The lowest chance above which first values of unseen contracts are right often enough."""
    best = 1.0
    count = right = 0
    for chance, is_right in sorted(firsts, reverse=True):
        count, right = count + 1, right + is_right
        if chance < _FIRM_LEAST:
            break
        if count >= 20 and (right + 1) / (count + 2) >= _SAFE[field]:
            best = chance
    return float(f"{best:.4g}")
