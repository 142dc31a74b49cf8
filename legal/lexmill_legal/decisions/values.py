"""The values that people write: what a cell says, as the kind of its field."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lexmill_legal.classify import DOCUMENT_TYPES
from lexmill_legal.decisions.items import is_clause
from lexmill_legal.playbook import operands
from lexmill_legal.playbook.kinds import FIELD_KINDS, Kind
from lexmill_legal.results import Money, Normalized
from lexmill_legal.values.dates import find_dates
from lexmill_legal.values.durations import find_durations
from lexmill_legal.values.gazetteer import find_places, find_russian_places
from lexmill_legal.values.money import find_money

_LONGEST: Final = 2_000
_LONGEST_NAME: Final = 200
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ISO_SPAN: Final = re.compile(r"P\d{1,5}[DWMY]")
_CODE: Final = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_ENDLESS: Final = frozenset({"expiration_date", "term"})
"""Fields whose value may be that there is no end."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """``attributes`` are those that the value itself decides."""

    value: str
    normalized: Normalized
    attributes: dict[str, str]


def parse_value(field: str, written: str) -> Corrected:
    """What a person wrote; ValueError says how a value of this field is written."""
    text = " ".join(written.split())
    if not text:
        raise ValueError("a value is needed")
    if len(text) > _LONGEST:
        raise ValueError(f"a value has at most {_LONGEST:,} characters")
    if _UNWRITABLE.search(text):
        raise ValueError("the value has characters that no text has")
    if field in _ENDLESS and text.casefold() == "perpetual":
        return Corrected("perpetual", None, {"kind": "perpetual"})
    if field == "document_type":
        return _document_type(text)
    kind: Kind = "flag" if is_clause(field) else FIELD_KINDS.get(field, "text")
    return Corrected(text, _NORMALISERS[kind](text), {})


def refuse_reviewer(name: str) -> str:
    """The name as it is kept; ValueError where nobody can be known by it."""
    text = " ".join(name.split())
    if not text:
        raise ValueError("the reviewer's name is needed")
    if len(text) > _LONGEST_NAME or _UNWRITABLE.search(text):
        raise ValueError(f"a reviewer's name has at most {_LONGEST_NAME} characters on one line")
    return text


def _document_type(text: str) -> Corrected:
    name = re.sub(r"[\W_]+", "_", text.casefold()).strip("_")
    if name not in DOCUMENT_TYPES:
        raise ValueError(f"a document type is one of {', '.join(sorted(DOCUMENT_TYPES))}")
    return Corrected(name, name, {})


def _parsed(kind: Kind, text: str) -> operands.Value:
    """The refusal does not repeat what was written: it may come back over a network."""
    try:
        return operands.parse(kind, text)
    except ValueError:
        raise ValueError(operands.asked(kind)) from None


def _date(text: str) -> Normalized:
    found = find_dates(text.casefold())
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) and found[0].iso:
        return found[0].iso
    return str(_parsed("date", text))


def _duration(text: str) -> Normalized:
    if _ISO_SPAN.fullmatch(text):
        return text
    found = find_durations(text.casefold())
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) and found[0].iso:
        return found[0].iso
    span = _parsed("duration", text)
    assert isinstance(span, operands.Span)
    if span.months and span.days:
        raise ValueError("a duration is in years, months, weeks or days: one of them")
    if span.months:
        years, rest = divmod(span.months, 12)
        return f"P{span.months}M" if rest else f"P{years}Y"
    if span.days != int(span.days):
        raise ValueError("a duration is in years, months, weeks or days: one of them")
    return f"P{int(span.days)}D"


def _money(text: str) -> Normalized:
    found = find_money(text, comma_groups=True)
    whole = len(found) == 1 and (found[0].start, found[0].end) == (0, len(text))
    if whole and found[0].money and found[0].money.currency:
        return found[0].money
    amount = _parsed("money", text)
    assert isinstance(amount, operands.Amount)
    return Money(f"{amount.number.quantize(Decimal('0.01')):f}", amount.currency)


def _percent(text: str) -> Normalized:
    number = _parsed("percent", text)
    assert isinstance(number, Decimal)
    return f"{number.normalize():f}"


def _flag(text: str) -> Normalized:
    flag = _parsed("flag", text)
    assert isinstance(flag, bool)
    return flag


def _place(text: str) -> Normalized:
    """A place that the gazetteer does not have is still a place, in the person's words."""
    if _CODE.fullmatch(text):
        return text
    places = (find_places, find_russian_places)
    codes = {place.code for find in places for place in find(text, 0, len(text))}
    return codes.pop() if len(codes) == 1 else None


_NORMALISERS: Final[dict[Kind, Callable[[str], Normalized]]] = {
    "text": lambda _: None,
    "place": _place,
    "flag": _flag,
    "date": _date,
    "duration": _duration,
    "money": _money,
    "percent": _percent,
}
