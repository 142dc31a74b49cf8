"""What a wake-up does: claim the best due task of the pool, do it, commit how it went."""

import threading
import uuid

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lexmill.database import is_passing, transaction
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.schemas import MAIN_POOL
from lexmill.jobs.service import JobSpec, read_spec
from lexmill.storage.faults import Fault, fault_of, own_error
from lexmill.tasks.schemas import ClaimedTask, Retrying
from lexmill.tasks.service import (
    claim_task,
    complete_finalize,
    complete_visit,
    fail_task,
    start_finalize,
)
from lexmill.telemetry.logs import raised_at
from lexmill.telemetry.metrics import DOCUMENTS, TASKS
from lexmill_workers.expanding import expand_job
from lexmill_workers.finalizing import finalize_run
from lexmill_workers.runtime import Runtime
from lexmill_workers.sandbox import SandboxUnavailableError
from lexmill_workers.visiting import visit_document

log = structlog.get_logger(__name__)


def work_once(runtime: Runtime) -> bool:
    """Do one task; False when none was due. Errors end in the task's row, not in the caller."""
    claim = uuid.uuid4()
    try:
        found = _claim(runtime, claim)
    except SQLAlchemyError as error:
        log.warning("database_error", error=type(error).__name__)
        # It may have been committed all the same, and nobody works on it.
        runtime.leases.hand_back_later(claim)
        return False
    if found is None:
        return False
    task, job = found
    with (
        structlog.contextvars.bound_contextvars(
            job=str(task.job_uid), task=task.id, document=task.document_id and str(task.document_id)
        ),
        runtime.leases.hold(task.claim) as lost,
    ):
        _work(runtime, task, job, lost)
    return True


def _claim(runtime: Runtime, claim: uuid.UUID) -> tuple[ClaimedTask, JobSpec] | None:
    with transaction(runtime.process.engine, durable=False) as session:
        task = claim_task(
            session,
            claim=claim,
            job_uid=uuid.UUID(runtime.worker.job),
            pool=runtime.worker.pool,
            worker=runtime.worker_id,
            lease_seconds=runtime.process.settings.tasks.lease_seconds,
        )
        if task is None:
            return None
        return task, read_spec(session, uid=task.job_uid, run_id=task.run_id)


def _work(runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event) -> None:
    try:
        _do(runtime, task, job, lost)
    except ClaimLostError:
        log.info("claim_lost", kind=task.kind)
        TASKS.labels(task.kind, "lost").inc()
    except LexmillError as error:
        _fail(runtime, task, job, error)
    except SandboxUnavailableError as error:
        # No document's fault: others get the task, before this process fails all that are due.
        log.error("sandbox_unavailable", reason=str(error))
        TASKS.labels(task.kind, "sandbox").inc()
        runtime.leases.hand_back_later(task.claim)
        runtime.broken.set()
        runtime.stopping.set()
    except SQLAlchemyError as error:
        _put_off(runtime, task, job, error)
    except OSError as error:
        # A full disk, of temporary files, is not the document's fault either.
        full = own_error("write to", error) if fault_of(error) is Fault.FULL else None
        _fail(runtime, task, job, full or _defect(error))
    except Exception as error:  # noqa: BLE001 - a defect of ours ends in the task's row, see below
        _fail(runtime, task, job, _defect(error))


def _do(runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event) -> None:
    if task.kind == "expand":
        expand_job(runtime, task, job, lost)
    elif task.kind == "finalize":
        finalize_run(runtime, job, lost)
        with transaction(runtime.process.engine) as session:
            complete_finalize(session, task=task)
    else:
        visit = visit_document(runtime, task, job, lost)
        with transaction(runtime.process.engine) as session:
            made = complete_visit(session, task=task, visit=visit)
            last = start_finalize(session, run_id=task.run_id)
        if visit.next_stage is None:
            DOCUMENTS.labels(visit.state).inc()
        runtime.ring(visit.next_pool or visit.children_pool, made)
        # The sweeper would ring for the reports a second later.
        runtime.ring(MAIN_POOL, len(last))
    TASKS.labels(task.kind, "done").inc()


def _put_off(runtime: Runtime, task: ClaimedTask, job: JobSpec, error: SQLAlchemyError) -> None:
    """PostgreSQL away is nobody's failure or crash: the task is handed back once it answers."""
    log.warning("database_error", kind=task.kind, error=type(error).__name__)
    TASKS.labels(task.kind, "database").inc()
    if is_passing(error):
        runtime.leases.hand_back_later(task.claim)
    else:
        _fail(runtime, task, job, _defect(error))


def _fail(runtime: Runtime, task: ClaimedTask, job: JobSpec, error: LexmillError) -> None:
    retry = job.spec.get("retry", {})
    retrying = Retrying(
        limit=retry.get("limit", 5),
        backoff_seconds=retry.get("backoffSeconds", 10),
        max_backoff_seconds=retry.get("maxBackoffSeconds", 600),
    )
    try:
        with transaction(runtime.process.engine) as session:
            delay = fail_task(
                session,
                task=task,
                error=error,
                retrying=retrying,
                outage_seconds=runtime.process.settings.tasks.outage_seconds,
            )
            last = start_finalize(session, run_id=task.run_id)
    except ClaimLostError:
        log.info("claim_lost", kind=task.kind)
        return
    except SQLAlchemyError as away:
        log.warning("database_error", kind=task.kind, error=type(away).__name__)
        runtime.leases.hand_back_later(task.claim)
        return
    is_retried = delay is not None and error.error_class is not ErrorClass.OUTAGE
    TASKS.labels(task.kind, "retried" if is_retried else error.error_class.value).inc()
    log.warning("visit_failed", kind=task.kind, code=error.code, retry_in_seconds=delay)
    runtime.ring(MAIN_POOL, len(last))


def _defect(error: Exception) -> LexmillError:
    """Only the type is told: a message could quote the document."""
    log.error("defect", error=type(error).__name__, places=raised_at(error))
    return LexmillError(
        "internal_error",
        "Lexmill itself failed on this document; the log of the worker says where.",
        ErrorClass.OURS,
    )
