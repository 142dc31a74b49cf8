"""From a document's result to the rows that lists across documents read. Pure."""

import datetime as dt
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

from lexmill.results.schemas import NewFact, NewFinding, NewResult
from lexmill_legal.decisions import value_key
from lexmill_legal.results import DocumentResult, Fact, Finding, Money, Normalized

LONGEST_VALUE: Final = 500
LONGEST_QUOTE: Final = 300
_LONGEST_NAME: Final = 200
_LONGEST_KEY: Final = 200
_UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""Neither UTF-8 nor PostgreSQL takes them."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DURATION: Final = re.compile(r"P(\d{1,6})([DWMY])")
_DAYS: Final = {"D": 1.0, "W": 7.0, "M": 365.25 / 12, "Y": 365.25}


def result_rows(result: DocumentResult) -> NewResult:
    """Only of documents that succeeded; those have a hash."""
    assert result.sha256 is not None
    types = [fact for fact in result.facts if fact.field == "document_type"]
    return NewResult(
        sha256=result.sha256,
        document_type=_cut(types[0].value, _LONGEST_NAME) if types else None,
        languages=tuple(_cut(language, _LONGEST_NAME) for language in result.languages[:20]),
        playbook_sha256=result.findings[0].playbook_sha256 if result.findings else None,
        facts=tuple(_fact(number, fact) for number, fact in enumerate(result.facts)),
        findings=tuple(_finding(number, each) for number, each in enumerate(result.findings)),
    )


def searched(words: str) -> str:
    """What somebody looks for, as `key` has it."""
    return _cut(value_key(words, None), _LONGEST_KEY)


def _fact(number: int, fact: Fact) -> NewFact:
    normalized = fact.normalized
    role = fact.attributes.get("role")
    return NewFact(
        number=number,
        id=_cut(fact.id, _LONGEST_NAME),
        field=_cut(fact.field, _LONGEST_NAME),
        key=_cut(value_key(_written(fact.value), _key_form(normalized)), _LONGEST_KEY),
        value=_cut(fact.value, LONGEST_VALUE),
        normalized=_text(normalized),
        role=None if role is None else _cut(role, _LONGEST_NAME),
        date=_date(normalized),
        quantity=_quantity(fact.field, normalized),
        currency=_currency(normalized),
        firm=fact.firm,
        confidence=_confidence(fact.confidence),
        method=fact.method,
        quote=_quote(fact.quote),
        page=fact.page,
        start=fact.start,
        end=fact.end,
    )


def _finding(number: int, finding: Finding) -> NewFinding:
    return NewFinding(
        number=number,
        rule=_cut(finding.rule, _LONGEST_NAME),
        result=finding.result,
        severity=finding.severity,
        field=None if finding.field is None else _cut(finding.field, _LONGEST_NAME),
        message=_cut(finding.message, LONGEST_VALUE),
        quote=_quote(finding.quote),
        start=finding.start,
        end=finding.end,
    )


def _text(normalized: Normalized) -> str | None:
    match normalized:
        case None:
            return None
        case bool():
            return "true" if normalized else "false"
        case Money(amount, currency):
            return _cut(f"{amount} {currency or ''}".strip(), LONGEST_VALUE)
        case str():
            return _cut(normalized, LONGEST_VALUE)


def _key_form(normalized: Normalized) -> Normalized:
    return _written(normalized) if isinstance(normalized, str) else normalized


def _date(normalized: Normalized) -> dt.date | None:
    if not isinstance(normalized, str) or _DAY.fullmatch(normalized) is None:
        return None
    try:
        return dt.date.fromisoformat(normalized)
    except ValueError:
        return None


def _quantity(field: str, normalized: Normalized) -> float | None:
    """A duration's days are for ranges only: a month has 30 and some."""
    if isinstance(normalized, Money):
        return _number(normalized.amount)
    if isinstance(normalized, str):
        if field == "percent":
            return _number(normalized)
        if duration := _DURATION.fullmatch(normalized):
            return int(duration[1]) * _DAYS[duration[2]]
    return None


def _number(written: str) -> float | None:
    try:
        number = float(Decimal(written))
    except (InvalidOperation, OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _confidence(confidence: float) -> float:
    """In four bytes, which take less than a float does."""
    return round(min(max(confidence, 0.0), 1.0), 4) if math.isfinite(confidence) else 0.0


def _currency(normalized: Normalized) -> str | None:
    if isinstance(normalized, Money) and normalized.currency:
        return _cut(normalized.currency, 20)
    return None


def _quote(quote: str | None) -> str | None:
    return None if quote is None else _cut(quote, LONGEST_QUOTE)


def _written(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def _cut(text: str, longest: int) -> str:
    text = _written(text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
