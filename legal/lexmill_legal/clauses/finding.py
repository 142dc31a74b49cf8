"""The clauses of a document: every kind with its verdict, and the sentences that speak for it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lexmill_legal.clause_kinds import BOILERPLATE_KINDS, CLAUSE_KINDS
from lexmill_legal.clauses.certainty import is_whole_contract, may_be_certain, spoken
from lexmill_legal.clauses.headings import DEFINITIONS, kinds_under
from lexmill_legal.clauses.model import Judge, Model, shipped
from lexmill_legal.clauses.russian import find_russian
from lexmill_legal.clauses.units import Unit, units_of, without_signatures
from lexmill_legal.lowering import lowered
from lexmill_legal.parsing.places import place
from lexmill_legal.results import (
    Classification,
    Clause,
    ClauseCandidate,
    ParsedDocument,
    Section,
)

_MOST_CANDIDATES: Final = 3
# A sentence that is right less often than this is not worth a look.
_LEAST: Final = 0.02
# A clause of this kind under a heading that names it: nearly always right, as was counted.
_UNDER_HEADING: Final = 0.97
_MOST_SECTIONS: Final = 3_000
_HEADING_BONUS: Final = 1.0
# No rule for Russian was measured on a corpus: what they find is there to be looked at.
_BY_RUSSIAN_RULE: Final = 0.9


@dataclass(frozen=True, slots=True)
class _Found:
    """What one reading says of one kind: units with the chance of each, best first."""

    score: float
    present: bool
    firm: bool
    units: tuple[tuple[Unit, float], ...] = ()


_NOTHING: Final = _Found(0.0, present=False, firm=False)


def find_clauses(
    parsed: ParsedDocument,
    classification: Classification,
    outline: tuple[Section, ...],
    model: Model | None = None,
) -> tuple[Clause, ...]:
    """All kinds in the order of ``CLAUSE_KINDS``; in other languages nothing is said of any."""
    found: dict[str, _Found] = {}
    languages = classification.languages
    if "en" in languages or "ru" in languages:
        outline = without_signatures(outline, len(parsed.text))
        units = units_of(parsed.text, outline)
        lower = lowered(parsed.text)
        if "en" in languages and units:
            whole = is_whole_contract(lower, languages)
            found = _by_model(lower, units, outline, model or shipped(), whole=whole)
        if "ru" in languages:
            for kind, own in _by_rules(lower, units, outline):
                if own.score > found.get(kind, _NOTHING).score:
                    found[kind] = own
    return tuple(_clause(parsed, kind, found.get(kind, _NOTHING)) for kind in CLAUSE_KINDS)


def _by_model(
    lower: str,
    units: list[Unit],
    outline: tuple[Section, ...],
    model: Model,
    *,
    whole: bool,
) -> dict[str, _Found]:
    counts = model.count(lower, units)
    scores = model.sentence_scores(counts)
    headed = _headed(units, outline)
    for column, judge in enumerate(model.judges):
        if judge.kind in headed:
            scores[:, column] += _HEADING_BONUS * headed[judge.kind]
    best = model.best(scores, model.whole_scores(counts), units, len(lower))
    of_contract = best.of_contract()
    found = {
        judge.kind: _judged(
            judge,
            float(of_contract[column]),
            [
                (units[index], judge.place_probability(score))
                for index, score in zip(
                    best.units[:_MOST_CANDIDATES, column].tolist(),
                    best.scores[:_MOST_CANDIDATES, column].tolist(),
                    strict=True,
                )
            ],
            under_heading=judge.kind in headed,
        )
        for column, judge in enumerate(model.judges)
    }
    said = spoken(lower if whole else "")
    for kind, own in found.items():
        if own.firm and not may_be_certain(kind, said, present=own.present, whole=whole):
            found[kind] = replace(own, firm=False)
        elif own.firm and not own.present:
            found[kind] = replace(own, units=own.units[:1])  # enough to check a certain no
    return found


def _judged(
    judge: Judge, score: float, units: list[tuple[Unit, float]], *, under_heading: bool
) -> _Found:
    chance = judge.probability(score)
    present = chance >= judge.present_from
    firm = (present and judge.firm_from is not None and chance >= judge.firm_from) or (
        not present and judge.firm_below is not None and chance < judge.firm_below
    )
    if under_heading:
        chance, present, firm = max(chance, _UNDER_HEADING), True, True
    kept = [(unit, right) for unit, right in units if right >= _LEAST]
    return _Found(chance, present, firm, tuple(kept or units[:1] if present else kept))


def _headed(units: list[Unit], outline: tuple[Section, ...]) -> dict[str, NDArray[np.bool_]]:
    """For boilerplate kinds: which units stand under a heading that names the kind."""
    found: dict[str, NDArray[np.bool_]] = {}
    starts = [unit.start for unit in units]
    bodies = np.array([not unit.is_heading for unit in units], dtype=np.bool_)
    for section in islice(outside_definitions(outline), _MOST_SECTIONS):
        for kind in kinds_under(section.heading or "", "en"):
            first = bisect_left(starts, section.start)
            last = bisect_left(starts, section.end, lo=first)
            if kind in BOILERPLATE_KINDS and bodies[first:last].any():
                inside = found.setdefault(kind, np.zeros(len(units), dtype=np.bool_))
                inside[first:last] |= bodies[first:last]
    return found


def outside_definitions(sections: Iterable[Section]) -> Iterator[Section]:
    """Sections with a heading, none that is under definitions: a term is not yet a clause."""
    for section in sections:
        if section.heading is None or not DEFINITIONS.search(section.heading):
            if section.heading is not None:
                yield section
            yield from outside_definitions(section.children)


def _by_rules(
    lower: str, units: list[Unit], outline: tuple[Section, ...]
) -> Iterator[tuple[str, _Found]]:
    for kind, found in find_russian(
        lower, units, tuple(islice(outside_definitions(outline), _MOST_SECTIONS))
    ).items():
        chances = tuple((unit, _BY_RUSSIAN_RULE) for unit in found[:_MOST_CANDIDATES])
        yield kind, _Found(_BY_RUSSIAN_RULE, present=True, firm=False, units=chances)


def _clause(parsed: ParsedDocument, kind: str, found: _Found) -> Clause:
    return Clause(
        kind=kind,
        present=found.present,
        firm=found.firm,
        score=round(found.score, 4),
        candidates=tuple(
            ClauseCandidate(
                start=unit.start,
                end=unit.end,
                quote=parsed.text[unit.start : unit.end],
                page=place(parsed, unit.start, unit.start)[0],
                score=round(chance, 4),
            )
            for unit, chance in found.units
        ),
    )
