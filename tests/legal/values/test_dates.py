import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.extract.reading import lowered
from lexmill_legal.values.calendars import minus, plus
from lexmill_legal.values.dates import find_dates

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
GENITIVES = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
    "октября", "ноября", "декабря",
)  # fmt: skip
DAYS = st.dates(min_value=dt.date(1950, 1, 1), max_value=dt.date(2049, 12, 31))


def isos(text: str) -> list[str | None]:
    return [mention.iso for mention in find_dates(lowered(text))]


@given(
    DAYS,
    st.sampled_from(
        [
            lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
            lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
            lambda d: f"{d.day}th day of {MONTHS[d.month - 1]}, {d.year}",
            lambda d: f"{MONTHS[d.month - 1].upper()}  {d.day} , {d.year}",
            lambda d: f"{MONTHS[d.month - 1][:3]}. {d.day}, {d.year}",
            lambda d: f"«{d.day:02}» {GENITIVES[d.month - 1]} {d.year} г.",
            lambda d: f"{d.day} {GENITIVES[d.month - 1]} {d.year} года",
            lambda d: f"{d.day:02}.{d.month:02}.{d.year}",
            lambda d: d.isoformat(),
        ]
    ),
)
def test_a_written_day_is_read_as_that_day(day: dt.date, form: "object") -> None:
    assert callable(form)
    written = form(day)
    text = f"signed on {written} by both"
    (mention,) = find_dates(lowered(text))
    assert mention.iso == day.isoformat()
    assert text[mention.start : mention.end] in {written, written.strip("."), written.rstrip()}


@given(DAYS)
def test_slashes_are_read_only_where_one_reading_is_a_day(day: dt.date) -> None:
    (american,) = find_dates(f"{day.month}/{day.day}/{day.year}")
    decided = day.day > 12 or day.day == day.month
    assert american.iso == (day.isoformat() if decided else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03/04/2024", [None]),
        ("12-23-2019", ["2019-12-23"]),
        ("the 20t h day of May 2 0 1 9", ["2019-05-20"]),
        ("the first day of June, 2011", ["2011-06-01"]),
        ("as of1 August 2019", ["2019-08-01"]),
        ("March 2012", [None]),
        ("February 30, 2024", []),
        ("____ day of ____ 2019", []),
        ("«__» ________ 2024 г.", []),
        ("section 1.2.10 and 10.1.2 and version 1.2.3", []),
        ("tel. 12-34-56-78, no. 1/2/3/4", []),
        ("it may 5 times occur", []),
    ],
)
def test_odd_and_false_dates(text: str, expected: list[str | None]) -> None:
    assert isos(text) == expected


@given(DAYS, st.integers(1, 400), st.sampled_from("DWM"))
def test_adding_and_taking_away_never_leaves_the_calendar(
    day: dt.date, count: int, unit: str
) -> None:
    later = plus(day.isoformat(), f"P{count}{unit}")
    assert later is not None
    assert dt.date.fromisoformat(later) > day
    if unit in "DW":
        assert minus(later, f"P{count}{unit}") == day.isoformat()


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2023-11-30", "P3M", "2024-02-29"),
        ("2024-12-31", "P6M", "2025-06-30"),
        ("9999-12-31", "P1D", None),
        ("2024-01-01", "P1Y6M", None),
    ],
)
def test_short_months_end_on_their_last_day(start: str, duration: str, end: str | None) -> None:
    assert plus(start, duration) == end
