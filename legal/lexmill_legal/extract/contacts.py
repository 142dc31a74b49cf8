"""E-mail addresses, telephone numbers and postal addresses that a contract names."""

import re
from collections.abc import Iterator
from typing import Final

from lexmill_legal.extract.candidates import Candidate, one_line
from lexmill_legal.extract.reading import Reading
from lexmill_legal.values.scanning import matches, occurrences

_LOCAL: Final = re.compile(r"[A-Za-z0-9._%+'-]{1,64}\Z")
_DOMAIN: Final = re.compile(r"@((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24})\b")
_PHONE: Final = re.compile(
    r"(?P<label>\b(?:tel(?:ephone)?|phone|fax|facsimile|mobile|cell|тел(?:ефон)?|факс|моб)"
    r"(?:\.|\s?(?:no|number|№)\.?)?\s{0,3}[:.]?\s{0,3})"
    r"(?P<number>\+?\d[\d\s().–-]{6,22}\d)",
    re.IGNORECASE,
)
_PHONE_LABELS: Final = ("tel", "phone", "fax", "facsimile", "mobile", "cell", "тел", "факс", "моб")
_ADDRESS: Final = re.compile(
    r"\b(?:(?:principal|registered|executive|corporate|head|main)\s+"
    r"(?:place\s+of\s+business|offices?|address|executive\s+offices?)"
    r"(?:\s+(?:is\s+|are\s+)?(?:located\s+)?)?(?:at|in|of|is)|located\s+at|having\s+"
    r"(?:an\s+)?(?:address|offices?|its\s+address)\s+at"
    r"|with\s+(?:an\s+|its\s+)?(?:address|offices?)\s+(?:located\s+)?at"
    r"|whose\s+address\s+is|an\s+address\s+(?:at|of))"
    r"\s{1,4}(?P<address>(?:(?:Suite|Unit|Floor|One|Two|P\.?O\.?)\b|[A-Z]?\d)[^;()\"“”\n]{8,140}?)"
    r"(?=\s*(?:[;()\"“”]|\n\s*\n|,?\s+(?:and|hereinafter|a|an|as|on|by|the|which|who"
    r"|or|to|in|for|is)\s|\.\s|\Z))"
)
_ADDRESS_LABELS: Final = (
    "principal ", "registered ", "executive o", "corporate ", "head ", "main ", "located at",
    "having ", "with ", "whose address", "an address",
)  # fmt: skip
_US_TAIL: Final = re.compile(
    r"(?:\b\d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b)"
)
_RUSSIAN_ADDRESS: Final = re.compile(
    r"\b(?:(?:юридический|почтовый|фактический|место\s?нахождени[ея])(?:\s+и\s+"
    r"(?:почтовый|фактический))?(?:\s+адрес)?|адрес(?:\s+(?:регистрации"
    r"|места\s+нахождения|проживания))?"
    r"|зарегистрирован\w*\s+по\s+адресу|по\s+адресу)\s*:?\s*"
    r"(?P<address>(?:\d{6},?\s|(?:россия|рф|российская\s+федерация|г\."
    r"|город)\s?)[^;\n\"«»()]{10,160}?)"
    r"(?=\s*(?:[;\n\"«»()]|\.?\Z|[,.]?\s+(?:инн|огрн|кпп|тел|именуе|e-mail|р/с)))"
)


def find_contacts(reading: Reading) -> Iterator[Candidate]:
    yield from _emails(reading)
    yield from _phones(reading)
    yield from _addresses(reading)


def _emails(reading: Reading) -> Iterator[Candidate]:
    text = reading.text
    for position in occurrences(text, ("@",)):
        domain = _DOMAIN.match(text, position)
        offset = max(0, position - 64)
        local = _LOCAL.search(text[offset:position])
        if domain is None or local is None:
            continue
        start, end = offset + local.start(), domain.end()
        written = text[start:end].strip(".'")
        start += len(text[start:end]) - len(text[start:end].lstrip(".'"))
        if written.startswith("@"):
            continue
        yield Candidate(
            "email", "email.written", written, written.lower(), start, start + len(written)
        )


def _phones(reading: Reading) -> Iterator[Candidate]:
    for match in matches(_PHONE, reading.text, _PHONE_LABELS, searched=reading.lower):
        number = match["number"]
        digits = re.sub(r"\D", "", number)
        if not 7 <= len(digits) <= 15 or "\n\n" in number:
            continue
        kind = "fax" if re.match(r"fa[cx]|факс", match["label"].lower()) else "phone"
        normalized = f"+{digits}" if number.startswith("+") else None
        yield Candidate(
            "phone", "phone.labelled", one_line(number), normalized, *match.span("number"),
            attributes={"kind": kind},
        )  # fmt: skip


def _addresses(reading: Reading) -> Iterator[Candidate]:
    if reading.english:
        for match in matches(_ADDRESS, reading.text, _ADDRESS_LABELS, searched=reading.lower):
            start, end = match.span("address")
            tail = _US_TAIL.search(reading.text, start, min(len(reading.text), end + 60))
            if tail is not None:
                end = max(end, tail.end()) if tail.start() < end + 4 else end
            written = reading.text[start:end].rstrip(" ,.")
            if tail is None and written.count(",") < 2:
                continue
            yield _address(written, start, "address.located")
    if reading.russian:
        for match in _RUSSIAN_ADDRESS.finditer(reading.lower):
            start, end = match.span("address")
            yield _address(reading.text[start:end].rstrip(" ,."), start, "address.ru_labelled")


def _address(written: str, start: int, rule: str) -> Candidate:
    return Candidate("address", rule, one_line(written), None, start, start + len(written))
