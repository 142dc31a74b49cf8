"""The common case of ingest in one round trip: nothing is asked first, all is checked at the end.

The last transaction's listeners and runs are taken to be still the same. The statement that stores
looks whether they are, and stores nothing where they are not; then the long way is gone.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, LiteralString, NamedTuple

import msgspec

from lexmill.documents.schemas import NewDocument
from lexmill.documents.service import indexable
from lexmill.events.routing import Listener, event_digest, event_row, new_ids, route
from lexmill.events.schemas import Accepted, Incoming, Outcome
from lexmill.queue.broker import queue_name

LOCK: Final[LiteralString] = """
    SELECT id FROM run WHERE id = ANY(%(runs)s) ORDER BY id FOR SHARE
"""
"""As `open_run` locks, in a statement before, so that the next one's snapshot is younger."""

ACCEPT: Final[LiteralString] = """
    WITH wanted AS MATERIALIZED (
      SELECT * FROM unnest(
        %(uids)s::uuid[], %(pools)s::text[], %(runs)s::bigint[]
      ) AS wanted (job_uid, pool, run_id)
    ), guard AS MATERIALIZED (
      SELECT ARRAY(
        SELECT uid || spec_hash FROM job
        WHERE namespace = ANY(%(namespaces)s) AND spec ? 'trigger' AND deleted_at IS NULL
          AND outcome IS NULL
        ORDER BY uid
      ) = %(listeners)s::text[] AND NOT EXISTS (
        SELECT FROM wanted
        WHERE run_id IS DISTINCT FROM (
          SELECT id FROM run
          WHERE run.job_uid = wanted.job_uid AND finalized_at IS NULL
            AND NOT EXISTS (SELECT FROM task WHERE run_id = run.id AND kind = 'finalize')
          ORDER BY number DESC LIMIT 1
        ) OR NOT EXISTS (
          SELECT FROM pool_demand AS demand
          WHERE demand.job_uid = wanted.job_uid AND demand.pool = wanted.pool
            AND waiting + running > 0
        )
      ) AS holds
    ), given AS MATERIALIZED (
      SELECT given.* FROM guard, json_to_recordset(%(events)s::json) AS given (
        digest text, id uuid, namespace text, job_uid uuid, source text, event_id text, type text,
        attributes jsonb, data_kind text, data text, outcome text, documents integer
      ) WHERE guard.holds
    ), fresh AS (
      INSERT INTO event_key (digest, event_id)
      SELECT decode(digest, 'hex'), id FROM given ORDER BY 1
      ON CONFLICT (digest) DO NOTHING
      RETURNING event_id AS id
    ), stored AS (
      INSERT INTO event
        (id, namespace, job_uid, source, event_id, type, attributes, data_kind, data, outcome,
         documents)
      SELECT id, namespace, job_uid, source, event_id, type, attributes, data_kind,
        decode(data, 'base64'), outcome, documents
      FROM given JOIN fresh USING (id)
    ), added AS (
      INSERT INTO document
        (namespace, job_uid, run_id, event_id, uri, source, name, priority, traceparent)
      SELECT namespace, job_uid, run_id, event_id, uri, source, name, priority, traceparent
      FROM json_to_recordset(%(documents)s::json) AS new (
        namespace text, job_uid uuid, event_id uuid, uri text, source text, name text,
        priority integer, traceparent text
      ) JOIN fresh ON fresh.id = event_id JOIN wanted USING (job_uid)
      RETURNING id, namespace, job_uid, run_id, priority
    ), queued AS (
      INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool, stage, priority)
      SELECT 'process', namespace, job_uid, added.run_id, id, pool, 'parse', priority
      FROM added JOIN wanted USING (job_uid)
    )
    SELECT holds, ARRAY(SELECT id FROM fresh) FROM guard
"""


_MOST_HINTS: Final = 1_000
"""Anybody may send to namespaces of any name."""


