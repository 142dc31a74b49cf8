"""Words in bodies: PostgreSQL has no NUL, neither in text nor in JSON."""

from typing import Any

_NUL = "\0"


def without_nul(value: Any) -> Any:
    """The same. Raises ValueError where a text or a name in it has one."""
    parts = [value]  # no recursion: whoever sends it decides how deep it is
    while parts:
        match parts.pop():
            case str() as text if _NUL in text:
                raise ValueError("no text may have the character U+0000")
            case dict() as members:
                parts += (*members, *members.values())
            case list() as items:
                parts += items
    return value
