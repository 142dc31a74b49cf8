"""One document with all that is known of its way."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.schemas import DocumentDetails, DocumentTask
from lexmill.jobs.models import Job, Run
from lexmill.tasks.models import Task


def read_document(
    session: Session, *, namespace: str, document: uuid.UUID
) -> DocumentDetails | None:
    """None when no such document is in the namespace."""
    row = (
        session.execute(
            select(
                Document.id,
                Document.job_uid,
                Job.name.label("job"),
                Job.deleted_at.is_not(None).label("job_deleted"),
                Job.spec["matter"].astext.label("matter"),
                Run.number.label("run"),
                Document.parent_id,
                Document.event_id,
                Document.uri,
                Document.name,
                Document.state,
                Document.error_code,
                Document.error_message,
                Document.sha256,
                Document.result_key.is_not(None).label("has_result"),
                Document.priority,
                Document.created_at,
                Document.ended_at,
            )
            .join(Job, Job.uid == Document.job_uid)
            .join(Run, Run.id == Document.run_id)
            .where(Document.namespace == namespace, Document.id == document)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    children = session.scalar(select(func.count()).where(Document.parent_id == document))
    return DocumentDetails(**row, children=children or 0, task=_newest_task(session, document))


def _newest_task(session: Session, document: uuid.UUID) -> DocumentTask | None:
    row = (
        session.execute(
            select(
                Task.state,
                Task.pool,
                Task.stage,
                Task.failures,
                Task.crashes,
                Task.error_code,
                Task.error_message,
                Task.due_at,
                Task.started_at,
            )
            .where(Task.document_id == document)
            .order_by(Task.id.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else DocumentTask(**row)
