from dataclasses import dataclass
from typing import Literal

from lexmill_legal.playbook.kinds import Kind
from lexmill_legal.playbook.operands import Value
from lexmill_legal.results import Severity

Operator = Literal["require", "forbid", "allow", "limit", "between"]


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """All three must match; an empty one matches everything."""

    types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    our_role: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examples:
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the playbook: ``operator`` on a ``fact`` or on a ``clause`` (never both).

    ``kind`` is what ``values``, ``minimum`` and ``maximum`` are; ``where`` narrows the facts by
    their attributes, each of which must have one of the values given.
    """

    id: str
    operator: Operator
    fact: str | None
    clause: str | None
    kind: Kind
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    values: tuple[Value, ...] = ()
    minimum: Value | None = None
    maximum: Value | None = None
    applies_to: AppliesTo = AppliesTo()
    severity: Severity = "medium"
    owner: str | None = None
    message: str | None = None
    preferred: str | None = None
    fallback: str | None = None
    examples: Examples = Examples()
    line: int = 1


@dataclass(frozen=True, slots=True)
class Playbook:
    """The rules in the order of the file; ``sha256`` is of the file's bytes."""

    sha256: str
    name: str | None
    our_role: str | None
    rules: tuple[Rule, ...]
