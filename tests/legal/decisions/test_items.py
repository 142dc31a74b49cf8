"""What makes two values one item, in this run and in later ones."""

import pytest

from lexmill_legal.decisions import is_decidable, is_single, item_of, value_key
from lexmill_legal.results import FIELDS, Money, Normalized
from tests.legal.reports.making import fact


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Acme Ltd.", None), ("ACME  LTD", None)),
        (("ООО «Ромашка»", None), ("ооо Ромашка", None)),
        (("1 May 2024", "2024-05-01"), ("the first day of May, 2024", "2024-05-01")),
        (("$5,000", Money("5000.00", "USD")), ("USD 5000", Money("5000", "USD"))),
    ],
)
def test_the_same_value_written_otherwise_is_the_same_item(
    one: tuple[str, Normalized], other: tuple[str, Normalized]
) -> None:
    assert value_key(*one) == value_key(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Acme Ltd", None), ("Acme GmbH", None)),
        (("5,000", Money("5000.00", "USD")), ("5,000", Money("5000.00", "EUR"))),
        (("1 May 2024", "2024-05-01"), ("1 May 2024", "2024-01-05")),
        (("yes", True), ("no", False)),
        (("—", None), ("…", None)),
        (("a" * 500, None), ("a" * 501, None)),
    ],
)
def test_another_value_is_another_item(
    one: tuple[str, Normalized], other: tuple[str, Normalized]
) -> None:
    assert value_key(*one) != value_key(*other)


def test_a_key_fits_into_an_index() -> None:
    assert len(value_key("слово " * 1000, None)) <= 200


def test_a_field_with_one_value_is_its_own_item() -> None:
    assert item_of(fact("f1", "governing_law", "England")) == ""
    assert item_of(fact("f1", "party", "A Ltd.")) == "a ltd"
    assert is_single("clause:audit_rights")


@pytest.mark.parametrize(
    ("field", "known"),
    [
        *((field, True) for field in FIELDS),
        ("clause:audit_rights", True),
        ("clause:none_such", False),
        ("acme/score", True),
        ("Governing law", False),
        ("", False),
    ],
)
def test_what_can_be_decided(*, field: str, known: bool) -> None:
    assert is_decidable(field) is known
