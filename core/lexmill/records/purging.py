"""Purging: a document's content goes, a tombstone stays.

In two steps. First, in one transaction, nothing refers to the content any more: rows lose it, the
stage cache forgets it, the tombstone notes the folders. Later, when no visit that began before can
still read them, the folders' objects are removed, except those that another document refers to.
"""

import posixpath
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit
from lexmill.documents.contents import own_key, purged
from lexmill.documents.models import Document, StageOutput
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Job, Run
from lexmill.latches import Turn
from lexmill.records.holds import descendants, family_ids, find_holds, tombstone_row
from lexmill.records.models import Tombstone
from lexmill.records.schemas import TombstoneRow
from lexmill.results.service import remove_results
from lexmill.reviews.models import Review
from lexmill.storage.objects import Objects
from lexmill.uploads.models import Upload

_BATCH = 50

# Of several documents of one event the last one takes its body along.
_FORGET_EVENTS = text("""
    UPDATE event SET data = NULL, attributes = attributes - 'subject'
    WHERE id IN (SELECT event_id FROM document WHERE id = ANY(:ids) AND event_id IS NOT NULL)
      AND NOT EXISTS (
        SELECT FROM document AS other
        WHERE other.event_id = event.id AND other.purged_at IS NULL
      )
""")
# Where a listed file lies is kept: by it the next run of a schedule knows that it was there.
_EMPTY = text("""
    UPDATE document SET purged_at = now(), name = '', source = 'purged:', error_message = NULL,
      sha256 = NULL, result_key = NULL, traceparent = NULL,
      uri = CASE WHEN fingerprint IS NULL THEN 'purged:' || id ELSE uri END
    WHERE id = ANY(:ids)
""")
_OVERDUE = text("""
    WITH RECURSIVE held AS (
      SELECT document.id, document.parent_id FROM legal_hold AS hold
      JOIN document ON document.id = hold.document_id
      WHERE hold.released_at IS NULL
      UNION
      SELECT parent.id, parent.parent_id FROM held
      JOIN document AS parent ON parent.id = held.parent_id
    )
    SELECT document.id, document.namespace FROM run
    JOIN job ON job.uid = run.job_uid
    JOIN document ON document.run_id = run.id
    WHERE job.spec ? 'retention' AND run.purged_at IS NULL
      AND run.finalized_at < now()
        - make_interval(days => CAST(job.spec #>> '{retention,days}' AS integer))
      AND document.parent_id IS NULL AND document.purged_at IS NULL
      AND document.state <> 'queued'
      AND NOT EXISTS (
        SELECT FROM legal_hold AS hold
        WHERE hold.namespace = document.namespace AND hold.released_at IS NULL
          AND (hold.job_uid = job.uid OR hold.matter = job.spec ->> 'matter')
      )
      AND document.id NOT IN (SELECT id FROM held)
    ORDER BY document.id LIMIT :limit
""")
_DONE = text("""
    UPDATE run SET purged_at = now()
    WHERE purged_at IS NULL AND id IN (SELECT run_id FROM document WHERE id = ANY(:ids))
      AND NOT EXISTS (
        SELECT FROM document WHERE document.run_id = run.id AND document.purged_at IS NULL
      )
""")


def purge_document(
    session: Session,
    *,
    namespace: str,
    document: uuid.UUID,
    cause: Literal["retention", "request"],
    reason: str,
    by: str,
) -> list[TombstoneRow] | None:
    """Purge a document with all that came out of it; None where there is none.

    Raises LexmillError while something of it is held or worked on.
    """
    latches.wait_for(session, Turn.RECORDS)
    relatives = family_ids(session, namespace=namespace, document=document)
    if not relatives:
        return None
    holds = find_holds(session, namespace=namespace, documents=relatives)
    if holds:
        cases = ", ".join(sorted({hold.case_name for hold in holds}))
        raise LexmillError(
            "held", f"a legal hold is on it, for: {cases}; release it first", ErrorClass.DOCUMENT
        )
    doomed = _lock_descendants(session, namespace, document)
    if any(row.state == "queued" for row in doomed):
        raise LexmillError(
            "not_ended",
            "it, or something that came out of it, is still worked on; cancel its job or wait",
            ErrorClass.DOCUMENT,
        )
    left = [row for row in doomed if row.purged_at is None]
    if not left:
        raise purged()
    return _purge(session, namespace, left, cause=cause, reason=reason, by=by)


def purge_overdue(session: Session) -> int:
    """Documents whose retention is over; those that are held wait for the release."""
    done: list[uuid.UUID] = []
    for row in session.execute(_OVERDUE, {"limit": _BATCH}).all():
        try:
            stones = purge_document(
                session,
                namespace=row.namespace,
                document=row.id,
                cause="retention",
                reason="the job's retention is over",
                by="lexmill",
            )
        except LexmillError:
            continue  # an attachment of it is held, or worked on again
        done += [stone.document_id for stone in stones or ()]
    session.execute(_DONE, {"ids": done})
    return len(done)


