from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.results import Money
from lexmill_legal.values.money import find_money, find_percents
from lexmill_legal.values.numerals import decimal, plain

CENTS = st.integers(1, 10**12)


def one(text: str, *, comma_groups: bool = True) -> Money | None:
    (mention,) = find_money(text, comma_groups=comma_groups)
    return mention.money


@given(CENTS)
def test_an_english_amount_is_read_back(cents: int) -> None:
    whole, rest = divmod(cents, 100)
    expected = Money(f"{whole}.{rest:02}", "EUR")
    assert one(f"the sum of EUR {whole:,}.{rest:02} is due") == expected
    assert one(f"the sum of €{whole:,}.{rest:02} is due") == expected
    assert one(f"the sum of {whole:,}.{rest:02} euros is due") == expected


@given(CENTS)
def test_a_continental_amount_is_read_back(cents: int) -> None:
    whole, rest = divmod(cents, 100)
    expected = Money(f"{whole}.{rest:02}", "RUB")
    groups = f"{whole:,}".replace(",", " ")
    assert one(f"сумма {groups},{rest:02} руб. уплачена", comma_groups=False) == expected
    assert one(f"сумма {groups} рублей {rest:02} копеек", comma_groups=False) == expected


@given(st.integers(1, 9_999), st.integers(1, 999))
def test_a_lone_group_of_three_after_a_full_stop_is_not_decided(whole: int, group: int) -> None:
    expected = Decimal(f"{whole}.{group:03}") if whole > 999 else None
    assert decimal(f"{whole}.{group:03}", comma_groups=True) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("US$ 1.5 million", Money("1500000.00", "USD")),
        ("USD 5,000", Money("5000.00", "USD")),
        ("RMB 5,000,000", Money("5000000.00", "CNY")),
        ("C$20", Money("20.00", "CAD")),
        ("HK$1,000", Money("1000.00", "HKD")),
        ("£3m", Money("3000000.00", "GBP")),
        ("10.000,50 EUR", Money("10000.50", "EUR")),
        ("¥500", Money("500.00", None)),  # the yen's and the yuan's sign
        ("$500", Money("500.00", None)),  # somebody's dollar
        ("EUR 1.500", None),  # one and a half, or one and a half thousand
        ("ten thousand dollars ($10,000)", Money("10000.00", None)),
        ("5000 United States dollars", Money("5000.00", "USD")),
    ],
)
def test_amounts_and_currencies(text: str, expected: Money | None) -> None:
    assert one(f"the sum of {text} is due") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500 тыс. руб.", Money("500000.00", "RUB")),
        ("1,5 млн рублей", Money("1500000.00", "RUB")),
        ("100 000 (сто тысяч) рублей 00 копеек", Money("100000.00", "RUB")),
        ("2 500 долларов США", Money("2500.00", "USD")),
        ("1,500 руб.", None),
        ("70 000 ₽", Money("70000.00", "RUB")),
    ],
)
def test_russian_amounts(text: str, expected: Money | None) -> None:
    assert one(f"сумма {text} уплачивается", comma_groups=False) == expected


def test_a_lone_dollar_is_american_only_where_no_other_is_named() -> None:
    american = "All amounts are in U.S. dollars. The fee is $500."
    both = "Fees in the United States are in U.S. dollars, in Toronto in Canadian dollars: $500."
    assert find_money(american, comma_groups=True)[-1].money == Money("500.00", "USD")
    assert find_money(both, comma_groups=True)[-1].money == Money("500.00", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("five percent (5%)", [("5", None)]),
        ("five percent (6%)", [(None, None)]),
        ("1.5% per month", [("1.5", "month")]),
        ("0,1 % за каждый день", [("0.1", "день")]),
        ("twelve percent per annum", [("12", "year")]),
        ("10 (десять) процентов годовых", [("10", "year")]),
        ("equal to one hundred percent", [("100", None)]),
        ("a percent of nothing", []),
        ("some percent of it", []),
    ],
)
def test_percentages(text: str, expected: list[tuple[str | None, str | None]]) -> None:
    found = [(mention.value, mention.per) for mention in find_percents(text)]
    assert found == [(v, "day" if p == "день" else p) for v, p in expected]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("interest of twelve per cent (12%) a year", "twelve per cent (12%)"),
        ("a fee of five percent ( 5% ) of sales", "five percent ( 5% )"),
        ("a discount of five percent (5%, at most)", "five percent (5%"),
        ("a share (12%) of it", "12%"),
    ],
)
def test_a_percentage_written_twice_ends_with_its_bracket(text: str, written: str) -> None:
    (mention,) = find_percents(text)
    assert text[mention.start : mention.end] == written


def test_a_percentage_in_words_begins_with_its_number() -> None:
    text = "equal to twenty-five percent of it"
    (mention,) = find_percents(text)
    assert text[mention.start : mention.end] == "twenty-five percent"


@given(st.decimals(0, 100, places=3))
def test_percentages_are_written_without_idle_zeros(value: Decimal) -> None:
    (mention,) = find_percents(f"a rate of {value}% applies")
    assert mention.value == plain(value)
