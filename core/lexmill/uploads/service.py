"""Files that people send: begun, stored under a key of their namespace, committed as events."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import msgspec
from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit
from lexmill.documents.models import Document
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import CloudEvent, DataKind
from lexmill.events.models import EventKey
from lexmill.events.routing import event_digest, new_ids
from lexmill.events.schemas import DOCUMENT_UPLOADED, Incoming, UploadedFile
from lexmill.events.service import accept_events
from lexmill.jobs.models import Job
from lexmill.storage.objects import Objects
from lexmill.uploads.models import Upload
from lexmill.uploads.schemas import INCOMING, BegunUpload, OfferedUpload, Stored, UploadedDocument

_SWEPT: Final = 100
_GRACE: Final = timedelta(hours=1)
"""For what is still coming in when its address expires."""


def takes_documents(session: Session, *, namespace: str, job: str) -> bool:
    """False where there is no such job; raises LexmillError where it takes none."""
    return _find_taker(session, namespace, job) is not None


def begin_upload(
    session: Session,
    *,
    namespace: str,
    job: str,
    name: str,
    by: str,
    seconds: int,
    event_id: str | None = None,
) -> BegunUpload | None:
    """None where there is no such job; raises LexmillError where it takes no documents.

    With the same ``event_id`` the same file is the same document.
    """
    return _insert(
        session, namespace=namespace, job=job, name=name, by=by, seconds=seconds, event_id=event_id
    )


def offer_upload(
    session: Session,
    *,
    namespace: str,
    job: str,
    name: str,
    by: str,
    seconds: int,
    into_bucket: bool,
    sha256: str | None = None,
) -> OfferedUpload | None:
    """As `begin_upload`, for whoever gets the address; of its secret only the hash is kept."""
    secret = None if into_bucket else secrets.token_urlsafe(32)
    begun = _insert(
        session,
        namespace=namespace,
        job=job,
        name=name,
        by=by,
        seconds=seconds,
        sha256=sha256,
        secret=None if secret is None else hashlib.sha256(secret.encode()).digest(),
        incoming_until=_in(seconds) if into_bucket else None,
    )
    if begun is None:
        return None
    entry = NewEntry(
        actor=by,
        action="upload.offered",
        subject={"upload": str(begun.id), "job": job},
        after={"expires_at": begun.expires_at.isoformat(), "into_bucket": into_bucket},
    )
    append_audit(session, namespace=namespace, entries=[entry])
    return OfferedUpload(upload=begun, secret=secret)


def find_upload(
    session: Session, *, upload: uuid.UUID | None = None, secret: str | None = None
) -> BegunUpload | None:
    """One whose time has not run out, or that is completed."""
    query = select(Upload, Job.name.label("job")).join(Job, Job.uid == Upload.job_uid)
    if secret is None:
        query = query.where(Upload.id == upload, Upload.expires_at > func.now() - _GRACE)
    else:
        digest = hashlib.sha256(secret.encode()).digest()
        query = query.where(Upload.secret == digest, Upload.expires_at > func.now())
    row = session.execute(query).one_or_none()
    return None if row is None else _begun(row.Upload, row.job)


def read_uploaded(session: Session, *, upload: uuid.UUID) -> UploadedDocument:
    """The document of an upload that is completed."""
    row = session.execute(
        select(Upload, Document.uri)
        .join(Document, Document.id == Upload.document_id)
        .where(Upload.id == upload)
    ).one()
    return UploadedDocument(
        id=row.Upload.document_id,
        name=row.Upload.name,
        uri=row.uri,
        bytes=row.Upload.bytes,
        sha256=row.Upload.sha256,
        state="duplicate",
        url=f"/v1/namespaces/{row.Upload.namespace}/documents/{row.Upload.document_id}",
    )


def commit_uploads(
    session: Session, *, stored: Sequence[Stored]
) -> tuple[list[UploadedDocument], Mapping[str, int]]:
    """Each file of a request as an event of its job, through the same door as all events.

    Gives the documents and the wake-ups to ring. The caller's login is ingest's. A file that came
    before is not taken again: its document is the answer, and its object has no use.
    """
    incoming = [_incoming(each) for each in stored]
    jobs = {(each.upload.namespace, each.upload.job, each.upload.job_uid) for each in stored}
    for namespace, job, uid in sorted(jobs):
        if _find_taker(session, namespace, job) != uid:
            raise _no_taker("its job was replaced while the file came in; send it again")
    accepted = accept_events(session, incoming=incoming)
    documents = []
    for each, event, outcome in zip(stored, incoming, accepted.outcomes, strict=True):
        if outcome not in {"routed", "duplicate"}:
            raise _no_taker("this job does not take documents any more")
        documents.append(_document(session, each, event, is_duplicate=outcome == "duplicate"))
    _note(session, stored, documents)
    return documents, accepted.wake_ups


def sweep_uploads(session: Session, *, objects: Objects) -> int:
    """Forget uploads that never came to their end, with what has come of them."""
    aborted = session.scalars(
        select(Upload)
        .where(Upload.completed_at.is_(None), Upload.expires_at < func.now() - _GRACE)
        .limit(_SWEPT)
        .with_for_update(skip_locked=True)
    ).all()
    for upload in aborted:
        objects.delete_all(list(objects.sizes(upload.folder)))
    session.execute(delete(Upload).where(Upload.id.in_([upload.id for upload in aborted])))
    return len(aborted) + _sweep_incoming(session, objects)


def _sweep_incoming(session: Session, objects: Objects) -> int:
    """Whatever came at a bucket's address once more, when its document had been taken."""
    late = session.scalars(
        select(Upload)
        .where(Upload.incoming_until < func.now() - _GRACE, Upload.completed_at.is_not(None))
        .limit(_SWEPT)
        .with_for_update(skip_locked=True)
    ).all()
    objects.delete_all([f"{upload.folder}{INCOMING}" for upload in late])
    session.execute(
        update(Upload)
        .where(Upload.id.in_([upload.id for upload in late]))
        .values(incoming_until=None)
    )
    return len(late)


