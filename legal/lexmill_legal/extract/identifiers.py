"""Numbers that prove themselves: Russian tax and bank numbers, IBAN, EIN, LEI.

A number whose check digit fails is kept, marked and never firm: it may be a typing error.
"""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.scanning import matches

_RUSSIAN: Final = re.compile(
    r"\b(?P<kind>инн(?:\s?/\s?кпп)?|кпп|огрнип|огрн|бик|снилс|р"
    r"(?:асч[её]тный)?\s?[/.]?\s?с(?:ч[её]т)?"
    r"|к(?:орр(?:еспондентский)?)?\.?\s?[/.]?\s?с(?:ч[её]т)?|окпо|оквэд)\.?\s{0,3}[:№=–-]?\s{0,3}"
    r"(?P<digits>\d[\d -]{7,26}\d)(?:\s?/\s?(?P<second>\d{9}))?"
)
_LABELS: Final = (
    "инн",
    "кпп",
    "огрн",
    "бик",
    "снилс",
    "р/с",
    "р/сч",
    "расч",
    "к/с",
    "корр",
    "окпо",
)
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b")
_EIN: Final = re.compile(
    r"\b(?:EIN|Employer\s+Identification\s+N(?:o|umber)\.?|"
    r"(?:Federal\s+)?Tax\s+I\.?D\.?(?:\s+N(?:o|umber)\.?)?|FEIN)"
    r"\s{0,3}[:#]?\s{0,3}(\d{2}-\d{7})\b",
    re.IGNORECASE,
)
_EIN_LABELS: Final = ("EIN", "FEIN", "Employer I", "Federal T", "Tax I", "EMPLOYER I", "TAX I")
_SWIFT: Final = re.compile(
    r"\b(?:SWIFT|BIC)(?:\s?(?:code|/BIC))?\s{0,3}[:#]?\s{0,3}"
    r"([A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b"
)
_INN_10: Final = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_11: Final = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12: Final = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def inn_is_valid(digits: str) -> bool:
    numbers = [int(digit) for digit in digits]
    if len(numbers) == 10:
        return _weighted(numbers, _INN_10) == numbers[9]
    return (
        len(numbers) == 12
        and _weighted(numbers, _INN_11) == numbers[10]
        and _weighted(numbers, _INN_12) == numbers[11]
    )


def _weighted(numbers: list[int], weights: tuple[int, ...]) -> int:
    total = sum(number * weight for number, weight in zip(numbers, weights, strict=False))
    return total % 11 % 10


def ogrn_is_valid(digits: str) -> bool:
    if len(digits) == 13:
        return int(digits[:12]) % 11 % 10 == int(digits[12])
    return len(digits) == 15 and int(digits[:14]) % 13 % 10 == int(digits[14])


def snils_is_valid(digits: str) -> bool:
    if len(digits) != 11:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=False))
    return total % 101 % 100 == int(digits[9:])


def account_is_valid(account: str, bik: str, *, correspondent: bool) -> bool:
    """The control key of a Russian account under its bank's BIK."""
    if len(account) != 20 or len(bik) != 9:
        return False
    prefix = "0" + bik[4:6] if correspondent else bik[6:9]
    weights = (7, 1, 3) * 8
    digits = prefix + account
    return sum(int(d) * w % 10 for d, w in zip(digits, weights, strict=False)) % 10 == 0


def iban_is_valid(written: str) -> bool:
    compact = re.sub(r"\s", "", written)
    if not 15 <= len(compact) <= 34:
        return False
    moved = compact[4:] + compact[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1


def find_identifiers(reading: Reading) -> Iterator[Candidate]:
    if any(label in reading.lower for label in _LABELS):
        yield from _russian(reading)
    for match in _IBAN.finditer(reading.text) if "iban" in reading.lower else ():
        if iban_is_valid(match.group()):
            compact = re.sub(r"\s", "", match.group())
            yield _found("iban", match.group(), compact, *match.span(), valid=True)
    for match in matches(_EIN, reading.text, _EIN_LABELS):
        yield _found("ein", match.group(1), match.group(1), *match.span(1), valid=None)
    for match in matches(_SWIFT, reading.text, ("SWIFT", "BIC")):
        yield _found("bic", match.group(1), match.group(1), *match.span(1), valid=None)
    if reading.english:
        for number in reading.numbers:
            written = reading.text[number.start : number.end]
            compact = re.sub(r"[\s]", "", written).upper()
            yield _found(
                number.kind, written, compact, number.start, number.end, valid=number.valid
            )


def _russian(reading: Reading) -> Iterator[Candidate]:
    biks: list[tuple[int, str]] = []
    accounts: list[tuple[str, str, int, int]] = []
    for match in _RUSSIAN.finditer(reading.lower):
        kind = _kind(match["kind"])
        written = match["digits"]
        digits = re.sub(r"[ -]", "", written)
        start, end = match.span("digits")
        if kind in {"account", "correspondent_account"}:
            if len(digits) == 20:
                accounts.append((kind, digits, start, end))
            continue
        valid = _valid(kind, digits)
        if valid is None:
            continue
        if kind == "bik":
            biks.append((start, digits))
        yield _found(kind, written, digits, start, end, valid=valid)
        if match["second"]:
            second = match["second"]
            yield _found("kpp", second, second, *match.span("second"), valid=None)
    for kind, digits, start, end in accounts:
        near = min(biks, key=lambda bik: abs(bik[0] - start), default=None)
        valid = None
        if near is not None and abs(near[0] - start) < 600:
            valid = account_is_valid(digits, near[1], correspondent=kind == "correspondent_account")
        yield _found(kind, reading.text[start:end], digits, start, end, valid=valid)


def _kind(label: str) -> str:
    compact = label.replace(" ", "").replace(".", "")
    if compact.startswith("инн"):
        return "inn"
    for stem, kind in (
        ("кпп", "kpp"), ("огрн", "ogrn"), ("бик", "bik"), ("снилс", "snils"), ("окпо", "okpo"),
        ("окв", "okved"), ("к", "correspondent_account"),
    ):  # fmt: skip
        if compact.startswith(stem):
            return kind
    return "account"


def _valid(kind: str, digits: str) -> bool | None:
    """None: the length is impossible, this is some other number."""
    lengths = {"inn": (10, 12), "kpp": (9,), "ogrn": (13, 15), "bik": (9,), "snils": (11,),
               "okpo": (8, 10)}  # fmt: skip
    if len(digits) not in lengths.get(kind, ()):
        return None
    match kind:
        case "inn":
            return inn_is_valid(digits)
        case "ogrn":
            return ogrn_is_valid(digits)
        case "snils":
            return snils_is_valid(digits)
        case "bik":
            return digits.startswith("0")
        case _:
            return True


def _found(
    kind: str, written: str, digits: str, start: int, end: int, *, valid: bool | None
) -> Candidate:
    attributes = {"kind": kind}
    if valid is not None and kind not in {"kpp", "okpo", "bik"}:
        attributes["checksum"] = "valid" if valid else "failed"
    rule = "identifier.checked" if valid else "identifier.labelled"
    rule = "identifier.failed" if valid is False else rule
    return Candidate(
        "identifier", rule, " ".join(written.split()), digits, start, end, attributes=attributes
    )
