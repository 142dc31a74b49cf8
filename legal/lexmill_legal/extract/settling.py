"""From candidates to facts: agreement adds up, conflict ends in candidates, order is stable."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.firmness import strength
from lexmill_legal.extract.ranking import groups_of, start_of
from lexmill_legal.parsing.places import place
from lexmill_legal.results import (
    FIELDS,
    SINGLE_VALUED,
    Box,
    Extraction,
    Fact,
    ParsedDocument,
)

VERSION: Final = "8"

_MOST_CANDIDATES: Final = 3
_MOST_FACTS: Final = 1000
# A rival this much weaker than the best is no conflict.
_CLEAR_LEAD: Final = 1.0
_DATES: Final = frozenset({"agreement_date", "effective_date"})
# A ranked rival that is at least this likely is a conflict; one that is less likely than the second
# is not worth a look.
_NO_RIVAL: Final = 0.35
_LEAST: Final = 0.02
_LEAST_FIRST: Final = 0.08
_RUNNER_UP: Final = (1.0, 0.45, 0.25)


@dataclass(slots=True)
class _Settled:
    best: Candidate
    confidence: float
    firm: bool
    same: list[Candidate] = field(default_factory=list)


def settle(
    parsed: ParsedDocument,
    candidates: Iterable[Candidate],
    document_type: Fact | None,
    *,
    looked_for: Collection[str],
) -> Extraction:
    by_field: dict[str, list[Candidate]] = {name: [] for name in FIELDS}
    for candidate in candidates:
        by_field[candidate.field].append(candidate)
    settled = {
        name: _single(found) if name in SINGLE_VALUED else _several(found)
        for name, found in by_field.items()
    }
    _drop_unfounded(settled)
    ids = _ids(settled, with_type=document_type is not None)
    facts: list[Fact] = []
    for name in FIELDS:
        if name == "document_type" and document_type is not None:
            facts.append(replace(document_type, id=f"f{len(facts) + 1}"))
        facts.extend(_fact(parsed, item, ids) for item in settled[name])
    found = {fact.field for fact in facts}
    missing = (name for name in FIELDS if name in looked_for and name not in found)
    return Extraction(tuple(facts), tuple(missing))


def _drop_unfounded(settled: dict[str, list[_Settled]]) -> None:
    """A computed value goes with the facts it was computed from."""
    dropped = True
    while dropped:  # a deadline goes with the expiry that goes with its term
        dropped = False
        kept = {source for items in settled.values() for item in items for source in item.same}
        for name, items in settled.items():
            founded = [item for item in items if kept.issuperset(item.best.inputs)]
            dropped = dropped or len(founded) < len(items)
            settled[name] = founded


def _single(found: list[Candidate]) -> list[_Settled]:
    groups = _groups(found)
    groups.sort(key=lambda item: (-item.best.score, start_of(item.best)))
    if not groups:
        return []
    if groups[0].best.chance is not None:
        return _by_chance(groups)
    best = groups[0]
    contested = len(groups) > 1 and groups[1].best.score > best.best.score - _CLEAR_LEAD
    known = strength(best.best.rule)
    best.firm = known.firm and not contested and _says_when(best.best)
    if best.firm:
        best.confidence = known.precision
        return [best]
    for item, share in zip(groups, _RUNNER_UP, strict=False):
        item.confidence = round(share * strength(item.best.rule).precision, 3)
    if contested:
        best.confidence = round(0.75 * best.confidence, 3)
    return groups[:_MOST_CANDIDATES]


def _by_chance(groups: list[_Settled]) -> list[_Settled]:
    """Of candidates that were weighed against each other; two likely ones are a conflict."""
    best = groups[0]
    for item in groups:
        item.confidence = round(item.best.chance or 0.0, 3)
    rival = groups[1].confidence if len(groups) > 1 else 0.0
    best.firm = (
        (best.best.chance or 0.0) >= best.best.firm_from
        and rival <= _NO_RIVAL
        and _says_when(best.best)
        and any(strength(source.rule).vouches for source in best.same)
    )
    if best.firm:
        return [best]
    if best.confidence < _LEAST_FIRST:
        return []
    return [item for item in groups[:_MOST_CANDIDATES] if item.confidence >= _LEAST]


def _says_when(candidate: Candidate) -> bool:
    """A date that is no one day ("June 2010", 03/04/2024) answers nothing, however it is said."""
    return candidate.normalized is not None or candidate.field not in _DATES


def _several(found: list[Candidate]) -> list[_Settled]:
    groups = [_Settled(candidate, 0.0, firm=False, same=[candidate]) for candidate in found]
    groups.sort(key=lambda item: (start_of(item.best), item.best.end or 0, item.best.value))
    for item in groups:
        known = strength(item.best.rule)
        item.confidence, item.firm = known.precision, known.firm
    return groups[:_MOST_FACTS]


def _groups(found: list[Candidate]) -> list[_Settled]:
    return [_Settled(group.best, 0.0, firm=False, same=group.members) for group in groups_of(found)]


def _ids(settled: dict[str, list[_Settled]], *, with_type: bool) -> dict[Candidate, str]:
    """Ids in the order of fields, then of places; what was merged shares one."""
    ids: dict[Candidate, str] = {}
    number = 0
    for name in FIELDS:
        number += name == "document_type" and with_type
        for item in settled[name]:
            number += 1
            ids.update(dict.fromkeys(item.same, f"f{number}"))
    return ids


def _fact(parsed: ParsedDocument, item: _Settled, ids: dict[Candidate, str]) -> Fact:
    best = item.best
    quote: str | None = None
    page: int | None = None
    boxes: tuple[Box, ...] = ()
    if best.start is not None and best.end is not None:
        quote = parsed.text[best.start : best.end]
        page, boxes = place(parsed, best.start, best.end)
    return Fact(
        id=ids[best],
        field=best.field,
        value=best.value,
        normalized=best.normalized,
        quote=quote,
        start=best.start,
        end=best.end,
        page=page,
        boxes=boxes,
        method=best.method,
        version=VERSION,
        confidence=item.confidence,
        firm=item.firm,
        attributes=dict(sorted(best.attributes.items())),
        inputs=tuple(ids[source] for source in best.inputs),
    )
