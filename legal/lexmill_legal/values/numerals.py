"""Numbers as contracts write them: "1.250.000,00", "thirty (30)", "двадцати пяти".

A form that can be read in two ways has no value: None.
"""

import re
from decimal import Decimal
from typing import Final

_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")

NUMBER: Final = r"\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?:[.,]\d{1,4})?|\d{1,15}(?:[.,]\d{1,6})?"
"""A number with optional groups and fraction; the longest reading first."""

ENGLISH_WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100,
}  # fmt: skip

# Nominative and genitive, as "тридцать дней" and "в течение тридцати дней" write them.
RUSSIAN_WORDS: Final = {
    "один": 1, "одна": 1, "одно": 1, "одного": 1, "одной": 1, "два": 2, "две": 2, "двух": 2,
    "три": 3, "трех": 3, "трёх": 3, "четыре": 4, "четырех": 4, "четырёх": 4, "пять": 5,
    "пяти": 5, "шесть": 6, "шести": 6, "семь": 7, "семи": 7, "восемь": 8, "восьми": 8,
    "девять": 9, "девяти": 9, "десять": 10, "десяти": 10, "одиннадцать": 11,
    "одиннадцати": 11, "двенадцать": 12, "двенадцати": 12, "тринадцать": 13,
    "тринадцати": 13, "четырнадцать": 14, "четырнадцати": 14, "пятнадцать": 15,
    "пятнадцати": 15, "шестнадцать": 16, "шестнадцати": 16, "семнадцать": 17,
    "семнадцати": 17, "восемнадцать": 18, "восемнадцати": 18, "девятнадцать": 19,
    "девятнадцати": 19, "двадцать": 20, "двадцати": 20, "тридцать": 30, "тридцати": 30,
    "сорок": 40, "сорока": 40, "пятьдесят": 50, "пятидесяти": 50, "шестьдесят": 60,
    "шестидесяти": 60, "семьдесят": 70, "семидесяти": 70, "восемьдесят": 80,
    "восьмидесяти": 80, "девяносто": 90, "девяноста": 90, "сто": 100, "ста": 100,
    "двести": 200, "двухсот": 200, "триста": 300, "трехсот": 300, "трёхсот": 300,
}  # fmt: skip

NUMBER_WORDS: Final = ENGLISH_WORDS | RUSSIAN_WORDS
_FILLERS: Final = frozenset({"and", "и"})


def word_number(words: str) -> int | None:
    """The value of "one hundred eighty" or "ста восьмидесяти", at most 999; else None."""
    total = 0
    last = 1000
    for word in re.split(r"[\s-]+", words.strip().lower()):
        if word in _FILLERS:
            continue
        value = NUMBER_WORDS.get(word)
        if value is None:
            return None
        if value == 100 and 0 < total < 10:
            total, last = total * 100, 100
            continue
        if value >= last or (last < 20 and total):
            return None
        total, last = total + value, value
    return total or None


def decimal(written: str, *, comma_groups: bool) -> Decimal | None:
    """The value of a written number; ``comma_groups`` says that "1,500" means 1500 here.

    "1.500" may be one and a half or one and a half thousand: None.
    """
    digits = re.sub(r"[ '’\u00a0\u202f]", "", written)
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return _mixed(digits)
    if not dots and not commas:
        return Decimal(digits)
    mark = "." if dots else ","
    whole, _, tail = digits.partition(mark)
    if dots + commas > 1:
        return Decimal(digits.replace(mark, "")) if _GROUPED.fullmatch(digits) else None
    if len(tail) == 3 and len(whole) <= 3 and whole != "0":
        return Decimal(whole + tail) if mark == "," and comma_groups else None
    return Decimal(f"{whole}.{tail}")


def _mixed(digits: str) -> Decimal | None:
    mark = "." if digits.rfind(".") > digits.rfind(",") else ","
    whole, _, fraction = digits.rpartition(mark)
    if mark in whole or not _GROUPED.fullmatch(whole):
        return None
    return Decimal(f"{whole.replace('.', '').replace(',', '')}.{fraction}")


def plain(value: Decimal) -> str:
    """Without exponent and without idle zeros: "5", "0.125"."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
