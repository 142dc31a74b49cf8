import datetime as dt

import msgspec


class RuleCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents a rule passes, fails, or has no answer for."""

    rule: str
    passed: int = 0
    failed: int = 0
    unknown: int = 0


class DayCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the documents that were taken in on a day, how many are in each state."""

    day: dt.date
    documents: dict[str, int]


class StageSpeed(msgspec.Struct, frozen=True, kw_only=True):
    """``visits`` is how many the median is of; those answered from the cache are not among them."""

    stage: str
    median_seconds: float
    visits: int


class Statistics(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """Of the days from ``from`` to before ``before`` (UTC).

    ``documents``, ``days`` and ``events`` are by the day of arrival; ``document_types``,
    ``languages`` (of each document the first) and ``findings`` by the day on which a document was
    read last. ``counted_at`` is the oldest count's; ``uncounted`` are days that were not counted
    yet, because there was too much to count at once: ask again. ``read_last_hour`` stops at
    100,000; ``stages`` are of the 1,000 documents that were read last.
    """

    since: dt.date
    before: dt.date
    counted_at: dt.datetime | None
    uncounted: tuple[dt.date, ...]
    documents: dict[str, int]
    days: tuple[DayCounts, ...]
    document_types: dict[str, int]
    languages: dict[str, int]
    events: dict[str, int]
    findings: tuple[RuleCounts, ...]
    read_last_hour: int
    stages: tuple[StageSpeed, ...]
