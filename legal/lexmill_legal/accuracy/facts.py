"""Recall and precision of facts, field by field and fold by fold.

* recall: of the contracts whose label has a value, how many have it as the field's first fact
  (of parties: how many of the labelled names are found).
* precision: of the facts called firm, how many equal the label. A firm value where the label has
  none is wrong: that is what a reader of the report would say.
* candidates: where the first fact is not firm and the text has the labelled value, how often it is
  among the first three (parties are all facts, they have no candidates).

Dates are compared as days (expiry within one day, since a term may end the day before); laws as
sets of places; names of documents by shared words (at least half of those in either); parties by a
similarity of 0.85.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from lexmill_legal.accuracy.labels import (
    FIELDS,
    FOLDS,
    Contract,
    DateLabel,
    date_label,
    fold_of,
    law_label,
    normal_law,
    party_labels,
)
from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.reading import lowered
from lexmill_legal.results import Fact
from lexmill_legal.values.calendars import plus
from lexmill_legal.values.dates import find_dates
from lexmill_legal.values.durations import find_durations

_CANDIDATES: Final = 3
_SIMILAR: Final = 0.85
_OVERLAP: Final = 0.5
_WITHOUT_END: Final = re.compile(
    r"\bperpetu|\bindefinite|\b(?:until|unless)\b[^.;]{0,60}\b(?:terminated|cancell?ed)\b"
)
_TRADE_NAME: Final = re.compile(r",?\s+(?:[dfa]/?[bk]/?a\b/?|doing business as)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted; sums of folds add up."""

    labelled: int = 0
    first_right: int = 0
    firm: int = 0
    firm_right: int = 0
    open: int = 0
    open_right: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.labelled + other.labelled,
            self.first_right + other.first_right,
            self.firm + other.firm,
            self.firm_right + other.firm_right,
            self.open + other.open,
            self.open_right + other.open_right,
        )

    @property
    def recall(self) -> float | None:
        return _share(self.first_right, self.labelled)

    @property
    def precision(self) -> float | None:
        return _share(self.firm_right, self.firm)

    @property
    def candidates(self) -> float | None:
        """Of those not firm, the share with the right value among the first three."""
        return _share(self.open_right, self.open)


@dataclass(frozen=True, slots=True)
class FieldAccuracy:
    field: str
    total: Counts
    folds: tuple[Counts, ...]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def measure(
    contracts: Iterable[Contract], facts_of: Callable[[Contract], Sequence[Fact]]
) -> list[FieldAccuracy]:
    folds = {field: [Counts() for _ in range(FOLDS)] for field in FIELDS}
    for contract in contracts:
        facts = facts_of(contract)
        fold = fold_of(contract.file)
        for field in FIELDS:
            found = [fact for fact in facts if fact.field == field]
            folds[field][fold] += count(contract, field, found)
    return [
        FieldAccuracy(field, sum(counts, start=Counts()), tuple(counts))
        for field, counts in folds.items()
    ]


def count(contract: Contract, field: str, facts: Sequence[Fact]) -> Counts:
    answer = contract.answers.get(field)
    if field == "party":
        return _parties(_written(party_labels(answer or ""), contract.text), facts)
    right = [is_right_value(field, answer, fact) for fact in facts[:_CANDIDATES]]
    firm = bool(facts) and facts[0].firm
    first_right = bool(right) and right[0]
    usable = answer is not None and comparable(field, answer)
    is_open = usable and not firm and _in_text(contract, field, answer or "")
    return Counts(
        labelled=int(usable),
        first_right=int(usable and first_right),
        firm=int(firm),
        firm_right=int(firm and first_right),
        open=int(is_open),
        open_right=int(is_open and (any(right) or _together(field, answer or "", facts))),
    )


def _written(labels: list[str], text: str) -> list[str]:
    """The names that the text has: labels also copy lists that a conversion to text left out."""
    letters = "".join(letter for letter in text.lower() if letter.isalnum())
    keys = ("".join(letter for letter in label.lower() if letter.isalnum()) for label in labels)
    return [label for label, key in zip(labels, keys, strict=True) if key[:8] in letters]


