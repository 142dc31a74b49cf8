"""Which item of a document a decision is about, in this run and in every later one.

Of a field that has one value (the governing law, a kind of clause) the item is the field itself.
Of one that has several (parties, amounts) it is the value: its normal form where it has one, else
its words. The same value in several places is one item. Places are no part of it, as another
version of the engine may read another text layer.
"""

import hashlib
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Final

from lexmill_legal.clause_kinds import CLAUSE_KINDS
from lexmill_legal.results import FIELDS, SINGLE_VALUED, Clause, Fact, Money, Normalized

CLAUSE: Final = "clause:"
_WORD: Final = re.compile(r"\w+")
_PLUG_IN: Final = re.compile(r"[a-z0-9_-]{1,50}[/.:][\w.-]{1,100}")
_LONGEST: Final = 160
"""Of a key, which is part of a database's index."""


def is_clause(field: str) -> bool:
    return field.startswith(CLAUSE)


def is_single(field: str) -> bool:
    return field in SINGLE_VALUED or is_clause(field)


def is_decidable(field: str) -> bool:
    """Whether there is such a field, or such a kind of clause; plug-ins prefix theirs."""
    if is_clause(field):
        return field.removeprefix(CLAUSE) in CLAUSE_KINDS
    return field in FIELDS or _PLUG_IN.fullmatch(field) is not None


def item_of(fact: Fact) -> str:
    return "" if is_single(fact.field) else value_key(fact.value, fact.normalized)


def clause_value(clause: Clause) -> str:
    """What the engine says of a kind of clause, in the words of a flag."""
    return "yes" if clause.present else "no"


def value_key(value: str, normalized: Normalized) -> str:
    """Two values with the same key are the same value."""
    match normalized:
        case None | "":
            return _shortened(_words(value))
        case bool():
            return "yes" if normalized else "no"
        case Money(amount, currency):
            return _shortened(f"{_plain(amount)} {currency or '?'}")
        case str():
            return _shortened(_words(normalized))


def value_keys(fact: Fact) -> frozenset[str]:
    """All that the fact may have been called: an older engine may have known no normal form."""
    return frozenset((value_key(fact.value, fact.normalized), value_key(fact.value, None)))


def _words(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def _plain(amount: str) -> str:
    try:
        return f"{Decimal(amount).normalize():f}"
    except InvalidOperation:
        return amount


def _shortened(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    return f"{key[: _LONGEST - 65]}~{hashlib.sha256(key.encode(errors='replace')).hexdigest()}"
