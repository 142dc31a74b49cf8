"""From whatever a document says to rows that PostgreSQL takes, and can find again."""

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill.results.rows import LONGEST_QUOTE, LONGEST_VALUE, result_rows, searched
from lexmill.results.schemas import NewFact
from lexmill_legal.results import Money
from tests.core.results.reading import fact, finding, read


def only(field: str, value: str = "words", **changes: Any) -> NewFact:
    (row,) = result_rows(read(facts=(fact(field, value, **changes),))).facts
    return row


@pytest.mark.parametrize(
    ("normalized", "expected"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("0001-01-01", date(1, 1, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2023-02-29", None),
        ("2026-12", None),
        ("20261231", None),
        ("2026-W01-1", None),
        ("٢٠٢٦-١٢-٣١", None),
        ("US-DE", None),
        (None, None),
        (True, None),
        (Money("1.00", "USD"), None),
    ],
)
def test_only_whole_dates_are_dates(normalized: Any, expected: date | None) -> None:
    assert only("expiration_date", normalized=normalized).date == expected


@pytest.mark.parametrize(
    ("field", "normalized", "quantity", "currency"),
    [
        ("amount", Money("1250000.00", "USD"), 1_250_000.0, "USD"),
        ("amount", Money("0.10", None), 0.1, None),
        ("amount", Money("-5", "EUR"), -5.0, "EUR"),
        ("amount", Money("NaN", "EUR"), None, "EUR"),
        ("amount", Money("1e400", "EUR"), None, "EUR"),
        ("amount", Money("much", ""), None, None),
        ("percent", "2.5", 2.5, None),
        ("percent", "Infinity", None, None),
        ("term", "P2Y", 730.5, None),
        ("termination_notice_period", "P30D", 30.0, None),
        ("termination_notice_period", "P6W", 42.0, None),
        ("term", "P1Y6M", None, None),
        ("identifier", "4711", None, None),
        ("auto_renewal", True, None, None),
    ],
)
def test_quantities(
    field: str, normalized: Any, quantity: float | None, currency: str | None
) -> None:
    row = only(field, normalized=normalized)
    assert (row.quantity, row.currency) == (quantity, currency)


def test_a_month_lies_between_30_and_31_days() -> None:
    months = only("term", normalized="P3M").quantity
    assert months is not None
    assert 90 < months < 93


@pytest.mark.parametrize(
    ("value", "normalized", "looked_for"),
    [
        ("ACME, Inc.", None, "acme inc"),
        ("ACME, Inc.", None, "  Acme   INC. "),
        ("31 December 2026", "2026-12-31", "2026-12-31"),
        ("Delaware", "US-DE", "us-de"),
        ("thirty days", "P30D", "P30D"),
        ("ООО «Ромашка»", None, "ооо ромашка"),
        ("x" * 5_000, None, "X" * 5_000),
        ("§§", None, "§§"),
    ],
)
def test_what_people_type_finds_it(value: str, normalized: Any, looked_for: str) -> None:
    assert only("party", value, normalized=normalized).key == searched(looked_for)


def test_findings_and_what_is_said_of_the_document() -> None:
    row = result_rows(read())
    assert (row.document_type, row.languages, row.playbook_sha256) == (
        "supply",
        ("en", "de"),
        "b" * 64,
    )
    assert [(each.rule, each.result, each.severity) for each in row.findings] == [
        ("capped", "fail", "high"),
        ("law", "pass", "low"),
    ]
    bare = result_rows(read(facts=(), findings=(), languages=()))
    assert (bare.document_type, bare.playbook_sha256, bare.facts) == (None, None, ())


def test_long_texts_are_cut_and_say_so() -> None:
    row = only("party", "v" * 9_999, quote="q" * 9_999)
    assert row.quote is not None
    assert (len(row.value), len(row.quote)) == (LONGEST_VALUE, LONGEST_QUOTE)
    assert row.value.endswith("v…")
    (found,) = result_rows(read(findings=(finding("r", message="m" * 9_999),))).findings
    assert len(found.message) == LONGEST_VALUE


ANY_TEXT = st.text(st.characters(), max_size=700) | st.sampled_from(
    ["\0", "\ud800", "a\0b", "\udfff" * 300, "", " ", "\U0010ffff" * 300, "ß" * 500]
)


@given(
    value=ANY_TEXT,
    normalized=st.none() | st.booleans() | ANY_TEXT | st.builds(Money, ANY_TEXT, ANY_TEXT),
    quote=st.none() | ANY_TEXT,
    field=ANY_TEXT,
    role=ANY_TEXT,
)
def test_whatever_it_says_is_utf_8_without_nul_and_bounded(
    value: str, normalized: Any, quote: str | None, field: str, role: str
) -> None:
    row = only(field, value, normalized=normalized, quote=quote, attributes={"role": role})
    texts = [row.id, row.field, row.key, row.value, row.normalized, row.role, row.currency]
    for text in [*texts, row.quote]:
        if text is not None:
            assert "\0" not in text
            assert len(text.encode()) <= 4 * LONGEST_VALUE
    # An entry of an index has at most 2,704 bytes.
    assert len(row.field.encode()) + len(row.key.encode()) < 2_000
    assert row.quantity is None or math.isfinite(row.quantity)
