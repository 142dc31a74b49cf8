"""Taking events in: one transaction for all requests in flight."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.schemas import NewDocument
from lexmill.documents.service import add_documents
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import CloudEvent, DataKind
from lexmill.events.models import Event, EventKey
from lexmill.events.routing import Listener, compiled, event_digest, event_row, new_ids, route
from lexmill.events.schemas import (
    JOB_CANCELLED,
    JOB_DECLARED,
    Accepted,
    Incoming,
    Outcome,
)
from lexmill.events.selection import Inline, select_document
from lexmill.events.shortcut import Hints
from lexmill.jobs.models import Job
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, pool_of
from lexmill.jobs.service import (
    cancel_job,
    declare_job,
    lock_jobs,
    open_run,
    replay_documents,
)
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import announce_work

log = structlog.get_logger(__name__)

_REMEMBER = text("""
    INSERT INTO event_key (digest, event_id)
    SELECT * FROM unnest(CAST(:digests AS bytea[]), CAST(:ids AS uuid[])) AS given (digest, id)
    ORDER BY digest
    ON CONFLICT (digest) DO NOTHING
    RETURNING event_id
""")

# All rows in one JSON text: a row at a time costs several times as much, and the driver takes
# longer over arrays.
_STORE = text("""
    INSERT INTO event
      (id, namespace, job_uid, source, event_id, type, attributes, data_kind, data, outcome,
       documents)
    SELECT id, namespace, job_uid, source, event_id, type, attributes, data_kind,
      decode(data, 'base64'), outcome, documents
    FROM json_to_recordset(CAST(:rows AS json)) AS given (
      id uuid, namespace text, job_uid uuid, source text, event_id text, type text,
      attributes jsonb, data_kind text, data text, outcome text, documents integer
    )
""")

_LISTENERS = text("""
    SELECT uid, namespace, name, spec_hash,
      coalesce(CAST(spec ->> 'priority' AS integer), 0) AS priority,
      spec -> 'trigger' AS trigger, spec -> 'pools' AS pools,
      ARRAY(
        SELECT pool FROM pool_demand WHERE job_uid = uid AND waiting + running > 0
      ) AS busy_pools
    FROM job
    WHERE namespace = ANY(:namespaces) AND spec ? 'trigger' AND deleted_at IS NULL
      AND outcome IS NULL
