import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from lexmill_legal.results import Method, Normalized


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What a rule proposes: a value with its place; ``score`` orders the candidates of a field.

    ``rule`` names the line of ``firmness.MEASURED`` that says how often this rule is right.
    ``chance`` is set where a ranking weighed the candidate against its rivals; from ``firm_from``
    upwards it may be firm.
    """

    field: str
    rule: str
    value: str
    normalized: Normalized
    start: int | None
    end: int | None
    score: float = 1.0
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    method: Method = "rule"
    inputs: tuple["Candidate", ...] = ()
    chance: float | None = None
    firm_from: float = 1.0


def one_line(text: str) -> str:
    """As written, on one line."""
    return " ".join(text.split())
