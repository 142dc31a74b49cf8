"""Counts by day, as REST reads them: with its login, in a namespace."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.errors import LexmillError
from lexmill.results.rows import result_rows
from lexmill.statistics.schemas import RuleCounts, Statistics
from lexmill.statistics.service import read_statistics
from lexmill.tenancy.service import enter_namespace
from tests.core import building
from tests.core.conftest import connect
from tests.core.results.reading import finding, read
from tests.core.threads import until
from tests.logins import service_url

pytestmark = pytest.mark.servers

NAMESPACE = building.NAMESPACE


@pytest.fixture
def rest(database: str, engine: Engine) -> Iterator[Engine]:
    """The login of REST; in the database are three documents of today and one of last week."""
    with transaction(engine) as session:
        uid = building.declare_with_documents(session, *"abc", name="all")
        succeed(session, uid, findings=(finding("capped"), finding("law", result="fail")))
        building.fail_for_good(session, building.claimed(session, uid))
        old = building.declare_with_documents(session, "old", name="old")
        succeed(session, old, languages=(), facts=(), findings=(finding("capped"),))
        session.execute(
            text("UPDATE document SET created_at = now() - interval '7 days' WHERE job_uid = :old"),
            {"old": old},
        )
        building.listen(session, trigger={"filters": [{"exact": {"type": "com.example.received"}}]})
        building.accept(session, building.event())
        other = building.declare_with_documents(session, *"xyz", namespace="other")
        succeed(session, other)
    made = connect(service_url(database, "api"))
    yield made
    made.dispose()


def succeed(session: Session, uid: Any, **changes: Any) -> None:
    building.succeed(
        session,
        building.claimed(session, uid),
        result=result_rows(read(**changes)),
        stage_seconds={"extract": 0.5, "check": None},
    )


def asked(engine: Engine, namespace: str = NAMESPACE, **period: date) -> Statistics:
    with transaction(engine) as session:
        enter_namespace(session, namespace=namespace)
        return read_statistics(session, namespace=namespace, **period)


def aged(engine: Engine, **age: int) -> None:
    """Let the time pass since the last count."""
    with transaction(engine) as session:
        session.execute(
            text("UPDATE statistic_day SET counted_at = counted_at - CAST(:age AS interval)"),
            {"age": timedelta(**age)},
        )


def today() -> date:
    return datetime.now(UTC).date()


def test_everything_of_the_last_month_is_counted_once(rest: Engine) -> None:
    found = asked(rest)
    assert (found.since, found.before) == (
        today() - timedelta(days=29),
        today() + timedelta(days=1),
    )
    # An event makes a document of its own.
    assert found.documents == {"dead": 1, "queued": 2, "succeeded": 2}
    assert {each.day: each.documents for each in found.days} == {
        today() - timedelta(days=7): {"succeeded": 1},
        today(): {"dead": 1, "queued": 2, "succeeded": 1},
    }
    assert found.document_types == {"supply": 1, "unknown": 1}
    assert found.languages == {"en": 1, "unknown": 1}
    assert found.events == {"routed": 1}
    assert found.findings == (
        RuleCounts(rule="capped", passed=2),
        RuleCounts(rule="law", failed=1),
    )
    assert found.read_last_hour == 2
    assert [(each.stage, each.median_seconds, each.visits) for each in found.stages] == [
        ("extract", 0.5, 2)
    ]
    assert (found.uncounted, found.counted_at is not None) == ((), True)


def test_a_namespace_counts_its_own(rest: Engine) -> None:
    assert asked(rest, "other").documents == {"queued": 2, "succeeded": 1}
    nothing = asked(rest, "none")
    assert (nothing.documents, nothing.findings, nothing.read_last_hour) == ({}, (), 0)


def test_a_period_has_its_days_only(rest: Engine) -> None:
    last_week = asked(rest, since=today() - timedelta(days=7), before=today())
    assert last_week.documents == {"succeeded": 1}
    assert last_week.findings == ()  # it was read today


def test_a_count_is_kept_until_it_is_old(rest: Engine, engine: Engine) -> None:
    first = asked(rest)
    with transaction(engine) as session:
        session.execute(
            text("UPDATE document SET state = 'failed', ended_at = now() WHERE uri = 'c'")
        )
        session.execute(text("UPDATE document SET state = 'failed' WHERE uri = 'old'"))
    assert asked(rest) == first
    with transaction(engine) as session:  # a count that took long here would stay for longer
        session.execute(text("UPDATE statistic_day SET seconds = 0"))
    aged(engine, seconds=10)
    recent = {"dead": 1, "failed": 1, "queued": 1, "succeeded": 2}
    assert asked(rest).documents == recent  # the old day is counted hourly
    aged(engine, hours=1)
    assert asked(rest).documents == {**recent, "failed": 2, "succeeded": 1}


def test_what_was_dear_to_count_is_counted_less_often(rest: Engine, engine: Engine) -> None:
    first = asked(rest)
    with transaction(engine) as session:
        session.execute(text("UPDATE statistic_day SET seconds = 2"))
    aged(engine, seconds=199)
    again = asked(rest)
    assert (again.counted_at, first.counted_at) != (None, None)
    assert again.counted_at is not None
    assert first.counted_at is not None
    assert again.counted_at < first.counted_at
    aged(engine, seconds=2)
    counted_at = asked(rest, since=today()).counted_at
    assert counted_at is not None
    assert counted_at > first.counted_at


def test_while_another_counts_the_last_count_is_shown(rest: Engine, engine: Engine) -> None:
    first = asked(rest)
    aged(engine, hours=2)
    with transaction(engine) as session:
        session.execute(text("SELECT FROM latch FOR UPDATE"))
        session.execute(text("UPDATE document SET state = 'failed' WHERE uri = 'old'"))
        assert asked(rest).documents == first.documents


@pytest.mark.parametrize(
    ("since", "before"),
    [
        (date(2026, 1, 2), date(2026, 1, 2)),
        (date(2026, 1, 2), date(2026, 1, 1)),
        (date(2025, 1, 1), date(2026, 1, 3)),
        (None, date(1, 1, 2)),
    ],
)
def test_a_period_that_is_none(rest: Engine, since: date | None, before: date) -> None:
    with transaction(rest) as session, pytest.raises(LexmillError, match="1 to 366 days"):
        read_statistics(session, namespace=NAMESPACE, since=since, before=before)


def test_a_whole_leap_year(rest: Engine) -> None:
    since, before = today() - timedelta(days=365), today() + timedelta(days=1)
    # What one answer has no time for, the next ones count.
    until(lambda: asked(rest, since=since, before=before).uncounted == ())
    assert asked(rest, since=since, before=before).documents["succeeded"] == 2


def test_a_document_read_again_is_counted_where_it_was_read_last(
    rest: Engine, engine: Engine
) -> None:
    with transaction(engine) as session:
        session.execute(text("UPDATE result SET ended_at = ended_at - interval '2 days'"))
    earlier = asked(rest, since=today() - timedelta(days=2), before=today() - timedelta(days=1))
    assert earlier.document_types == {"supply": 1, "unknown": 1}
    assert asked(rest, since=today()).document_types == {}
