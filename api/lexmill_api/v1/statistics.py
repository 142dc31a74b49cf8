import re
from datetime import UTC, date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator

from lexmill.statistics.schemas import DayCounts, RuleCounts, StageSpeed, Statistics
from lexmill.statistics.service import MOST_DAYS, USUAL_DAYS, read_statistics
from lexmill_api.access import Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, json_answer, problems

router = APIRouter(prefix="/namespaces/{namespace}/statistics", tags=["statistics"])

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_STATISTICS: Final = Statistics(
    since=date(2026, 11, 21),
    before=date(2026, 11, 23),
    counted_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    uncounted=(),
    documents={"failed": 2, "queued": 5, "succeeded": 1193},
    days=(
        DayCounts(day=date(2026, 11, 21), documents={"failed": 2, "succeeded": 998}),
        DayCounts(day=date(2026, 11, 22), documents={"queued": 5, "succeeded": 195}),
    ),
    document_types={"lease": 93, "supply": 1100},
    languages={"de": 400, "en": 793},
    events={"routed": 1200, "unmatched": 3},
    findings=(RuleCounts(rule="liability-is-capped", passed=1000, failed=150, unknown=43),),
    read_last_hour=195,
    stages=(StageSpeed(stage="extract", median_seconds=0.21, visits=1000),),
)


def _as_written(given: object) -> object:
    """Pydantic would take a number for the seconds since 1970."""
    if isinstance(given, str) and not _DAY.fullmatch(given):
        raise ValueError("a day is written as 2026-01-31")
    return given


Day = Annotated[date, BeforeValidator(_as_written)]


@router.get(
    "",
    responses=problems("invalid_period")
    | answers(Statistics, _STATISTICS, description="counts of the period"),
)
async def get_statistics(
    database: Database,
    _: Lister,
    since: Annotated[
        Day | None,
        Query(alias="from", description=f"the first day (UTC); {USUAL_DAYS} days if not given"),
    ] = None,
    before: Annotated[
        Day | None,
        Query(
            description=f"the day after the last; tomorrow if not given; {MOST_DAYS} days at most"
        ),
    ] = None,
) -> Response:
    """How many documents, of which kinds, with which findings, and how fast."""
    statistics = await database.run(
        lambda session: read_statistics(
            session, namespace=database.name, since=since, before=before
        )
    )
    return json_answer(statistics)
