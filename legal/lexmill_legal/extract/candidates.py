import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from lexmill_legal.results import Method, Normalized


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What a rule proposes: a value with its place; ``score`` orders the candidates of a field.

    ``rule`` names the line of ``firmness.MEASURED`` that says how often this rule is right.
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


def one_line(text: str) -> str:
    """As written, on one line."""
    return " ".join(text.split())
