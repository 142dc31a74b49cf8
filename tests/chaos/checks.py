"""What has to be true when all is quiet, each as a list of what contradicts it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.chaos.corpus import SOURCE, Expected, Sendable
from tests.chaos.parts import NAMESPACE, Parts
from tests.chaos.sink import Told

if TYPE_CHECKING:
    from pathlib import Path

# Written by the database itself, whoever changes a row and how, as its owner.
WITNESS = """
    CREATE TABLE witness (
      id bigint GENERATED ALWAYS AS IDENTITY, kind text, subject text, what text
    );
    CREATE FUNCTION witness_document() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO witness (kind, subject, what)
      VALUES ('document', NEW.id::text, OLD.state || ' to ' || NEW.state);
      RETURN NULL;
    END $$;
    CREATE FUNCTION witness_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO witness (kind, subject, what) VALUES ('run', NEW.id::text, 'finalized');
      RETURN NULL;
    END $$;
    CREATE TRIGGER witness AFTER UPDATE ON document FOR EACH ROW
      WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.ended_at IS DISTINCT FROM NEW.ended_at)
      EXECUTE FUNCTION witness_document();
    CREATE TRIGGER witness AFTER UPDATE ON run FOR EACH ROW
      WHEN (OLD.finalized_at IS DISTINCT FROM NEW.finalized_at)
      EXECUTE FUNCTION witness_run();
"""

_OPEN = """
    SELECT (SELECT count(*) FROM task WHERE state IN ('waiting', 'running')) AS tasks,
      (SELECT count(*) FROM run WHERE finalized_at IS NULL) AS runs,
      (SELECT count(*) FROM outgoing) AS outgoing
"""


def what_is_open(parts: Parts) -> Mapping[str, int]:
    """How much of each kind is still to be done."""
    counts: Mapping[str, int] = parts.ask(_OPEN)[0]._asdict()
    return {kind: count for kind, count in counts.items() if count}


def contradictions(
    parts: Parts, events: Sequence[Sendable], accepted: Mapping[str, int], told: Told
) -> list[str]:
    """Everything that should not be as it is; empty when every promise was kept."""
    return [
        *_cut("event", _events(parts, events, accepted)),
        *_cut("document", _documents(parts, events)),
        *_cut("end", _endings(parts)),
        *_cut("task", _tasks(parts)),
        *_cut("run", _runs(parts)),
        *_cut("report", _reports(parts)),
        *_cut("sink", _sink(parts, told)),
    ]


def _cut(kind: str, found: Iterable[str]) -> list[str]:
    every = list(found)
    more = [f"{kind}: and {len(every) - 5} more"] if len(every) > 5 else []
    return [f"{kind}: {each}" for each in every[:5]] + more


def _events(parts: Parts, events: Sequence[Sendable], accepted: Mapping[str, int]) -> Iterator[str]:
    stored = Counter(
        row.event_id
        for row in parts.ask("SELECT event_id FROM event WHERE source = %(source)s", source=SOURCE)
    )
    for event in events:
        if not accepted.get(event.id):
            yield f"{event.id} never got its 202"
        if stored[event.id] != 1:
            yield f"{event.id} is stored {stored[event.id]} times"


def _documents(parts: Parts, events: Sequence[Sendable]) -> Iterator[str]:
    """Each accepted event has exactly its documents, each ended as its content deserves."""
    rows = parts.ask("""
        SELECT document.id, document.uri, document.state, document.sha256, document.error_code,
          parent.uri AS parent, event.event_id AS event
        FROM document
        LEFT JOIN document AS parent ON parent.id = document.parent_id
        LEFT JOIN event ON event.id = document.event_id
    """)
    wanted = _wanted(events)
    found = Counter((row.uri, row.parent, row.event) for row in rows)
    for key in wanted.keys() - found.keys():
        yield f"{key} is missing"
    for key, count in found.items():
        if key not in wanted or count > 1:
            yield f"{key} is there {count} times"
    for row in rows:
        expected = wanted.get((row.uri, row.parent, row.event))
        if expected is None:
            continue
        if row.state != expected.state:
            yield f"{row.uri} is {row.state} ({row.error_code}), not {expected.state}"
        elif row.sha256 != expected.sha256:
            yield f"{row.uri} has the hash of something else"


def _wanted(events: Sequence[Sendable]) -> dict[tuple[str, str | None, str | None], Expected]:
    """By URI, the parent's URI, and the event of a document that came by itself."""
    wanted: dict[tuple[str, str | None, str | None], Expected] = {}
    for event in events:
        if (expected := event.expected) is not None:
            wanted[expected.uri, None, event.id] = expected
            for child in expected.children:
                wanted[child.uri, expected.uri, None] = child
    return wanted


