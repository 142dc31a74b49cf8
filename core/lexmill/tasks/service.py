"""The life of a task: claimed, kept alive, completed, failed, handed back.

Every function here runs inside the caller's transaction and is on the database's clock. A worker
that lost its claim changes nothing: each change asks for the claim's UUID.
"""

import random
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Interval,
    Select,
    bindparam,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.schemas import NewDocument
from lexmill.documents.service import add_documents, add_stage_outputs
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.events.outbox import tell_documents_ended, tell_run_finalized
from lexmill.jobs.models import Job, Run
from lexmill.results.service import put_result, remove_results
from lexmill.tasks.models import Task
from lexmill.tasks.schemas import ClaimedTask, Ending, Retrying, Visit

_CLAIM = text("""
    WITH best AS (
      SELECT id FROM task
      WHERE job_uid = :job_uid AND pool = :pool AND state = 'waiting' AND due_at <= now()
        AND EXISTS (
          SELECT FROM job
          WHERE uid = :job_uid AND deleted_at IS NULL AND (NOT suspended OR outcome IS NOT NULL)
        )
      ORDER BY priority DESC, id
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE task SET state = 'running', claim = :claim, worker = :worker,
        lease_until = clock_timestamp() + :lease, started_at = clock_timestamp()
      FROM best WHERE task.id = best.id
      RETURNING task.*
    )
    SELECT taken.id, taken.claim, taken.kind, taken.namespace, taken.job_uid, job.generation,
      taken.run_id, taken.pool, taken.stage, taken.cursor, taken.failures, taken.crashes,
      taken.document_id, document.uri, document.source, document.name,
      parent.uri AS parent_uri, document.traceparent
    FROM taken
    JOIN job ON job.uid = taken.job_uid
    LEFT JOIN document ON document.id = taken.document_id
    LEFT JOIN document AS parent ON parent.id = document.parent_id
""").bindparams(bindparam("lease", type_=Interval))


# How the run ended, for its history: a replay moves its documents into another run.
_END_RUN = text("""
    UPDATE run SET finalized_at = now(), total = ended.total, succeeded = ended.succeeded,
      failed = ended.failed, dead = ended.dead
    FROM (
      SELECT count(*) AS total, count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'dead') AS dead
      FROM document WHERE run_id = :run_id
    ) AS ended
    WHERE run.id = :run_id
""")


_FAILING = """
    SELECT job.uid, ended.bad, listed.total, policy.percent
    FROM job
    JOIN run ON run.job_uid = job.uid
    CROSS JOIN LATERAL (
      SELECT CAST(job.spec #>> '{failurePolicy,maxFailedPercent}' AS integer) AS percent
    ) AS policy
    CROSS JOIN LATERAL (
      SELECT count(*) AS bad FROM document
      WHERE document.run_id = run.id AND document.state IN ('failed', 'dead')
    ) AS ended
    CROSS JOIN LATERAL (
      SELECT count(*) AS total FROM document WHERE document.run_id = run.id AND ended.bad > 0
    ) AS listed
    WHERE job.spec ? 'failurePolicy' AND job.outcome IS NULL AND job.deleted_at IS NULL
      AND run.finalized_at IS NULL AND run.listed_at IS NOT NULL
      AND ended.bad * 100 > policy.percent * listed.total
"""


_READY = """
    run.finalized_at IS NULL AND run.listed_at IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM task WHERE task.run_id = run.id AND task.state IN ('waiting', 'running')
    )
    AND NOT EXISTS (SELECT FROM task WHERE task.run_id = run.id AND task.kind = 'finalize')
"""


