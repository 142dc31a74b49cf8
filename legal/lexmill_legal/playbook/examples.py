"""A rule's own examples, run through the real engine: a good one must not fail, a bad one must.

A rule often answers *unknown* where a person would not: many fields are never firm. An example
that is *unknown* counts by where its evidence leans, which is what the rule will say once a person
has confirmed the candidate; and it counts as not understood where the engine found nothing at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.playbook.checking import check
from lexmill_legal.playbook.models import AppliesTo, Playbook, Rule
from lexmill_legal.results import (
    SINGLE_VALUED,
    Classification,
    Extraction,
    Fact,
    Finding,
    ParsedDocument,
    Verdict,
)
from lexmill_legal.segment import segment

Kind = Literal["good", "bad"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one example; ``number`` counts from 1 among the rule's good or bad ones.

    ``leans`` is the verdict that the rule would give if all that was found were confirmed.
    """

    rule: str
    kind: Kind
    number: int
    text: str
    result: Verdict
    leans: Verdict
    message: str
    quote: str | None

    @property
    def ok(self) -> bool:
        return self.leans == ("pass" if self.kind == "good" else "fail")


def try_examples(playbook: Playbook) -> Iterator[Trial]:
    """Every example of every rule, in the order of the file."""
    for rule in playbook.rules:
        alone = _alone(playbook, rule)
        for number, text in enumerate(rule.examples.good, 1):
            yield _tried(alone, rule, "good", number, text)
        for number, text in enumerate(rule.examples.bad, 1):
            yield _tried(alone, rule, "bad", number, text)


def _alone(playbook: Playbook, rule: Rule) -> Playbook:
    """Only this rule, which applies: a sentence has no type of document."""
    plain = replace(rule, applies_to=AppliesTo(), message=None)
    return replace(playbook, rules=(plain,))


def _tried(alone: Playbook, rule: Rule, kind: Kind, number: int, text: str) -> Trial:
    parsed = ParsedDocument("text/plain", text.replace("\r\n", "\n").replace("\r", "\n"))
    classification = _classified(parsed)
    extraction = extract(parsed, classification, segment(parsed))
    finding = _checked(alone, extraction, classification)
    confirmed = finding
    if finding.result == "unknown":
        confirmed = _checked(alone, _confirmed(extraction), classification)
        if confirmed.result == "unknown" and rule.fact and not confirmed.fact_ids:
            confirmed = replace(confirmed, result=_without_evidence(rule))
    return Trial(
        rule=rule.id,
        kind=kind,
        number=number,
        text=text,
        result=finding.result,
        leans=confirmed.result,
        message=finding.message,
        quote=finding.quote,
    )


def _checked(alone: Playbook, extraction: Extraction, classification: Classification) -> Finding:
    (finding,) = check(
        alone,
        extraction=extraction,
        clauses=extraction.clauses,
        classification=classification,
        warnings=(),
    )
    return finding


def _classified(parsed: ParsedDocument) -> Classification:
    """A sentence may be too short for the language's model: then its letters decide."""
    found = classify(parsed)
    if found.languages and found.languages != ("und",):
        return found
    russian = any("а" <= letter <= "я" for letter in parsed.text.casefold())
    return replace(found, languages=("ru",) if russian else ("en",))


def _confirmed(extraction: Extraction) -> Extraction:
    """As if a person had said yes to each best candidate, and to each clause's verdict."""
    facts: list[Fact] = []
    seen: set[str] = set()
    for fact in extraction.facts:
        if fact.field in SINGLE_VALUED and fact.field in seen:
            continue
        seen.add(fact.field)
        facts.append(replace(fact, firm=True))
    clauses = tuple(replace(clause, firm=True) for clause in extraction.clauses)
    return Extraction(tuple(facts), extraction.not_found, clauses)


def _without_evidence(rule: Rule) -> Verdict:
    """Nothing found: of a whole document it proves nothing, of a sentence it is the answer."""
    if rule.operator == "require":
        return "fail"
    return "pass" if rule.operator == "forbid" else "unknown"
