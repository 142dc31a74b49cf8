import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.extract.identifiers import (
    account_is_valid,
    iban_is_valid,
    inn_is_valid,
    ogrn_is_valid,
    snils_is_valid,
)
from tests.legal.extract.reading_of import facts

PADDING = (
    "Реквизиты стороны указаны ниже и являются неотъемлемой частью настоящего договора поставки. "
)


@pytest.mark.parametrize("digits", ["7707083893", "500100732259", "7736050003"])
def test_true_inn_pass_and_any_wrong_digit_fails(digits: str) -> None:
    assert inn_is_valid(digits)
    for place in range(len(digits)):
        wrong = str((int(digits[place]) + 1) % 10)
        assert not inn_is_valid(digits[:place] + wrong + digits[place + 1 :])


def test_other_check_digits() -> None:
    assert ogrn_is_valid("1027700132195")
    assert not ogrn_is_valid("1027700132196")
    assert ogrn_is_valid("304500116000157")
    assert snils_is_valid("11223344595")
    assert not snils_is_valid("11223344596")
    assert iban_is_valid("DE89 3704 0044 0532 0130 00")
    assert not iban_is_valid("DE88 3704 0044 0532 0130 00")


@given(st.integers(0, 10**10 - 1))
def test_about_one_number_in_ten_is_an_inn(number: int) -> None:
    digits = f"{number:010}"[:9]
    assert sum(inn_is_valid(f"{digits}{last}") for last in range(10)) == 1


def test_an_account_proves_itself_with_its_bank() -> None:
    account = next(
        f"4070281{key}000000000001"
        for key in range(10)
        if account_is_valid(f"4070281{key}000000000001", "044525225", correspondent=False)
    )
    text = f"{PADDING}р/с {account}, БИК 044525225"
    found = {fact.attributes["kind"]: fact for fact in facts(text, "identifier")}
    assert found["account"].attributes["checksum"] == "valid"
    assert found["account"].firm
    assert found["bik"].normalized == "044525225"


def test_a_failed_check_digit_is_kept_and_never_firm() -> None:
    (fact,) = facts(f"{PADDING}ИНН 7707083894", "identifier")
    assert fact.attributes == {"checksum": "failed", "kind": "inn"}
    assert not fact.firm
    assert fact.confidence < 0.5


def test_inn_and_kpp_written_together() -> None:
    found = facts(f"{PADDING}ИНН/КПП 7707083893/773601001", "identifier")
    assert [(fact.attributes["kind"], fact.value) for fact in found] == [
        ("inn", "7707083893"),
        ("kpp", "773601001"),
    ]
