"""The outbox: what a job's sink is told, written in the transaction that it tells of.

Delivery is at least once; an event keeps its id, so a sink tells doubles by source and id.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Interval, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session

from lexmill.events.models import Outgoing
from lexmill.events.types import DOCUMENT_ENDED, RUN_FINALIZED

MAX_FAILURES = 20
"""With the longest pause below this is about three hours of a sink that does not answer."""

_BACKOFF_SECONDS = 2.0
_MAX_BACKOFF_SECONDS = 600.0

_TELL_DOCUMENTS = text("""
    INSERT INTO outgoing (namespace, job_uid, sink, event)
    SELECT document.namespace, job.uid, job.spec #>> '{sink,uri}', jsonb_strip_nulls(
      jsonb_build_object(
        'id', gen_random_uuid(),
        'source', '/lexmill/namespaces/' || document.namespace || '/jobs/' || job.name,
        'type', CAST(:type AS text),
        'subject', document.id,
        'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'traceparent', document.traceparent,
        'data', jsonb_build_object(
          'job', job.uid, 'document', document.id, 'state', document.state,
          'sha256', document.sha256, 'code', document.error_code
        )
      )
    )
    FROM document JOIN job ON job.uid = document.job_uid
    WHERE document.id = ANY(:ids) AND job.spec ? 'sink'
""")

_TELL_RUN = text("""
    INSERT INTO outgoing (namespace, job_uid, sink, event)
    SELECT job.namespace, job.uid, job.spec #>> '{sink,uri}', jsonb_build_object(
      'id', gen_random_uuid(),
      'source', '/lexmill/namespaces/' || job.namespace || '/jobs/' || job.name,
      'type', CAST(:type AS text),
      'subject', CAST(run.number AS text),
      'time', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'data', jsonb_build_object(
        'job', job.uid, 'name', job.name, 'run', run.number,
        'succeeded', count(*) FILTER (WHERE document.state = 'succeeded'),
        'failed', count(*) FILTER (WHERE document.state = 'failed'),
        'dead', count(*) FILTER (WHERE document.state = 'dead'),
        'finalized_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
      )
    )
    FROM run JOIN job ON job.uid = run.job_uid LEFT JOIN document ON document.run_id = run.id
    WHERE run.id = :run_id AND job.spec ? 'sink'
    GROUP BY job.uid, run.id
""")


class OutgoingEvent(msgspec.Struct, frozen=True, kw_only=True):
    """``event`` has the CloudEvents attributes and ``data``."""

    id: int
    sink: str
    event: dict[str, Any]
    failures: int


def tell_documents_ended(session: Session, *, document_ids: Sequence[uuid.UUID]) -> None:
    """Write an event for each of these documents whose job has a sink."""
    session.execute(_TELL_DOCUMENTS, {"ids": list(document_ids), "type": DOCUMENT_ENDED})


def tell_run_finalized(session: Session, *, run_id: int) -> None:
    session.execute(_TELL_RUN, {"run_id": run_id, "type": RUN_FINALIZED})


def take_due(session: Session, *, limit: int, lease_seconds: float) -> list[OutgoingEvent]:
    """Due events, oldest first; nobody else gets them before the lease ends."""
    rows = session.execute(
        text("""
            UPDATE outgoing SET due_at = now() + :lease WHERE id IN (
              SELECT id FROM outgoing WHERE due_at <= now() AND failures < :most
              ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
            ) RETURNING id, sink, event, failures
        """).bindparams(bindparam("lease", type_=Interval)),
        {"lease": timedelta(seconds=lease_seconds), "most": MAX_FAILURES, "limit": limit},
    ).mappings()
    return sorted((OutgoingEvent(**row) for row in rows), key=lambda event: event.id)


def drop_delivered(session: Session, *, ids: Sequence[int]) -> None:
    session.execute(delete(Outgoing).where(Outgoing.id.in_(ids)))


def delay_undelivered(session: Session, *, events: Sequence[OutgoingEvent]) -> None:
    """Try again later, each time after twice the pause; the last failure allowed parks it."""
    for event in events:
        pause = min(_MAX_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2.0**event.failures)
        session.execute(
            update(Outgoing)
            .where(Outgoing.id == event.id)
            .values(failures=Outgoing.failures + 1, due_at=func.now() + timedelta(seconds=pause))
        )


def count_parked(session: Session) -> int:
    """Events that their sink never took; they stay until the job is deleted."""
    return session.scalar(select(func.count()).where(Outgoing.failures >= MAX_FAILURES)) or 0
