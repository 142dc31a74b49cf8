"""The values that rules compare: how a person writes them, how a fact carries them, which is more.

Nothing is guessed: what cannot be compared (another currency, one month against 30 days) compares
as ``None``.
"""

import functools
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from lexmill_legal.playbook.kinds import Kind
from lexmill_legal.results import Fact, Money

# A month has no fixed number of days, so months and days are compared by the fewest and the most
# days that so many months can have; four years with one leap day are the cycle of their lengths.
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CYCLE = (*_MONTHS, 31, 29, *_MONTHS[2:], *_MONTHS, *_MONTHS)
_LONGEST_MONTHS = 12_000

_ISO_SPAN = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(\d{1,6})H)?"
)
_WRITTEN_SPAN = re.compile(r"(\d{1,6})[\s\u00a0-]*([^\W\d_]+)")
_NUMBER = re.compile(r"\d{1,3}(?:([ _\u00a0\u202f,])\d{3})(?:\1\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_NOT_WORD = re.compile(r"[\W_]+")
_UNITS = (
    (("day", "days", "calendar days", "день", "дня", "дней"), 0, 1),
    (("week", "weeks", "неделя", "недели", "недель"), 0, 7),
    (("month", "months", "месяц", "месяца", "месяцев"), 1, 0),
    (("year", "years", "год", "года", "лет"), 12, 0),
)
_UNIT = {name: (months, days) for names, months, days in _UNITS for name in names}
_GENERIC = frozenset({"the", "state", "of", "commonwealth", "republic", "law", "laws", "province"})


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as contracts count it: months have no fixed number of days."""

    months: int
    days: Decimal

    def bounds(self) -> tuple[Decimal, Decimal]:
        shortest, longest = _month_bounds(self.months)
        return shortest + self.days, longest + self.days


@dataclass(frozen=True, slots=True)
class Amount:
    number: Decimal
    currency: str | None


Value = str | bool | date | Decimal | Span | Amount


def parse(kind: Kind, written: str) -> Value:
    """What a person wrote in a playbook; ValueError says how to write it."""
    value = _PARSERS[kind](written.strip())
    if value is None:
        raise ValueError(f"{_ASKED[kind]}, not {_shown(written)}")
    return value


def asked(kind: Kind) -> str:
    """How a value of this kind is written."""
    return _ASKED[kind]


def guess(written: str) -> tuple[Kind, Value]:
    """For an operand of a clause, which says by its own form what it is."""
    text = written.strip()
    for kind in ("date", "duration", "money"):
        value = _PARSERS[kind](text)
        if value is not None:
            return kind, value
    percent = _percent(text) if text.endswith("%") else None
    return ("percent", percent) if percent is not None else ("text", text)


def value_of(kind: Kind, fact: Fact) -> Value | None:
    """What a fact says, or None where the evidence does not decide it."""
    normalized = fact.normalized
    if kind == "money":
        return _money_of(normalized) if isinstance(normalized, Money) else None
    if kind == "flag":
        return normalized if isinstance(normalized, bool) else None
    if kind in {"text", "place"}:
        return normalized if isinstance(normalized, str) else None
    return _PARSERS[kind](normalized) if isinstance(normalized, str) else None


def order(left: Value, right: Value) -> int | None:
    """-1, 0, 1 as ``left`` is less than, equal to, more than ``right``; None: it is not decided."""
    if isinstance(left, Amount) and isinstance(right, Amount):
        same = left.currency is not None and left.currency == right.currency
        return _compare(left.number, right.number) if same else None
    if isinstance(left, Span) and isinstance(right, Span):
        return _order_spans(left, right)
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return _compare(left, right)
    if isinstance(left, date) and isinstance(right, date):
        return _compare(left, right)
    return None


def is_one_of(kind: Kind, fact: Fact, values: tuple[Value, ...]) -> bool | None:
    """Whether a fact's value is in a list; None where that is not decided."""
    if kind == "place":
        return _place_is_one_of(fact, [str(value) for value in values])
    if kind == "text":
        named = {_key(fact.value)}
        if isinstance(fact.normalized, str):
            named.add(_key(fact.normalized))
        return any(_key(str(value)) in named for value in values)
    own = value_of(kind, fact)
    if own is None:
        return None
    if isinstance(own, bool):
        return own in values
    orders = [order(own, value) for value in values]
    return True if 0 in orders else None if None in orders else False


def type_name(written: str) -> str:
    """A document type as facts carry it: "Supply Agreement" is ``supply``."""
    words = _key(written).split()
    kept = words[:-1] if len(words) > 1 and words[-1] in {"agreement", "contract"} else words
    return "_".join(kept)


def _place_is_one_of(fact: Fact, allowed: list[str]) -> bool | None:
    own = fact.normalized if isinstance(fact.normalized, str) else None
    written = {_place_key(fact.value)} | ({_place_key(own)} if own else set())
    if any(_place_key(place) in written for place in allowed):
        return True
    if own is None or not _CODE.fullmatch(own):
        return None
    if any(own.startswith(f"{place}-") for place in allowed):
        return True
    # "US" may yet mean "US-DE", and a place in words may be any code.
    undecided = (not _CODE.fullmatch(place) or place.startswith(f"{own}-") for place in allowed)
    return None if any(undecided) else False


def _order_spans(left: Span, right: Span) -> int | None:
    if left.months == right.months:
        return _compare(left.days, right.days)
    if left.days == right.days:
        return _compare(left.months, right.months)
    (left_min, left_max), (right_min, right_max) = left.bounds(), right.bounds()
    if left_max < right_min:
        return -1
    return 1 if left_min > right_max else None


def _compare(
    left: int | Decimal | date,
    right: int | Decimal | date,
) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]  # both are of one type


