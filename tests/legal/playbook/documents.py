"""Facts, clauses and whole documents for the checks, with only what a test is about."""

from lexmill_legal.playbook import check, load
from lexmill_legal.results import (
    Classification,
    Clause,
    ClauseCandidate,
    Extraction,
    Fact,
    Finding,
    Normalized,
    Warning,  # noqa: A004 - the design's word
)


def fact(
    field: str,
    normalized: Normalized = None,
    *,
    value: str | None = None,
    key: str | None = None,
    firm: bool = True,
    start: int | None = 0,
    **attributes: str,
) -> Fact:
    said = value if value is not None else str(normalized)
    return Fact(
        id=key or field,
        field=field,
        value=said,
        normalized=normalized,
        quote=None if start is None else said,
        start=start,
        end=None if start is None else start + len(said),
        page=None,
        boxes=(),
        method="rule",
        version="1",
        confidence=0.95,
        firm=firm,
        attributes=attributes,
    )


def clause(kind: str, *, present: bool = True, firm: bool = True) -> Clause:
    """A clause at [0, 100) where it is present."""
    candidate = ClauseCandidate(0, 100, "x" * 100, None, 0.9)
    return Clause(kind, present, firm, 0.9, (candidate,) if present else ())


def findings(
    source: str,
    *facts: Fact,
    clauses: tuple[Clause, ...] = (),
    not_found: tuple[str, ...] = (),
    languages: tuple[str, ...] = ("en",),
    document_type: Fact | None = None,
    warnings: tuple[Warning, ...] = (),
) -> tuple[Finding, ...]:
    return check(
        load(source),
        extraction=Extraction(facts, not_found),
        clauses=clauses,
        classification=Classification(languages, document_type),
        warnings=warnings,
    )


def finding(
    rule: str,
    *facts: Fact,
    clauses: tuple[Clause, ...] = (),
    not_found: tuple[str, ...] = (),
    warnings: tuple[Warning, ...] = (),
) -> Finding:
    """What one rule, written without its id, says."""
    source = f"rules: [{{id: only, {rule}}}]"
    (found,) = findings(source, *facts, clauses=clauses, not_found=not_found, warnings=warnings)
    return found