def _parties(labels: list[str], facts: Sequence[Fact]) -> Counts:
    names = [fact.value for fact in facts]
    firm = [fact.value for fact in facts if fact.firm]
    matched = sum(any(similar(label, name) for name in names) for label in labels)
    return Counts(
        labelled=len(labels),
        first_right=matched,
        firm=len(firm),
        firm_right=sum(any(similar(label, name) for label in labels) for name in firm),
    )


def similar(label: str, name: str) -> bool:
    """Equal but for spelling, punctuation, the case of letters and a trade name ("d/b/a …")."""
    second = _plain(name)
    return any(
        SequenceMatcher(None, _plain(part), second, autojunk=False).ratio() >= _SIMILAR
        for part in {label, *_TRADE_NAME.split(label)}
    )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.lower()).strip()


def overlap(label: str, name: str) -> float:
    """Shared words over all words of both."""
    first, second = (set(re.findall(r"[^\W_]+", text.lower())) for text in (label, name))
    return len(first & second) / len(first | second) if first | second else 0.0


def comparable(field: str, answer: str) -> bool:
    if field == "document_name":
        return True
    if field == "governing_law":
        return law_label(answer) is not None
    label = date_label(answer)
    return label is not None and label.whole


def is_right_value(field: str, answer: str | None, fact: Fact | Candidate) -> bool:
    if answer is None:
        return False
    if field == "document_name":
        return overlap(answer, fact.value) >= _OVERLAP
    if field == "governing_law":
        return law_label(answer) == _law_of(fact)
    label = date_label(answer)
    return label is not None and _same_date(label, fact, days=int(field == "expiration_date"))


def _together(field: str, answer: str, facts: Sequence[Fact]) -> bool:
    """A label with two laws is answered by two candidates."""
    laws = [_law_of(fact) for fact in facts[:_CANDIDATES]] if field == "governing_law" else []
    return frozenset[str]().union(*laws) == law_label(answer)


def _law_of(fact: Fact | Candidate) -> frozenset[str]:
    codes = fact.attributes.get("codes", "").split()
    if not codes and isinstance(fact.normalized, str):
        codes = [fact.normalized]
    return normal_law(set(codes))


def _same_date(label: DateLabel, fact: Fact | Candidate, *, days: int) -> bool:
    if label.perpetual:
        return fact.attributes.get("kind") == "perpetual"
    if not isinstance(fact.normalized, str):
        return False
    date = dt.date.fromisoformat(fact.normalized)
    if label.whole:
        return _days_apart(label, date) <= days
    parts = ((label.year, date.year), (label.month, date.month), (label.day, date.day))
    return all(part is None or part == of_fact for part, of_fact in parts)


def _days_apart(label: DateLabel, date: dt.date) -> int:
    try:
        return abs((dt.date(label.year or 1, label.month or 1, label.day or 1) - date).days)
    except ValueError:  # 31 September, as one label has it
        return 10_000


def _in_text(contract: Contract, field: str, answer: str) -> bool:
    """Can the labelled value be read in the text (a day also as a day and a term)?"""
    if field in {"document_name", "governing_law"}:
        return bool(contract.quotes[field])
    label = date_label(answer)
    if label is None:
        return False
    if label.perpetual:
        return any(_WITHOUT_END.search(quote.lower()) for quote in contract.quotes[field])
    days = int(field == "expiration_date")
    written = [mention.iso for mention in find_dates(lowered(contract.text)) if mention.iso]
    dates = set(written)
    if field == "expiration_date":
        dates |= set(_computable(dates, contract.quotes[field]))
    return any(_days_apart(label, dt.date.fromisoformat(iso)) <= days for iso in dates)


def _computable(dates: set[str], quotes: tuple[str, ...]) -> Iterator[str]:
    for quote in quotes:
        for mention in find_durations(lowered(quote)):
            if mention.iso is not None:
                for date in dates:
                    moved = plus(date, mention.iso)
                    if moved is not None:
                        yield moved
