"""Numbers that name a person or an account: by their label, by their shape, by their check digits.

A labelled number is taken even where its check fails: it may be a typing error, and is as secret.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from lexmill_legal.extract.identifiers import (
    find_identifiers,
    iban_is_valid,
    inn_is_valid,
    ogrn_is_valid,
)
from lexmill_legal.extract.reading import Reading
from lexmill_legal.redaction.mentions import Mention

_COMPANY_NUMBERS: Final = frozenset({"kpp", "okved"})
_ACCOUNTS: Final = {
    "iban": "IBAN",
    "account": "Bank account",
    "correspondent_account": "Correspondent account",
    "bik": "Bank code (BIK)",
    "bic": "Bank code (SWIFT/BIC)",
}
_IDS: Final = {"inn": "Tax number (ИНН)", "ogrn": "Registration number (ОГРН)",
               "snils": "Insurance number (СНИЛС)", "ein": "Employer number (EIN)",
               "okpo": "Statistics number (ОКПО)", "lei": "Legal entity identifier"}  # fmt: skip


def luhn_is_valid(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def aba_is_valid(digits: str) -> bool:
    """An American routing number."""
    return (
        len(digits) == 9
        and digits[:2] != "00"
        and sum(int(d) * w for d, w in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0
    )


def _card(written: str) -> bool:
    digits = _compact(written)
    known = digits[0] in "23456" and 13 <= len(digits) <= 19
    return known and luhn_is_valid(digits) and len(set(digits)) > 2


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _cpf(written: str) -> bool:
    digits = _compact(written)
    for length in (9, 10):
        total = _weighted(digits[:length], tuple(range(length + 1, 1, -1)))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


def _pesel(written: str) -> bool:
    digits = _compact(written)
    return (
        -_weighted(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10 == int(digits[10])
        and 1 <= int(digits[4:6]) <= 31
        and int(digits[2:4]) % 20 in range(1, 13)
    )


def _dni(written: str) -> bool:
    compact = _compact(written)
    first = {"X": "0", "Y": "1", "Z": "2"}.get(compact[0], compact[0])
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(first + compact[1:8]) % 23] == compact[8]


def _nir(written: str) -> bool:
    compact = _compact(written).replace("2A", "19", 1).replace("2B", "18", 1)
    return compact.isdigit() and 97 - int(compact[:13]) % 97 == int(compact[13:])


def _codice(written: str) -> bool:
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
           24, 23)  # fmt: skip
    total = 0
    for place, char in enumerate(written[:15]):
        value = int(char) if char.isdigit() else ord(char) - 65
        total += odd[value] if place % 2 == 0 else value
    return chr(65 + total % 26) == written[15]


def _chinese(written: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[_weighted(written[:17], weights) % 11] == written[17].upper()


def _swedish(written: str) -> bool:
    return luhn_is_valid(_compact(written)[-10:])


def _always(_written: str) -> bool:
    return True


def _compact(written: str) -> str:
    return "".join(char for char in written.upper() if char.isalnum())


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is told without any label; ``hint`` is a character that the text must have."""

    pattern: re.Pattern[str]
    kind: str
    reason: str
    is_valid: Callable[[str], bool] = _always


def _shape(
    pattern: str, kind: str, reason: str, is_valid: Callable[[str], bool] = _always
) -> _Shape:
    return _Shape(
        re.compile(rf"(?<![\w.,/-])(?:{pattern})(?![\w/]|[-.,]\d)"), kind, reason, is_valid
    )


