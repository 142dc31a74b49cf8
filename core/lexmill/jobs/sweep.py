"""What the database's clock brings to whole jobs; `lexmill.tasks.sweep` calls these each second.

Doing one again changes nothing, and jobs that somebody else changes at this moment wait for the
next round.
"""

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from lexmill.errors import LexmillError
from lexmill.jobs.models import Job
from lexmill.jobs.schedules import next_tick
from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.service import begin_run, find_unfinished
from lexmill.scaling.service import announce_job, announce_work
from lexmill.tasks.service import apply_failure_policy, fail_job

_TICKING = text("""
    SELECT uid, namespace, spec, next_tick_at, now() AS now FROM job
    WHERE spec ? 'schedule' AND outcome IS NULL AND deleted_at IS NULL AND NOT suspended
      AND (next_tick_at <= now() OR next_tick_at IS NULL)
    ORDER BY next_tick_at LIMIT 200
    FOR NO KEY UPDATE SKIP LOCKED
""")

_OVERDUE = text("""
    SELECT uid, spec ->> 'activeDeadlineSeconds' AS seconds FROM job
    WHERE spec ? 'activeDeadlineSeconds' AND outcome IS NULL AND deleted_at IS NULL
      AND NOT suspended
      AND EXISTS (
        SELECT FROM run WHERE run.job_uid = job.uid AND run.finalized_at IS NULL
          AND greatest(run.started_at, job.resumed_at)
            + make_interval(secs => CAST(job.spec ->> 'activeDeadlineSeconds' AS integer)) <= now()
          AND EXISTS (
            SELECT FROM task WHERE task.run_id = run.id AND task.kind <> 'finalize'
              AND task.state IN ('waiting', 'running')
          )
      )
    FOR NO KEY UPDATE SKIP LOCKED
""")


def tick_schedules(session: Session) -> int:
    """Begin a run of each job whose schedule has ticked; gives how many were begun.

    However many ticks passed while nobody swept, they make one run. A tick is passed over while a
    run of the job is unfinished, or while the job is suspended.
    """
    ticking = session.execute(_TICKING).all()
    # Asked with a new snapshot: a replay may have begun a run before the locks were ours.
    unfinished = find_unfinished(session, uids=[job.uid for job in ticking])
    begun = set()
    for job in ticking:
        try:
            tick = next_tick(job.spec["schedule"], after=job.now)
        except LexmillError as error:
            # Declaring it was refused; this is another version's doing.
            fail_job(session, job_uid=job.uid, reason="BadSchedule", message=error.message)
            announce_job(session, job_uid=job.uid)
            continue
        session.execute(update(Job).where(Job.uid == job.uid).values(next_tick_at=tick))
        if job.next_tick_at is not None and job.uid not in unfinished:
            begin_run(
                session,
                namespace=job.namespace,
                job_uid=job.uid,
                priority=job.spec.get("priority", 0),
            )
            begun.add((job.uid, MAIN_POOL))
    announce_work(session, pools=begun)
    return len(begun)


def stop_overdue_jobs(session: Session) -> int:
    """Fail jobs with documents that are not done ``activeDeadlineSeconds`` after their run began.

    As with a Job of Kubernetes the time begins anew when a suspended job goes on, and does not run
    while it is suspended; a replay begins it anew, too. A run that only has its reports to write
    is in time.
    """
    overdue = session.execute(_OVERDUE).all()
    for job in overdue:
        fail_job(
            session,
            job_uid=job.uid,
            reason="DeadlineExceeded",
            message=f"its documents were not done within activeDeadlineSeconds ({job.seconds}).",
        )
    for job in overdue:
        announce_job(session, job_uid=job.uid)
    return len(overdue)


def stop_failing_jobs(session: Session) -> int:
    """Fail jobs of whose documents more failed than their failure policy allows."""
    stopped = apply_failure_policy(session)
    for uid in stopped:
        announce_job(session, job_uid=uid)
    return len(stopped)