def claim_task(
    session: Session,
    *,
    job_uid: uuid.UUID,
    pool: str,
    worker: str,
    lease_seconds: float,
    claim: uuid.UUID | None = None,
) -> ClaimedTask | None:
    """Take the best due task of a pool: highest priority, then oldest; None when nothing is due.

    Who gives the ``claim`` can hand it back without knowing whether the commit came through. A
    suspended job gives no work, except for the reports of one that has ended.
    """
    row = (
        session.execute(
            _CLAIM,
            {
                "claim": claim or uuid.uuid4(),
                "job_uid": job_uid,
                "pool": pool,
                "worker": worker,
                "lease": timedelta(seconds=lease_seconds),
            },
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else ClaimedTask(**row)


def extend_leases(
    session: Session, *, claims: Sequence[uuid.UUID], lease_seconds: float
) -> set[uuid.UUID]:
    """The heartbeat; the claims that it does not give back are lost."""
    rows = session.execute(
        update(Task)
        .where(Task.id.in_(_locked(Task.claim.in_(claims), Task.state == "running")))
        .values(lease_until=func.clock_timestamp() + timedelta(seconds=lease_seconds))
        .returning(Task.claim)
    )
    return {claim for claim in rows.scalars() if claim is not None}


def complete_visit(session: Session, *, task: ClaimedTask, visit: Visit) -> int:
    """End the visit of a document; gives how many tasks it made: children's, the next pool's.

    Raises ClaimLostError, and then nothing of it is committed.
    """
    _end_claim(session, task, stage_seconds=visit.stage_seconds)
    add_stage_outputs(session, namespace=task.namespace, outputs=visit.stage_outputs)
    made = add_documents(
        session,
        namespace=task.namespace,
        job_uid=task.job_uid,
        run_id=task.run_id,
        pool=visit.children_pool,
        stage=visit.children_stage,
        documents=visit.children,
    )
    if visit.next_stage is not None:
        session.execute(
            text("""
                INSERT INTO task
                  (kind, namespace, job_uid, run_id, document_id, pool, stage, priority)
                SELECT kind, namespace, job_uid, run_id, document_id, :pool, :stage, priority
                FROM task WHERE id = :id
            """),
            {"id": task.id, "pool": visit.next_pool, "stage": visit.next_stage},
        )
        return made + 1
    _end_documents(
        session,
        [task.document_id],
        state=visit.state,
        error_code=visit.error_code,
        error_message=visit.error_message,
        sha256=visit.sha256,
        result_key=visit.result_key,
    )
    if visit.state == "succeeded" and visit.result is not None:
        assert task.document_id is not None
        put_result(
            session,
            namespace=task.namespace,
            document_id=task.document_id,
            run_id=task.run_id,
            result=visit.result,
        )
    return made


def record_page(
    session: Session,
    *,
    task: ClaimedTask,
    documents: Sequence[NewDocument],
    pool: str,
    stage: str,
    cursor: dict[str, Any],
    last: bool,
) -> int:
    """Commit one page of a listing with its cursor; the last page ends the `expand` task."""
    added = add_documents(
        session,
        namespace=task.namespace,
        job_uid=task.job_uid,
        run_id=task.run_id,
        pool=pool,
        stage=stage,
        documents=documents,
    )
    if last:
        _end_claim(session, task, stage_seconds={})
        session.execute(update(Run).where(Run.id == task.run_id).values(listed_at=func.now()))
    else:
        moved = session.execute(
            update(Task)
            .where(Task.id == task.id, Task.claim == task.claim)
            .values(cursor=cursor)
            .returning(Task.id)
        )
        if moved.one_or_none() is None:
            raise ClaimLostError
    return added


def complete_finalize(session: Session, *, task: ClaimedTask) -> None:
    """The run's reports are written; a plain job that has no more work is now Complete."""
    _lock_job(session, task.job_uid)
    _end_claim(session, task, stage_seconds={})
    # The sweeper may not have looked since the last document failed.
    apply_failure_policy(session, run_id=task.run_id)
    session.execute(_END_RUN, {"run_id": task.run_id})
    tell_run_finalized(session, run_id=task.run_id)
    more_work = select(Task.id).where(
        Task.job_uid == task.job_uid, Task.state.in_(("waiting", "running"))
    )
    session.execute(
        update(Job)
        .where(
            Job.uid == task.job_uid,
            Job.outcome.is_(None),
            Job.spec.has_key("documents"),
            ~Job.spec.has_key("schedule"),
            ~more_work.exists(),
        )
        .values(outcome="complete", ended_at=func.now())
    )


def fail_task(
    session: Session,
    *,
    task: ClaimedTask,
    error: LexmillError,
    retrying: Retrying,
    outage_seconds: float = 10,
) -> float | None:
    """The visit said no; gives the seconds until the next try, or None when this was the last.

    A document's own fault ends it as `failed`; an outage is waited for as long as it takes;
    anything else is tried again until ``limit`` retries are used up, and is then `dead`. Raises
    ClaimLostError.
    """
    if error.error_class is ErrorClass.DOCUMENT and task.kind == "process":
        complete_visit(
            session,
            task=task,
            visit=Visit(state="failed", error_code=error.code, error_message=error.message),
        )
        return None
    is_outage = error.error_class is ErrorClass.OUTAGE
    if is_outage or (
        error.error_class is not ErrorClass.DOCUMENT and task.failures < retrying.limit
    ):
        delay = _spread(outage_seconds) if is_outage else _backoff(task.failures, retrying)
        retried = session.execute(
            update(Task)
            .where(Task.id == task.id, Task.claim == task.claim)
            .values(
                state="waiting",
                claim=None,
                lease_until=None,
                failures=Task.failures + (0 if is_outage else 1),
                due_at=func.clock_timestamp() + timedelta(seconds=delay),
                error_code=error.code,
                error_message=error.message,
            )
            .returning(Task.id)
        )
        if retried.one_or_none() is None:
            raise ClaimLostError
        return delay
    if task.kind != "process":
        _lock_job(session, task.job_uid)
    ended = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.claim == task.claim)
        .values(
            state="dead",
            claim=None,
            lease_until=None,
            failures=Task.failures + 1,
            error_code=error.code,
            error_message=error.message,
            ended_at=func.now(),
        )
        .returning(Task.id)
    )
    if ended.one_or_none() is None:
        raise ClaimLostError
    bury_dead(session, task_ids=[task.id])
    return None


