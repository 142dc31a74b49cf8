"""What a number in front of a clause counts: "IV" is four, "(c)" three, "3.2" three and two."""

import re
from typing import Final

_ROMAN: Final = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_WORDS: Final = {
    word: number
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        1,
    )
}
# Russian lists leave out ё, й, ъ, ы, ь and often з is 8 or 7 for it: both orders count from а.
_CYRILLIC: Final = "абвгдежзиклмнопрстуфхцчшщэюя"


def roman(written: str) -> int | None:
    if not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written.lower()]
    total = 0
    for value, following in zip(values, [*values[1:], 0], strict=True):
        total += -value if value < following else value
    return total


def letter(written: str) -> int | None:
    """A is 1, z is 26, aa is 27; а is 1."""
    lower = written.lower()
    if len(set(lower)) != 1 or len(lower) > 2:
        return None
    if "a" <= lower[0] <= "z":
        return ord(lower[0]) - 96 + 26 * (len(lower) - 1)
    return _CYRILLIC.find(lower) + 1 or None if len(lower) == 1 else None


def word(written: str) -> int | None:
    return _WORDS.get(written.lower())
