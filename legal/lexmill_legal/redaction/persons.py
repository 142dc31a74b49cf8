from dataclasses import dataclass

from lexmill_legal.redaction.naming import Name


@dataclass(frozen=True, slots=True)
class Person:
    """A place where a person is named, and what says that it is one."""

    start: int
    end: int
    name: Name
    reason: str


Word = tuple[str, int, int]
"""What is written, and where it starts and ends."""