def hand_back(session: Session, *, claims: Sequence[uuid.UUID]) -> int:
    """Give claimed tasks back at once, as at a shutdown; counts neither as failure nor crash."""
    rows = session.execute(
        update(Task)
        .where(Task.id.in_(_locked(Task.claim.in_(claims), Task.state == "running")))
        .values(state="waiting", claim=None, lease_until=None)
        .returning(Task.id)
    )
    return len(rows.all())


def bury_dead(session: Session, *, task_ids: Sequence[int]) -> None:
    """Draw the consequences of dead tasks: the document is dead, or the whole job has failed."""
    tasks = session.execute(
        select(
            Task.kind,
            Task.document_id,
            Task.job_uid,
            Task.run_id,
            Task.error_code,
            Task.error_message,
        ).where(Task.id.in_(task_ids))
    ).all()
    for task in tasks:
        if task.kind == "process":
            _end_documents(
                session,
                [task.document_id],
                state="dead",
                error_code=task.error_code,
                error_message=task.error_message,
            )
            continue
        fail_job(
            session,
            job_uid=task.job_uid,
            reason="ListingFailed" if task.kind == "expand" else "ReportsFailed",
            message=task.error_message or "",
        )


def fail_job(session: Session, *, job_uid: uuid.UUID, reason: str, message: str) -> None:
    """End a job as Failed: what it still has queued is dead, and its reports are written."""
    ended = session.execute(
        update(Job)
        .where(Job.uid == job_uid, Job.outcome.is_(None))
        .values(outcome="failed", reason=reason, message=message, ended_at=func.now())
        .returning(Job.uid)
    )
    if ended.one_or_none() is not None:
        stop_tasks(session, job_uid=job_uid, ending="failed", message=message)


def apply_failure_policy(session: Session, *, run_id: int | None = None) -> set[uuid.UUID]:
    """Fail jobs where more of a run's documents failed or are dead than ``maxFailedPercent``.

    Counted is each run for itself, so that a replay has a chance, and once all documents are
    listed. Gives which jobs were stopped.
    """
    rows = session.execute(
        text(
            f"{_FAILING} {'AND run.id = :run_id' if run_id is not None else ''}"
            " FOR NO KEY UPDATE OF job SKIP LOCKED"
        ),
        {} if run_id is None else {"run_id": run_id},
    ).all()
    for row in rows:
        fail_job(
            session,
            job_uid=row.uid,
            reason="FailurePolicy",
            message=f"{row.bad} of {row.total} documents failed or are dead, which is more than "
            f"maxFailedPercent ({row.percent}) allows.",
        )
    return {row.uid for row in rows}


def stop_tasks(session: Session, *, job_uid: uuid.UUID, ending: Ending, message: str = "") -> int:
    """Bury everything a job has open, running visits included: their claims are lost.

    What was done until now is still reported, unless the job was deleted.
    """
    kinds = ("expand", "process", "finalize") if ending == "deleted" else ("expand", "process")
    code = f"job_{ending}"
    sentence = (
        f"The job failed: {message}"
        if ending == "failed"
        else f"The job was {ending} before this document was done."
    )
    stopped = session.execute(
        update(Task)
        .where(
            Task.id.in_(
                _locked(
                    Task.job_uid == job_uid,
                    Task.state.in_(("waiting", "running")),
                    Task.kind.in_(kinds),
                )
            )
        )
        .values(
            state="dead",
            claim=None,
            lease_until=None,
            error_code=code,
            error_message=sentence,
            ended_at=func.now(),
        )
        .returning(Task.document_id)
    )
    documents = list(stopped.scalars())
    _end_documents(
        session,
        [document for document in documents if document is not None],
        state="dead",
        error_code=code,
        error_message=sentence,
    )
    session.execute(
        update(Run)
        .where(Run.job_uid == job_uid, Run.listed_at.is_(None))
        .values(listed_at=func.now())
    )
    return len(documents)


