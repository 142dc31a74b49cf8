from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    """A place to redact; ``subject`` is the value in the form that all ways to write it share."""

    start: int
    end: int
    kind: str
    reason: str
    subject: str
    value: str
    """As a person should read it again, in one line."""
