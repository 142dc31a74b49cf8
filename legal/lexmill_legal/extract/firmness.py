"""How often each rule is right, and so what may be called firm.

Measured on the 408 training contracts of CUAD v1 (The Atticus Project, CC BY 4.0).
"""

from dataclasses import dataclass
from typing import Final

FLOOR: Final = 0.90
FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Strength:
    """``cases`` is how many values were compared; 0 where nothing could be measured."""

    precision: float
    cases: int = 0
    by_construction: bool = False

    @property
    def firm(self) -> bool:
        return self.by_construction or (self.precision >= FLOOR and self.cases >= FEWEST)


MEASURED: Final[dict[str, Strength]] = {
    "governed_by.en": Strength(0.97, 340),
    "governed_by.ru": Strength(0.95, by_construction=True),
}

UNMEASURED: Final = Strength(0.6)


def strength(rule: str) -> Strength:
    return MEASURED.get(rule, UNMEASURED)