def count_busy(session: Session, *, namespace: str, name: str, pool: str) -> dict[str, int] | None:
    """How many tasks each worker of a pool has claimed; None when no such job is alive."""
    job_uid = session.scalar(
        select(Job.uid).where(
            Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None)
        )
    )
    if job_uid is None:
        return None
    rows = session.execute(
        select(Task.worker, func.count().label("visits"))
        .where(Task.state == "running", Task.job_uid == job_uid, Task.pool == pool)
        .group_by(Task.worker)
    )
    return {str(row.worker): row.visits for row in rows}


def start_finalize(session: Session, *, run_id: int | None = None) -> list[tuple[str, uuid.UUID]]:
    """Queue the one `finalize` of each run that is listed and has no open task left.

    Gives (namespace, job uid) of each. Two visits that end at the same moment may each see the
    other's task as open; the sweeper asks again for all runs.
    """
    ready = session.scalars(
        text(f"""
            SELECT run.id FROM run JOIN job ON job.uid = run.job_uid
            WHERE {_READY} AND job.deleted_at IS NULL
              {"AND run.id = :run_id" if run_id is not None else ""}
        """),  # noqa: S608 - constant clauses
        {} if run_id is None else {"run_id": run_id},
    ).all()
    if not ready:
        return []
    # An event that comes for a listening job shares this lock until its documents are committed;
    # the second look, with a new snapshot, sees them.
    locked = session.scalars(
        select(Run.id).where(Run.id.in_(ready)).with_for_update(skip_locked=True)
    ).all()
    rows = session.execute(
        text(f"""
            INSERT INTO task (kind, namespace, job_uid, run_id, pool)
            SELECT 'finalize', job.namespace, job.uid, run.id, 'main'
            FROM run JOIN job ON job.uid = run.job_uid
            WHERE run.id = ANY(:locked) AND {_READY}
            ON CONFLICT DO NOTHING
            RETURNING namespace, job_uid
        """),  # noqa: S608 - constant clauses
        {"locked": list(locked)},
    )
    return [(row.namespace, row.job_uid) for row in rows]


def _lock_job(session: Session, uid: uuid.UUID) -> None:
    """Before the task, as a cancellation does, and so that a replay's work is seen afterwards."""
    session.execute(select(Job.uid).where(Job.uid == uid).with_for_update(key_share=True))


def _locked(*conditions: ColumnElement[bool]) -> Select[int]:
    """Tasks in one order for all: a heartbeat and a cancellation would deadlock in two."""
    return select(Task.id).where(*conditions).order_by(Task.id).with_for_update()


def _end_claim(
    session: Session, task: ClaimedTask, *, stage_seconds: dict[str, float | None]
) -> None:
    ended = session.execute(
        update(Task)
        .where(Task.id == task.id, Task.claim == task.claim)
        .values(
            state="done",
            claim=None,
            lease_until=None,
            stage_seconds=stage_seconds,
            ended_at=func.now(),
        )
        .returning(Task.id)
    )
    if ended.one_or_none() is None:
        raise ClaimLostError


def _end_documents(
    session: Session, ids: Sequence[uuid.UUID | None], *, state: str, **values: str | None
) -> None:
    """A document ends once: the terminal state is written only over `queued`."""
    if not ids:
        return
    ended = session.scalars(
        update(Document)
        .where(Document.id.in_(ids), Document.state == "queued")
        .values(state=state, ended_at=func.now(), **values)
        .returning(Document.id)
    ).all()
    tell_documents_ended(session, document_ids=ended)
    if state != "succeeded":
        remove_results(session, document_ids=ended)  # of a time when it was read


def _backoff(failures: int, retrying: Retrying) -> float:
    return _spread(min(retrying.max_backoff_seconds, retrying.backoff_seconds * 2.0**failures))


def _spread(ceiling: float) -> float:
    """Half of it is random, so that what failed together is not tried together."""
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
