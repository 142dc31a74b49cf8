import hashlib
import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, exists, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from lexmill.documents.models import Document, StageOutput
from lexmill.documents.schemas import (
    DocumentState,
    EndedDocument,
    NewDocument,
    NewStageOutput,
)

MAX_URI_BYTES = 2_000
"""An entry of an index has at most 2,704 bytes."""

_COUNT_BENEATH = text("""
    SELECT count(*) FROM (
      SELECT FROM document
      WHERE run_id = :run_id AND uri COLLATE "C" >= :uri || '#' AND uri COLLATE "C" < :uri || '$'
      LIMIT :limit
    ) AS beneath
""")

_ADD = text("""
    WITH added AS (
      INSERT INTO document
        (namespace, job_uid, run_id, parent_id, event_id, uri, source, name, priority, traceparent,
          fingerprint)
      SELECT
        :namespace, :job_uid, :run_id, parent_id, event_id, uri, source, name, priority,
        traceparent, fingerprint
      FROM json_to_recordset(CAST(:documents AS json)) AS given (
        uri text, source text, name text, parent_id uuid, event_id uuid, priority integer,
        traceparent text, fingerprint text
      )
      WHERE given.fingerprint IS NULL OR NOT EXISTS (
        SELECT FROM (
          SELECT fingerprint, state FROM document AS earlier
          WHERE earlier.job_uid = :job_uid AND earlier.uri = given.uri
            AND earlier.run_id < :run_id AND earlier.fingerprint IS NOT NULL
          ORDER BY earlier.run_id DESC LIMIT 1
        ) AS latest
        WHERE latest.fingerprint = given.fingerprint AND latest.state <> 'dead'
      )
      ON CONFLICT DO NOTHING
      RETURNING id, priority
    ), queued AS (
      INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool, stage, priority)
      SELECT 'process', :namespace, :job_uid, :run_id, id, :pool, :stage, priority FROM added
      RETURNING id
    )
    SELECT count(*) FROM queued
""")


def count_beneath(session: Session, *, run_id: int, uri: str, limit: int) -> int:
    """How many documents came out of this one, and out of those, ``limit`` at most."""
    given = {"run_id": run_id, "uri": uri, "limit": limit}
    return int(session.execute(_COUNT_BENEATH, given).scalar_one())


def add_documents(
    session: Session,
    *,
    namespace: str,
    job_uid: uuid.UUID,
    run_id: int,
    pool: str,
    stage: str,
    documents: Sequence[NewDocument],
) -> int:
    """Queue documents with the task of their first visit; a URI is listed once a run.

    A listed document that is as an earlier run of this job had it last is passed over. That holds
    for one that `failed`, too: it is its own fault, and stays so until it changes or is replayed.
    One that is `dead` is taken again, because nobody has read it to its end.
    """
    if not documents:
        return 0
    return (
        session.scalar(
            _ADD,
            {
                "namespace": namespace,
                "job_uid": job_uid,
                "run_id": run_id,
                "pool": pool,
                "stage": stage,
                "documents": msgspec.json.encode(
                    [indexable(document) for document in documents]
                ).decode(),
            },
        )
        or 0
    )


def taken_again(document: type[Document]) -> ColumnElement[bool]:
    """Whether a later run of the same job has taken the document up anew."""
    later = aliased(Document)
    return exists().where(
        later.job_uid == document.job_uid,
        later.uri == document.uri,
        later.run_id > document.run_id,
        later.fingerprint.is_not(None),
        document.fingerprint.is_not(None),
    )


def indexable(document: NewDocument) -> NewDocument:
    """A name too long for PostgreSQL's indexes ends in its hash: the same name gives the same."""
    name = document.uri.encode()
    if len(name) <= MAX_URI_BYTES:
        return document
    begin = name[: MAX_URI_BYTES - 65].decode(errors="ignore")
    return msgspec.structs.replace(document, uri=f"{begin}~{hashlib.sha256(name).hexdigest()}")


def list_ended(
    session: Session, *, run_ids: Sequence[int], after: EndedDocument | None, limit: int
) -> list[EndedDocument]:
    """One page of the runs' documents in the order of their URIs (by code point), then ids."""
    parent = aliased(Document)
    uri = Document.uri.collate("C")
    query = (
        select(
            Document.id,
            Document.uri,
            parent.uri.label("parent_uri"),
            Document.state,
            Document.error_code,
            Document.error_message,
            Document.sha256,
            Document.result_key,
        )
        .outerjoin(parent, parent.id == Document.parent_id)
        .where(Document.run_id.in_(run_ids), Document.purged_at.is_(None))
        .order_by(uri, Document.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(uri, Document.id) > tuple_(after.uri, after.id))
    return [EndedDocument(**row) for row in session.execute(query).mappings()]


def read_states(
    session: Session, *, documents: Sequence[tuple[str, uuid.UUID]]
) -> list[DocumentState]:
    """Of documents by namespace and id; one that is not there is missing."""
    rows = session.execute(
        select(
            Document.id,
            Document.namespace,
            Document.uri,
            Document.state,
            Document.error_code,
            Document.error_message,
            Document.ended_at,
        ).where(tuple_(Document.namespace, Document.id).in_(documents))
    )
    return [DocumentState(**row) for row in rows.mappings()]


def find_stage_outputs(
    session: Session, *, namespace: str, keys: Sequence[bytes]
) -> dict[bytes, str]:
    """The objects that hold the outputs of these keys, as far as they are known."""
    rows = session.execute(
        select(StageOutput.key, StageOutput.object_key).where(
            StageOutput.namespace == namespace, StageOutput.key.in_(keys)
        )
    )
    return {row.key: row.object_key for row in rows}


def add_stage_outputs(
    session: Session, *, namespace: str, outputs: Sequence[NewStageOutput]
) -> None:
    if outputs:
        # Sorted, because two visits that write the same keys in different orders would deadlock.
        session.execute(
            upsert(StageOutput).on_conflict_do_nothing(),
            [
                {
                    "namespace": namespace,
                    "key": output.key,
                    "stage": output.stage,
                    "object_key": output.object_key,
                    "sha256": output.sha256,
                }
                for output in sorted(outputs, key=lambda output: output.key)
            ],
        )
