"""How good the model is on contracts of companies it has not seen: five folds by company."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from lexmill_legal.classify.languages import languages
from lexmill_legal.clause_kinds import CLAUSE_KINDS, CUAD_KINDS
from lexmill_legal.clauses.certainty import is_whole_contract, may_be_certain, spoken
from lexmill_legal.clauses.features import Floats
from lexmill_legal.clauses.model import (
    BEST,
    NOTHING,
    SECOND_LOOK,
    Judge,
    Model,
    looked_at,
    ranked,
    second_look,
)
from lexmill_legal.clauses.training.corpus import Bools, Contract
from lexmill_legal.clauses.training.fitting import Matrix, Size, fit
from lexmill_legal.clauses.training.judging import Judged, Reals, fitted, judge_of, probability

FOLDS: Final = 5
_CANDIDATES: Final = 3
_BINS: Final = 10
_FIRM_PRESENT: Final = 0.93
_FIRM_ABSENT: Final = 0.95


@dataclass(frozen=True)
class Unseen:
    """What models that have seen no contract of its company say of each contract.

    ``seen`` (contract, kind, sentence, what ``SECOND_LOOK`` names) is of the best sentences,
    ``there`` says whether a contract has so many, ``right`` whether a sentence is labelled,
    ``may_affirm`` and ``may_deny`` (contract, kind) whether a verdict may be firm at all.
    """

    contracts: Sequence[Contract]
    fold: Any
    present: Bools
    seen: Floats
    there: Bools
    right: Bools
    may_affirm: Bools
    may_deny: Bools


@dataclass(frozen=True)
class Scored:
    """After the second look: a score a contract and kind, and of its three best sentences."""

    fold: Any
    scores: Floats
    present: Bools
    top_scores: Floats
    top_right: Bools
    may_affirm: Bools
    may_deny: Bools


@dataclass(frozen=True, slots=True)
class KindFigures:
    kind: str
    contracts: int
    average_precision: float
    precision: float
    recall: float
    f1: float
    first: float
    first_three: float
    calibration_error: float
    firm_present: int
    firm_present_precision: float | None
    firm_absent: int
    firm_absent_precision: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over CUAD's kinds; ``pooled`` joins the folds before it ranks the contracts."""

    contracts: int
    companies: int
    average_precision: float
    average_precision_pooled: float
    f1: float
    first: float
    first_three: float
    calibration_error: float
    kinds: tuple[KindFigures, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def folds_of(contracts: Sequence[Contract], folds: int = FOLDS) -> Any:
    """By the hash of the company's name: no library's random numbers are needed."""
    companies = sorted(
        {contract.company for contract in contracts},
        key=lambda company: hashlib.sha256(company.encode()).digest(),
    )
    number = {company: index % folds for index, company in enumerate(companies)}
    return np.array([number[contract.company] for contract in contracts])


def unseen(matrix: Matrix, size: Size, *, say: Callable[[str], None] = lambda _: None) -> Unseen:
    contracts = matrix.contracts
    fold = folds_of(contracts)
    shape = (len(contracts), len(CLAUSE_KINDS), BEST)
    seen = np.zeros((*shape, len(SECOND_LOOK)), dtype=np.float32)
    there, right = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for number in range(FOLDS):
        say(f"fold {number + 1} of {FOLDS}")
        model = fit(matrix, fold != number, size)
        for index in np.flatnonzero(fold == number).tolist():
            contract = contracts[index]
            found, whole = scores_of(model, contract)
            order, looked = second_look(found, whole, contract.units, len(contract.text))
            top = len(order)
            seen[index, :, :top] = looked.swapaxes(0, 1)
            there[index, :, :top] = True
            right[index, :, :top] = np.take_along_axis(contract.labels, order, axis=0).T
    affirm, deny = (
        np.stack([_may_be_certain(contract, present=present) for contract in contracts])
        for present in (True, False)
    )
    return Unseen(contracts, fold, matrix.present, seen, there, right, affirm, deny)


def _may_be_certain(contract: Contract, *, present: bool) -> Bools:
    whole = is_whole_contract(contract.lower, languages(contract.text))
    said = spoken(contract.lower)
    return np.array(
        [may_be_certain(kind, said, present=present, whole=whole) for kind in CLAUSE_KINDS],
        dtype=np.bool_,
    )


def second_of(unseen_: Unseen, chosen: Bools) -> Floats:
    """One set of weights for all of CUAD's kinds: what makes a sentence the right one."""
    cuad = slice(len(CUAD_KINDS))
    there = unseen_.there[chosen, cuad]
    found = fitted(
        unseen_.seen[chosen, cuad][there].astype(np.float64),
        unseen_.right[chosen, cuad][there].astype(np.float64),
    )
    return np.array([float(f"{weight:.4g}") for weight in found], dtype=np.float32)


def scored(unseen_: Unseen, *, crossed: bool = True) -> Scored:
    """``crossed``: no contract's own fold has a part in the weights that it is looked at with."""
    shape = unseen_.seen.shape[:2]
    scores = np.zeros(shape, dtype=np.float32)
    tops = np.full((*shape, _CANDIDATES), NOTHING, dtype=np.float32)
    right = np.zeros((*shape, _CANDIDATES), dtype=np.bool_)
    for number in range(FOLDS):
        own = unseen_.fold == number
        if not own.any():
            continue
        second = second_of(unseen_, ~own if crossed else np.ones_like(own))
        for index in np.flatnonzero(own).tolist():
            there = int(unseen_.there[index, 0].sum())
            looked = unseen_.seen[index, :, :there].swapaxes(0, 1)
            order = np.tile(np.arange(there)[:, None], (1, shape[1]))
            best = ranked(order, looked_at(looked, second))
            scores[index] = best.of_contract()
            top = min(there, _CANDIDATES)
            tops[index, :, :top] = best.scores[:top].T
            labelled = unseen_.right[index, :, :there].T
            right[index, :, :top] = np.take_along_axis(labelled, best.units[:top], axis=0).T
    return Scored(
        unseen_.fold,
        scores,
        unseen_.present,
        tops,
        right,
        unseen_.may_affirm,
        unseen_.may_deny,
    )


def scores_of(model: Model, contract: Contract) -> tuple[Floats, Floats]:
    """As the running system scores; kinds that label themselves are judged without headings."""
    vocabulary = model.vocabulary
    counts = vocabulary.count(vocabulary.read(contract.words), contract.marks)
    found = model.sentence_scores(counts)
    bodies = vocabulary.count(vocabulary.read(contract.bodies), [()] * len(contract.units))
    found[:, model.plain] = model.sentence_scores(bodies)[:, model.plain]
    return found, model.whole_scores(counts)


def judges_of(seen: Scored, chosen: Bools, figures: Figures | None = None) -> tuple[Judge, ...]:
    """``figures``: only verdicts that proved right often enough are firm."""
    return tuple(
        judge_of(
            kind,
            Judged(
                scores=seen.scores[chosen, column].astype(np.float64),
                present=seen.present[chosen, column],
                place_scores=seen.top_scores[chosen, column].ravel().astype(np.float64),
                right=seen.top_right[chosen, column].ravel(),
            ),
            firm_present=figures is None or figures.kinds[column].firm_present > 0,
            firm_absent=figures is None or figures.kinds[column].firm_absent > 0,
        )
        for column, kind in enumerate(CLAUSE_KINDS)
    )


def figures_of(unseen_: Unseen) -> Figures:
    """Each fold is judged by what the other folds taught."""
    seen = scored(unseen_)
    said = _judged(seen)
    kinds = tuple(
        _kind_figures(kind, column, seen, said) for column, kind in enumerate(CLAUSE_KINDS)
    )
    shown = [kind for kind in kinds[: len(CUAD_KINDS)] if kind.contracts]
    cuad = slice(len(CUAD_KINDS))
    return Figures(
        contracts=len(unseen_.contracts),
        companies=len({contract.company for contract in unseen_.contracts}),
        average_precision=_mean([kind.average_precision for kind in shown]),
        average_precision_pooled=_mean(
            [
                average_precision(seen.scores[:, column], seen.present[:, column])
                for column in range(len(CUAD_KINDS))
                if seen.present[:, column].any()
            ]
        ),
        f1=_mean([kind.f1 for kind in shown]),
        first=_mean([kind.first for kind in shown]),
        first_three=_mean([kind.first_three for kind in shown]),
        calibration_error=calibration_error(
            said.chance[:, cuad].ravel(), seen.present[:, cuad].ravel()
        ),
        kinds=kinds,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """Of each contract and kind."""

    chance: Reals
    present: Bools
    surely: Bools
    surely_not: Bools


def _judged(seen: Scored) -> _Said:
    shape = seen.scores.shape
    chance = np.zeros(shape)
    verdict, surely, surely_not = (np.zeros(shape, dtype=np.bool_) for _ in range(3))
    for number in range(FOLDS):
        own = seen.fold == number
        if not own.any():
            continue
        for column, judge in enumerate(judges_of(seen, ~own)):
            found = probability(judge, seen.scores[own, column])
            chance[own, column] = found
            verdict[own, column] = found >= judge.present_from
            if judge.firm_from is not None:
                surely[own, column] = (found >= judge.firm_from) & seen.may_affirm[own, column]
            if judge.firm_below is not None:
                surely_not[own, column] = (found < judge.firm_below) & seen.may_deny[own, column]
    return _Said(chance, verdict, surely, surely_not)


def _kind_figures(kind: str, column: int, seen: Scored, verdicts: _Said) -> KindFigures:
    truth = seen.present[:, column]
    said = verdicts.present[:, column]
    hits = int((said & truth).sum())
    right = seen.top_right[truth, column]
    positive = int(truth.sum())
    firm = _kept(verdicts.surely[:, column], truth, _FIRM_PRESENT)
    not_firm = _kept(verdicts.surely_not[:, column], ~truth, _FIRM_ABSENT)
    return KindFigures(
        kind=kind,
        contracts=positive,
        average_precision=_mean(
            [
                average_precision(seen.scores[own, column], truth[own])
                for own in (seen.fold == number for number in range(FOLDS))
                if truth[own].any()
            ]
        ),
        precision=_round(hits / max(int(said.sum()), 1)),
        recall=_round(hits / max(positive, 1)),
        f1=_round(2 * hits / max(int(said.sum()) + positive, 1)),
        first=_round(right[:, 0].mean() if positive else 0),
        first_three=_round(right.any(axis=1).mean() if positive else 0),
        calibration_error=calibration_error(verdicts.chance[:, column], truth),
        firm_present=int(firm.sum()),
        firm_present_precision=_round(truth[firm].mean()) if firm.any() else None,
        firm_absent=int(not_firm.sum()),
        firm_absent_precision=_round((~truth[not_firm]).mean()) if not_firm.any() else None,
    )


def _kept(firm: Bools, right: Bools, least: float) -> Bools:
    """Certain verdicts of a kind, none where too many of them are wrong."""
    return firm if firm.any() and right[firm].mean() >= least else np.zeros_like(firm)


def average_precision(scores: Any, truth: Bools) -> float:
    order = np.argsort(-np.asarray(scores), kind="stable")
    hits = np.cumsum(truth[order])
    precision = hits / np.arange(1, len(order) + 1)
    return float((precision * truth[order]).sum() / max(int(truth.sum()), 1))


def calibration_error(chance: Reals, truth: Bools) -> float:
    """The mean distance of a probability from what came true, over ten bins."""
    bins = np.minimum((chance * _BINS).astype(np.int64), _BINS - 1)
    error = 0.0
    for number in range(_BINS):
        own = bins == number
        if own.any():
            error += abs(chance[own].mean() - truth[own].mean()) * own.mean()
    return _round(error)


def _mean(values: list[float]) -> float:
    return _round(float(np.mean(values))) if values else 0.0


def _round(value: Any) -> float:
    return round(float(value), 4)
