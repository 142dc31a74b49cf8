"""The engine's results as the decisions of people leave them. Nothing here is cached."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from lexmill_legal.decisions.items import CLAUSE, clause_value, is_clause, is_single, value_keys
from lexmill_legal.decisions.items import value_key as key_of
from lexmill_legal.parsing.places import place
from lexmill_legal.results import (
    FIELDS,
    Classification,
    Clause,
    Decision,
    Disagreement,
    Extraction,
    Fact,
    ParsedDocument,
)
from lexmill_legal.values.calendars import minus, plus

VERSION: Final = "1"

_NOTHING: Final = "nothing found"
_ORDER: Final = {field: number for number, field in enumerate(FIELDS)}
# What another value of the same thing keeps; a check digit or a legal form were the old value's.
_KEPT: Final = ("alias", "kind", "per", "role", "title")


@dataclass(frozen=True, slots=True)
class Decided:
    extraction: Extraction
    classification: Classification
    decisions: tuple[Decision, ...] = ()


def decide(
    parsed: ParsedDocument,
    classification: Classification,
    extraction: Extraction,
    decisions: Sequence[Decision],
) -> Decided:
    """``decisions`` come back with what the engine says otherwise."""
    if not decisions:
        return Decided(extraction, classification)
    board = _Board(parsed, extraction)
    for decision in sorted(decisions, key=lambda one: (one.field, one.item)):
        if is_clause(decision.field):
            board.decide_clause(decision)
        elif is_single(decision.field):
            board.decide_field(decision)
        else:
            board.decide_value(decision)
    result = board.result()
    types = [fact for fact in result.facts if fact.field == "document_type"]
    if any(decision.field == "document_type" for decision in decisions):
        classification = replace(classification, document_type=types[0] if types else None)
    return Decided(result, classification, tuple(board.applied))


class _Board:
    """The facts and clauses while decisions are laid on them."""

    def __init__(self, parsed: ParsedDocument, extraction: Extraction) -> None:
        self._parsed = parsed
        self._extraction = extraction
        self._engine = extraction.facts
        self._facts = list(extraction.facts)
        self._not_found = list(extraction.not_found)
        self._clauses = {clause.kind: clause for clause in extraction.clauses}
        self._absent: list[str] = []
        self._added = 0
        self.applied: list[Decision] = []

    def result(self) -> Extraction:
        self._refound()
        # Stable: the engine's own order within a field, what was added behind it.
        self._facts.sort(key=lambda fact: _ORDER.get(fact.field, len(_ORDER)))
        found = {fact.field for fact in self._facts}
        missing = dict.fromkeys(field for field in self._not_found if field not in found)
        return replace(
            self._extraction,
            facts=tuple(self._facts),
            not_found=tuple(sorted(missing, key=lambda field: _ORDER.get(field, len(_ORDER)))),
            clauses=tuple(self._clauses.values()),
            absent=tuple(self._absent),
        )

    def decide_field(self, decision: Decision) -> None:
        """Of a field that has one value: all facts of it are the candidates for that."""
        mine = [fact for fact in self._facts if fact.field == decision.field]
        first = mine[0] if mine else None
        if decision.decision == "rejected":
            left = [fact for fact in mine if value_keys(fact).isdisjoint(decision.seen)]
            gone = [fact for fact in mine if fact not in left]
            self._remove(gone)
            other = left[0] if left else None
            self._noted(decision, other, "new" if left else None)
        elif decision.decision == "absent":
            self._remove(mine)
            self._not_there(decision.field)
            self._noted(decision, first, self._news(decision, first) if first else None)
        else:
            same = [fact for fact in mine if self._says(decision, fact)]
            differs = first is not None and first not in same
            if first is None and decision.seen:
                noted = self._noted(decision, None, "new")
            else:
                noted = self._noted(
                    decision, first, self._news(decision, first) if differs else None
                )
            self._put(noted, same[0] if same else None, instead_of=mine)

    def decide_value(self, decision: Decision) -> None:
        """Of a field that has many values: one of them, or "" for the field as a whole."""
        mine = [fact for fact in self._facts if fact.field == decision.field]
        about = [fact for fact in mine if decision.item in value_keys(fact)]
        if decision.decision == "absent":
            self._remove(mine)
            self._not_there(decision.field)
            new = [fact for fact in mine if value_keys(fact).isdisjoint(decision.seen)]
            first = new[0] if new else mine[0] if mine else None
            self._noted(decision, first, self._news(decision, first) if first else None)
        elif decision.decision == "rejected":
            self._remove(about)
            self._noted(decision, about[0] if about else None, "known" if about else None)
        else:
            same = [fact for fact in mine if self._says(decision, fact)]
            other = next((fact for fact in about if fact not in same), None)
            lost = decision.seen and not about and not same
            noted = self._noted(decision, other, "known" if other else "new" if lost else None)
            for fact in same[1:]:
                self._replace(fact, self._human(noted, fact))
            wrong = [fact for fact in about if fact not in same]
            self._put(noted, same[0] if same else None, instead_of=[*same[:1], *wrong])

    def decide_clause(self, decision: Decision) -> None:
        kind = decision.field.removeprefix(CLAUSE)
        clause = self._clauses.get(kind, Clause(kind, present=False, firm=False, score=0.0))
        own = clause_value(clause)
        if decision.decision == "rejected":
            self._clauses[kind] = replace(
                clause, present=False, firm=False, score=0.0, candidates=()
            )
            self.applied.append(replace(decision, engine_value=None, disagrees=None))
            return
        present = decision.normalized is True and decision.decision != "absent"
        if not present:
            self._absent.append(decision.field)
        self._clauses[kind] = replace(
            clause,
            present=present,
            firm=True,
            score=1.0 if present else 0.0,
            candidates=clause.candidates if present else (),
        )
        otherwise = own != ("yes" if present else "no")
        news: Disagreement = "known" if own in decision.seen else "new"
        self.applied.append(
            replace(
                decision,
                engine_value=own if otherwise else None,
                disagrees=news if otherwise else None,
            )
        )

    # --- what the engine says of it ---

    def _says(self, decision: Decision, fact: Fact) -> bool:
        assert decision.value is not None
        return key_of(decision.value, decision.normalized) in value_keys(fact)

    def _news(self, decision: Decision, fact: Fact | None) -> Disagreement:
        seen = fact is not None and not value_keys(fact).isdisjoint(decision.seen)
        return "known" if seen else "new"

    def _noted(
        self, decision: Decision, engine: Fact | None, disagrees: Disagreement | None
    ) -> Decision:
        said = None if disagrees is None else _NOTHING if engine is None else engine.value
        noted = replace(decision, engine_value=said, disagrees=disagrees)
        self.applied.append(noted)
        return noted

    # --- what becomes of the facts ---

    def _not_there(self, field: str) -> None:
        self._absent.append(field)
        self._not_found.append(field)

    def _remove(self, facts: Iterable[Fact]) -> None:
        gone = {fact.id for fact in facts}
        self._facts = [fact for fact in self._facts if fact.id not in gone]

    def _replace(self, old: Fact, new: Fact) -> None:
        self._facts = [new if fact.id == old.id else fact for fact in self._facts]

    def _put(self, decision: Decision, same: Fact | None, *, instead_of: Sequence[Fact]) -> None:
        """One fact in the place of others; it takes the first one's id, as others build on it."""
        human = self._human(decision, same)
        if not instead_of:
            self._added += 1
            self._facts.append(replace(human, id=f"h{self._added}"))
            return
        first, *rest = instead_of
        attributes = human.attributes
        if same is None:
            kept = {name: first.attributes[name] for name in _KEPT if name in first.attributes}
            attributes = kept | attributes
        self._replace(first, replace(human, id=first.id, attributes=attributes))
        self._remove(rest)

    def _human(self, decision: Decision, same: Fact | None) -> Fact:
        """What the person said, at the place where the engine reads the same, or they did."""
        assert decision.value is not None
        attributes = dict(decision.attributes)
        said = {"decided_at": decision.decided_at, "decided_by": decision.reviewer}
        if decision.engine_value is not None and decision.disagrees is not None:
            said |= {"engine_value": decision.engine_value, "disagrees": decision.disagrees}
        own = self._place_of(decision)
        if same is not None and (own is None or decision.decision == "accepted"):
            return replace(
                same,
                value=decision.value,
                normalized=decision.normalized,
                method="human",
                version=VERSION,
                confidence=1.0,
                firm=True,
                attributes=same.attributes | attributes | said,
                inputs=(),
            )
        start, end = own or (None, None)
        page, boxes = place(self._parsed, *own) if own else (None, ())
        return Fact(
            id="h0",
            field=decision.field,
            value=decision.value,
            normalized=decision.normalized,
            quote=self._parsed.text[start:end] if own else None,
            start=start,
            end=end,
            page=page,
            boxes=boxes,
            method="human",
            version=VERSION,
            confidence=1.0,
            firm=True,
            attributes=attributes | said,
        )

    def _place_of(self, decision: Decision) -> tuple[int, int] | None:
        """Where the person's quote stands; the layer may be another one than they saw."""
        quote, text = decision.quote, self._parsed.text
        if not quote:
            return None
        if decision.start is not None and text.startswith(quote, decision.start):
            return decision.start, decision.start + len(quote)
        at = text.find(quote)
        return None if at < 0 else (at, at + len(quote))

    # --- what was computed from what was decided ---

    def _refound(self) -> None:
        """A computed value follows the facts it was computed from, or goes with them."""
        old = {fact.id: fact for fact in self._engine}
        # an input may be computed itself, and decided after what was computed from it
        for _ in range(3):
            now = {fact.id: fact for fact in self._facts}
            kept: list[Fact] = []
            for fact in self._facts:
                changed = any(now.get(key) != old.get(key) for key in fact.inputs)
                again = self._computed(fact, old, now) if changed else fact
                if again is not None:
                    kept.append(again)
            if kept == self._facts:
                return
            self._facts = kept

    @staticmethod
    def _computed(fact: Fact, old: dict[str, Fact], now: dict[str, Fact]) -> Fact | None:
        """By the sum that made the old value of the old facts; None where there is none."""
        sums: tuple[Callable[[str, str], str | None], ...] = (plus, minus)
        values = []
        for facts in (old, now):
            inputs = [facts[key].normalized for key in fact.inputs if key in facts]
            if len(inputs) != len(fact.inputs):
                return None
            values.append([value for value in inputs if isinstance(value, str)])
        before, after = values
        if before == after:
            return fact
        original = old[fact.id].normalized if fact.id in old else fact.normalized
        for total in sums:
            if _sum(total, before) == original and (new := _sum(total, after)):
                return replace(fact, value=new, normalized=new)
        return None


def _sum(total: Callable[[str, str], str | None], values: Sequence[str]) -> str | None:
    dates = [value for value in values if not value.startswith("P")]
    spans = [value for value in values if value.startswith("P")]
    try:
        return total(dates[0], spans[0]) if len(dates) == len(spans) == 1 else None
    except ValueError:  # no day: "perpetual"
        return None
