"""The demand feed: what the scalers read, folded from the task rows."""

import uuid
from collections.abc import Collection

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.jobs.models import Job
from lexmill.jobs.schemas import MAIN_POOL
from lexmill.scaling.models import PoolDemand
from lexmill.scaling.schemas import ChangedJob, ChangedJobs, Demand, PoolBacklog, PoolWork

CHANNEL = "lexmill_demand"
"""NOTIFY tells every replica that the feed has news; at most one a transaction."""

# Versions come from a sequence, which does not follow the order of commits: writers of the feed
# hold its latch until they commit, so that no reader's cursor passes a row that is still to come.

_FOLD = text("""
    WITH open AS (
      SELECT job_uid, pool,
        count(*) FILTER (WHERE state = 'waiting' AND due_at <= now()) AS waiting,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'waiting' AND due_at > now()) AS delayed,
        min(due_at) FILTER (WHERE state = 'waiting' AND due_at <= now()) AS oldest_due_at
      FROM task WHERE state IN ('waiting', 'running') GROUP BY job_uid, pool
    ), wanted AS (
      SELECT coalesce(open.job_uid, known.job_uid) AS job_uid,
        coalesce(open.pool, known.pool) AS pool,
        coalesce(open.waiting, 0) AS waiting, coalesce(open.running, 0) AS running,
        coalesce(open.delayed, 0) AS delayed, open.oldest_due_at
      FROM open FULL JOIN (
        SELECT * FROM pool_demand WHERE waiting + running + delayed > 0
      ) AS known ON known.job_uid = open.job_uid AND known.pool = open.pool
    )
    INSERT INTO pool_demand AS demand
      (job_uid, pool, version, waiting, running, delayed, oldest_due_at, changed_at)
    SELECT job_uid, pool, nextval('demand_version'), waiting, running, delayed, oldest_due_at, now()
    FROM wanted
    ON CONFLICT (job_uid, pool) DO UPDATE SET
      version = excluded.version, waiting = excluded.waiting, running = excluded.running,
      delayed = excluded.delayed, oldest_due_at = excluded.oldest_due_at, changed_at = now()
    WHERE (demand.waiting, demand.running, demand.delayed)
      IS DISTINCT FROM (excluded.waiting, excluded.running, excluded.delayed)
    RETURNING 1
""")


_BUSY = text("""
    SELECT job_uid, pool FROM pool_demand
    WHERE (job_uid, pool) IN (
      SELECT * FROM unnest(CAST(:jobs AS uuid[]), CAST(:pools AS text[]))
    ) AND waiting + running > 0
""")


def fold_demand(session: Session) -> int:
    """Bring the feed up to the task rows; gives how many pools changed."""
    latches.wait_for(session, latches.Turn.FEED)
    changed = len(session.execute(_FOLD).all())
    if changed:
        session.execute(select(func.pg_notify(CHANNEL, "")))
    return changed


def announce_work(session: Session, *, pools: Collection[tuple[uuid.UUID, str]]) -> None:
    """Tell the scalers at once of pools that had no work; busy ones wait for the next fold.

    ``waiting`` becomes 1, which is enough to start; the fold brings the right number.
    """
    named = sorted(pools)
    if not named:
        return
    rows = session.execute(
        _BUSY, {"jobs": [job_uid for job_uid, _ in named], "pools": [pool for _, pool in named]}
    )
    busy = {(row.job_uid, row.pool) for row in rows}
    idle = [each for each in named if each not in busy]
    if not idle:
        return
    latches.wait_for(session, latches.Turn.FEED)
    for job_uid, pool in idle:
        session.execute(
            text("""
                INSERT INTO pool_demand (job_uid, pool, version, waiting, oldest_due_at)
                VALUES (:job_uid, :pool, nextval('demand_version'), 1, now())
                ON CONFLICT (job_uid, pool) DO UPDATE SET
                  version = nextval('demand_version'), waiting = greatest(pool_demand.waiting, 1),
                  changed_at = now()
            """),
            {"job_uid": job_uid, "pool": pool},
        )
    session.execute(select(func.pg_notify(CHANNEL, "")))


def announce_job(session: Session, *, job_uid: uuid.UUID) -> None:
    """Send a job's pools through the feed, because the job itself is new or has changed."""
    latches.wait_for(session, latches.Turn.FEED)
    session.execute(
        text("""
            INSERT INTO pool_demand (job_uid, pool, version)
            VALUES (:job_uid, :pool, nextval('demand_version'))
            ON CONFLICT DO NOTHING
        """),
        {"job_uid": job_uid, "pool": MAIN_POOL},
    )
    session.execute(
        text("""
            UPDATE pool_demand SET version = nextval('demand_version'), changed_at = now()
            WHERE job_uid = :job_uid
        """),
        {"job_uid": job_uid},
    )
    session.execute(select(func.pg_notify(CHANNEL, "")))