def _endings(parts: Parts) -> Iterator[str]:
    """Each document ended once, each run was finalized once, by a witness in the database."""
    ended = Counter(
        (row.kind, row.subject) for row in parts.ask("SELECT kind, subject, what FROM witness")
    )
    subjects = parts.ask("""
        SELECT 'document' AS kind, id::text AS subject FROM document
        UNION ALL SELECT 'run', id::text FROM run
    """)
    for row in subjects:
        if (count := ended[row.kind, row.subject]) != 1:
            yield f"{row.kind} {row.subject} ended {count} times"


def _tasks(parts: Parts) -> Iterator[str]:
    for row in parts.ask("""
        SELECT kind, state, error_code, count(*) AS tasks FROM task
        WHERE state <> 'done' OR claim IS NOT NULL
        GROUP BY kind, state, error_code
    """):
        yield f"{row.tasks} {row.kind} tasks are {row.state} ({row.error_code})"
    for row in parts.ask("""
        SELECT document_id, stage, count(*) AS tasks FROM task
        WHERE kind = 'process' GROUP BY document_id, stage HAVING count(*) <> 1
    """):
        yield f"document {row.document_id} has {row.tasks} tasks for {row.stage}"
    for row in parts.ask("""
        SELECT kind, error_code, count(*) AS tasks FROM task
        WHERE failures > 0 AND error_code = 'internal_error' GROUP BY kind, error_code
    """):
        yield f"{row.tasks} {row.kind} tasks failed by a defect ({row.error_code})"


def _runs(parts: Parts) -> Iterator[str]:
    for row in parts.ask("""
        SELECT run.id, run.finalized_at, count(task.id) AS tasks,
          count(*) FILTER (WHERE task.state = 'done') AS done
        FROM run LEFT JOIN task ON task.run_id = run.id AND task.kind = 'finalize'
        GROUP BY run.id
    """):
        if (row.tasks, row.done) != (1, 1) or row.finalized_at is None:
            yield f"{row.id} has {row.tasks} finalize tasks, {row.done} of them done"
    for row in parts.ask("""
        SELECT run.id, count(*) AS late FROM run
        JOIN task AS reports ON reports.run_id = run.id AND reports.kind = 'finalize'
        JOIN document ON document.run_id = run.id AND document.ended_at > reports.started_at
        GROUP BY run.id
    """):
        yield f"{row.id} has {row.late} documents that ended after its reports were begun"
    for row in parts.ask("SELECT name, outcome, reason FROM job WHERE outcome IS NOT NULL"):
        yield f"the listening job {row.name} is {row.outcome} ({row.reason})"


def _reports(parts: Parts) -> Iterator[str]:
    """The reports of each run name each of its documents once, as it ended."""
    documents: dict[Path, list[tuple[str, str]]] = {}
    for row in parts.ask("""
        SELECT job.uid::text AS job, job.spec ? 'output' AS elsewhere, run.number, document.uri,
          document.state
        FROM run JOIN job ON job.uid = run.job_uid LEFT JOIN document ON document.run_id = run.id
    """):
        objects = parts.home / "objects" / NAMESPACE / "jobs" / row.job
        folder = (parts.reports if row.elsewhere else objects) / str(row.number)
        documents.setdefault(folder, []).append((row.uri, row.state))
    for folder, wanted in documents.items():
        path = folder / "results.jsonl"
        if not path.exists():
            yield f"{folder} has no results.jsonl"
            continue
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        found = [(line["uri"], line["status"]) for line in lines]
        if sorted(found) != sorted(wanted):
            differing = Counter(found)
            differing.subtract(Counter(wanted))
            some = [each for each in differing.items() if each[1]][:3]
            yield f"{folder} names {len(found)} of {len(wanted)} documents, differing: {some}"


def _sink(parts: Parts, told: Told) -> Iterator[str]:
    """It was told of every end, however often, as one event."""
    documents: dict[str, Any] = {
        row.id: row.state for row in parts.ask("SELECT id::text AS id, state FROM document")
    }
    if missing := documents.keys() - told.documents.keys():
        yield f"{len(missing)} ends were never told"
    for id_, ids in told.documents.items():
        if len(ids) != 1 or told.states[id_] != {documents.get(id_)}:
            yield f"document {id_} was told as {len(ids)} events, {told.states[id_]}"
    runs = {
        row.name
        for row in parts.ask("""
            SELECT job.name || ' ' || run.number AS name FROM run JOIN job ON job.uid = run.job_uid
        """)
    }
    if told.runs.keys() != runs or any(len(ids) != 1 for ids in told.runs.values()):
        yield f"of {len(runs)} runs {len(told.runs)} were told"