def remove_objects(session: Session, *, objects: Objects, delay_seconds: float) -> int:
    """The second step; gives how many tombstones are through with it."""
    stones = session.scalars(
        select(Tombstone)
        .where(
            Tombstone.removed_at.is_(None),
            Tombstone.purged_at < func.now() - timedelta(seconds=delay_seconds),
        )
        .order_by(Tombstone.purged_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    # Many documents of a job have been quoted by the same reports.
    folders = {(stone.namespace, folder) for stone in stones for folder in stone.folders}
    for namespace, folder in sorted(folders):
        if keys := list(objects.sizes(folder)):
            kept = _referred(session, namespace, keys)
            objects.delete_all([key for key in keys if key not in kept])
    for stone in stones:
        stone.folders, stone.removed_at = [], func.now()
    session.flush()
    return len(stones)


def _lock_descendants(session: Session, namespace: str, document: uuid.UUID) -> Sequence[Any]:
    return session.execute(
        select(
            Document.id,
            Document.state,
            Document.purged_at,
            Document.job_uid,
            Document.source,
            Document.sha256,
            Document.result_key,
            Run.number,
            (Job.spec.has_key("documents") & ~Job.spec.has_key("schedule")).label("is_plain"),
        )
        .join(Run, Run.id == Document.run_id)
        .join(Job, Job.uid == Run.job_uid)
        .where(Document.id.in_(select(descendants(namespace, document).c.id)))
        .order_by(Document.id)
        .with_for_update(of=Document)
    ).all()


def _purge(
    session: Session,
    namespace: str,
    doomed: Sequence[Any],
    *,
    cause: str,
    reason: str,
    by: str,
) -> list[TombstoneRow]:
    ids = [row.id for row in doomed]
    folders = {row.id: _folders(session, namespace, row) for row in doomed}
    decisions: dict[uuid.UUID, int] = {}
    session.execute(delete(Upload).where(Upload.document_id.in_(ids)))
    remove_results(session, document_ids=ids)
    session.execute(_EMPTY, {"ids": ids})
    session.execute(_FORGET_EVENTS, {"ids": ids})
    for sha256 in sorted({row.sha256 for row in doomed if row.sha256}):
        # The cache and what people decided belong to the content: they go with the last document
        # that has it.
        if session.scalar(
            select(Document.id)
            .where(Document.namespace == namespace, Document.sha256 == sha256)
            .limit(1)
        ):
            continue
        made = session.scalars(
            delete(StageOutput)
            .where(StageOutput.namespace == namespace, StageOutput.sha256 == sha256)
            .returning(StageOutput.object_key)
        )
        first = next(row.id for row in doomed if row.sha256 == sha256)
        decisions[first] = len(
            session.scalars(
                delete(Review)
                .where(Review.namespace == namespace, Review.sha256 == sha256)
                .returning(Review.id)
            ).all()
        )
        folders[first] |= {f"{posixpath.dirname(key)}/" for key in made}
    stones = session.scalars(
        insert(Tombstone).returning(Tombstone),
        [
            {
                "namespace": namespace,
                "document_id": row.id,
                "job_uid": row.job_uid,
                "sha256": row.sha256,
                "cause": cause,
                "reason": reason,
                "purged_by": by,
                "folders": sorted(folders[row.id]),
            }
            for row in doomed
        ],
    )
    rows = [tombstone_row(stone) for stone in stones]
    append_audit(
        session,
        namespace=namespace,
        entries=[
            NewEntry(
                actor=by,
                action="document.purged",
                subject={"document": str(row.document_id), "sha256": row.sha256},
                after={
                    "cause": cause,
                    "reason": reason,
                    "tombstone": str(row.id),
                    "decisions": decisions.get(row.document_id, 0),
                },
            )
            for row in rows
        ],
    )
    return rows


def _folders(session: Session, namespace: str, row: Any) -> set[str]:
    """Where its content is: what its last visit wrote, how it came, and what reports quote it."""
    found = {_reports(namespace, row)}
    if row.result_key is not None:
        folder = f"{posixpath.dirname(row.result_key)}/"
        found.add(folder)
        # A bundle holds the result of this very document, so other documents of the same content
        # do not get it from the cache any more.
        session.execute(
            delete(StageOutput).where(
                StageOutput.namespace == namespace,
                StageOutput.sha256 == row.sha256,
                StageOutput.object_key.startswith(folder, autoescape=True),
            )
        )
    scheme, _, key = row.source.partition(":")
    if scheme == "object":
        found.add(f"{posixpath.dirname(key)}/")
    return {folder for folder in found if _is_own(namespace, folder)}


def _reports(namespace: str, row: Any) -> str:
    """A plain job's runs report all its documents; those of others each their own."""
    return f"{namespace}/jobs/{row.job_uid}/" + ("" if row.is_plain else f"{row.number}/")


def _is_own(namespace: str, folder: str) -> bool:
    """Tenants' workers write keys: nothing of others is removed, and never a whole namespace."""
    try:
        own_key(namespace, folder.rstrip("/"))
    except LexmillError:
        return False
    kind, _, rest = folder.removeprefix(f"{namespace}/").partition("/")
    return kind in {"visits", "uploads", "jobs"} and bool(rest.strip("/"))


def _referred(session: Session, namespace: str, keys: Sequence[str]) -> set[str]:
    """Another document's attachment or result, or what the cache still gives to others."""
    own = Document.namespace == namespace
    sources = session.scalars(
        select(Document.source).where(own, Document.source.in_([f"object:{key}" for key in keys]))
    )
    results = session.scalars(select(Document.result_key).where(own, Document.result_key.in_(keys)))
    cached = session.scalars(
        select(StageOutput.object_key).where(
            StageOutput.namespace == namespace, StageOutput.object_key.in_(keys)
        )
    )
    found = {source.removeprefix("object:") for source in sources}
    return found | {key for key in results if key} | set(cached)
