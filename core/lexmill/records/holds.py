"""Legal holds: while one is on a document, its job or its matter, nothing of it is purged."""

import uuid
from collections.abc import Collection

from sqlalchemy import CTE, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit
from lexmill.documents.contents import purged
from lexmill.documents.models import Document
from lexmill.jobs.models import Job
from lexmill.latches import Turn
from lexmill.records.models import LegalHold, Tombstone
from lexmill.records.schemas import HoldRow, Keeping, TombstoneRow

_PURGE_AFTER = text("""
    SELECT run.finalized_at
      + make_interval(days => CAST(job.spec #>> '{retention,days}' AS integer))
    FROM document JOIN run ON run.id = document.run_id JOIN job ON job.uid = document.job_uid
    WHERE document.id = :document AND document.purged_at IS NULL
""")


def place_hold(
    session: Session,
    *,
    namespace: str,
    job: uuid.UUID | None,
    document: uuid.UUID | None,
    matter: str | None,
    case_name: str,
    reason: str,
    by: str,
) -> HoldRow | None:
    """None where there is no such job or document; a matter may come to have jobs later."""
    latches.wait_for(session, Turn.RECORDS)
    if job is not None and not session.scalar(
        select(Job.uid).where(Job.uid == job, Job.namespace == namespace)
    ):
        return None
    if document is not None:
        found = session.execute(
            select(Document.id, Document.purged_at).where(
                Document.id == document, Document.namespace == namespace
            )
        ).one_or_none()
        if found is None:
            return None
        if found.purged_at is not None:
            raise purged()
    hold = session.scalars(
        insert(LegalHold)
        .values(
            namespace=namespace,
            job_uid=job,
            document_id=document,
            matter=matter,
            case_name=case_name,
            reason=reason,
            placed_by=by,
        )
        .returning(LegalHold)
    ).one()
    row = hold_row(hold)
    _note(session, namespace, row, actor=by, action="hold.placed", after={"reason": reason})
    return row


def release_hold(
    session: Session, *, namespace: str, hold: uuid.UUID, reason: str, by: str
) -> HoldRow | None:
    """None where there is no such hold; who released it first stays."""
    released = session.execute(
        update(LegalHold)
        .where(
            LegalHold.id == hold,
            LegalHold.namespace == namespace,
            LegalHold.released_at.is_(None),
        )
        .values(released_by=by, release_reason=reason, released_at=func.now())
        .returning(LegalHold.id)
    ).one_or_none()
    row = read_hold(session, namespace=namespace, hold=hold)
    if released is not None and row is not None:
        _note(session, namespace, row, actor=by, action="hold.released", after={"reason": reason})
    return row


def read_hold(session: Session, *, namespace: str, hold: uuid.UUID) -> HoldRow | None:
    found = session.scalars(
        select(LegalHold).where(LegalHold.id == hold, LegalHold.namespace == namespace)
    ).one_or_none()
    return None if found is None else hold_row(found)


def find_holds(
    session: Session, *, namespace: str, documents: Collection[uuid.UUID]
) -> list[HoldRow]:
    """Those that hold any of these documents: by itself, its job or its job's matter."""
    jobs = select(Document.job_uid).where(Document.id.in_(documents)).distinct()
    matters = select(Job.spec["matter"].astext).where(Job.uid.in_(jobs))
    rows = session.scalars(
        select(LegalHold)
        .where(
            LegalHold.namespace == namespace,
            LegalHold.released_at.is_(None),
            or_(
                LegalHold.document_id.in_(documents),
                LegalHold.job_uid.in_(jobs),
                LegalHold.matter.in_(matters),
            ),
        )
        .order_by(LegalHold.placed_at, LegalHold.id)
    )
    return [hold_row(row) for row in rows]


def read_keeping(session: Session, *, namespace: str, document: uuid.UUID) -> Keeping | None:
    """None where there is no such document."""
    relatives = family_ids(session, namespace=namespace, document=document)
    if not relatives:
        return None
    tombstone = session.scalars(
        select(Tombstone).where(Tombstone.document_id == document)
    ).one_or_none()
    after = session.scalar(_PURGE_AFTER, {"document": document})
    return Keeping(
        purge_after=after,
        holds=tuple(find_holds(session, namespace=namespace, documents=relatives)),
        tombstone=None if tombstone is None else tombstone_row(tombstone),
    )


def family_ids(session: Session, *, namespace: str, document: uuid.UUID) -> list[uuid.UUID]:
    """The document, all that it came out of, and all that came out of it: a hold on a mail holds
    its attachments, and one on an attachment its mail.
    """
    own = Document.namespace == namespace
    asked = (Document.id == document) & own
    up = select(Document.id, Document.parent_id).where(asked).cte("up", recursive=True)
    up = up.union_all(
        select(Document.id, Document.parent_id).where(own, Document.id == up.c.parent_id)
    )
    down = descendants(namespace, document)
    return list(session.scalars(select(up.c.id).union(select(down.c.id))))


def descendants(namespace: str, document: uuid.UUID) -> CTE:
    """The ids of the document and of all that came out of it."""
    own = Document.namespace == namespace
    down = select(Document.id).where(own, Document.id == document).cte("down", recursive=True)
    return down.union_all(select(Document.id).where(own, Document.parent_id == down.c.id))


def _note(
    session: Session,
    namespace: str,
    hold: HoldRow,
    *,
    actor: str,
    action: str,
    after: dict[str, str],
) -> None:
    on = {"job": hold.job_uid, "document": hold.document_id, "matter": hold.matter}
    subject = {name: str(thing) for name, thing in on.items() if thing is not None}
    subject |= {"hold": str(hold.id), "case": hold.case_name}
    entry = NewEntry(actor=actor, action=action, subject=subject, after=after)
    append_audit(session, namespace=namespace, entries=[entry])


def hold_row(hold: LegalHold) -> HoldRow:
    return HoldRow(**{name: getattr(hold, name) for name in HoldRow.__struct_fields__})


def tombstone_row(stone: Tombstone) -> TombstoneRow:
    return TombstoneRow(**{name: getattr(stone, name) for name in TombstoneRow.__struct_fields__})
