"""Why an event made documents, or none."""

import uuid
from typing import Any, Final

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.events.cloudevents import CloudEvent, DataKind
from lexmill.events.models import Event
from lexmill.events.routing import Listener, concerns, documents_of
from lexmill.events.schemas import (
    DOCUMENT_UPLOADED,
    EventDetails,
    EventDocument,
    Incoming,
    JobVerdict,
    UploadedFile,
)
from lexmill.events.selection import SelectionError
from lexmill.events.service import list_listeners

_SHOWN: Final = 100


def explain_event(session: Session, *, namespace: str, event: uuid.UUID) -> EventDetails | None:
    """None when no such event is kept in the namespace."""
    row = session.execute(
        select(
            Event.id,
            Event.job_uid,
            Event.source,
            Event.event_id,
            Event.type,
            Event.outcome,
            Event.received_at,
            Event.attributes,
            Event.data_kind,
            Event.data,
            func.coalesce(func.length(Event.data), 0).label("data_bytes"),
        ).where(Event.namespace == namespace, Event.id == event)
    ).one_or_none()
    if row is None:
        return None
    documents = session.execute(
        select(Document.id, Document.job_uid, Document.uri, Document.state)
        .where(Document.event_id == event, Document.namespace == namespace)
        .order_by(Document.id)
        .limit(_SHOWN)
    ).mappings()
    return EventDetails(
        id=row.id,
        job_uid=row.job_uid,
        source=row.source,
        event_id=row.event_id,
        type=row.type,
        outcome=row.outcome,
        received_at=row.received_at,
        attributes=row.attributes,
        data_kind=row.data_kind,
        data_bytes=row.data_bytes,
        documents=tuple(EventDocument(**document) for document in documents),
        verdicts=() if row.outcome == "control" else _verdicts(session, namespace, row),
    )


def _verdicts(
    session: Session, namespace: str, row: "Row[*tuple[Any, ...]]"
) -> tuple[JobVerdict, ...]:
    event = CloudEvent.restore(row.attributes, DataKind(row.data_kind), row.data or b"")
    file = _uploaded(session, namespace, row)
    incoming = Incoming(namespace=namespace, job=None, event=event, file=file)
    listeners = list_listeners(session, {namespace}).get(namespace, ())
    asked = [each for each in listeners if row.job_uid in {None, each.uid}]
    return tuple(
        _verdict(incoming, row.id, each)
        for each in sorted(asked, key=lambda listener: listener.name)[:_SHOWN]
    )


def _uploaded(
    session: Session, namespace: str, row: "Row[*tuple[Any, ...]]"
) -> UploadedFile | None:
    """The file that was sent with the event. The type alone could come from anybody."""
    if row.type != DOCUMENT_UPLOADED:
        return None
    found = session.execute(
        select(Document.uri, Document.source, Document.name)
        .where(
            Document.event_id == row.id,
            Document.namespace == namespace,
            or_(Document.source.startswith("object:"), Document.source == "purged:"),
        )
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    _, _, key = found.source.partition(":")
    return UploadedFile(uri=found.uri, object_key=key, name=found.name)


def _verdict(incoming: Incoming, id_: uuid.UUID, listener: Listener) -> JobVerdict:
    if not concerns(incoming, listener):
        return JobVerdict(
            job=listener.name,
            verdict="filtered_out",
            reason="the event's attributes do not match the filters of its trigger",
        )
    try:
        documents_of(incoming, id_, listener)
    except SelectionError as error:
        return JobVerdict(job=listener.name, verdict="no_document", reason=error.message)
    reason = (
        "the filters match and a document was found"
        if incoming.file is None
        else "its file was sent to this very job, which no filter is asked about"
    )
    return JobVerdict(job=listener.name, verdict="taken", reason=reason)
