import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from lexmill.jobs.models import Job
from lexmill.jobs.schemas import JobRow
from lexmill.listing.filters import Filter, period
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page

_STATES: Final = {
    "Running": and_(Job.outcome.is_(None), ~Job.suspended),
    "Suspended": and_(Job.outcome.is_(None), Job.suspended),
    "Complete": Job.outcome == "complete",
    "Failed": Job.outcome.in_(("failed", "cancelled")),
}

JOBS: Final = Listing(
    name="jobs",
    query=select(
        Job.uid,
        Job.name,
        Job.owner,
        Job.generation,
        Job.spec["matter"].astext.label("matter"),
        case(*((condition, state) for state, condition in _STATES.items())).label("state"),
        Job.reason,
        Job.message,
        Job.declared_at,
        Job.ended_at,
        case((_STATES["Running"], Job.next_tick_at)).label("next_run_at"),
    ).where(Job.deleted_at.is_(None)),
    record=JobRow,
    namespace=Job.namespace,
    sorts={
        "declared_at": (Key(Job.declared_at, datetime), Key(Job.uid, uuid.UUID)),
        "name": (Key(Job.name, str),),
    },
    default_sort="-declared_at",
    filters={
        "state": Filter(
            "choice",
            "how the job is; Running is every job that has not ended and is not suspended",
            lambda state: _STATES[state],
            tuple(_STATES),
        ),
        "owner": Filter(
            "choice",
            "who declared it",
            lambda owner: Job.owner == owner,
            ("kubernetes", "api", "local"),
        ),
        "matter": Filter(
            "text", "of this matter", lambda matter: Job.spec["matter"].astext == matter
        ),
        **period("declared", "declared", Job.declared_at),
    },
)


def list_jobs(session: Session, *, namespace: str, request: ListRequest) -> Page[JobRow]:
    """Jobs that were not deleted."""
    return read_page(session, listing=JOBS, namespace=namespace, request=request)
