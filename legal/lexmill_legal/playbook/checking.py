"""What a playbook says about one document: three-valued, and never more than the evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lexmill_legal.playbook import operands
from lexmill_legal.playbook.kinds import FIELD_KINDS, FIRM_ABSENCE, UNREADABLE, Kind
from lexmill_legal.playbook.models import Playbook, Rule
from lexmill_legal.results import (
    SINGLE_VALUED,
    Classification,
    Clause,
    ClauseCandidate,
    Extraction,
    Fact,
    Finding,
    Verdict,
    Warning,  # noqa: A004 - the design's word
)

Ternary = bool | None
"""True, False, or None: not decided."""


@dataclass(frozen=True, slots=True)
class _Answer:
    result: Verdict
    message: str
    facts: tuple[Fact, ...] = ()
    place: ClauseCandidate | None = None


@dataclass(frozen=True, slots=True)
class _Document:
    """What the rules look at."""

    extraction: Extraction
    clauses: Sequence[Clause]
    classification: Classification
    all_read: bool


def check(
    playbook: Playbook,
    *,
    extraction: Extraction,
    clauses: Sequence[Clause],
    classification: Classification,
    warnings: Sequence[Warning],
) -> tuple[Finding, ...]:
    """One finding for each rule that applies, in the order of the playbook."""
    unread = any(w.page is not None or w.code in UNREADABLE for w in warnings)
    document = _Document(extraction, clauses, classification, all_read=not unread)
    findings: list[Finding] = []
    for rule in playbook.rules:
        applies = _applies(rule, playbook, classification)
        if applies is False:
            continue
        answer = _on_fact(rule, document) if rule.fact else _on_clause(rule, document)
        if applies is None:
            reason = "The document's type or language is not certain: does this rule apply to it?"
            answer = replace(answer, result="unknown", message=reason)
        findings.append(_finding(rule, playbook, answer))
    return tuple(findings)


def _finding(rule: Rule, playbook: Playbook, answer: _Answer) -> Finding:
    placed = next((fact for fact in answer.facts if fact.start is not None), None)
    place = answer.place or placed
    failed = answer.result == "fail" and rule.message is not None
    return Finding(
        rule=rule.id,
        playbook_sha256=playbook.sha256,
        result=answer.result,
        severity=rule.severity,
        message=rule.message.strip() if failed and rule.message else answer.message,
        fact_ids=tuple(fact.id for fact in answer.facts),
        start=place.start if place else None,
        end=place.end if place else None,
        quote=place.quote if place else None,
        field=rule.fact or f"clause:{rule.clause}",
    )


# --- whether a rule applies ---


def _applies(rule: Rule, playbook: Playbook, classification: Classification) -> Ternary:
    wanted = rule.applies_to
    return _all(
        (
            not wanted.our_role or _named(playbook.our_role, wanted.our_role),
            not wanted.languages or _speaks(classification.languages, wanted.languages),
            not wanted.types or _is_of_type(classification.document_type, wanted.types),
        )
    )


def _named(name: str | None, names: tuple[str, ...]) -> bool:
    return name is not None and name.casefold() in {other.casefold() for other in names}


def _speaks(languages: tuple[str, ...], wanted: tuple[str, ...]) -> Ternary:
    if not languages or languages == ("und",):
        return None
    ranges = tuple(language.casefold() for language in wanted)
    return any(
        tag.casefold() == prefix or tag.casefold().startswith(f"{prefix}-")
        for tag in languages
        for prefix in ranges
    )


def _is_of_type(fact: Fact | None, types: tuple[str, ...]) -> Ternary:
    """Not certain stays not certain where the best candidate speaks for the rule."""
    if fact is None:
        return None
    matches = operands.type_name(fact.value) in map(operands.type_name, types)
    return matches if fact.firm or not matches else None


def _all(parts: tuple[Ternary, ...]) -> Ternary:
    return False if False in parts else None if None in parts else True


# --- rules on facts ---


def _on_fact(rule: Rule, document: _Document) -> _Answer:
    facts = [fact for fact in document.extraction.facts if fact.field == rule.fact]
    if rule.fact in SINGLE_VALUED and any(fact.firm for fact in facts):
        facts = [fact for fact in facts if fact.firm]
    if rule.operator in {"require", "forbid"}:
        return _on_presence(rule, facts, document)
    return _on_values(rule, facts, document)


def _on_presence(rule: Rule, facts: list[Fact], document: _Document) -> _Answer:
    label = _label(rule)
    judged = [(_all((_selected(rule, fact), _is_there(rule, fact))), fact) for fact in facts]
    there = tuple(fact for verdict, fact in judged if verdict)
    open_ = tuple(fact for verdict, fact in judged if verdict is None)
    other = tuple(fact for verdict, fact in judged if verdict is False)
    required = rule.operator == "require"
    # Of a single-valued field, a second value that may be another one is enough for doubt.
    differing = other + (open_ if rule.values else ())
    if there and rule.fact in SINGLE_VALUED and differing:
        says = f"{label}: the document says different things."
        return _Answer("unknown", says, there + differing)
    if there:
        found = f"{label}: found."
        return _Answer("pass" if required else "fail", found, there)
    if open_:
        return _Answer("unknown", f"{label}: {_why_open(rule, open_)}", open_)
    if other and rule.fact in SINGLE_VALUED:
        # The document does say something, and it is something else.
        says = f"{label}: the document says {_shown(other[0])}."
        return _Answer("fail" if required else "pass", says, other)
    return _on_absence(rule, document, "fail" if required else "pass")


def _on_absence(rule: Rule, document: _Document, verdict: Verdict) -> _Answer:
    label = _label(rule)
    if rule.fact in document.extraction.absent:
        return _Answer(verdict, f"{label}: not in the document, as a person decided.")
    if not document.all_read:
        return _Answer("unknown", f"{label}: not found, but some pages could not be read.")
    looked_for = rule.fact in document.extraction.not_found
    if looked_for and rule.fact in FIRM_ABSENCE and not rule.where and not rule.values:
        if not _is_whole(document):
            says = "not found, but the text is perhaps no whole contract."
            return _Answer("unknown", f"{label}: {says}")
        return _Answer(verdict, f"{label}: not in the document.")
    return _Answer("unknown", f"{label}: not found, which does not prove that it is not there.")


def _is_whole(document: _Document) -> bool:
    """Its parties are certain only where it begins and ends as a contract."""
    return any(
        clause.kind == "parties" and clause.present and clause.firm for clause in document.clauses
    )


def _on_values(rule: Rule, facts: list[Fact], document: _Document) -> _Answer:
    label = _label(rule)
    judged = [(_selected(rule, fact), _is_fine(rule, fact), fact) for fact in facts]
    bad = tuple(fact for mine, fine, fact in judged if mine and fine is False)
    good = tuple(fact for mine, fine, fact in judged if mine and fine)
    open_ = tuple(
        fact
        for mine, fine, fact in judged
        if mine is not False and not fine and (mine is None or fine is None)
    )
    if bad and not ((good or open_) and rule.fact in SINGLE_VALUED):
        says = ", ".join(_shown(fact) for fact in bad[:3])
        return _Answer("fail", f"{label}: {says}; {_asked(rule)}.", bad)
    if bad:
        return _Answer(
            "unknown", f"{label}: the document says different things.", bad + good + open_
        )
    if open_:
        return _Answer("unknown", f"{label}: {_why_open(rule, open_)}", open_)
    if not good:
        maybe = tuple(fact for mine, _, fact in judged if mine is None)
        return _Answer("unknown", f"{label}: not found, so there is nothing to compare.", maybe)
    if not document.all_read and rule.fact not in SINGLE_VALUED:
        unread = "what was found is in order, but some pages could not be read."
        return _Answer("unknown", f"{label}: {unread}", good)
    says = ", ".join(_shown(fact) for fact in good[:3])
    return _Answer("pass", f"{label}: {says}.", good)


def _selected(rule: Rule, fact: Fact) -> Ternary:
    """Whether ``where`` takes this fact; without the attribute nobody knows."""
    parts: list[Ternary] = []
    for name, values in rule.where:
        own = fact.attributes.get(name)
        parts.append(None if own is None else _named(own, values))
    return _all(tuple(parts))


def _is_there(rule: Rule, fact: Fact) -> Ternary:
    if not fact.firm:
        return None
    if rule.values:
        return operands.is_one_of(rule.kind, fact, rule.values)
    if rule.kind in {"text", "place"}:
        return True  # a court that has no code is named all the same
    own = operands.value_of(rule.kind, fact)
    # A "term" of "perpetual" is there though it is no duration.
    return own if isinstance(own, bool) else None if fact.normalized is None else True


def _is_fine(rule: Rule, fact: Fact) -> Ternary:
    """Whether a value is within what the rule allows."""
    if not fact.firm:
        return None
    if rule.operator == "allow":
        return operands.is_one_of(rule.kind, fact, rule.values)
    own = operands.value_of(rule.kind, fact)
    if own is None:
        return None
    low = None if rule.minimum is None else operands.order(own, rule.minimum)
    high = None if rule.maximum is None else operands.order(own, rule.maximum)
    if low == -1 or high == 1:
        return False
    undecided = (rule.minimum is not None and low is None) or (
        rule.maximum is not None and high is None
    )
    return None if undecided else True


def _why_open(rule: Rule, facts: tuple[Fact, ...]) -> str:
    if not any(fact.firm for fact in facts):
        says = ", ".join(dict.fromkeys(_shown(fact) for fact in facts[:3]))
        return f"only candidates were found ({says}); please look at them.{_leaning(rule, facts)}"
    if any(_selected(rule, fact) is None for fact in facts):
        wanted = ", ".join(f"{name} {' or '.join(values)}" for name, values in rule.where)
        return f"it is not certain which value is the one with {wanted}."
    if rule.kind == "money" and any(fact.normalized is not None for fact in facts):
        return "the amount is in another currency, or none is named."
    if any(fact.normalized is None for fact in facts):
        return "found, but its wording does not decide the value."
    return f"{_shown(facts[0])} cannot be compared with what the rule says."


def _leaning(rule: Rule, facts: tuple[Fact, ...]) -> str:
    """What a person would say yes to by confirming; a value that has rivals is the best of them."""
    chosen = facts[:1] if rule.fact in SINGLE_VALUED else facts
    if any(_selected(rule, fact) is None for fact in chosen):
        return ""
    sure = [replace(fact, firm=True) for fact in chosen]
    if rule.operator in {"require", "forbid"}:
        there = [_is_there(rule, fact) for fact in sure]
        passes = None if None in there else any(there) == (rule.operator == "require")
    else:
        fine = [_is_fine(rule, fact) for fact in sure]
        passes = False if False in fine else None if None in fine else True
    if passes is None:
        return ""
    who = "they are" if len(sure) > 1 else "it is" if len(facts) == 1 else "the first is"
    return f" If {who} right, the rule {'passes' if passes else 'fails'}."


# --- rules on clauses ---


def _on_clause(rule: Rule, document: _Document) -> _Answer:
    label = _label(rule)
    clause = next((clause for clause in document.clauses if clause.kind == rule.clause), None)
    if clause is None:
        return _Answer("unknown", f"{label}: clauses of this kind were not looked for.")
    place = clause.candidates[0] if clause.candidates else None
    if not clause.firm:
        says = f"not certain, {clause.score:.0%} likely; please look at the candidates."
        if place is None:
            says = "none was found, which is not certain enough to rely on."
        return _Answer("unknown", f"{label}: {says}", (), place)
    if rule.operator not in {"require", "forbid"}:
        return _inside_clause(rule, clause, document)
    required = rule.operator == "require"
    if clause.present:
        return _Answer("pass" if required else "fail", f"{label}: found.", (), place)
    if not document.all_read and f"clause:{rule.clause}" not in document.extraction.absent:
        return _Answer("unknown", f"{label}: not found, but some pages could not be read.")
    return _Answer("fail" if required else "pass", f"{label}: not in the document.")


def _inside_clause(rule: Rule, clause: Clause, document: _Document) -> _Answer:
    """Compare the values that stand inside the clause."""
    facts = [
        fact
        for fact in document.extraction.facts
        if clause.present and _comparable(rule.kind, fact) and _stands_in(fact, clause)
    ]
    answer = _on_values(rule, facts, document)
    place = clause.candidates[0] if clause.present and clause.candidates else None
    return answer if answer.facts else replace(answer, place=place)


def _comparable(kind: Kind, fact: Fact) -> bool:
    own = FIELD_KINDS.get(fact.field)
    return own == kind or (kind == "text" and own == "place")


def _stands_in(fact: Fact, clause: Clause) -> bool:
    return any(
        fact.start is not None
        and fact.end is not None
        and candidate.start <= fact.start
        and fact.end <= candidate.end
        for candidate in clause.candidates
    )


# --- words ---


def _label(rule: Rule) -> str:
    words = (rule.fact or f"{rule.clause} clause").replace("_", " ")
    roles = " or ".join(value for _, values in rule.where for value in values)
    return f"{words.capitalize()} ({roles})" if roles else words.capitalize()


def _shown(fact: Fact) -> str:
    text = " ".join(fact.value.split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def _asked(rule: Rule) -> str:
    if rule.operator == "allow":
        return f"the playbook allows {', '.join(map(_written, rule.values))}"
    if rule.operator == "limit":
        return f"the playbook allows at most {_written(rule.maximum)}"
    return f"the playbook allows {_written(rule.minimum)} to {_written(rule.maximum)}"


def _written(value: operands.Value | None) -> str:
    return operands.shown(value) if value is not None else ""
