"""What was measured of a field, in words for a report."""

import functools
from typing import Final

from lexmill_legal.extract.firmness import MEASURED

_CLAUSES: Final = "see docs/accuracy.md"


@functools.cache
def precision_of(field: str) -> str:
    """How often a firm value of the field is right, and on how many values that was counted."""
    if field.startswith("clause:"):
        return _CLAUSES
    rules = [one for name, one in MEASURED.items() if name.partition(".")[0] == field and one.firm]
    cases = sum(one.cases for one in rules)
    if cases:
        right = sum(one.precision * one.cases for one in rules)
        return f"{right / cases:.0%} of {cases} firm values"
    return "firm by its form only; not measured" if rules else "never firm; not measured"
