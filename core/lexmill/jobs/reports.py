"""The files that a job's runs have written."""

from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.jobs.models import Job, Run

_SHOWN_RUNS: Final = 100


class RunReports(msgspec.Struct, frozen=True, kw_only=True):
    """``uri`` is where the job's output goes, if not into Lexmill's own store, ``folder`` where
    else.
    """

    runs: tuple[int, ...]
    uri: str | None
    folder: str


def find_reports(session: Session, *, namespace: str, job: str) -> RunReports | None:
    """The newest runs first; None where there is no such job."""
    found = session.execute(
        select(Job.uid, Job.spec).where(
            Job.namespace == namespace, Job.name == job, Job.deleted_at.is_(None)
        )
    ).one_or_none()
    if found is None:
        return None
    runs = session.scalars(
        select(Run.number)
        .where(Run.job_uid == found.uid, Run.finalized_at.is_not(None))
        .order_by(Run.number.desc())
        .limit(_SHOWN_RUNS)
    )
    return RunReports(
        runs=tuple(runs),
        uri=found.spec.get("output", {}).get("uri"),
        folder=f"{namespace}/jobs/{found.uid}/",
    )