_DATE_OF_BIRTH: Final = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s{1,3}(?:day\s+of\s+)?[A-Za-zА-Яа-яё]{3,9}\.?,?\s{1,3}\d{4}"
    r"|[A-Z][a-z]{2,8}\.?\s{1,3}\d{1,2}(?:st|nd|rd|th)?,?\s{1,3}\d{4}"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})"
)
_SHAPES: Final = (
    _shape(
        r"(?!000|666|9\d\d)\d{3}[-‐‑–](?!00)\d{2}[-‐‑–](?!0000)\d{4}",
        "identifier", "Social Security number",
    ),
    _shape(r"9\d{2}-[5-9]\d-\d{4}", "identifier", "Taxpayer number (ITIN)"),
    _shape(r"\d{2}-\d{7}", "identifier", "Employer number (EIN)"),
    _shape(
        r"(?:[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]",
        "identifier", "National Insurance number",
    ),
    _shape(r"\d{3}-\d{3}-\d{3}[ -]\d{2}", "identifier", "Insurance number (СНИЛС)"),
    _shape(r"\d{12}", "identifier", "Tax number (ИНН)", inn_is_valid),
    _shape(r"[34]\d{14}", "identifier", "Registration number (ОГРНИП)", ogrn_is_valid),
    _shape(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "identifier", "Taxpayer number (CPF)", _cpf),
    _shape(r"\d{8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]", "identifier", "National identity number", _dni),
    _shape(
        r"[12]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}",
        "identifier", "National identity number", _nir,
    ),
    _shape(
        r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]",
        "identifier", "Tax number (codice fiscale)", _codice,
    ),
    _shape(
        r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])\d{3}[\dX]",
        "identifier", "National identity number", _chinese,
    ),
    _shape(r"\d{11}", "identifier", "National identity number", _pesel),
    _shape(r"(?:19|20)?\d{6}[-+]\d{4}", "identifier", "National identity number", _swedish),
    _shape(
        r"[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{4}){2,7}(?:[ \u00a0]?[A-Z0-9]{1,3})?",
        "account", "IBAN", iban_is_valid,
    ),
    _shape(r"\d(?:[ \u00a0-]?\d){12,18}", "account", "Payment card", _card),
    _shape(
        r"[0-9]\d{4}[ .-]?\d{3}[ .-]?\d[ .-]?\d{4}[ .-]?\d{7}|\d{4}(?: \d{4}){4}",
        "account", "Bank account",
    ),
)  # fmt: skip

_GAP: Final = (
    r"(?:\s{0,4}\((?:last\s)?[^()\n]{1,30}\))?"
    r"\s{0,3}(?:(?:is|are|of|was|being|bearing|the\s+following)\s{1,3}){0,2}"
    r"(?:number|numbers|no|nos|num|nr|№|N|номер|#|code"
    r"|id)?[.:]?\s{0,3}[:=#№–—-]?\s{0,6}(?:is\s+)?[_ ]{0,4}"
)


def _labelled(labels: str, value: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<!\w)(?i:{labels})(?i:{_GAP})(?P<value>{value})(?!\w|[-.]\d)",
    )


_MIXED: Final = (
    r"(?=[A-Za-z0-9 -]{0,8}\d)[A-Z0-9](?:[A-Z0-9]|[ -](?=[A-Z0-9]*\d)){3,22}[A-Z0-9](?:["
    r" -][A-Z])?"
)
_DIGITS: Final = r"\d(?:[ \u00a0.-]?\d){4,20}"

