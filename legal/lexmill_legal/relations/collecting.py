"""What is kept of each document, and the relations that follow from it."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Literal

from lexmill_legal.relations.signatures import Signature, bands, likeness, signature
from lexmill_legal.results import DocumentResult

Kind = Literal["duplicate", "near_duplicate", "attachment", "amendment", "signature"]

_NEAR = 0.8
# A text that so many share is a form: its pairs would be more than anybody reads.
_MOST_IN_A_BAND = 50
_AMENDMENT = re.compile(
    r"\b(?:amend(?:ment|ed)|addendum|supplement(?:al)? agreement|change order)\b"
    r"|дополнительн\w+\s+соглашени|изменени\w+\s+к\s+договору",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"\.(?:p7s|p7m|p7|sig|sgn|asc)$", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_HEAD = 20_000
_DATES = ("agreement_date", "effective_date")
_NO_NAME = frozenset({"agreement", "contract", "договор", "соглашение"})


@dataclass(frozen=True, slots=True)
class Relation:
    """``uris`` are sorted for duplicates; else the document that came first is first.

    ``evidence`` says by what it was found: sha256, text, parent, parties, name, date.
    """

    kind: Kind
    uris: tuple[str, ...]
    evidence: tuple[str, ...]
    likeness: float | None = None


def relation_line(relation: Relation) -> bytes:
    found = {key: value for key, value in asdict(relation).items() if value is not None}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class _Known:
    uri: str
    parties: frozenset[str]
    name: str
    dates: frozenset[str]
    amends: bool
    head: str
    """The beginning of an amendment, in which its contract is named; "" of all others."""


class Relations:
    def __init__(self) -> None:
        self._sources: dict[str, list[str]] = {}
        self._texts: dict[str, list[str]] = {}
        self._signatures: dict[str, Signature] = {}
        self._children: dict[str, list[str]] = {}
        self._contracts: list[_Known] = []
        self._uris: set[str] = set()
        self._detached: list[str] = []

    def add(self, result: DocumentResult, text: str) -> None:
        self._uris.add(result.uri)
        if result.error is not None and result.error.code == "detached_signature":
            self._detached.append(result.uri)
        if result.sha256:
            self._sources.setdefault(result.sha256, []).append(result.uri)
        if result.parent:
            self._children.setdefault(result.parent, []).append(result.uri)
        if result.status != "succeeded" or not result.text_sha256 or not text.strip():
            return
        same = self._texts.setdefault(result.text_sha256, [])
        same.append(result.uri)
        if len(same) == 1 and (found := signature(text)) is not None:
            self._signatures[result.uri] = found
        if (contract := _known(result, text)) is not None:
            self._contracts.append(contract)

    def found(self) -> Iterator[Relation]:
        """In a fixed order: duplicates, near duplicates, attachments, amendments, signatures."""
        listed: set[tuple[str, ...]] = set()
        for groups, evidence in ((self._sources, "sha256"), (self._texts, "text")):
            for uris in sorted(tuple(sorted(uris)) for uris in groups.values() if len(uris) > 1):
                if uris not in listed:
                    listed.add(uris)
                    yield Relation("duplicate", uris, (evidence,))
        yield from self._near()
        for parent in sorted(self._children):
            yield Relation("attachment", (parent, *sorted(self._children[parent])), ("parent",))
        yield from sorted(self._amendments(), key=lambda each: each.uris)
        for uri in sorted(self._detached):
            signed = _SIGNATURE.sub("", uri)
            if signed != uri and signed in self._uris:
                yield Relation("signature", (signed, uri), ("name",))

    def _near(self) -> Iterator[Relation]:
        shared: dict[tuple[int, Signature], list[str]] = {}
        for uri, item in self._signatures.items():
            for band in bands(item):
                shared.setdefault(band, []).append(uri)
        pairs = {
            pair
            for uris in shared.values()
            for pair in combinations(sorted(uris[:_MOST_IN_A_BAND]), 2)
        }
        for first, second in sorted(pairs):
            alike = likeness(self._signatures[first], self._signatures[second])
            if alike >= _NEAR:
                yield Relation("near_duplicate", (first, second), ("text",), round(alike, 2))

    def _amendments(self) -> Iterator[Relation]:
        """An amendment and its contract: the same parties, and its name or its date is told."""
        bases = [contract for contract in self._contracts if not contract.amends]
        for amendment in self._contracts:
            if not amendment.amends:
                continue
            found = [(evidence, base) for base in bases if (evidence := _evidence(amendment, base))]
            most = max((len(evidence) for evidence, _ in found), default=0)
            best = [(evidence, base) for evidence, base in found if len(evidence) == most]
            if len(best) == 1:  # two that fit alike are no answer
                evidence, base = best[0]
                yield Relation("amendment", (base.uri, amendment.uri), evidence)


def _known(result: DocumentResult, text: str) -> _Known | None:
    values: dict[str, list[str]] = {}
    for fact in result.facts:
        values.setdefault(fact.field, []).append(fact.value)
    parties = frozenset(map(_words, values.get("party", ())))
    if len(parties) < 2:
        return None
    name = _words(next(iter(values.get("document_name", ())), ""))
    kinds = values.get("document_type", [""])
    amends = kinds[0] == "amendment" or bool(_AMENDMENT.search(name))
    dates = frozenset(_words(date) for field in _DATES for date in values.get(field, ()))
    head = f" {_words(text[:_HEAD])} " if amends else ""
    return _Known(result.uri, parties, name, dates, amends, head)


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _evidence(amendment: _Known, base: _Known) -> tuple[str, ...]:
    if len(amendment.parties & base.parties) < 2:
        return ()
    evidence = ["parties"]
    if base.name and base.name not in _NO_NAME and f" {base.name} " in amendment.head:
        evidence.append("name")
    if any(f" {date} " in amendment.head for date in base.dates):
        evidence.append("date")
    return tuple(evidence) if len(evidence) > 1 else ()
