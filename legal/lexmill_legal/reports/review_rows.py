"""Which items of a document a person should look at, and how urgently."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from lexmill_legal.decisions import CLAUSE, clause_value, is_single, item_of, value_key
from lexmill_legal.reports.names import percentage, place_of_page, shortened
from lexmill_legal.reports.row_keys import LONGEST_VALUE, RowKey
from lexmill_legal.results import (
    FIELDS,
    Clause,
    Decision,
    DocumentResult,
    Fact,
    Finding,
    Severity,
)

WEIGHTS: Final[dict[Severity, int]] = {
    "info": 1,
    "low": 2,
    "medium": 3,
    "high": 4,
    "critical": 5,
}
"""What a wrong answer costs; an item that no rule asks for weighs as little as "info"."""

_SEVERE: Final = 4
_MOST_SEEN: Final = 50
_ATTRIBUTES: Final = ("role", "alias", "kind", "title")
_ALWAYS: Final = frozenset(FIELDS[:3])
"""Looked at without a rule, too, although a document may have several: who the parties are."""


Decided = dict[tuple[str, str], Decision]


@dataclass(frozen=True, slots=True)
class Row:
    """One item to look at; ``fact`` is the evidence, where there is one."""

    key: RowKey
    shown: str
    risk: float
    severity: Severity | None
    confidence: float | None
    candidates: tuple[str, ...]
    quote: str
    page: int | None
    why: tuple[str, ...]
    fact: Fact | None
    decision: Decision | None


def review_rows(result: DocumentResult) -> Iterator[Row]:
    """In the order of the fields; nothing of a document that was not read."""
    if result.sha256 is None or result.status != "succeeded":
        return
    asked: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if finding.field is not None:
            asked.setdefault(finding.field, []).append(finding)
    facts: dict[str, list[Fact]] = {}
    for fact in result.facts:
        facts.setdefault(fact.field, []).append(fact)
    decided = decisions_of(result)
    looker = _Looker(result.sha256, asked, facts, decided)
    known = [field for field in FIELDS if field in facts or field in asked]
    for field in known + sorted(facts.keys() - set(FIELDS)):
        if is_single(field):
            yield from looker.single(field)
        else:
            yield from looker.several(field)
    clauses = {clause.kind: clause for clause in result.clauses}
    for field in asked:
        if field.startswith(CLAUSE) and field.removeprefix(CLAUSE) in clauses:
            yield from looker.clause(field, clauses[field.removeprefix(CLAUSE)])
    yield from looker.lost()


def decisions_of(result: DocumentResult) -> Decided:
    """By field and item; a corrected value is found by what it was and by what it is now."""
    found: Decided = {}
    for one in result.decisions:
        if one.item and one.value and one.decision == "corrected":
            found[one.field, value_key(one.value, one.normalized)] = one
    return found | {(one.field, one.item): one for one in result.decisions}


def fact_key(sha256: str, fact: Fact, seen: tuple[str, ...], decided: Decided) -> RowKey:
    """The key of a fact's row, whatever sheet it is in."""
    item = item_of(fact)
    decision = decided.get((fact.field, item))
    return RowKey(
        sha256=sha256,
        field=fact.field,
        item=item if decision is None else decision.item,
        value=fact.value[:LONGEST_VALUE],
        normalized=fact.normalized,
        seen=seen if decision is None else _added(decision.seen, seen),
        start=fact.start,
        end=fact.end,
        attributes={name: fact.attributes[name] for name in _ATTRIBUTES if name in fact.attributes},
        revision=0 if decision is None else decision.revision,
    )


