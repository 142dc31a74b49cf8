"""Durations: "thirty (30) days", "two-year", "30 (тридцати) календарных дней".

Business days have no ISO 8601 form and two numbers that disagree have no value: None.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lexmill_legal.values.numerals import ENGLISH_WORDS, RUSSIAN_WORDS, plain, word_number
from lexmill_legal.values.scanning import has_cyrillic, word_starts

_LETTERS: Final = {
    "day": "D", "week": "W", "month": "M", "year": "Y",
    "д": "D", "н": "W", "м": "M", "г": "Y", "л": "Y",
}  # fmt: skip

_UNIT: Final = re.compile(
    r"(?:(day|week|month|year)s?|(?:день|дня|дней|недел[яиь]|неделю|месяц(?:а|ев)?|года?|лет))\b"
)
_STEMS: Final = (
    "day",
    "week",
    "month",
    "year",
    "день",
    "дня",
    "дней",
    "недел",
    "месяц",
    "год",
    "лет",
)
_ENGLISH_BEFORE: Final = re.compile(
    r"(?:\b(?P<word>(?:W)(?:(?:\s+and)?[\s-]{1,3}(?:W)){0,3})(?:\s?[-–]\s?)?\s*)?"
    r"(?:[(\[]\s?(?P<paren>[\w.½]{1,6})\s?[)\]]|(?<![\d.,$])(?P<num>\d{1,4}(?:\.\d{1,2})?))?"
    r"[\s-]{0,4}(?P<kind>(?:(?:full|consecutive|calendar|business|working|trading|banking"
    r"|additional|successive|contract|more)\s{1,3}){0,2})\Z".replace(
        "W", "|".join(sorted(ENGLISH_WORDS, key=len, reverse=True))
    )
)
_RUSSIAN_BEFORE: Final = re.compile(
    r"(?:(?<![\d.,])(?P<num>\d{1,4})[\s-]{0,3}(?:\(\s?(?P<paren>[а-яё\s-]{2,40})\s?\)\s{0,3})?"
    r"|\b(?P<word>(?:W)(?:\s+(?:W)){0,2})\s{1,3}(?:\(\s?(?P<digits>\d{1,4})\s?\)\s{0,3})?)"
    r"(?P<kind>(?:(?:полных|календарн\w{2,3}|рабоч\w{2,3}|банковск\w{2,3}|последующ\w{2,3})"
    r"\s{1,3}){0,2})\Z".replace("W", "|".join(sorted(RUSSIAN_WORDS, key=len, reverse=True)))
)
_NUMBER_AFTER: Final = re.compile(r"['’]?s?\s?\((\d{1,4})\)")
_BUSINESS: Final = ("business", "working", "trading", "banking", "рабоч", "банковск")
_REACH: Final = 72


@dataclass(frozen=True, slots=True)
class DurationMention:
    """A duration in the text; ``days`` is its rough length and only orders durations."""

    start: int
    end: int
    iso: str | None
    days: float
    business: bool = False


def find_durations(lower: str, *, limit: int = 5000) -> tuple[DurationMention, ...]:
    """All durations of a lower-cased text, in order."""
    found: list[DurationMention] = []
    stems = _STEMS if has_cyrillic(lower) else _STEMS[:4]
    for position in word_starts(lower, stems):
        unit = _UNIT.match(lower, position)
        mention = None if unit is None else _before(lower, unit)
        if mention is not None:
            found.append(mention)
            if len(found) >= limit:
                break
    return tuple(found)


def _before(lower: str, unit: re.Match[str]) -> DurationMention | None:
    offset = max(0, unit.start() - _REACH)
    english = unit.group(1) is not None
    grammar = _ENGLISH_BEFORE if english else _RUSSIAN_BEFORE
    match = grammar.search(lower[offset : unit.start()])
    if match is None:
        return None
    word, number, paren = match["word"], match["num"], match["paren"]
    if word is None and number is None and not (paren and paren.isdigit()):
        return None
    end = unit.end()
    readings = {_value(text) for text in (word, number, paren) if text}
    if not english and match["digits"]:
        readings.add(_value(match["digits"]))
    after = _NUMBER_AFTER.match(lower, end)
    if after is not None and word is not None and paren is None:
        readings.add(_value(after.group(1)))
        end = after.end()
    readings.discard(None)
    letter = _LETTERS[unit.group(1) or unit.group()[0]]
    business = any(mark in match["kind"] for mark in _BUSINESS)
    iso, days = _iso(readings, letter, business=business)
    return DurationMention(offset + match.start(), end, iso, days, business)


def _value(written: str) -> Decimal | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", written):
        return Decimal(written)
    number = word_number(written)
    return Decimal(number) if number is not None else None


_DAYS: Final = {"D": 1.0, "W": 7.0, "M": 30.4, "Y": 365.0}


def _iso(
    readings: "set[Decimal | None]", letter: str, *, business: bool
) -> tuple[str | None, float]:
    values = [value for value in readings if value is not None]
    if len(values) != 1 or not values[0]:
        return None, 0.0
    value = values[0]
    days = float(value) * _DAYS[letter]
    if business:
        return None, days
    if value == value.to_integral_value():
        return f"P{plain(value)}{letter}", days
    if letter == "Y" and value * 12 == (value * 12).to_integral_value():
        return f"P{plain(value * 12)}M", days
    return None, days
