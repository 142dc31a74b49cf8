"""Results as rows: written with the document's end, replaced by newer ones, gone with a purge.

Every function here runs inside the caller's transaction.
"""

import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from lexmill.results.schemas import NewResult

# Whoever works on the same document in another run waits here, and then sees this row. The update
# changes nothing: it locks the row that is there, and gives it back.
_TAKE = text("""
    INSERT INTO result
      (namespace, job, uri, document_id, job_uid, run_id, is_child, matter, sha256, document_type,
        languages, playbook_sha256)
    SELECT document.namespace, job.name, document.uri, document.id, document.job_uid,
      document.run_id, document.parent_id IS NOT NULL, job.spec ->> 'matter', :sha256,
      :document_type, CAST(:languages AS text[]), :playbook_sha256
    FROM document JOIN job ON job.uid = document.job_uid
    WHERE document.id = :document_id AND document.namespace = :namespace
    ON CONFLICT (namespace, job, uri) DO UPDATE SET uri = excluded.uri
    RETURNING job, uri, document_id, run_id, xmax = 0 AS is_new
""")

_REPLACE = text("""
    WITH beneath AS (
      DELETE FROM result
      WHERE namespace = :namespace AND job = :job AND uri > :uri || '#' AND uri < :uri || '$'
        AND is_child AND run_id < :run_id AND :earlier <> :document_id
      RETURNING document_id
    ), gone AS (
      SELECT document_id FROM beneath UNION ALL SELECT :earlier
    ), facts AS (
      DELETE FROM fact WHERE namespace = :namespace
        AND document_id IN (SELECT document_id FROM gone)
    ), findings AS (
      DELETE FROM finding WHERE namespace = :namespace
        AND document_id IN (SELECT document_id FROM gone)
    )
    UPDATE result SET document_id = document.id, job_uid = document.job_uid,
      run_id = document.run_id, is_child = document.parent_id IS NOT NULL,
      matter = owner.spec ->> 'matter', sha256 = :sha256, document_type = :document_type,
      languages = CAST(:languages AS text[]), playbook_sha256 = :playbook_sha256, ended_at = now()
    FROM document JOIN job AS owner ON owner.uid = document.job_uid
    WHERE result.namespace = :namespace AND result.job = :job AND result.uri = :uri
      AND document.id = :document_id
""")

_FILL = text("""
    WITH facts AS (
      INSERT INTO fact (namespace, document_id, number, id, field, key, value, normalized, role,
        date, quantity, currency, firm, confidence, method, quote, page, start, "end")
      SELECT :namespace, :document_id, given.*
      FROM json_to_recordset(CAST(:facts AS json)) AS given (
        number integer, id text, field text, key text, value text, normalized text, role text,
        date date, quantity double precision, currency text, firm boolean, confidence real,
        method text, quote text, page integer, start integer, "end" integer
      )
    )
    INSERT INTO finding (namespace, document_id, number, rule, result, severity, field, message,
      quote, start, "end")
    SELECT :namespace, :document_id, given.*
    FROM json_to_recordset(CAST(:findings AS json)) AS given (
      number integer, rule text, result text, severity text, field text, message text, quote text,
      start integer, "end" integer
    )
""")

_REMOVE = text("""
    WITH gone AS (
      DELETE FROM result USING document
      WHERE document.id = ANY(:document_ids) AND result.namespace = document.namespace
        AND result.document_id = document.id
      RETURNING result.namespace, result.document_id
    ), facts AS (
      DELETE FROM fact USING gone
      WHERE fact.namespace = gone.namespace AND fact.document_id = gone.document_id
    )
    DELETE FROM finding USING gone
    WHERE finding.namespace = gone.namespace AND finding.document_id = gone.document_id
""")


def put_result(
    session: Session,
    *,
    namespace: str,
    document_id: uuid.UUID,
    run_id: int,
    result: NewResult,
) -> bool:
    """Make this the document's result; False where a newer run has one already."""
    given = {
        "namespace": namespace,
        "document_id": document_id,
        "sha256": result.sha256,
        "document_type": result.document_type,
        "languages": list(result.languages),
        "playbook_sha256": result.playbook_sha256,
    }
    taken = session.execute(_TAKE, given).one()
    if not taken.is_new:
        if taken.run_id > run_id:
            return False
        earlier = {
            "job": taken.job,
            "uri": taken.uri,
            "run_id": run_id,
            "earlier": taken.document_id,
        }
        session.execute(_REPLACE, {**given, **earlier})
    if result.facts or result.findings:
        session.execute(
            _FILL,
            {
                "namespace": namespace,
                "document_id": document_id,
                "facts": msgspec.json.encode(result.facts).decode(),
                "findings": msgspec.json.encode(result.findings).decode(),
            },
        )
    return True


def remove_results(session: Session, *, document_ids: Sequence[uuid.UUID]) -> None:
    """Facts and findings too: of documents that are purged, while they are still there, or that
    have no result any more.
    """
    if document_ids:
        session.execute(_REMOVE, {"document_ids": list(document_ids)})