@functools.lru_cache(maxsize=256)
def _month_bounds(months: int) -> tuple[Decimal, Decimal]:
    cycles, rest = divmod(months, len(_CYCLE))
    twice = _CYCLE + _CYCLE
    sums = [sum(twice[first : first + rest]) for first in range(len(_CYCLE))]
    whole = cycles * sum(_CYCLE)
    return Decimal(whole + min(sums)), Decimal(whole + max(sums))


def _date(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _duration(text: str) -> Span | None:
    iso = _ISO_SPAN.fullmatch(text)
    if iso:
        if not any(iso.groups()):
            return None
        years, months, weeks, days, hours = (int(group or 0) for group in iso.groups())
        return _span(years * 12 + months, Decimal(weeks * 7 + days) + Decimal(hours) / 24)
    written = _WRITTEN_SPAN.fullmatch(text)
    unit = _UNIT.get(written.group(2).casefold()) if written else None
    if not written or unit is None:
        return None
    number = int(written.group(1))
    return _span(number * unit[0], Decimal(number * unit[1]))


def _span(months: int, days: Decimal) -> Span | None:
    return Span(months, days) if months <= _LONGEST_MONTHS else None


def _money(text: str) -> Amount | None:
    for number, currency in ((text[:-3], text[-3:]), (text[3:], text[:3])):
        amount = _number(number.strip())
        if amount is not None and _CURRENCY.fullmatch(currency):
            return Amount(amount, currency)
    return None


def _money_of(money: Money) -> Amount | None:
    number = _number(money.amount)
    return None if number is None else Amount(number, money.currency)


def _percent(text: str) -> Decimal | None:
    number = text.removesuffix("%").strip()
    return _number(number.replace(",", ".") if re.fullmatch(r"\d+,\d+", number) else number)


def _number(text: str) -> Decimal | None:
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(re.sub(r"[ _\u00a0\u202f,]", "", text))
    except InvalidOperation:
        return None


def _flag(text: str) -> bool | None:
    return {"true": True, "yes": True, "false": False, "no": False}.get(text.casefold())


def _text(text: str) -> str | None:
    return text or None


def _key(text: str) -> str:
    return _NOT_WORD.sub(" ", text.casefold()).strip()


def _place_key(text: str) -> str:
    if _CODE.fullmatch(text):
        return text
    return " ".join(word for word in _key(text).split() if word not in _GENERIC)


def shown(value: Value) -> str:
    """A value in words."""
    if isinstance(value, Amount):
        return f"{value.number:,f} {value.currency or ''}".strip()
    if isinstance(value, Span):
        parts = ((value.months, "month"), (value.days, "day"))
        said = [f"{n:f} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
        return " and ".join(said) or "0 days"
    if isinstance(value, Decimal):
        return f"{value:f} %"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _shown(written: str) -> str:
    return repr(written if len(written) <= 40 else written[:39] + "…")


_PARSERS = {
    "text": _text,
    "place": _text,
    "flag": _flag,
    "date": _date,
    "duration": _duration,
    "money": _money,
    "percent": _percent,
}
_ASKED = {
    "text": "a text is needed",
    "place": "a place such as US-DE is needed",
    "flag": "true or false is needed",
    "date": "a date such as 2026-12-31 is needed",
    "duration": "a duration such as P30D or 30 days is needed",
    "money": "an amount with its currency such as 100000 USD is needed",
    "percent": "a percentage such as 10% is needed",
}
