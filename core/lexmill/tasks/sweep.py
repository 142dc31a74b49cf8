"""What the database's clock brings: each sweep is a transaction that one replica does at a time."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, Interval, bindparam, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lexmill import latches
from lexmill.database import is_passing, transaction
from lexmill.idempotency.service import forget_requests
from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.sweep import stop_failing_jobs, stop_overdue_jobs, tick_schedules
from lexmill.latches import Turn
from lexmill.queue.broker import queue_name
from lexmill.queue.wakeups import WakeUps
from lexmill.scaling.gauges import PoolGauges, show_pools
from lexmill.scaling.service import fold_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.service import bury_dead, start_finalize, stop_tasks
from lexmill.telemetry.metrics import SWEEPS


def sweep_all(
    engine: Engine, *, wake_ups: WakeUps, settings: TaskSettings, leases: bool = True
) -> None:
    """One round. Raises what PostgreSQL or Valkey raise: the caller tries again a second later.

    A sweep that fails by itself keeps no other from its work. Without ``leases`` none expires, as
    right after an outage.
    """
    sweeps: list[tuple[Turn, Callable[[Session], int]]] = [
        (Turn.SCHEDULES, tick_schedules),
        (Turn.DEADLINES, stop_overdue_jobs),
        (Turn.FAILURE_POLICIES, stop_failing_jobs),
        (Turn.FINALIZE, lambda session: len(start_finalize(session))),
        (Turn.DEMAND, fold_demand),
        (Turn.EVENT_KEYS, forget_event_keys),
        (Turn.ENDED_JOBS, stop_ended_jobs),
        (Turn.MOVED_TASKS, move_tasks),
        (Turn.EVENT_PARTITIONS, create_event_partitions),
        (Turn.IDEMPOTENCY_KEYS, forget_requests),
    ]
    if leases:
        sweeps.insert(
            0, (Turn.EXPIRED_LEASES, lambda session: expire_leases(session, settings=settings))
        )
    failed: SQLAlchemyError | None = None
    for turn, sweep in sweeps:
        try:
            _alone(engine, turn, sweep)
        except SQLAlchemyError as error:
            if is_passing(error):
                raise
            failed = error
    top_up_wake_ups(engine, wake_ups=wake_ups, limit=settings.wake_ups_per_pool)
    if failed is not None:
        raise failed


def _alone(engine: Engine, turn: Turn, sweep: Callable[[Session], int]) -> None:
    """Holding the latch is a write: it waits for no disk, unless the sweep did something."""
    with transaction(engine, durable=False) as session:
        if latches.is_free(session, turn):
            done = sweep(session)
            if done:
                session.execute(text("RESET synchronous_commit"))
            SWEEPS.labels(turn.name.lower()).inc(done)


def expire_leases(session: Session, *, settings: TaskSettings) -> int:
    """Take tasks from workers that fell silent; the last crash allowed makes a task dead.

    For one lease length after PostgreSQL started no lease expires: nobody could renew it while
    the server was away.
    """
    rows = session.execute(
        text("""
            UPDATE task SET
              crashes = crashes + 1,
              state = CASE WHEN crashes + 1 >= :limit THEN 'dead' ELSE 'waiting' END,
              claim = NULL,
              lease_until = NULL,
              error_code = 'worker_lost',
              error_message = 'The worker stopped answering while it worked on this document.',
              ended_at = CASE WHEN crashes + 1 >= :limit THEN now() END
            WHERE id IN (
              SELECT id FROM task
              WHERE state = 'running' AND lease_until < now()
                AND pg_postmaster_start_time() < now() - :lease
              FOR UPDATE SKIP LOCKED
            )
            RETURNING id, state
        """).bindparams(bindparam("lease", type_=Interval)),
        {"limit": settings.max_crashes, "lease": timedelta(seconds=settings.lease_seconds)},
    ).all()
    dead = [row.id for row in rows if row.state == "dead"]
    if dead:
        bury_dead(session, task_ids=dead)
    return len(rows)


def stop_ended_jobs(session: Session) -> int:
    """Bury what slipped in while a job was ended: an event's documents, children of a last visit.

    They were not committed when the job's tasks were stopped. The lock keeps a replay, which makes
    the job go on, from being stopped too.
    """
    ended = session.execute(
        text("""
            SELECT uid, deleted_at, outcome, message FROM job
            WHERE (deleted_at IS NOT NULL OR outcome IN ('cancelled', 'failed'))
              AND uid IN (
                SELECT job_uid FROM pool_demand WHERE waiting + running + delayed > 0
              )
            FOR NO KEY UPDATE SKIP LOCKED
        """)
    ).all()
    return sum(
        stop_tasks(
            session,
            job_uid=job.uid,
            ending=job.outcome if job.deleted_at is None else "deleted",
            message=job.message or "",
        )
        for job in ended
    )


def move_tasks(session: Session) -> int:
    """Tasks in a pool that their job no longer has go where their stage is done now.

    A visit that began before the change puts the document's next task into the old pool, too.
    """
    rows = session.execute(
        text("""
            UPDATE task SET pool = moved.pool FROM (
              SELECT task.id, coalesce(
                (
                  SELECT own ->> 'name' FROM jsonb_array_elements(job.spec -> 'pools') AS own
                  WHERE own -> 'stages' ? task.stage
                ), :main
              ) AS pool
              FROM pool_demand AS demand
              JOIN job ON job.uid = demand.job_uid
              JOIN task ON task.job_uid = demand.job_uid AND task.pool = demand.pool
                AND task.state = 'waiting'
              WHERE demand.waiting + demand.delayed > 0 AND demand.pool <> :main
                AND NOT EXISTS (
                  SELECT FROM jsonb_array_elements(job.spec -> 'pools') AS own
                  WHERE own ->> 'name' = demand.pool
                )
              ORDER BY task.id
              FOR UPDATE OF task SKIP LOCKED
            ) AS moved
            WHERE task.id = moved.id
            RETURNING task.id
        """),
        {"main": MAIN_POOL},
    )
    return len(rows.all())


def create_event_partitions(session: Session) -> int:
    """The months ahead exist before their first event comes; mostly only a look at the catalog."""
    missing = session.scalar(
        text("""
            SELECT to_regclass(
              'event_part_' || to_char(now() AT TIME ZONE 'UTC' + interval '2 months', 'YYYY_MM')
            ) IS NULL
        """)
    )
    if not missing:
        return 0
    session.execute(select(func.create_event_partitions(2)))
    return 1


def forget_event_keys(session: Session) -> int:
    """Dedup keys live for 30 days; a batch a sweep keeps the transaction short."""
    rows = session.execute(
        text("""
            DELETE FROM event_key WHERE digest IN (
              SELECT digest FROM event_key WHERE received_at < now() - interval '30 days' LIMIT 5000
            ) RETURNING 1
        """)
    )
    return len(rows.all())


def top_up_wake_ups(engine: Engine, *, wake_ups: WakeUps, limit: int) -> None:
    """Each pool has as many unfetched wake-ups as due tasks, at most ``limit``.

    Counted is what nobody has fetched: tokens that a dead worker holds must not hide due work.
    """
    with transaction(engine) as session:
        pools = session.execute(
            text("""
                SELECT job.namespace, job.uid, job.name,
                  demand.pool, demand.waiting, demand.running,
                  job.deleted_at IS NOT NULL OR job.outcome IS NOT NULL AS is_over,
                  job.deleted_at IS NULL AND (NOT job.suspended OR job.outcome IS NOT NULL)
                    AS is_claimable
                FROM pool_demand AS demand JOIN job ON job.uid = demand.job_uid
                WHERE demand.waiting + demand.running > 0
                  OR job.deleted_at IS NULL AND job.outcome IS NULL
                  OR demand.changed_at > now() - interval '5 minutes'
            """)
        ).all()
    due = {}
    over = []
    # Pools at rest are among them, as autoscalers need a zero to go down to; so are those that
    # have just ended.
    for pool in pools:
        queue = queue_name(pool.namespace, str(pool.uid), pool.pool)
        if pool.is_claimable and pool.waiting:
            due[queue] = min(pool.waiting, limit)
        elif pool.is_over and not pool.running:
            over.append(queue)
    show_pools(
        PoolGauges(
            namespace=pool.namespace,
            job=pool.name,
            pool=pool.pool,
            waiting=pool.waiting,
            running=pool.running,
            is_claimable=pool.is_claimable,
        )
        for pool in pools
    )
    wake_ups.forget(over)
    wake_ups.clean_up()
    if due:
        waiting = wake_ups.waiting(list(due))
        wake_ups.ring(
            {
                queue: wanted - there
                for (queue, wanted), there in zip(due.items(), waiting, strict=True)
            }
        )
