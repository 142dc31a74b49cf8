import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import case, delete, func, insert, select, text, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.service import taken_again
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Job, Run
from lexmill.jobs.schedules import next_tick
from lexmill.jobs.schemas import (
    MAIN_POOL,
    CancelledJob,
    DeclaredJob,
    DocumentCounts,
    JobProgress,
    RunProgress,
    StageTime,
    job_version,
    pool_of,
)
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import announce_job, announce_work
from lexmill.tasks.models import Task
from lexmill.tasks.service import stop_tasks
from lexmill.tenancy.models import Tenant
from lexmill.tenancy.service import check_job_uris

# Stage times of a very long run are those of its newest visits.
_SAMPLED_VISITS = 20_000

_SHOWN_RUNS = 5

# Dead reports end a run, too: nobody should wait for them. Only open runs are counted here.
_NEWEST_RUNS = text("""
    SELECT run.id, run.number, run.listed_at, run.started_at,
      coalesce(run.finalized_at, reports.ended_at) AS finished_at,
      coalesce(run.total, open.total) AS total,
      coalesce(run.succeeded, open.succeeded) AS succeeded,
      coalesce(run.failed, open.failed) AS failed,
      coalesce(run.dead, open.dead) AS dead
    FROM run
    LEFT JOIN task AS reports
      ON reports.run_id = run.id AND reports.kind = 'finalize' AND reports.state = 'dead'
    LEFT JOIN LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        count(*) FILTER (WHERE state = 'dead') AS dead
      FROM document WHERE run_id = run.id
    ) AS open ON run.total IS NULL
    WHERE run.job_uid = :job_uid ORDER BY run.number DESC LIMIT :limit
""")


class JobSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A job's desired state as its workers read it: the spec in Kubernetes' names."""

    uid: uuid.UUID
    namespace: str
    name: str
    generation: int
    run_number: int
    run_ids: tuple[int, ...]
    """The runs whose documents are reported together: all of a plain job's, so that a replay
    completes its reports; else the one."""
    spec: dict[str, Any]
    config_maps: Mapping[str, Mapping[str, str]]
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None
    """URI prefixes of its tenant; None is not limited."""


def declare_job(session: Session, *, namespace: str, declared: DeclaredJob) -> list[str]:
    """Make a job be as declared; the same declaration again changes nothing.

    Gives the pools that now have new work. An older generation is passed over. Another uid under
    a living name takes its place: the old job counts as deleted. Raises LexmillError where the
    declaration contradicts what was accepted.
    """
    known = session.execute(
        select(
            Job.namespace,
            Job.generation,
            Job.spec_hash,
            Job.spec,
            Job.suspended,
            Job.outcome,
            Job.deleted_at,
        )
        .where(Job.uid == declared.uid)
        .with_for_update(key_share=True)
    ).one_or_none()
    if known is None:
        return _create(session, namespace=namespace, declared=declared)
    if known.namespace != namespace:
        raise _uid_taken()
    if declared.generation < known.generation or known.deleted_at is not None:
        return []
    if declared.spec_hash == known.spec_hash:
        session.execute(
            update(Job).where(Job.uid == declared.uid).values(generation=declared.generation)
        )
        return []
    body = declared.body
    check_job_uris(session, namespace=namespace, spec=body)
    for field in ("documents", "trigger"):
        if body.get(field) != known.spec.get(field):
            raise LexmillError(
                "immutable",
                f"spec.{field} cannot change once the job was accepted; make a new job",
                ErrorClass.DOCUMENT,
            )
    was_scheduled, resumed = "schedule" in known.spec, known.suspended and not declared.spec.suspend
    # A tick that is due, and that nobody has swept yet, is not lost by another change.
    rescheduled = resumed or body.get("schedule") != known.spec.get("schedule")
    session.execute(
        update(Job)
        .where(Job.uid == declared.uid)
        .values(
            generation=declared.generation,
            spec=body,
            spec_hash=declared.spec_hash,
            config_maps=declared.config_maps,
            suspended=declared.spec.suspend,
            resumed_at=func.now() if resumed else Job.resumed_at,
            next_tick_at=first_tick(session, body) if rescheduled else Job.next_tick_at,
        )
    )
    if "schedule" in body and known.outcome == "complete":
        _reopen(session, declared.uid)
    announce_job(session, job_uid=declared.uid)
    if not was_scheduled or "schedule" in body or known.outcome is not None:
        return []
    # It is a plain job now, which is Complete behind its last run.
    if find_unfinished(session, uids=[declared.uid]):
        return []
    return _begin(session, namespace=namespace, declared=declared)


def first_tick(session: Session, body: Mapping[str, Any]) -> datetime | None:
    """The next tick from now on; those that passed while the job was suspended do not count."""
    if "schedule" not in body:
        return None
    return next_tick(body["schedule"], after=session.scalars(select(func.now())).one())


def _begin(session: Session, *, namespace: str, declared: DeclaredJob) -> list[str]:
    begin_run(
        session,
        namespace=namespace,
        job_uid=declared.uid,
        priority=declared.spec.priority,
    )
    announce_work(session, pools={(declared.uid, MAIN_POOL)})
    return [MAIN_POOL]


def begin_run(session: Session, *, namespace: str, job_uid: uuid.UUID, priority: int) -> None:
    """Queue the listing of a job's sources. The caller holds the job's lock and announces it."""
    last = session.scalar(select(func.max(Run.number)).where(Run.job_uid == job_uid)) or 0
    run_id = session.scalar(insert(Run).values(job_uid=job_uid, number=last + 1).returning(Run.id))
    session.execute(
        insert(Task).values(
            kind="expand",
            namespace=namespace,
            job_uid=job_uid,
            run_id=run_id,
            pool=MAIN_POOL,
            priority=priority,
        )
    )


def find_unfinished(session: Session, *, uids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these jobs have a run under way. Reports that are dead end a run, too."""
    reports = select(Task.id).where(
        Task.run_id == Run.id, Task.kind == "finalize", Task.state == "dead"
    )
    return set(
        session.scalars(
            select(Run.job_uid).where(
                Run.job_uid.in_(uids), Run.finalized_at.is_(None), ~reports.exists()
            )
        )
    )


