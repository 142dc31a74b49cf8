"""The date grammar: calendar dates as English and Russian contracts write them.

03/04/2024 is two different days: such a mention is kept as written and has no ISO form.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from lexmill_legal.values.scanning import has_cyrillic, word_starts

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan января", "february feb февраля", "march mar марта",
            "april apr апреля", "may мая", "june jun июня", "july jul июля",
            "august aug августа", "september sept sep сентября", "october oct октября",
            "november nov ноября", "december dec декабря",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip

_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "twenty-first": 21, "twenty-second": 22,
    "twenty-third": 23, "twenty-fourth": 24, "twenty-fifth": 25, "twenty-sixth": 26,
    "twenty-seventh": 27, "twenty-eighth": 28, "twenty-ninth": 29, "thirtieth": 30,
    "thirty-first": 31,
}  # fmt: skip

# Scans and justified PDFs tear years and suffixes apart: "2 0 1 9", "20t h".
_YEAR: Final = r"(?:19|20)\d\d|2 ?0 ?[0-4] ?\d|1 ?9 ?[4-9] ?\d"
_SUFFIX: Final = r"(?:\s?(?:st|nd|rd|th|s t|n d|r d|t h)\b)?"

_MONTH: Final = re.compile(
    r"(?:january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug"
    r"|september|sept|sep|october|oct|november|nov|december|dec"
    r"|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)\b"
)
# Plain substring search for these is twenty times as fast as the pattern.
_STEMS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    "янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек",
)  # fmt: skip
_DAY_YEAR: Final = re.compile(
    rf"\.?\s{{0,12}}(\d{{1,2}}){_SUFFIX}\s{{0,3}}[,.]?\s{{0,12}}(?:of\s+)?({_YEAR})\b"
)
_YEAR_AFTER: Final = re.compile(
    rf"\.?\s{{0,3}}[,-]?\s{{0,12}}(?:day\s+of\s+|of\s+|in\s+the\s+year\s+(?:of\s+)?)?({_YEAR})\b"
    r"(?:\s?(?:года|г\b)\.?)?"
)
_DAY_BEFORE: Final = re.compile(
    r"(?:[«\"“„”‟]\s?)?(?:(?<!\d)(\d{1,2})|\b("
    + "|".join(sorted(_ORDINALS, key=len, reverse=True))
    + r"))(?:\s?\(\d{1,2}(?:st|nd|rd|th)?\))?"
    + _SUFFIX
    + r"\s?[»\"”“]?[\s-]{0,12}(?:day\s{1,12})?(?:of\s{1,12})?(?:the\s+month\s+of\s+)?\Z"
)
_NUMERIC: Final = re.compile(
    r"(\d(?<![0-9.,/№-]\d)\d{0,3})(\s?[./-]\s?)(\d{1,2})\2(\d{4}|\d{2})(?!\d|[./-]\d)"
    r"(?:\s?(?:года|г\b)\.?)?"
)


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date in the text; ``iso`` is None where the writing allows two readings or no day."""

    start: int
    end: int
    iso: str | None
    whole: bool = True
    """False for a month and a year alone."""


def find_dates(lower: str, *, limit: int = 5000) -> tuple[DateMention, ...]:
    """All dates of a lower-cased text, in order, without overlaps."""
    found: list[DateMention] = []
    stems = _STEMS if has_cyrillic(lower) else _STEMS[:12]
    for position in word_starts(lower, stems):
        month = _MONTH.match(lower, position)
        mention = None if month is None else _around_month(lower, month)
        if mention is not None and (not found or mention.start >= found[-1].end):
            found.append(mention)
            if len(found) >= limit:
                break
    found.extend(_numeric(lower, limit))
    found.sort(key=lambda mention: mention.start)
    return tuple(found)


def iso_date(year: int, month: int, day: int) -> str | None:
    try:
        return dt.date(year, month, day).isoformat()
    except ValueError:
        return None


def _around_month(lower: str, month: re.Match[str]) -> DateMention | None:
    number = _MONTHS[month.group()]
    after = _DAY_YEAR.match(lower, month.end())
    if after is not None:
        iso = iso_date(_year(after.group(2)), number, int(after.group(1)))
        return DateMention(month.start(), after.end(), iso) if iso else None
    after = _YEAR_AFTER.match(lower, month.end())
    if after is None:
        return None
    offset = max(0, month.start() - 48)
    before = _DAY_BEFORE.search(lower[offset : month.start()])
    if before is None:
        return DateMention(month.start(), after.end(), None, whole=False)
    day = int(before.group(1)) if before.group(1) else _ORDINALS[before.group(2)]
    iso = iso_date(_year(after.group(1)), number, day)
    return DateMention(offset + before.start(), after.end(), iso) if iso else None


def _year(written: str) -> int:
    return int(written.replace(" ", ""))


def _numeric(lower: str, limit: int) -> list[DateMention]:
    """Dates in digits; 5/14/12 beside them says that 3/4/12 is a day in March, too."""
    found: list[tuple[int, int, _Readings]] = []
    for match in _NUMERIC.finditer(lower):
        readings = _readings(match) if len(match.group(1)) != 3 else _NO_READINGS
        if readings.isos:
            found.append((match.start(), match.end(), readings))
            if len(found) >= limit:
                break
    # The stamp that a filing system put on each page shows its habit, not the parties'.
    decided = {
        readings.month_is_first
        for start, _, readings in found
        if "source:" not in lower[max(0, start - 90) : start]
    }
    habit = decided - {None}
    month_is_first = habit.pop() if len(habit) == 1 else None
    return [
        DateMention(start, end, readings.iso(month_is_first=month_is_first))
        for start, end, readings in found
    ]


@dataclass(frozen=True, slots=True)
class _Readings:
    """The days that three numbers can mean, by which of them is the month."""

    month_first: str | None = None
    day_first: str | None = None
    slashed: bool = False

    @property
    def isos(self) -> set[str]:
        return {iso for iso in (self.month_first, self.day_first) if iso}

    @property
    def month_is_first(self) -> bool | None:
        """What this date shows of its writer's habit."""
        if not self.slashed or len(self.isos) != 1 or self.month_first == self.day_first:
            return None
        return self.month_first is not None

    def iso(self, *, month_is_first: bool | None) -> str | None:
        if len(self.isos) == 1:
            return next(iter(self.isos))
        if month_is_first is None:
            return None
        return self.month_first if month_is_first else self.day_first


_NO_READINGS: Final = _Readings()


def _readings(match: re.Match[str]) -> _Readings:
    first, mark, second, third = match.groups()
    mark = mark.strip()
    if len(first) == 4:
        if len(third) == 4 or int(first) not in range(1900, 2100):
            return _NO_READINGS
        return _Readings(day_first=iso_date(int(first), int(second), int(third)))
    if len(third) == 2 and (mark == "." and len(first) < 2):
        return _NO_READINGS  # "1.2.10" is a section
    year = int(third) if len(third) == 4 else int(third) + (2000 if int(third) < 50 else 1900)
    if year not in range(1900, 2100):
        return _NO_READINGS
    day_first = iso_date(year, int(second), int(first))
    if mark == ".":  # only day first is written with full stops
        return _Readings(day_first=day_first)
    return _Readings(iso_date(year, int(first), int(second)), day_first, slashed=True)