""")


_Model = TypeVar("_Model", bound=BaseModel)


def accept_events(
    session: Session, *, incoming: Sequence[Incoming], hints: Hints | None = None
) -> Accepted:
    """Commit data events, their documents and tasks; what was accepted before changes nothing.

    The one exception is a dead letter sent again (it carries ``knativeerrorcode``): its failed and
    dead documents are queued once more.

    ``hints`` learn what the next ones may take the shortcut by.
    """
    ids = new_ids(len(incoming))
    uids = _find_jobs(session, incoming)
    targets = [
        None if each.job is None else uids.get((each.namespace, each.job)) for each in incoming
    ]
    known = [
        each.job is None or target is not None
        for each, target in zip(incoming, targets, strict=True)
    ]
    digests = [event_digest(each, target) for each, target in zip(incoming, targets, strict=True)]
    fresh = _remember(
        session, [(digest, id_) for digest, id_, ok in zip(digests, ids, known, strict=True) if ok]
    )
    listeners = list_listeners(session, {each.namespace for each in incoming})
    outcomes: list[Outcome] = []
    rows: list[dict[str, Any]] = []
    documents: dict[uuid.UUID, list[NewDocument]] = {}
    repeated: list[bytes] = []
    for each, id_, target, ok, digest in zip(incoming, ids, targets, known, digests, strict=True):
        if not ok:
            outcomes.append("unknown_job")
        elif id_ not in fresh:
            outcomes.append("duplicate")
            if "knativeerrorcode" in each.event.extensions:
                repeated.append(digest)
        else:
            outcome, made = route(each, id_, listeners.get(each.namespace, ()), target)
            for uid, new in made:
                documents.setdefault(uid, []).append(new)
            outcomes.append(outcome)
            rows.append(event_row(each, id_, target, outcome, len(made)))
    _store(session, rows)
    by_uid = {listener.uid: listener for group in listeners.values() for listener in group}
    letters = _dead_letters(session, repeated)
    if letters:
        # All at once, as two batches with each other's jobs would deadlock otherwise.
        lock_jobs(session, uids=documents.keys() | letters.values())
    runs = {uid: open_run(session, job_uid=uid) for uid in sorted(documents)}
    wake_ups: Counter[str] = Counter()
    for uid, run_id in runs.items():
        wake_ups.update(_queue(session, by_uid[uid], run_id, documents[uid]))
    if letters:
        wake_ups.update(replay_documents(session, document_ids=list(letters)))
    # The scalers know of a busy pool's work; one that comes to rest meanwhile waits for the fold.
    announce_work(
        session, pools={(uid, by_uid[uid].pool) for uid in documents if not by_uid[uid].is_busy}
    )
    if hints is not None:
        hints.learn({each.namespace for each in incoming}, listeners, runs)
    return Accepted(outcomes=tuple(outcomes), wake_ups=dict(wake_ups))


def accept_control(session: Session, *, namespace: str, event: CloudEvent) -> Accepted:
    """Commit one control event with its effect. Raises LexmillError where it cannot be obeyed."""
    incoming = Incoming(namespace=namespace, job=None, event=event)
    id_ = uuid.uuid4()
    if not _remember(session, [(event_digest(incoming, None), id_)]):
        return Accepted(outcomes=("duplicate",), wake_ups={})
    wake_ups: dict[str, int] = {}
    if event.type == JOB_DECLARED:
        declared = _decode(DeclaredJob, event)
        pools = declare_job(session, namespace=namespace, declared=declared)
        wake_ups = {queue_name(namespace, str(declared.uid), pool): 1 for pool in pools}
    elif event.type == JOB_CANCELLED:
        cancel_job(session, namespace=namespace, cancelled=_decode(CancelledJob, event))
    else:
        raise LexmillError(
            "unknown_control_type",
            f"the type is no control event; known are {JOB_DECLARED} and {JOB_CANCELLED}",
            ErrorClass.DOCUMENT,
        )
    _store(session, [event_row(incoming, id_, None, "control", 0)])
    return Accepted(outcomes=("control",), wake_ups=wake_ups)


def read_event_data(session: Session, *, event_id: uuid.UUID) -> bytes:
    """The document that an event carries in its own data."""
    row = session.execute(
        select(Event.attributes, Event.data_kind, Event.data).where(Event.id == event_id)
    ).one_or_none()
    if row is None:
        raise LexmillError(
            "event_expired",
            "the event that carried this document is no longer kept",
            ErrorClass.DOCUMENT,
        )
    event = CloudEvent.restore(row.attributes, DataKind(row.data_kind), row.data or b"")
    for selected in select_document(event, None):
        if isinstance(selected, Inline):
            return selected.content
    raise LexmillError("no_document", "the event carries no document", ErrorClass.DOCUMENT)


def _decode(model: type[_Model], event: CloudEvent) -> _Model:
    try:
        return model.model_validate_json(event.data)
    except ValidationError as error:
        # The first problem is enough to act on, and its place names no value.
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "data"
        raise LexmillError(
            "invalid_data", f"data.{place}: {first['msg']}", ErrorClass.DOCUMENT
        ) from None


def _find_jobs(session: Session, incoming: Sequence[Incoming]) -> dict[tuple[str, str], uuid.UUID]:
    """The current uids of the jobs that events are addressed to; those without trigger are none."""
    names = {(each.namespace, each.job) for each in incoming if each.job is not None}
    if not names:
        return {}
    rows = session.execute(
        select(Job.namespace, Job.name, Job.uid).where(
            Job.namespace.in_({namespace for namespace, _ in names}),
            Job.name.in_({name for _, name in names}),
            Job.deleted_at.is_(None),
            Job.spec.has_key("trigger"),
        )
    )
    return {(row.namespace, row.name): row.uid for row in rows}


def _remember(session: Session, keys: Sequence[tuple[bytes, uuid.UUID]]) -> set[uuid.UUID]:
    """The ids of those events that were not accepted before."""
    if not keys:
        return set()
    rows = session.execute(
        _REMEMBER, {"digests": [digest for digest, _ in keys], "ids": [id_ for _, id_ in keys]}
    )
    return set(rows.scalars())


def list_listeners(session: Session, namespaces: set[str]) -> Mapping[str, Sequence[Listener]]:
    listeners: dict[str, list[Listener]] = {}
    for row in session.execute(_LISTENERS, {"namespaces": list(namespaces)}):
        pool = pool_of({"pools": row.pools or []}, "parse")
        listeners.setdefault(row.namespace, []).append(
            Listener(
                uid=row.uid,
                namespace=row.namespace,
                name=row.name,
                priority=row.priority,
                pointer=row.trigger.get("document"),
                matches=compiled(msgspec.json.encode(row.trigger.get("filters", []))),
                pool=pool,
                is_busy=pool in row.busy_pools,
                spec_hash=row.spec_hash,
            )
        )
    return listeners


def _store(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(_STORE, {"rows": msgspec.json.encode(rows).decode()})


def _queue(
    session: Session, listener: Listener, run_id: int, documents: Sequence[NewDocument]
) -> dict[str, int]:
    added = add_documents(
        session,
        namespace=listener.namespace,
        job_uid=listener.uid,
        run_id=run_id,
        pool=listener.pool,
        stage="parse",
        documents=documents,
    )
    return {queue_name(listener.namespace, str(listener.uid), listener.pool): added}


def _dead_letters(session: Session, digests: Sequence[bytes]) -> dict[uuid.UUID, uuid.UUID]:
    """What failed or died of events that were sent again, attachments too, with its jobs."""
    if not digests:
        return {}
    family = (
        select(Document.id, Document.job_uid, Document.state)
        .join(EventKey, EventKey.event_id == Document.event_id)
        .where(EventKey.digest.in_(digests))
        .cte(recursive=True)
    )
    family = family.union_all(
        select(Document.id, Document.job_uid, Document.state).join(
            family, Document.parent_id == family.c.id
        )
    )
    rows = session.execute(
        select(family.c.id, family.c.job_uid).where(family.c.state.in_(("failed", "dead")))
    )
    return {row.id: row.job_uid for row in rows}
