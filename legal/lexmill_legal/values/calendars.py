"""Calendar arithmetic on ISO 8601 dates and durations."""

import calendar
import datetime as dt
import re
from typing import Final

_DURATION: Final = re.compile(r"P(\d{1,5})([DWMY])")


def plus(date: str, duration: str) -> str | None:
    """``date`` and ``duration`` added; the 31st of a short month is its last day."""
    return _moved(date, duration, 1)


def minus(date: str, duration: str) -> str | None:
    return _moved(date, duration, -1)


def _moved(date: str, duration: str, sign: int) -> str | None:
    match = _DURATION.fullmatch(duration)
    if match is None:
        return None
    count, unit = sign * int(match.group(1)), match.group(2)
    start = dt.date.fromisoformat(date)
    try:
        if unit in "DW":
            days = count * (7 if unit == "W" else 1)
            return (start + dt.timedelta(days=days)).isoformat()
        months = start.year * 12 + start.month - 1 + count * (12 if unit == "Y" else 1)
        year, month = divmod(months, 12)
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return dt.date(year, month + 1, day).isoformat()
    except (ValueError, OverflowError):
        return None
