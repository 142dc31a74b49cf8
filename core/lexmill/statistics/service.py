"""Counts of a namespace, by days.

Counting a day reads that day's rows by index. So that whoever asks every second costs no more than
who asks now and then, a count is kept and counted anew only when it is old: a hundred times as old
as counting took, ten seconds at least; an hour, where the day is past and little changes.
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.errors import ErrorClass, LexmillError
from lexmill.statistics.models import StatisticDay
from lexmill.statistics.schemas import DayCounts, RuleCounts, StageSpeed, Statistics

MOST_DAYS: Final = 366
USUAL_DAYS: Final = 30
_BUDGET_SECONDS: Final = 5.0
_CHUNK_DAYS: Final = 4
_FRESH: Final = timedelta(seconds=10)
_FRESH_PAST: Final = timedelta(hours=1)
_SPARING: Final = 100

_DAYS = """
    SELECT day, key, number FROM unnest(CAST(:days AS date[])) AS asked (day)
    CROSS JOIN LATERAL (
      SELECT {key} AS key, count(*) AS number FROM {table}
      WHERE {at} >= day AT TIME ZONE 'UTC' AND {at} < (day + 1) AT TIME ZONE 'UTC'
        AND {rows}.namespace = :namespace
      GROUP BY 1
    ) AS counted
"""


def _by_day(table: str, at: str, key: str) -> str:
    return _DAYS.format(table=table, at=at, rows=at.partition(".")[0], key=key)


_QUERIES: Final = {
    "documents": _by_day("document", "document.created_at", "state"),
    "events": _by_day("event", "event.received_at", "outcome"),
    "document_types": _by_day(
        "result", "result.ended_at", "coalesce(result.document_type, 'unknown')"
    ),
    "languages": _by_day("result", "result.ended_at", "coalesce(result.languages[1], 'unknown')"),
    "findings": _by_day(
        "result JOIN finding USING (namespace, document_id)",
        "result.ended_at",
        "finding.result || ' ' || finding.rule",
    ),
}

_STAGES = text("""
    SELECT stage.key AS stage, count(*) AS visits,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY CAST(stage.value AS double precision)) AS median
    FROM (
      SELECT document_id FROM result WHERE namespace = :namespace
      ORDER BY ended_at DESC LIMIT 1000
    ) AS latest
    CROSS JOIN LATERAL (
      SELECT stage_seconds FROM task
      WHERE task.document_id = latest.document_id AND stage_seconds IS NOT NULL
      ORDER BY task.id DESC LIMIT 10
    ) AS visit
    CROSS JOIN LATERAL jsonb_each_text(stage_seconds) AS stage
    WHERE stage.value IS NOT NULL
    GROUP BY 1 ORDER BY 1
""")

_LAST_HOUR = text("""
    SELECT count(*) FROM (
      SELECT FROM result
      WHERE namespace = :namespace AND ended_at >= now() - interval '1 hour' LIMIT 100000
    ) AS latest