_LABELS: Final = (
    (("social", "ssn", "ss#", "s.s.n"), _labelled(
        r"social\s+security|ss\s?#|ssn|s\.s\.n\.?", r"[\dXx*]{3}[ -]?[\dXx*]{2}[ -]?\d{4}"
    ), "identifier", "Social Security number"),
    (("passport",), _labelled(
        r"passports?(?:\s+card)?(?:\s*[,:]?\s+(?:series|issued\s+by[^,;\n]{2,60},?"
        r"|of\s+[^,;\n]{2,40},?))?",
        _MIXED,
    ), "identifier", "Passport"),
    (("паспорт",), _labelled(
        r"(?:загранич\w+\s+)?паспорт\w*(?:\s+(?:гражданина|гражданки)\s+(?:РФ|России"
        r"|Российской\s+Федерации)"
        r"|\s+РФ)?\s*[:,]?\s*(?:сери[яи])?",
        r"\d{2}\s?\d{2}\s{0,3},?\s{0,3}(?:(?:№|N|номер)\s{0,3})?:?\s{0,3}\d{6}"
        r"|\d{2}\s{0,2}(?:№|N|номер)?\s{0,2}\d{7}",
    ), "identifier", "Passport"),
    (("серия", "серии"), _labelled(
        r"сери[яи]", r"\d{2}\s?\d{2}\s{0,3},?\s{0,3}(?:(?:№|N|номер)\s{0,3}):?\s{0,3}\d{6}"
    ), "identifier", "Passport"),
    (("подразделени",), _labelled(
        r"код\s+подразделения|к/п", r"\d{3}\s?-\s?\d{3}"
    ), "identifier", "Passport authority"),
    (("driv", "licen", "dl"), _labelled(
        r"driver'?’?s?'?\s+licen[cs]es?|driving\s+licen[cs]es?|driver\s+licen[cs]e"
        r"|d\.?l\.?(?=\s*(?:#|no|№|:))",
        _MIXED,
    ), "identifier", "Driving licence"),
    (("водительск", "в/у"), _labelled(
        r"водительск\w+\s+удостоверени\w+"
        r"|в/у", r"\d{2}\s?(?:\d{2}|[А-ЯЁ]{2})\s{0,2}(?:№\s{0,2})?\d{6}"
    ), "identifier", "Driving licence"),
    (("tax", "tin", "vat", "taxpayer", "utr", "itin", "pan", "abn", "tfn", "steuer"), _labelled(
        r"tax(?:payer)?\s+(?:identification|id|i\.d\.|reference|registration|file)(?:\s+number)?"
        r"|unique\s+taxpayer\s+reference|utr|t\.?i\.?n\.?|itin|vat(?:\s+registration)?|pan|tfn"
        r"|abn"
        r"|steuer-?(?:id(?:entifikationsnummer)?|nummer|nr)",
        _MIXED,
    ), "identifier", "Tax number"),
    (("ein", "fein", "employer"), _labelled(
        r"f?ein|employer\s+(?:identification|id)|federal\s+(?:tax\s+)?id(?:entification)?",
        r"\d{2}[- ]?\d{7}",
    ), "identifier", "Employer number (EIN)"),
    (("national", "identity", "identification", "personal", "nric", "aadhaar", "nhs", "insurance",
      "bsn", "sin", "curp", "ni ", "nino", "id ", "id:", "immigration", "alien", "military",
      "nif", "dni", "nie", "pesel", "cpf", "rut", "medicare", "resident", "visa"), _labelled(
        r"national\s+(?:identity|identification|id|insurance)(?:\s+card)?|identity\s+(?:card"
        r"|document)"
        r"|(?:personal|government|state|employee|student|patient|alien\s+registration)\s+"
        r"(?:id(?:entification)?|identity|number|code|card)|identification\s+(?:card|document"
        r"|number)"
        r"|id\s+(?:card|document)|nric|aadhaar|nhs|insurance\s+(?:policy\s+)?(?=n)|bsn|sin|curp"
        r"|nino?|nif|dni|nie|pesel|cpf|rut|medicare|residence\s+permit|visa|medical\s+record"
        r"|(?:gov(?:ernmen)?t\.?\s+)?id(?=\s*(?:no|number|#|№|:))",
        _MIXED,
    ), "identifier", "National identity number"),
    (("инн",), _labelled(
        r"инн(?:\s?/\s?кпп)?", r"\d{12}|\d{10}"
    ), "identifier", "Tax number (ИНН)"),
    (("огрн",), _labelled(
        r"огрн(?:ип)?", r"\d{15}|\d{13}"
    ), "identifier", "Registration number (ОГРН)"),
    (("снилс", "страхово"), _labelled(
        r"снилс|страхово\w+\s+(?:свидетельств\w+"
        r"|номер\w*)", r"\d{3}[ -]?\d{3}[ -]?\d{3}[ -]?\d{2}"
    ), "identifier", "Insurance number (СНИЛС)"),
    (("born", "birth", "dob", "рожд"), _labelled(
        r"born(?:\s+on)?|dates?\s+of\s+birth|d\.?o\.?b\.?|birth\s?date|дата\s+рождения"
        r"|родил\w+|д\.р\.",
        _DATE_OF_BIRTH,
    ), "identifier", "Date of birth"),
    (("рожд",), re.compile(
        rf"(?P<value>{_DATE_OF_BIRTH})(?=\s{{0,3}}(?:г\.?|года)?\s?(?:г\.\s?)?рожд"
        rf"|\s{{0,2}}г\.\s?р\.)"
    ), "identifier", "Date of birth"),
    (("account", "acct", "a/c", "iban"), _labelled(
        r"(?:bank\s+|checking\s+|savings\s+|deposit\s+|current\s+|beneficiary(?:'s)?\s+"
        r"|customer\s+)?"
        r"(?:account|acct|a/c)s?\.?(?:\s+(?:number|no\.?))?|iban",
        r"(?=[A-Z0-9 -]{0,10}\d)[A-Z0-9]{1,4}(?:[ \u00a0-]?[A-Z0-9]{1,4}){1,9}(?<=\d)|\d(?:["
        r" -]?\d){4,20}",
    ), "account", "Bank account"),
    (("routing", "aba", "rtn", "transit", "bsb", "sort", "ifsc", "clabe", "blz", "wire"), _labelled(
        r"(?:bank\s+|wire\s+|ach\s+)?routing(?:\s+transit)?|aba(?:\s+routing)?|rtn|transit|bsb"
        r"|sort(?:ing)?(?:\s+code)?"
        r"|ifsc|clabe|blz|bankleitzahl|institution",
        r"[A-Z]{4}0[A-Z0-9]{6}|\d{2}[- ]\d{2}[- ]\d{2}|\d{3}[- ]\d{3}|\d(?:[ -]?\d){4,17}",
    ), "account", "Bank code"),
    (("swift", "bic"), _labelled(
        r"swift(?:\s*[/-]\s*bic|\s+bic)?|bic", r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?"
    ), "account", "Bank code (SWIFT/BIC)"),
    (("card", "visa", "mastercard", "amex", "карт"), _labelled(
        r"(?:credit|debit|payment|bank)\s+card|card|visa|mastercard|american\s+express|amex"
        r"|(?:банковск\w+\s+)?карт[аыеу]",
        r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|\d{4}[ -]?\d{6}[ -]?\d{5}",
    ), "account", "Payment card"),
    (("сч", "р/с", "к/с", "л/с"), _labelled(
        r"(?:расч[её]тн\w+|лицев\w+|корреспондентск\w+|корр\.?|кор\.?|банковск\w+)?\s?сч[её]т\w*"
        r"|р\s?/\s?сч?\.?|к\s?/\s?сч?\.?|л\s?/\s?сч?\.?|счета",
        r"\d{5}[ .-]?\d{3}[ .-]?\d[ .-]?\d{4}[ .-]?\d{7}|\d{20}|\d{4}(?: \d{4}){4}",
    ), "account", "Bank account"),
    (("бик",), _labelled(r"бик", r"\d{9}"), "account", "Bank code (BIK)"),
)  # fmt: skip


def find_numbers(reading: Reading) -> Iterator[Mention]:
    text, lower = reading.text, reading.lower
    for found in find_identifiers(reading):
        kind = found.attributes.get("kind", "")
        if kind in _COMPANY_NUMBERS or found.start is None or found.end is None:
            continue
        if kind in _ACCOUNTS:
            yield _mention(text, found.start, found.end, "account", _ACCOUNTS[kind])
        else:
            reason = _IDS.get(kind, "Registration number")
            yield _mention(text, found.start, found.end, "identifier", reason)
    for shape in _SHAPES:
        for match in shape.pattern.finditer(text):
            if shape.is_valid(match.group()):
                yield _mention(text, *match.span(), shape.kind, shape.reason)
    for needles, pattern, kind, reason in _LABELS:
        if any(needle in lower for needle in needles):
            for match in pattern.finditer(text):
                yield _mention(text, *match.span("value"), kind, reason)


def _mention(text: str, start: int, end: int, kind: str, reason: str) -> Mention:
    written = " ".join(text[start:end].split())
    return Mention(start, end, kind, reason, _compact(written), written)