def _create(session: Session, *, namespace: str, declared: DeclaredJob) -> list[str]:
    check_job_uris(session, namespace=namespace, spec=declared.body)
    alive = session.execute(
        select(Job.uid, Job.owner)
        .where(Job.namespace == namespace, Job.name == declared.name, Job.deleted_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()
    if alive is not None:
        if alive.owner != declared.owner:
            raise LexmillError(
                "name_taken",
                f"a job of this name is owned by {alive.owner}; choose another name",
                ErrorClass.DOCUMENT,
            )
        cancel_job(
            session,
            namespace=namespace,
            cancelled=CancelledJob(uid=alive.uid, reason="deleted"),
        )
    made = session.execute(
        upsert(Job)
        .values(
            uid=declared.uid,
            namespace=namespace,
            name=declared.name,
            owner=declared.owner,
            generation=declared.generation,
            spec=declared.body,
            spec_hash=declared.spec_hash,
            config_maps=declared.config_maps,
            suspended=declared.spec.suspend,
            next_tick_at=first_tick(session, declared.body),
        )
        .on_conflict_do_nothing(index_elements=[Job.uid])
        .returning(Job.uid)
    ).one_or_none()
    if made is None:
        # Declared at the same moment, or in a namespace that this login does not see.
        if session.scalar(select(Job.namespace).where(Job.uid == declared.uid)) != namespace:
            raise _uid_taken()
        return declare_job(session, namespace=namespace, declared=declared)
    if declared.spec.documents is None or declared.spec.schedule is not None:
        announce_job(session, job_uid=declared.uid)
        return []
    return _begin(session, namespace=namespace, declared=declared)


def _uid_taken() -> LexmillError:
    return LexmillError(
        "uid_taken", "this uid is taken; declare the job with another", ErrorClass.DOCUMENT
    )


def cancel_job(session: Session, *, namespace: str, cancelled: CancelledJob) -> int:
    """Stop a job: what is queued ends as `dead` and may be replayed. Gives how many tasks ended.

    An unknown or ended job changes nothing, since the event may come twice or late.
    """
    deleted = cancelled.reason == "deleted"
    query = update(Job).where(
        Job.uid == cancelled.uid,
        Job.namespace == namespace,
        Job.deleted_at.is_(None),
        true() if deleted else Job.outcome.is_(None),
    )
    reason = "Deleted" if deleted else "Cancelled"
    found = session.execute(
        query.values(
            outcome=func.coalesce(Job.outcome, "cancelled"),
            reason=case((Job.outcome.is_(None), reason), else_=Job.reason),
            ended_at=func.coalesce(Job.ended_at, func.now()),
            deleted_at=func.now() if deleted else None,
        ).returning(Job.uid)
    ).one_or_none()
    if found is None:
        return 0
    stopped = stop_tasks(session, job_uid=cancelled.uid, ending=cancelled.reason)
    announce_job(session, job_uid=cancelled.uid)
    return stopped


_OPEN_RUN = text("""
    SELECT id FROM run
    WHERE job_uid = :job_uid AND finalized_at IS NULL
      AND NOT EXISTS (SELECT FROM task WHERE run_id = run.id AND kind = 'finalize')
    ORDER BY number DESC LIMIT 1
    FOR SHARE
""")
_REPORTS_BEGUN = text(
    "SELECT EXISTS (SELECT FROM task WHERE run_id = :run_id AND kind = 'finalize')"
)


def open_run(session: Session, *, job_uid: uuid.UUID) -> int:
    """The run that new documents of a job join; a job without one begins the next.

    The run stays locked (shared) until the commit, so that its reports are not begun meanwhile.
    """
    run_id = _lock_open_run(session, job_uid)
    if run_id is None:
        # Two that find none wait for each other here; the second then finds the first one's.
        lock_jobs(session, uids=[job_uid])
        run_id = _lock_open_run(session, job_uid)
    if run_id is None:
        last = session.scalar(select(func.max(Run.number)).where(Run.job_uid == job_uid)) or 0
        run_id = session.scalar(
            insert(Run)
            .values(job_uid=job_uid, number=last + 1, listed_at=func.now())
            .returning(Run.id)
        )
    assert run_id is not None
    return run_id


def _lock_open_run(session: Session, job_uid: uuid.UUID) -> int | None:
    newest = session.scalar(_OPEN_RUN, {"job_uid": job_uid})
    if newest is None:
        return None
    # Asked again with a new snapshot: the reports may have been begun while this waited for the
    # lock, after which PostgreSQL itself looks again only at a locked row that has changed.
    begun = session.scalar(_REPORTS_BEGUN, {"run_id": newest})
    return None if begun else int(newest)


def lock_jobs(session: Session, *, uids: Collection[uuid.UUID]) -> None:
    """In one order for all; until the commit nobody else changes these jobs or begins runs.

    ``key_share`` makes it FOR NO KEY UPDATE, here as everywhere: who adds a document or a task asks
    for a shared lock of the job's key, and each of the two could wait for what the other holds.
    """
    session.execute(
        select(Job.uid).where(Job.uid.in_(uids)).order_by(Job.uid).with_for_update(key_share=True)
    )


def recheck_document(
    session: Session, *, namespace: str, document_id: uuid.UUID
) -> dict[str, int] | None:
    """Queue a document once more, so that its results follow what people decided.

    Gives the wake-ups to ring: none where it is queued already; None where it is not there. What
    the engine found is cached: only the check is repeated. Raises LexmillError.
    """
    row = session.execute(
        select(Document.state, Job.deleted_at, taken_again(Document).label("taken_again"))
        .join(Job, Job.uid == Document.job_uid)
        .where(Document.id == document_id, Document.namespace == namespace)
    ).one_or_none()
    if row is None:
        return None
    if row.deleted_at is not None or row.taken_again:
        raise LexmillError(
            "superseded",
            "a later run has taken the document up anew; recheck that one"
            if row.taken_again
            else "the document's job is deleted; declare it again to have it read again",
            ErrorClass.DOCUMENT,
        )
    states = ("succeeded", "failed", "dead")
    return replay_documents(session, document_ids=[document_id], states=states)


def replay_documents(
    session: Session,
    *,
    document_ids: Sequence[uuid.UUID],
    states: Sequence[str] = ("failed", "dead"),
) -> dict[str, int]:
    """Queue documents in these states once more, in a new run of their jobs.

    Gives the wake-ups to ring, a number a queue. Documents of deleted jobs stay as they are, and
    so do those that a later run of their schedule has taken up anew.
    """
    jobs = select(Document.job_uid).where(Document.id.in_(document_ids)).distinct()
    lock_jobs(session, uids=session.scalars(jobs).all())
    rows = session.execute(
        select(Document.id, Document.job_uid, Document.namespace, Job.spec)
        .join(Job, Job.uid == Document.job_uid)
        .where(
            Document.id.in_(document_ids),
            Document.state.in_(states),
            Document.purged_at.is_(None),
            ~taken_again(Document),
            Job.deleted_at.is_(None),
        )
        .order_by(Document.job_uid, Document.id)
        .with_for_update(of=Document)
    ).all()
    wake_ups: dict[str, int] = {}
    pools: set[tuple[uuid.UUID, str]] = set()
    for job_uid, group in groupby(rows, key=lambda row: row.job_uid):
        documents = list(group)
        _reopen(session, job_uid)
        run_id = open_run(session, job_uid=job_uid)
        ids = [document.id for document in documents]
        session.execute(
            update(Document)
            .where(Document.id.in_(ids))
            .values(
                state="queued", run_id=run_id, error_code=None, error_message=None, ended_at=None
            )
        )
        pool = pool_of(documents[0].spec, "parse")
        session.execute(
            text("""
                INSERT INTO task
                  (kind, namespace, job_uid, run_id, document_id, pool, stage, priority)
                SELECT 'process', namespace, job_uid, run_id, id, :pool, 'parse', priority
                FROM document WHERE id = ANY(:ids) ORDER BY id
            """),
            {"ids": ids, "pool": pool},
        )
        pools.add((job_uid, pool))
        wake_ups[queue_name(documents[0].namespace, str(job_uid), pool)] = len(ids)
    announce_work(session, pools=pools)
    return wake_ups


def replay_tasks(session: Session, *, namespace: str, task_ids: Sequence[int]) -> dict[str, int]:
    """Try dead tasks again: documents in a new run, a listing from its cursor, reports anew.

    Gives the wake-ups to ring, a number a queue. Whatever is not dead any more is passed over.
    """
    tasks = session.execute(
        select(Task.id, Task.kind, Task.document_id, Task.job_uid)
        .join(Job, Job.uid == Task.job_uid)
        .where(
            Task.id.in_(task_ids),
            Task.namespace == namespace,
            Task.state == "dead",
            Job.deleted_at.is_(None),
        )
        .with_for_update(of=Task)
    ).all()
    lock_jobs(session, uids={task.job_uid for task in tasks})
    wake_ups = Counter(
        replay_documents(
            session, document_ids=[task.document_id for task in tasks if task.kind == "process"]
        )
    )
    rest = [task for task in tasks if task.kind != "process"]
    for task in rest:
        _reopen(session, task.job_uid)
        session.execute(
            update(Run)
            .where(Run.id.in_(select(Task.run_id).where(Task.id == task.id)))
            .values(
                finalized_at=None,
                listed_at=None if task.kind == "expand" else Run.listed_at,
                **dict.fromkeys(("total", "succeeded", "failed", "dead")),
            )
        )
        # The run's reports, where there were some, are written again behind the rest of the list.
        session.execute(
            delete(Task).where(
                Task.run_id.in_(select(Task.run_id).where(Task.id == task.id)),
                Task.kind == "finalize",
                Task.id != task.id,
            )
        )
        session.execute(
            update(Task)
            .where(Task.id == task.id)
            .values(state="waiting", failures=0, crashes=0, due_at=func.now(), ended_at=None)
        )
        wake_ups[queue_name(namespace, str(task.job_uid), MAIN_POOL)] += 1
    announce_work(session, pools={(task.job_uid, MAIN_POOL) for task in rest})
    return dict(wake_ups)


def _reopen(session: Session, job_uid: uuid.UUID) -> None:
    session.execute(
        update(Job)
        .where(Job.uid == job_uid)
        .values(outcome=None, reason=None, message=None, ended_at=None, resumed_at=func.now())
    )


def read_spec(session: Session, *, uid: uuid.UUID, run_id: int) -> JobSpec:
    row = session.execute(
        select(
            Job.namespace,
            Job.name,
            Job.generation,
            Job.spec,
            Job.config_maps,
            Run.number,
            Tenant.reads,
            Tenant.writes,
        )
        .join(Run, Run.job_uid == Job.uid)
        .outerjoin(Tenant, Tenant.namespace == Job.namespace)
        .where(Job.uid == uid, Run.id == run_id)
    ).one()
    return JobSpec(
        uid=uid,
        run_ids=_reported_runs(session, uid, run_id, row.spec),
        namespace=row.namespace,
        name=row.name,
        generation=row.generation,
        run_number=row.number,
        spec=row.spec,
        config_maps=row.config_maps,
        reads=None if row.reads is None else tuple(row.reads),
        writes=None if row.writes is None else tuple(row.writes),
    )


def read_progress(session: Session, *, namespace: str, name: str) -> JobProgress | None:
    """How far a job's newest run is; None when no such job is alive."""
    job = session.execute(
        select(
            Job.uid,
            Job.owner,
            Job.spec,
            Job.generation,
            Job.spec_hash,
            Job.suspended,
            Job.outcome,
            Job.reason,
            Job.message,
            Job.declared_at,
            Job.next_tick_at,
        ).where(Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None))
    ).one_or_none()
    if job is None:
        return None
    runs = session.execute(_NEWEST_RUNS, {"job_uid": job.uid, "limit": _SHOWN_RUNS}).all()
    run = runs[0] if runs else None
    run_ids = () if run is None else _reported_runs(session, job.uid, run.id, job.spec)
    counts = _count_documents(session, run_ids)
    return JobProgress(
        uid=str(job.uid),
        namespace=namespace,
        name=name,
        owner=job.owner,
        matter=job.spec.get("matter"),
        version=job_version(
            uid=job.uid,
            generation=job.generation,
            spec_hash=job.spec_hash,
            suspended=job.suspended,
            outcome=job.outcome,
        ),
        generation=job.generation,
        spec_hash=job.spec_hash,
        run=0 if run is None else run.number,
        state=_state(job.outcome, suspended=job.suspended, started=counts.total > 0),
        reason=job.reason,
        message=job.message,
        listing_done=run is not None and run.listed_at is not None,
        documents=counts,
        stages=() if run is None else _stage_times(session, run.id),
        declared_at=job.declared_at,
        run_started_at=None if run is None else run.started_at,
        finished_at=None if run is None else run.finished_at,
        next_run_at=None if job.outcome is not None or job.suspended else job.next_tick_at,
        runs=tuple(
            RunProgress(
                number=each.number,
                started_at=each.started_at,
                finished_at=each.finished_at,
                total=each.total,
                succeeded=each.succeeded,
                failed=each.failed,
                dead=each.dead,
            )
            for each in runs
        ),
    )


def _reported_runs(
    session: Session, uid: uuid.UUID, run_id: int, spec: Mapping[str, Any]
) -> tuple[int, ...]:
    if "documents" not in spec or "schedule" in spec:
        return (run_id,)
    return tuple(session.scalars(select(Run.id).where(Run.job_uid == uid).order_by(Run.id)))


def _state(outcome: str | None, *, suspended: bool, started: bool) -> Any:
    if outcome is not None:
        return "Complete" if outcome == "complete" else "Failed"
    if suspended:
        return "Suspended"
    return "Running" if started else "Pending"


def _count_documents(session: Session, run_ids: Sequence[int]) -> DocumentCounts:
    rows = session.execute(
        select(
            Document.state,
            func.count().label("documents"),
            func.count().filter(Document.parent_id.is_(None)).label("listed"),
        )
        .where(Document.run_id.in_(run_ids))
        .group_by(Document.state)
    ).all()
    states = {row.state: row.documents for row in rows}
    running = session.scalar(
        select(func.count()).where(
            Task.run_id.in_(run_ids), Task.state == "running", Task.kind == "process"
        )
    )
    queued = states.get("queued", 0)
    return DocumentCounts(
        listed=sum(row.listed for row in rows),
        total=sum(states.values()),
        queued=max(0, queued - (running or 0)),
        running=min(queued, running or 0),
        succeeded=states.get("succeeded", 0),
        failed=states.get("failed", 0),
        dead=states.get("dead", 0),
    )


def _stage_times(session: Session, run_id: int) -> tuple[StageTime, ...]:
    rows = session.execute(
        text("""
            SELECT stage.key AS stage,
              count(*) FILTER (WHERE stage.value <> 'null') AS visits,
              coalesce(sum((stage.value #>> '{}')::float8), 0) AS seconds,
              count(*) FILTER (WHERE stage.value = 'null') AS reused
            FROM (
              SELECT stage_seconds FROM task
              WHERE run_id = :run_id AND state = 'done' AND stage_seconds IS NOT NULL
              ORDER BY id DESC LIMIT :limit
            ) AS visit, jsonb_each(visit.stage_seconds) AS stage
            GROUP BY stage.key
        """),
        {"run_id": run_id, "limit": _SAMPLED_VISITS},
    )
    return tuple(
        StageTime(stage=row.stage, visits=row.visits, seconds=row.seconds, reused=row.reused)
        for row in rows
    )
