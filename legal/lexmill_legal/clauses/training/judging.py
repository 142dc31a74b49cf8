"""Scores that a model gave contracts it had not seen become probabilities and verdicts."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clauses.model import Judge
from lexmill_legal.clauses.training.corpus import Bools

Reals = NDArray[np.float64]

# Too few contracts to measure, or a distinction that sentences alone do not carry.
HINTS: Final = frozenset(
    {
        "affiliate_license_licensor",
        "affiliate_license_licensee",
        "volume_restriction",
        "competitive_restriction_exception",
    }
)
_STEEP: Final = 2.0
_FEW: Final = 30
_FIRM_PRESENT: Final = 0.955
_FIRM_ABSENT: Final = 0.97
_FIRM_LEAST: Final = 20
_PRIOR_THRESHOLD: Final = 0.4
_PRIOR_WEIGHT: Final = 40.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Of one kind: each contract's score and whether it has the kind, and each best sentence's."""

    scores: Reals
    present: Bools
    place_scores: Reals
    right: Bools


def judge_of(
    kind: str, judged: Judged, *, firm_present: bool = True, firm_absent: bool = True
) -> Judge:
    slope, offset = _logistic(judged.scores, judged.present)
    place_slope, place_offset = _logistic(judged.place_scores, judged.right)
    probabilities = _chance(slope * judged.scores + offset)
    present_from = _best_threshold(probabilities, judged.present)
    firm_from = firm_below = None
    if kind not in HINTS and judged.present.sum() >= _FEW:
        if firm_present:
            firm_from = _firm_from(probabilities, judged.present, present_from)
        if firm_absent:
            firm_below = _firm_below(probabilities, judged.present, present_from)
    return Judge(
        kind=kind,
        slope=_short(slope),
        offset=_short(offset),
        place_slope=_short(place_slope),
        place_offset=_short(place_offset),
        present_from=_short(present_from),
        firm_from=None if firm_from is None else _short(firm_from),
        firm_below=None if firm_below is None else _short(firm_below),
    )


def _short(value: float) -> float:
    """Four digits: the rest is noise, and differs between machines."""
    return float(f"{value:.4g}")


def _logistic(scores: Reals, truth: Bools) -> tuple[float, float]:
    """Platt's fit, which never is quite sure; without both answers a steep line at the edge."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive:
        return 0.0, -5.0
    if negative < 3:
        return _STEEP, 3.0 - _STEEP * float(np.quantile(scores[truth], 0.01))
    target = np.where(truth, (positive + 1) / (positive + 2), 1 / (negative + 2))
    slope, offset = fitted(scores[:, None], target)
    return max(float(slope), 0.0), float(offset)


def fitted(seen: Reals, target: Reals) -> Reals:
    """Weights and bias of a logistic model, by Newton's steps, held back a little."""
    design = np.concatenate((seen, np.ones((len(seen), 1))), axis=1).astype(np.float64)
    found = np.zeros(design.shape[1])
    prior = np.diag(np.append(np.full(design.shape[1] - 1, 1.0), 1e-6)) * 1e-2
    loss = _loss(design, target, prior, found)
    for _ in range(100):
        chance = _chance(design @ found)
        gradient = design.T @ (chance - target) + prior @ found
        weight = np.maximum(chance * (1 - chance), 1e-9)
        step = np.linalg.solve((design * weight[:, None]).T @ design + prior, gradient)
        while (closer := _loss(design, target, prior, found - step)) > loss:
            step = step / 2
            if np.abs(step).max() < 1e-9:
                return found
        found, loss = found - step, closer
        if np.abs(step).max() < 1e-9:
            break
    return found


def _chance(logits: Reals) -> Reals:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float64)


def _loss(design: Reals, target: Reals, prior: Reals, found: Reals) -> float:
    logits = design @ found
    fit = np.logaddexp(0, logits) - target * logits
    return float(fit.sum() + found @ prior @ found / 2)


def _best_threshold(probabilities: Reals, truth: Bools) -> float:
    """Where F1 is best, drawn to a common threshold where few contracts speak."""
    positive = int(truth.sum())
    if positive in {0, len(truth)}:
        return 0.5
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(truth) + 1) + positive)
    best = int(np.argmax(f1))
    after = probabilities[order[best + 1]] if best + 1 < len(order) else 0.0
    own = (probabilities[order[best]] + after) / 2
    share = positive / (positive + _PRIOR_WEIGHT)
    return float(share * own + (1 - share) * _PRIOR_THRESHOLD)


def _firm_from(probabilities: Reals, truth: Bools, least: float) -> float | None:
    """The lowest threshold above which nearly all contracts have the kind."""
    order = np.argsort(-probabilities, kind="stable")
    hits = np.cumsum(truth[order])
    numbers = np.arange(1, len(truth) + 1)
    safe = (hits + 1) / (numbers + 2) >= _FIRM_PRESENT
    enough = np.flatnonzero(safe & (numbers >= _FIRM_LEAST))
    if not len(enough):
        return None
    return max(float(probabilities[order[enough[-1]]]), least)


def _firm_below(probabilities: Reals, truth: Bools, most: float) -> float | None:
    """The highest threshold below which nearly no contract has the kind."""
    order = np.argsort(probabilities, kind="stable")
    misses = np.cumsum(truth[order])
    numbers = np.arange(1, len(truth) + 1)
    safe = (numbers - misses + 1) / (numbers + 2) >= _FIRM_ABSENT
    enough = np.flatnonzero(safe & (numbers >= 2 * _FIRM_LEAST))
    if not len(enough):
        return None
    return min(float(probabilities[order[enough[-1]]]), most)


def probability(judge: Judge, scores: Any) -> Reals:
    return _chance(judge.slope * np.asarray(scores, dtype=np.float64) + judge.offset)
