"""Labelled contracts as CUAD writes them, and what counts as their right answer.

A label is compared by its meaning: a date as a day, a law as a set of places, a name by its words.
What the label itself leaves open (``[]`` where the contract was redacted, a law that names no
place) has no right answer; such a contract is left out of that field's recall, and a firm value
there counts as wrong unless it agrees with what is left of the label.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lexmill_legal.values.gazetteer import country, find_places

FOLDS: Final = 5

CATEGORIES: Final = {
    "document_name": "Document Name",
    "party": "Parties",
    "agreement_date": "Agreement Date",
    "effective_date": "Effective Date",
    "expiration_date": "Expiration Date",
    "governing_law": "Governing Law",
}
FIELDS: Final = tuple(CATEGORIES)
"""The fields that CUAD labels with a value."""

_COMPANY: Final = re.compile(r"[_\- ]")
_DATE: Final = re.compile(r"([\d\[\]*_ ]{1,4})/([\d\[\]*_ ]{1,4})/([\d\[\]*_ ]{2,5})")
_DEFINED: Final = re.compile(r"\([^()]*\)")
_ALIAS: Final = re.compile(r"[\"“”]([^\"“”]+)[\"“”]")
_COLLECTIVE: Final = re.compile(r"\bpart(?:y|ies)\b|\bcollectively\b|\btogether\b", re.IGNORECASE)
_NO_NAME: Final = re.compile(r"\bparties\b|\bparty\b|X{5}", re.IGNORECASE)
_QUOTE: Final = re.compile(r"[\"“”]")
_AND: Final = re.compile(r"^(?:and|AND|&)\s+")
_TOGETHER: Final = re.compile(
    r",?\s+(?:together with|(?:and|including) (?:all of )?(?:its|his)|and/or certain"
    r"|on behalf of|acting)\b"
)
_JOINED: Final = re.compile(r",?\s+and\s+|,\s+(?!inc|llc|l\.|ltd|corp|co\b|s\.|n\.)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contract:
    """One labelled contract; ``answers`` holds the value of a field as the label writes it."""

    file: str
    text: str
    answers: dict[str, str]
    quotes: dict[str, tuple[str, ...]]


def read_contracts(compressed: bytes) -> Iterator[Contract]:
    """The contracts of a gzipped file with one JSON object a line."""
    for line in gzip.decompress(compressed).decode().splitlines():
        row = json.loads(line)
        text = row["text"]
        yield Contract(
            file=row["file"],
            text=text,
            answers={
                field: row["answers"][category]
                for field, category in CATEGORIES.items()
                if row["answers"].get(category)
            },
            quotes={
                field: tuple(
                    text[start:end] for name, start, end in row["spans"] if name == category
                )
                for field, category in CATEGORIES.items()
            },
        )


def company_of(file: str) -> str:
    return _COMPANY.split(file, maxsplit=1)[0].lower()[:14]


def fold_of(file: str) -> int:
    """All contracts of a company are in one fold, the same in every process and version."""
    digest = hashlib.sha256(company_of(file).encode()).digest()
    return int.from_bytes(digest[:8], "big") % FOLDS


@dataclass(frozen=True, slots=True)
class DateLabel:
    """A day, "perpetual", or what redaction left of a day (None where a part is missing)."""

    year: int | None
    month: int | None
    day: int | None
    perpetual: bool = False

    @property
    def whole(self) -> bool:
        return self.perpetual or None not in {self.year, self.month, self.day}


def date_label(answer: str) -> DateLabel | None:
    """None for an answer that is neither a date nor "perpetual"."""
    if answer.strip().lower() == "perpetual":
        return DateLabel(None, None, None, perpetual=True)
    match = _DATE.fullmatch(answer.strip())
    if match is None:
        return None
    month, day, year = (
        int(part) if (part := written.strip()).isdigit() else None for written in match.groups()
    )
    if year is not None and year < 100:
        year += 2000 if year < 50 else 1900
    return DateLabel(year, month, day)


def law_label(answer: str) -> frozenset[str] | None:
    """The places of a law, the most exact of each; None where the answer names none."""
    codes: set[str] = set()
    for part in answer.split(";"):
        found = {place.code for place in find_places(part, 0, len(part))}
        codes |= {
            code
            for code in found
            if not any(other != code and country(other) == code for other in found)
        }
    return normal_law(codes) if codes else None


def normal_law(codes: set[str]) -> frozenset[str]:
    if "GB-EAW" in codes:
        codes = (codes - {"GB-EAW"}) | {"GB-ENG", "GB-WLS"}
    if "GB-ENG" in codes:  # the courts know one law of England and Wales; labels write either
        codes = codes | {"GB-WLS"}
    inside = {country(code) for code in codes if "-" in code}
    return frozenset(code for code in codes if code not in inside)


def party_labels(answer: str) -> list[str]:
    """The names, without their aliases, redacted ones and "Alpha and Beta (the "Parties")"."""
    aliases = {_letters(alias) for alias in _ALIAS.findall(answer)}
    names: list[str] = []
    for part in _parts(answer):
        together = _ALL_OF_THEM in part
        name = _TOGETHER.split(" ".join(part.replace(_ALL_OF_THEM, " ").split()))[0]
        name = name.strip(' ,."“”()')
        name = _AND.sub("", name)
        known = {_letters(other) for other in names}
        pieces = [
            piece in aliases or any(piece and other.startswith(piece) for other in known)
            for piece in map(_letters, _JOINED.split(name))
        ]
        again = bool(names) and (all(pieces) or (together and any(pieces)))
        if len(_letters(name)) > 1 and not again and not _NO_NAME.search(name):
            names.append(name)
    return names


_ENDS: Final = "\x02"
_ALL_OF_THEM: Final = "\x01"


def _parts(answer: str) -> list[str]:
    """Cut where an alias ends a name and at semicolons; "(BVI)" is part of the name."""

    def replaced(bracket: re.Match[str]) -> str:
        inside = bracket.group()[1:-1]
        if _COLLECTIVE.search(inside):
            return _ALL_OF_THEM
        if _QUOTE.search(inside):
            return _ENDS
        return f" {inside} " if inside.isupper() and len(inside) <= 8 else " "

    before = None
    while before != answer:
        before, answer = answer, _DEFINED.sub(replaced, answer)
    return [part for part in re.split(f"[;{_ENDS}]", answer) if part.strip()]


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
