"""Progress as the API reports it."""

from datetime import UTC, datetime
from typing import Any

from lexmill.jobs.schemas import DocumentCounts, JobProgress, StageTime

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def progress(**changes: Any) -> JobProgress:
    given: dict[str, Any] = {
        "uid": "0" * 32,
        "namespace": "default",
        "name": "job",
        "generation": 1,
        "spec_hash": "",
        "run": 1,
        "state": "Complete",
        "reason": None,
        "message": None,
        "listing_done": True,
        "documents": DocumentCounts(total=3, succeeded=3),
        "stages": (),
        "declared_at": NOW,
        "finished_at": NOW,
    }
    return JobProgress(**{**given, **changes})


def stage(name: str, *, visits: int = 0, reused: int = 0) -> StageTime:
    return StageTime(stage=name, visits=visits, seconds=visits / 10, reused=reused)
