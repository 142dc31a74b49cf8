"""What the database's clock brings: each sweep is a transaction that one replica does at a time."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, Interval, bindparam, func, select, text
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.queue.broker import queue_name
from lexmill.queue.wakeups import WakeUps
from lexmill.scaling.service import fold_demand
from lexmill.settings import TaskSettings
from lexmill.tasks.service import bury_dead, start_finalize
from lexmill.telemetry.metrics import POOL_RUNNING, POOL_WAITING, SWEEPS

_LOCK_SPACE = 0x6C65786D


def sweep_all(engine: Engine, *, wake_ups: WakeUps, settings: TaskSettings) -> None:
    """One round. Raises what PostgreSQL or Valkey raise: the caller tries again a second later."""
    _alone(engine, 1, "expired_leases", lambda session: expire_leases(session, settings=settings))
    _alone(engine, 2, "finalize", lambda session: len(start_finalize(session)))
    _alone(engine, 3, "demand", fold_demand)
    _alone(engine, 4, "event_keys", forget_event_keys)
    top_up_wake_ups(engine, wake_ups=wake_ups, limit=settings.wake_ups_per_pool)


def _alone(engine: Engine, number: int, name: str, sweep: Callable[[Session], int]) -> None:
    with transaction(engine) as session:
        mine = session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK_SPACE, number)))
        if mine:
            SWEEPS.labels(name).inc(sweep(session))


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
                SELECT job.namespace, job.uid, demand.pool, demand.waiting, demand.running
                FROM pool_demand AS demand JOIN job ON job.uid = demand.job_uid
                WHERE demand.waiting + demand.running > 0
            """)
        ).all()
    due = {}
    for pool in pools:
        due[queue_name(pool.namespace, str(pool.uid), pool.pool)] = min(pool.waiting, limit)
        POOL_WAITING.labels(pool.namespace, str(pool.uid), pool.pool).set(pool.waiting)
        POOL_RUNNING.labels(pool.namespace, str(pool.uid), pool.pool).set(pool.running)
    if due:
        waiting = wake_ups.waiting(list(due))
        wake_ups.ring(
            {
                queue: wanted - there
                for (queue, wanted), there in zip(due.items(), waiting, strict=True)
            }
        )
