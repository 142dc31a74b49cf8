"""What people decide about a document's facts and clauses: which item it is, whether a corrected
value can be one, and what becomes of the engine's results.

A decision replaces its item in every run, whatever the engine finds then.
"""

from lexmill_legal.decisions.applying import VERSION, Decided, decide
from lexmill_legal.decisions.items import (
    CLAUSE,
    clause_value,
    is_clause,
    is_decidable,
    is_single,
    item_of,
    value_key,
    value_keys,
)
from lexmill_legal.decisions.values import Corrected, parse_value, refuse_reviewer

__all__ = [
    "CLAUSE",
    "VERSION",
    "Corrected",
    "Decided",
    "clause_value",
    "decide",
    "is_clause",
    "is_decidable",
    "is_single",
    "item_of",
    "parse_value",
    "refuse_reviewer",
    "value_key",
    "value_keys",
]