""")


def read_statistics(
    session: Session, *, namespace: str, since: date | None = None, before: date | None = None
) -> Statistics:
    """Counts anew what is too old. Raises LexmillError."""
    now = session.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(now, datetime)
    before = before or now.astimezone(UTC).date() + timedelta(days=1)
    try:
        since = since or before - timedelta(days=USUAL_DAYS)
    except OverflowError as error:
        raise _no_period() from error
    if not since < before or (before - since).days > MOST_DAYS:
        raise _no_period()
    days = [since + timedelta(days=at) for at in range((before - since).days)]
    known = _known(session, namespace, days)
    stale = [day for day in reversed(days) if _is_stale(day, known.get(day), now)]
    if stale and _may_count(session, namespace, waiting=not known.keys() >= set(stale)):
        known = _known(session, namespace, days)  # somebody may have counted meanwhile
        stale = [day for day in stale if _is_stale(day, known.get(day), now)]
        known |= _count(session, namespace, stale)
    return _added_up(session, namespace, days, known)


def _no_period() -> LexmillError:
    return LexmillError(
        "invalid_period",
        f"a period has 1 to {MOST_DAYS} days: `from` is the first, `before` the one after the last",
        ErrorClass.DOCUMENT,
    )


def _known(session: Session, namespace: str, days: Sequence[date]) -> dict[date, StatisticDay]:
    query = select(StatisticDay).where(
        StatisticDay.namespace == namespace,
        StatisticDay.day >= days[0],
        StatisticDay.day <= days[-1],
    )
    found = session.scalars(query, execution_options={"populate_existing": True})
    return {each.day: each for each in found}


def _is_stale(day: date, known: StatisticDay | None, now: datetime) -> bool:
    if known is None:
        return True
    past = day < now.astimezone(UTC).date() - timedelta(days=1)
    fresh = max(_FRESH_PAST if past else _FRESH, timedelta(seconds=_SPARING * known.seconds))
    return now - known.counted_at >= fresh


def _may_count(session: Session, namespace: str, *, waiting: bool) -> bool:
    """One at a time; who has some count to show does not wait for a newer one."""
    latch = latches.latch_of(namespace, latches.STATISTICS)
    if waiting:
        latches.wait_for(session, latch)
        return True
    return latches.is_free(session, latch)


def _count(session: Session, namespace: str, days: Sequence[date]) -> dict[date, StatisticDay]:
    """The newest days first, and as many as there is time for."""
    counted: dict[date, StatisticDay] = {}
    started = time.monotonic()
    for first in range(0, len(days), _CHUNK_DAYS):
        if time.monotonic() - started > _BUDGET_SECONDS:
            break
        chunk = days[first : first + _CHUNK_DAYS]
        begun = time.monotonic()
        counts: dict[date, dict[str, dict[str, int]]] = {day: {} for day in chunk}
        for name, query in _QUERIES.items():
            rows = session.execute(text(query), {"days": chunk, "namespace": namespace})
            for row in rows:
                counts[row.day].setdefault(name, {})[row.key] = row.number
        seconds = time.monotonic() - begun
        statement = upsert(StatisticDay)
        changed = statement.on_conflict_do_update(
            index_elements=["namespace", "day"],
            set_={
                "counts": statement.excluded.counts,
                "seconds": statement.excluded.seconds,
                "counted_at": text("clock_timestamp()"),
            },
        ).returning(StatisticDay)
        rows_of_days = [
            {"namespace": namespace, "day": day, "counts": counts[day], "seconds": seconds}
            for day in chunk
        ]
        written = session.scalars(
            changed, rows_of_days, execution_options={"populate_existing": True}
        )
        counted |= {each.day: each for each in written}
    return counted


def _added_up(
    session: Session, namespace: str, days: Sequence[date], known: dict[date, StatisticDay]
) -> Statistics:
    totals: dict[str, Counter[str]] = {name: Counter() for name in _QUERIES}
    for day in days:
        if day in known:
            for name, counts in known[day].counts.items():
                totals[name].update(counts)
    given = {"namespace": namespace}
    return Statistics(
        since=days[0],
        before=days[-1] + timedelta(days=1),
        counted_at=min((known[day].counted_at for day in days if day in known), default=None),
        uncounted=tuple(day for day in days if day not in known),
        documents=dict(sorted(totals["documents"].items())),
        days=tuple(
            DayCounts(day=day, documents=found)
            for day in days
            if day in known and (found := known[day].counts.get("documents"))
        ),
        document_types=dict(sorted(totals["document_types"].items())),
        languages=dict(sorted(totals["languages"].items())),
        events=dict(sorted(totals["events"].items())),
        findings=_rules(totals["findings"]),
        read_last_hour=int(session.execute(_LAST_HOUR, given).scalar_one()),
        stages=tuple(
            StageSpeed(stage=row.stage, median_seconds=row.median, visits=row.visits)
            for row in session.execute(_STAGES, given)
        ),
    )


def _rules(counts: Counter[str]) -> tuple[RuleCounts, ...]:
    members = {"pass": "passed", "fail": "failed", "unknown": "unknown"}
    rules: dict[str, dict[str, Any]] = {}
    for key, count in counts.items():
        result, _, rule = key.partition(" ")
        rules.setdefault(rule, {})[members[result]] = count
    return tuple(RuleCounts(rule=rule, **rules[rule]) for rule in sorted(rules))
