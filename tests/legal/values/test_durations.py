import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.extract.reading import lowered
from lexmill_legal.values.durations import find_durations
from lexmill_legal.values.numerals import ENGLISH_WORDS, word_number

UNITS = {"day": "D", "week": "W", "month": "M", "year": "Y"}
WORDS = {number: word for word, number in ENGLISH_WORDS.items() if word != "fourty"}


def english(number: int) -> str:
    if number in WORDS and number != 100:
        return WORDS[number]
    if number >= 100:
        rest = number % 100
        return f"{WORDS[number // 100]} hundred" + (f" {english(rest)}" if rest else "")
    return f"{WORDS[number // 10 * 10]}-{WORDS[number % 10]}"


@given(st.integers(1, 999))
def test_number_words_are_read_back(number: int) -> None:
    assert word_number(english(number)) == number


@given(st.integers(2, 999), st.sampled_from(sorted(UNITS)), st.integers(0, 4))
def test_a_written_duration_is_read_as_iso(number: int, unit: str, form: int) -> None:
    word = english(number)
    written = (
        f"{word} ({number}) {unit}s",
        f"{number} {unit}s",
        f"{word} {unit}s",
        f"{number}-{unit}",
        f"{word} ({number}) calendar {unit}s",
    )[form]
    text = f"for a period of {written} after that"
    (mention,) = find_durations(lowered(text))
    assert mention.iso == f"P{number}{UNITS[unit]}"
    assert text[mention.start : mention.end] == written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thirty (60) days", [None]),  # two numbers that disagree
        ("ten (10) business days", [None]),  # no ISO form
        ("one (I) year", ["P1Y"]),  # a scan's one
        ("two years (2)", ["P2Y"]),
        ("0.5 year", ["P6M"]),
        ("1.5 years", ["P18M"]),
        ("30 (тридцати) календарных дней", ["P30D"]),
        ("30 (двадцати) дней", [None]),
        ("10 (десяти) рабочих дней", [None]),
        ("в течение двух лет", ["P2Y"]),
        ("на 1 (один) год", ["P1Y"]),
        ("шести месяцев", ["P6M"]),
        ("двадцать пять дней", ["P25D"]),
        ("each year and every day of the month", []),
        ("to-day, birthdays, yearly", []),
        ("$5 days", []),
    ],
)
def test_odd_and_false_durations(text: str, expected: list[str | None]) -> None:
    assert [mention.iso for mention in find_durations(lowered(text))] == expected
