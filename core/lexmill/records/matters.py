"""Matters: what jobs name in `spec.matter`, with how much there is of each."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.jobs.models import Job
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.records.models import LegalHold
from lexmill.records.schemas import MatterRow

_matter: Final = Job.spec["matter"].astext
_known: Final = (
    select(
        Job.namespace,
        _matter.label("matter"),
        func.count().label("jobs"),
        func.max(Job.declared_at).label("last_declared_at"),
    )
    .where(Job.spec.has_key("matter"))
    .group_by(Job.namespace, _matter)
    .subquery("matter")
)


def _counted(*conditions: ColumnElement[bool]) -> Any:
    """Asked for the shown rows only, as PostgreSQL computes what it gives behind the limit."""
    return (
        select(func.count())
        .select_from(Document)
        .join(Job, Job.uid == Document.job_uid)
        .where(Job.namespace == _known.c.namespace, _matter == _known.c.matter, *conditions)
        .scalar_subquery()
    )


_there: Final = Document.purged_at.is_(None)

MATTERS: Final = Listing(
    name="matters",
    query=select(
        _known.c.matter,
        _known.c.jobs,
        _counted(_there).label("documents"),
        *(
            _counted(_there, Document.state == state).label(state)
            for state in ("queued", "succeeded", "failed", "dead")
        ),
        _counted(~_there).label("purged"),
        select(func.count())
        .select_from(LegalHold)
        .where(
            LegalHold.namespace == _known.c.namespace,
            LegalHold.matter == _known.c.matter,
            LegalHold.released_at.is_(None),
        )
        .scalar_subquery()
        .label("holds"),
        _known.c.last_declared_at,
    ),
    record=MatterRow,
    namespace=_known.c.namespace,
    sorts={"matter": (Key(_known.c.matter, str),)},
    default_sort="matter",
    filters={},
)


def list_matters(session: Session, *, namespace: str, request: ListRequest) -> Page[MatterRow]:
    return read_page(session, listing=MATTERS, namespace=namespace, request=request)


def read_matter(session: Session, *, namespace: str, matter: str) -> MatterRow | None:
    """None where no job names it."""
    row = session.execute(
        MATTERS.query.where(_known.c.namespace == namespace, _known.c.matter == matter)
    ).mappings()
    found = row.one_or_none()
    return None if found is None else MatterRow(**found)
