"""What a list may be narrowed down by: each filter has a type, and says what it takes."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, SQLColumnExpression, select

from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Job

Kind = Literal["text", "uuid", "job", "time", "date", "number", "choice"]

JOB: Final = (
    r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?)$"
)
"""A uid, or the name of a job."""
_JOB: Final = re.compile(JOB)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")


_TAKES: Final[Mapping[Kind, str]] = {
    "uuid": "a UUID",
    "job": "the name of a job or its uid",
    "time": "a time with its zone, as 2026-01-31T00:00:00Z",
    "date": "a date, as 2026-01-31",
    "number": "a number, as 1250000.50",
    "text": "a text of 1 to 2048 characters",
}


@dataclass(frozen=True)
class Filter:
    """``condition`` gets the value as the kind has it: str, UUID, aware datetime, date, float, or
    for a job what its uid equals.
    """

    kind: Kind
    description: str
    condition: Callable[[Any], ColumnElement[bool]]
    choices: tuple[str, ...] = ()

    def takes(self) -> str:
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        return _TAKES[self.kind]

    def read(self, value: str, namespace: str) -> Any:
        """Raises ValueError for what it does not take."""
        if self.kind == "job":
            return _job(value, namespace)
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError
            return value
        return _READERS[self.kind](value)


def of_job(uid: SQLColumnExpression[Any], words: str) -> Filter:
    """A name is that of its newest job, which the living one is; a uid is one of those before."""
    return Filter("job", f"{words} of this name or uid", lambda job: uid == job)


def period(name: str, words: str, column: SQLColumnExpression[datetime]) -> dict[str, Filter]:
    """``<name>_from`` and ``<name>_before``."""
    return {
        f"{name}_from": Filter("time", f"{words} then or later", lambda time: column >= time),
        f"{name}_before": Filter("time", f"{words} before", lambda time: column < time),
    }


def _job(value: str, namespace: str) -> Any:
    found = _JOB.fullmatch(value)
    if found is None:
        raise ValueError
    if found[2] is not None:
        return uuid.UUID(value)
    # One value: where the list has an index for a job, it is read as for a uid.
    return (
        select(Job.uid)
        .where(Job.namespace == namespace, Job.name == value)
        .order_by(Job.declared_at.desc(), Job.uid)
        .limit(1)
        .scalar_subquery()
    )


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
    number = float(value)
    if not isfinite(number):
        raise ValueError
    return number


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


def conditions(
    known: Mapping[str, Filter], given: Mapping[str, str], *, namespace: str
) -> list[ColumnElement[bool]]:
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
            found.append(known[name].condition(known[name].read(value, namespace)))
        except (ValueError, OverflowError) as error:
            raise LexmillError(
                "invalid_filter", f"{name} takes {known[name].takes()}", ErrorClass.DOCUMENT
            ) from error
    return found
