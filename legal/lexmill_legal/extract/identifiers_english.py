"""Numbers by which registers and banks know a company, as English contracts write them.

LEI, ABN, routing numbers and British and German VAT numbers carry a check digit: one that fails is
kept and marked. Registration numbers prove nothing by themselves; their label says what they are.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lexmill_legal.values.scanning import matches

_NUMBER: Final = r"\s?(?:n(?:umber|o\.?|r\.?|°)|№|#|code)?\s?[:.]?\s{0,3}"
_LEI: Final = re.compile(
    rf"(?:LEI|Legal\s+Entity\s+Identifier(?:\s?\(LEI\))?){_NUMBER}(?P<digits>[A-Z0-9]{{18}}\d\d)\b",
    re.IGNORECASE,
)
_VAT: Final = re.compile(
    rf"VAT(?:\s(?:registration|registered|identification|reg\.?|id\.?))?{_NUMBER}"
    r"(?P<digits>(?:[A-Z]{2}[ -]?)?\d[\dA-Z]{0,3}(?:[ .-]?[\dA-Z]{2,9}){1,4})\b",
    re.IGNORECASE,
)
_ABN: Final = re.compile(
    rf"(?:ABN|A\.B\.N\.|Australian\s+Business\s+Number){_NUMBER}"
    r"(?P<digits>\d\d\s?\d{3}\s?\d{3}\s?\d{3})\b",
    re.IGNORECASE,
)
_ROUTING: Final = re.compile(
    rf"(?:ABA|routing)(?:\s(?:routing|transit|transfer|and))*{_NUMBER}(?P<digits>\d{{9}})\b",
    re.IGNORECASE,
)
_REGISTERED: Final = re.compile(
    r"(?:company|registered|registration|corporate|corporation|commercial\s+regist(?:er|ry|ration)"
    r"|incorporation|business\s+licen[cs]e|entity)"
    r"(?:\s(?:registered|registration|identification|identity|company|id))?"
    r"\s(?:n(?:umber|o\.?|r\.?|°)|№|#)(?:\s(?:is|of))?\s?[:.]?\s{0,3}"
    r"(?P<digits>(?:[A-Z]{1,4}[ .-]?)?\d[\d]{2,}(?:[/.-]\d{2,7}){0,3}(?:[A-Z](?![a-z]))?)(?![\w%])",
    re.IGNORECASE,
)
_REGISTERED_WORDS: Final = (
    "company", "registered", "registration", "corporate", "corporation", "commercial",
    "incorporation", "business lic", "entity",
)  # fmt: skip
_ABN_WEIGHTS: Final = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
_GERMAN_VAT: Final = 9
_BRITISH_VAT: Final = 9


@dataclass(frozen=True, slots=True)
class Number:
    """``valid`` is None where nothing in the number can prove it."""

    kind: str
    start: int
    end: int
    valid: bool | None


def find_numbers(text: str, lower: str) -> Iterator[Number]:
    """Each number once, as the most special kind that its label allows."""
    seen: set[int] = set()
    for kind, pattern, words, check in _KINDS:
        for match in matches(pattern, text, words, searched=lower):
            start, end = match.span("digits")
            if start not in seen:
                seen.add(start)
                valid = None if check is None else check(match["digits"].upper())
                yield Number(kind, start, end, valid)


def lei_is_valid(written: str) -> bool:
    """ISO 17442: the whole, letters as numbers from ten, leaves one over 97."""
    return int("".join(str(int(letter, 36)) for letter in written)) % 97 == 1


def abn_is_valid(written: str) -> bool:
    digits = [int(digit) for digit in written if digit.isdigit()]
    digits[0] -= 1
    return sum(d * w for d, w in zip(digits, _ABN_WEIGHTS, strict=True)) % 89 == 0


def routing_is_valid(written: str) -> bool:
    weights = (3, 7, 1) * 3
    return (
        sum(int(digit) * weight for digit, weight in zip(written, weights, strict=True)) % 10 == 0
        and written != "0" * 9
    )


def vat_is_valid(written: str) -> bool | None:
    """Of British and German numbers, which say by two letters whose they are."""
    compact = re.sub(r"[ .-]", "", written).upper()
    country, digits = compact[:2], compact[2:]
    if not digits.isdigit():
        return None
    if country == "GB" and len(digits) == _BRITISH_VAT:
        total = sum(int(d) * w for d, w in zip(digits, range(8, 1, -1), strict=False))
        return (total + int(digits[7:])) % 97 in {0, 42}  # newer numbers are 55 further
    if country == "DE" and len(digits) == _GERMAN_VAT:
        product = 10
        for digit in digits[:-1]:
            product = 2 * ((int(digit) + product) % 10 or 10) % 11
        return (11 - product) % 10 == int(digits[-1])
    return None


_KINDS: Final[
    tuple[tuple[str, re.Pattern[str], tuple[str, ...], Callable[[str], bool | None] | None], ...]
] = (
    ("lei", _LEI, ("lei", "legal entity"), lei_is_valid),
    ("vat", _VAT, ("vat",), vat_is_valid),
    ("abn", _ABN, ("abn", "a.b.n", "australian business"), abn_is_valid),
    ("routing_number", _ROUTING, ("aba", "routing"), routing_is_valid),
    ("registration_number", _REGISTERED, _REGISTERED_WORDS, None),
)