def read_demand(session: Session, *, after: int, limit: int = 10_000) -> Demand:
    """The pools that changed after a cursor; an unknown cursor gets everything."""
    newest = session.scalar(select(func.coalesce(func.max(PoolDemand.version), 0))) or 0
    rows = session.execute(
        select(
            PoolDemand.version,
            PoolDemand.pool,
            PoolDemand.waiting,
            PoolDemand.running,
            PoolDemand.delayed,
            PoolDemand.oldest_due_at,
            PoolDemand.changed_at,
            Job.uid,
            Job.namespace,
            Job.name,
            Job.owner,
            Job.generation,
            Job.spec_hash,
            Job.suspended,
            Job.outcome,
            Job.deleted_at,
        )
        .join(Job, Job.uid == PoolDemand.job_uid)
        .where(PoolDemand.version > (after if after <= newest else 0))
        .order_by(PoolDemand.version)
        .limit(limit)
    ).all()
    return Demand(
        version=rows[-1].version if rows else newest,
        pools=tuple(
            PoolWork(
                job_uid=str(row.uid),
                namespace=row.namespace,
                job=row.name,
                owner=row.owner,
                generation=row.generation,
                spec_hash=row.spec_hash,
                # One that has ended still has its reports to write.
                suspended=row.suspended and row.outcome is None,
                outcome=row.outcome,
                deleted=row.deleted_at is not None,
                pool=row.pool,
                waiting=row.waiting,
                running=row.running,
                delayed=row.delayed,
                oldest_due_at=row.oldest_due_at,
                changed_at=row.changed_at,
            )
            for row in rows
        ),
    )


def read_backlog(session: Session, *, namespace: str, name: str, pool: str) -> PoolBacklog | None:
    """One pool's numbers, none yet being zeros; None when no such job is alive."""
    row = session.execute(
        select(
            func.coalesce(PoolDemand.waiting, 0).label("waiting"),
            func.coalesce(PoolDemand.running, 0).label("running"),
            func.coalesce(PoolDemand.delayed, 0).label("delayed"),
            (Job.suspended & Job.outcome.is_(None)).label("is_held"),
        )
        .select_from(Job)
        .join(PoolDemand, (PoolDemand.job_uid == Job.uid) & (PoolDemand.pool == pool), isouter=True)
        .where(Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return PoolBacklog(
        waiting=row.waiting,
        running=row.running,
        delayed=row.delayed,
        backlog=row.running if row.is_held else row.waiting + row.running,
    )


def list_changed_jobs(session: Session, *, after: int | None) -> ChangedJobs:
    """Living jobs whose demand changed after a cursor; without one, those that are busy now."""
    newest = session.scalar(select(func.coalesce(func.max(PoolDemand.version), 0))) or 0
    if after is not None and after >= newest:
        return ChangedJobs(version=newest, jobs=())
    new = (
        PoolDemand.waiting + PoolDemand.running + PoolDemand.delayed > 0
        if after is None
        else PoolDemand.version > after
    )
    rows = session.execute(
        select(
            Job.namespace,
            Job.name,
            func.max(PoolDemand.version).label("version"),
            func.bool_or(PoolDemand.waiting + PoolDemand.running + PoolDemand.delayed > 0).label(
                "is_busy"
            ),
        )
        .join(Job, Job.uid == PoolDemand.job_uid)
        .where(
            PoolDemand.job_uid.in_(
                select(PoolDemand.job_uid).where(new, PoolDemand.version <= newest)
            ),
            Job.deleted_at.is_(None),
        )
        .group_by(Job.namespace, Job.name)
    ).mappings()
    return ChangedJobs(version=newest, jobs=tuple(ChangedJob(**row) for row in rows))


def read_job_change(session: Session, *, namespace: str, name: str) -> ChangedJob | None:
    """The same of one living job."""
    row = session.execute(
        select(
            func.max(PoolDemand.version).label("version"),
            func.bool_or(PoolDemand.waiting + PoolDemand.running + PoolDemand.delayed > 0).label(
                "is_busy"
            ),
        )
        .join(Job, Job.uid == PoolDemand.job_uid)
        .where(Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None))
    ).one()
    if row.version is None:
        return None
    return ChangedJob(namespace=namespace, name=name, version=row.version, is_busy=row.is_busy)