def drop_uploads(session: Session, *, uploads: Sequence[uuid.UUID]) -> None:
    """Those that did not come whole; the sweeper would do it later."""
    session.execute(delete(Upload).where(Upload.id.in_(uploads), Upload.completed_at.is_(None)))


def _insert(
    session: Session,
    *,
    namespace: str,
    job: str,
    name: str,
    by: str,
    seconds: int,
    event_id: str | None = None,
    **more: Any,
) -> BegunUpload | None:
    found = _find_taker(session, namespace, job)
    if found is None:
        return None
    (id_,) = new_ids(1)
    upload = session.scalars(
        insert(Upload)
        .values(
            id=id_,
            namespace=namespace,
            job_uid=found,
            name=name,
            folder=f"{namespace}/uploads/{id_}/",
            event_id=event_id or str(id_),
            created_by=by,
            expires_at=_in(seconds),
            **more,
        )
        .returning(Upload)
    ).one()
    return _begun(upload, job)


def _in(seconds: int) -> ColumnElement[datetime]:
    return func.now() + timedelta(seconds=seconds)


def _find_taker(session: Session, namespace: str, name: str) -> uuid.UUID | None:
    job = session.execute(
        select(Job.uid, Job.spec, Job.outcome).where(
            Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None)
        )
    ).one_or_none()
    if job is None:
        return None
    if "trigger" not in job.spec:
        raise _no_taker(
            "this job lists its documents itself: put the file where spec.documents says, or"
            " declare a job with a trigger"
        )
    if job.outcome is not None:
        raise _no_taker("this job has ended; declare it anew, or send the file to another one")
    found: uuid.UUID = job.uid
    return found


def _note(
    session: Session, stored: Sequence[Stored], documents: Sequence[UploadedDocument]
) -> None:
    """Who brought what; not its name, which would outlive a purge here."""
    entries = [
        NewEntry(
            actor=each.upload.created_by,
            action="document.uploaded",
            subject={"document": str(document.id), "sha256": each.sha256},
            after={"upload": str(each.upload.id), "job": each.upload.job, "bytes": each.bytes},
        )
        for each, document in zip(stored, documents, strict=True)
        if document.state != "duplicate"
    ]
    if entries:
        append_audit(session, namespace=stored[0].upload.namespace, entries=entries)


def _no_taker(message: str) -> LexmillError:
    return LexmillError("job_takes_no_documents", message, ErrorClass.DOCUMENT)


def _begun(row: Upload, job: str) -> BegunUpload:
    return BegunUpload(
        id=row.id,
        namespace=row.namespace,
        job=job,
        job_uid=row.job_uid,
        name=row.name,
        folder=row.folder,
        event_id=row.event_id,
        created_by=row.created_by,
        expires_at=row.expires_at,
        document_id=row.document_id,
        sha256=row.sha256,
    )


def _incoming(stored: Stored) -> Incoming:
    upload = stored.upload
    return Incoming(
        namespace=upload.namespace,
        job=upload.job,
        event=CloudEvent(
            id=upload.event_id,
            source=f"/v1/namespaces/{upload.namespace}/uploads",
            type=DOCUMENT_UPLOADED,
            datacontenttype="application/json",
            data_kind=DataKind.JSON,
            data=msgspec.json.encode(
                {
                    "name": upload.name,
                    "sha256": stored.sha256,
                    "bytes": stored.bytes,
                    "by": upload.created_by,
                }
            ),
        ),
        file=UploadedFile(
            uri=f"upload:{upload.id}/{quote(upload.name, safe='')}",
            object_key=stored.object_key,
            name=upload.name,
        ),
    )


def _document(
    session: Session, stored: Stored, event: Incoming, *, is_duplicate: bool
) -> UploadedDocument:
    upload = stored.upload
    found = session.execute(
        select(Document.id, Document.uri, Upload.sha256.label("before"))
        .join(EventKey, EventKey.event_id == Document.event_id)
        .outerjoin(Upload, Upload.document_id == Document.id)
        .where(EventKey.digest == event_digest(event, upload.job_uid))
    ).one()
    if not is_duplicate:
        session.execute(
            update(Upload)
            .where(Upload.id == upload.id)
            .values(
                completed_at=func.now(),
                document_id=found.id,
                sha256=stored.sha256,
                bytes=stored.bytes,
            )
        )
    elif found.before is not None and found.before != stored.sha256:
        raise LexmillError(
            "idempotency_key_reused",
            "another file came under this Idempotency-Key before; use a new key for a new request",
            ErrorClass.DOCUMENT,
        )
    return UploadedDocument(
        id=found.id,
        name=upload.name,
        uri=found.uri,
        bytes=stored.bytes,
        sha256=stored.sha256,
        state="duplicate" if is_duplicate else "queued",
        url=f"/v1/namespaces/{upload.namespace}/documents/{found.id}",
    )
