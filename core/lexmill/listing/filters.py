"""What a list may be narrowed down by: each filter has a type, and says what it takes."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement

from lexmill.errors import ErrorClass, LexmillError

Kind = Literal["text", "uuid", "time", "date", "number", "choice"]

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


@dataclass(frozen=True)
class Filter:
    """``condition`` gets the value as the kind has it: str, UUID, aware datetime, date, float."""

    kind: Kind
    description: str
    condition: Callable[[Any], ColumnElement[bool]]
    choices: tuple[str, ...] = ()

    def takes(self) -> str:
        match self.kind:
            case "uuid":
                return "a UUID"
            case "time":
                return "a time with its zone, as 2026-01-31T00:00:00Z"
            case "date":
                return "a date, as 2026-01-31"
            case "number":
                return "a number, as 1250000.50"
            case "choice":
                return f"one of {', '.join(self.choices)}"
            case "text":
                return "a text of 1 to 2048 characters"

    def read(self, value: str) -> Any:
        """Raises ValueError for what it does not take."""
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError
            return value
        return _READERS[self.kind](value)


def _time(value: str) -> datetime:
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError
    return time


def _date(value: str) -> date:
    if _DATE.fullmatch(value) is None:
        raise ValueError
    return date.fromisoformat(value)


def _number(value: str) -> float:
    if _NUMBER.fullmatch(value) is None:
        raise ValueError
    return float(value)


def _text(value: str) -> str:
    if not 0 < len(value) <= 2048 or "\0" in value:
        raise ValueError
    return value


_READERS: Final[Mapping[Kind, Callable[[str], Any]]] = {
    "uuid": uuid.UUID,
    "time": _time,
    "date": _date,
    "number": _number,
    "text": _text,
}


def conditions(known: Mapping[str, Filter], given: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """Of all filters together. Raises LexmillError naming the filter, never quoting the value."""
    found = []
    for name, value in given.items():
        if name not in known:
            raise LexmillError(
                "unknown_filter",
                f"there is no filter of this name; known are {', '.join(sorted(known))}",
                ErrorClass.DOCUMENT,
            )
        try:
            found.append(known[name].condition(known[name].read(value)))
        except (ValueError, OverflowError) as error:
            raise LexmillError(
                "invalid_filter", f"{name} takes {known[name].takes()}", ErrorClass.DOCUMENT
            ) from error
    return found