def _added(seen: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """As many as a cell has room for, the newest."""
    return tuple(dict.fromkeys((*seen, *more)))[-_MOST_SEEN:]


@dataclass(frozen=True, slots=True)
class _Looker:
    sha256: str
    asked: dict[str, list[Finding]]
    facts: dict[str, list[Fact]]
    decided: Decided

    def single(self, field: str) -> Iterator[Row]:
        facts = self.facts.get(field, [])
        decision = self.decided.get((field, ""))
        if decision is not None:
            if decision.disagrees == "new" and decision.decision in {"accepted", "corrected"}:
                yield self._disagreeing(decision, facts)
            return
        first = facts[0] if facts else None
        why = self._why(field, facts[:1])
        if first is not None and not first.firm:
            why.append("only candidates" if len(facts) > 1 else "not certain")
        if why:
            yield self._row(field, first, facts, why)

    def several(self, field: str) -> Iterator[Row]:
        facts = self.facts.get(field, [])
        if (field, "") in self.decided:
            return
        done: set[str] = set()
        for fact in facts:
            item = item_of(fact)
            decision = self.decided.get((field, item))
            if item in done:
                continue
            done.add(item)
            if decision is not None:
                if decision.disagrees == "new":
                    yield self._disagreeing(decision, [fact])
                continue
            why = self._why(field, [fact])
            if not fact.firm and (why or field in _ALWAYS):
                why.append("not certain")
            if why:
                yield self._row(field, fact, [], why)
        if not facts and (why := self._why(field, [])):
            yield self._row(field, None, [], why)

    def clause(self, field: str, clause: Clause) -> Iterator[Row]:
        if (field, "") in self.decided:
            return
        why = self._why(field, [])
        if not why:
            return
        value = clause_value(clause)
        best = clause.candidates[0] if clause.candidates else None
        sure = max(clause.score, 1 - clause.score)
        key = RowKey(
            sha256=self.sha256,
            field=field,
            value=value,
            seen=(value,),
            start=best.start if best else None,
            end=best.end if best else None,
        )
        yield Row(
            key=key,
            shown=value,
            risk=self._weight(field) * (1 - sure),
            severity=self._severity(field),
            confidence=sure,
            candidates=tuple(
                f"{n}. {shortened(each.quote, 200)} ({_where(each.score, each.page)})"
                for n, each in enumerate(clause.candidates, 1)
            ),
            quote=best.quote if best else "",
            page=best.page if best else None,
            why=tuple(why),
            fact=None,
            decision=None,
        )

    def lost(self) -> Iterator[Row]:
        """What was decided away, and decided clauses, where the engine has news about them."""
        for key, one in self.decided.items():
            if key != (one.field, one.item):
                continue
            away = one.decision in {"rejected", "absent"}
            if one.disagrees == "new" and (away or one.field.startswith(CLAUSE)):
                yield self._disagreeing(one, self.facts.get(one.field, []))

    def _disagreeing(self, decision: Decision, facts: Sequence[Fact]) -> Row:
        """What was decided holds; whoever accepts it again has seen the engine's new mind.

        Where a value was decided away, it is the engine's new value that may be accepted.
        """
        fact = facts[0] if facts else None
        new = decision.engine_value or ""
        away = decision.decision in {"rejected", "absent"}
        seen = [*decision.seen, value_key(new, None)]
        value, normalized = decision.value, decision.normalized
        if away:
            value, normalized = (fact.value, fact.normalized) if fact else (None, None)
        if away and decision.field.startswith(CLAUSE):
            value = new
        if fact is not None:
            seen.append(value_key(fact.value, fact.normalized))
        key = RowKey(
            sha256=self.sha256,
            field=decision.field,
            item=decision.item,
            value=None if value is None else value[:LONGEST_VALUE],
            normalized=normalized,
            seen=_added(seen, ()),
            start=fact.start if fact else None,
            end=fact.end if fact else None,
            revision=decision.revision,
        )
        return Row(
            key=key,
            shown=value or "",
            risk=float(self._weight(decision.field)),
            severity=self._severity(decision.field),
            confidence=None,
            candidates=(f"the engine now: {new}",),
            quote=(fact.quote or "") if fact else "",
            page=fact.page if fact else None,
            why=("the engine has changed its mind since this was decided",),
            fact=fact,
            decision=decision,
        )

    def _row(
        self, field: str, fact: Fact | None, candidates: Sequence[Fact], why: Sequence[str]
    ) -> Row:
        confidence = None if fact is None else fact.confidence
        if fact is None:
            key = RowKey(sha256=self.sha256, field=field)
        else:
            keys = [value_key(each.value, each.normalized) for each in candidates or [fact]]
            key = fact_key(self.sha256, fact, tuple(keys), self.decided)
        return Row(
            key=key,
            shown=fact.value[:LONGEST_VALUE] if fact else "",
            risk=self._weight(field) * (1 - (confidence or 0.0)),
            severity=self._severity(field),
            confidence=confidence,
            candidates=tuple(
                f"{n}. {shortened(each.value, 200)} ({_where(each.confidence, each.page)})"
                for n, each in enumerate(candidates, 1)
                if len(candidates) > 1
            ),
            quote=(fact.quote or "") if fact else "",
            page=fact.page if fact else None,
            why=tuple(why),
            fact=fact,
            decision=None,
        )

    def _why(self, field: str, facts: Sequence[Fact]) -> list[str]:
        """The rules that want a person: undecided ones, and severe ones that say no."""
        ids = {fact.id for fact in facts}
        why = []
        for finding in self.asked.get(field, ()):
            # A rule on one of many values names those that it is about: the penalty, not the fee.
            about_all = is_single(field) and not finding.fact_ids
            mine = not facts or about_all or ids.intersection(finding.fact_ids)
            severe = finding.result == "fail" and WEIGHTS[finding.severity] >= _SEVERE
            if mine and (finding.result == "unknown" or severe):
                said = "fails" if severe else "unknown"
                why.append(f"{finding.rule}: {said}. {finding.message}")
        return why

    def _severity(self, field: str) -> Severity | None:
        return max(
            (finding.severity for finding in self.asked.get(field, ())),
            key=WEIGHTS.__getitem__,
            default=None,
        )

    def _weight(self, field: str) -> int:
        severity = self._severity(field)
        return 1 if severity is None else WEIGHTS[severity]


def _where(confidence: float, page: int | None) -> str:
    return ", ".join(filter(None, (percentage(confidence), place_of_page(page))))