class Hints(msgspec.Struct):
    """What the transactions before knew; it need not be true any more."""

    listeners: dict[str, Sequence[Listener]] = {}
    runs: dict[uuid.UUID, int] = {}

    def learn(
        self,
        namespaces: Collection[str],
        listeners: Mapping[str, Sequence[Listener]],
        runs: Mapping[uuid.UUID, int],
    ) -> None:
        if len(self.listeners) + len(self.runs) > _MOST_HINTS:
            self.forget()
        self.listeners.update({name: listeners.get(name, ()) for name in namespaces})
        self.runs.update(runs)

    def forget(self) -> None:
        self.listeners.clear()
        self.runs.clear()


class _Routed(NamedTuple):
    id: uuid.UUID
    outcome: Outcome
    made: list[tuple[uuid.UUID, NewDocument]]
    row: dict[str, Any]


class Shortcut(msgspec.Struct, frozen=True, kw_only=True):
    """``parameters`` are those of both statements."""

    parameters: dict[str, Any]
    routed: list[_Routed]
    queues: dict[uuid.UUID, str]

    def read(self, row: tuple[bool, list[uuid.UUID]]) -> Accepted | None:
        """What ACCEPT says; None where not all was as the hints have it."""
        holds, stored = row
        if not holds:
            return None
        fresh = set(stored)
        return Accepted(
            outcomes=tuple(
                each.outcome if each.id in fresh else "duplicate" for each in self.routed
            ),
            wake_ups=dict(
                Counter(
                    self.queues[uid]
                    for each in self.routed
                    if each.id in fresh
                    for uid, _ in each.made
                )
            ),
        )


def find_shortcut(incoming: Sequence[Incoming], hints: Hints) -> Shortcut | None:
    """None where more has to be asked first, or done, than the shortcut does."""
    namespaces = {each.namespace for each in incoming}
    if not namespaces <= hints.listeners.keys():
        return None
    listeners = {each.uid: each for name in namespaces for each in hints.listeners[name]}
    routed = _route_all(incoming, hints, listeners)
    if routed is None:
        return None
    wanted = [listeners[uid] for uid in sorted({uid for each in routed for uid, _ in each.made})]
    if not all(each.is_busy and each.uid in hints.runs for each in wanted):
        return None
    return Shortcut(
        parameters={
            "namespaces": list(namespaces),
            "listeners": [f"{uid}{listeners[uid].spec_hash}" for uid in sorted(listeners)],
            "uids": [each.uid for each in wanted],
            "pools": [each.pool for each in wanted],
            "runs": [hints.runs[each.uid] for each in wanted],
            "events": _json([each.row for each in routed]),
            "documents": _json(
                [
                    _document_row(listeners[uid], document)
                    for each in routed
                    for uid, document in each.made
                ]
            ),
        },
        routed=routed,
        queues={each.uid: queue_name(each.namespace, str(each.uid), each.pool) for each in wanted},
    )


def _route_all(
    incoming: Sequence[Incoming], hints: Hints, listeners: Mapping[uuid.UUID, Listener]
) -> list[_Routed] | None:
    """None where one is for a job that is not known, or is a dead letter sent again."""
    uids = {(each.namespace, each.name): each.uid for each in listeners.values()}
    routed = []
    for id_, each in zip(new_ids(len(incoming)), incoming, strict=True):
        target = None if each.job is None else uids.get((each.namespace, each.job))
        is_unknown = each.job is not None and target is None
        if is_unknown or "knativeerrorcode" in each.event.extensions:
            return None
        outcome, made = route(each, id_, hints.listeners[each.namespace], target)
        row = event_row(each, id_, target, outcome, len(made))
        row["digest"] = event_digest(each, target).hex()
        routed.append(_Routed(id_, outcome, made, row))
    return routed


def _document_row(listener: Listener, document: NewDocument) -> dict[str, Any]:
    document = indexable(document)
    return {
        "namespace": listener.namespace,
        "job_uid": listener.uid,
        "event_id": document.event_id,
        "uri": document.uri,
        "source": document.source,
        "name": document.name,
        "priority": document.priority,
        "traceparent": document.traceparent,
    }


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
