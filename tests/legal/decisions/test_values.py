"""What people write into the cell "Correct value"."""

import pytest

from lexmill_legal.decisions import parse_value
from lexmill_legal.results import Money, Normalized


@pytest.mark.parametrize(
    ("field", "written", "normalized"),
    [
        ("expiration_date", "2026-12-31", "2026-12-31"),
        ("expiration_date", "31 December 2026", "2026-12-31"),
        ("agreement_date", "31 декабря 2025 г.", "2025-12-31"),
        ("term", "P2Y", "P2Y"),
        ("term", "30 days", "P30D"),
        ("term", "two (2) years", "P2Y"),
        ("term", "18 месяцев", "P18M"),
        ("liability_cap", "100000 USD", Money("100000.00", "USD")),
        ("liability_cap", "USD 1,250,000.50", Money("1250000.50", "USD")),
        ("amount", "€ 5,000", Money("5000.00", "EUR")),
        ("percent", "1.5%", "1.5"),
        ("percent", "0,1 %", "0.1"),
        ("governing_law", "US-DE", "US-DE"),
        ("governing_law", "State of Delaware", "US-DE"),
        ("governing_law", "Россия", None),
        ("dispute_forum", "Arbitration in Atlantis", None),
        ("auto_renewal", "no", False),
        ("clause:audit_rights", "yes", True),
        ("document_type", "NDA", "nda"),
        ("party", "  Acme   Ltd ", None),
    ],
)
def test_a_value_is_read_as_its_field_needs(
    field: str, written: str, normalized: Normalized
) -> None:
    assert parse_value(field, written).normalized == normalized


def test_there_may_be_no_end() -> None:
    assert parse_value("term", "Perpetual").attributes == {"kind": "perpetual"}


@pytest.mark.parametrize(
    ("field", "written", "says"),
    [
        ("expiration_date", "03/04/2024", "a date such as 2026-12-31"),
        ("expiration_date", "June 2026", "a date such as"),
        ("expiration_date", "2026-02-30", "a date such as"),
        ("expiration_date", "until 2026-12-31", "a date such as"),
        ("term", "a while", "30 days"),
        ("liability_cap", "$100,000", "with its currency"),
        ("liability_cap", "100000", "with its currency"),
        ("percent", "many", "10%"),
        ("auto_renewal", "perhaps", "true or false"),
        ("document_type", "memo of things", "is one of"),
        ("party", " ", "a value is needed"),
        ("party", "A\x00", "characters"),
        ("party", "A\ud800", "characters"),
        ("party", "A" * 2_001, "2,000"),
    ],
)
def test_what_is_no_value_is_refused_with_how_to_write_it(
    field: str, written: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        parse_value(field, written)
