"""A worker process: one pool of one job, until SIGTERM.

Dramatiq's own command starts several processes with a supervisor; in a pod there is one, and
Kubernetes supervises it. So this starts `dramatiq.Worker` itself and owns the order of the end:
no new wake-ups, running visits finish within the grace period, what is left is handed back.
"""

import os
import signal
import socket
import sys
import threading
import time

import dramatiq
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from lexmill.bootstrap import start
from lexmill.database import transaction
from lexmill.errors import LexmillError
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.settings import Settings
from lexmill.storage.objects import Objects
from lexmill.telemetry.probes import serve_probes
from lexmill.tenancy.service import is_confined
from lexmill_workers.actors import declare_actors
from lexmill_workers.health import missing_parts, silent_parts
from lexmill_workers.leases import Leases
from lexmill_workers.limits import limits_of
from lexmill_workers.runtime import Runtime
from lexmill_workers.sandbox import Sandbox, SandboxUnavailableError
from lexmill_workers.stages import PRELOAD

log = structlog.get_logger(__name__)

IDLE_POLL_MILLISECONDS = 50
"""How long Dramatiq sleeps between two looks at an empty queue: the wake-up's latency."""

SANDBOX_UNAVAILABLE = 3
"""The exit code."""


def main() -> int:
    try:
        settings = Settings()
        worker = settings.required_worker
        objects = Objects(settings.storage.uri)
    except (ValidationError, ValueError, LexmillError) as error:
        sys.stderr.write(f"lexmill-worker: the settings are incomplete: {error}\n")
        return 2
    process = start(settings, process="worker")
    runtime = Runtime(
        process=process,
        worker=worker,
        worker_id=worker.name or f"{socket.gethostname()}-{os.getpid()}",
        objects=objects,
        sandbox=Sandbox(
            "lexmill_workers.stages:work",
            preload=PRELOAD,
            limits=limits_of(settings.sandbox),
            allow_without_seccomp=settings.sandbox.allow_without_seccomp,
        ),
        leases=Leases(process.engine, settings.tasks),
        wake_ups=ValkeyWakeUps(process.broker.valkey),
    )
    try:
        runtime.sandbox.start()
    except SandboxUnavailableError as error:
        sys.stderr.write(f"lexmill-worker: {error}\n")
        return SANDBOX_UNAVAILABLE
    return run(runtime)


def run(runtime: Runtime) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: runtime.stopping.set())
    declare_actors(runtime)
    runtime.leases.start()
    worker = dramatiq.Worker(
        runtime.process.broker,
        worker_threads=runtime.worker.threads,
        worker_timeout=IDLE_POLL_MILLISECONDS,
    )
    # Dramatiq takes this from a variable of the whole environment.
    worker.queue_prefetch = runtime.process.settings.queue.prefetch * runtime.worker.threads
    worker.start()
    with serve_probes(
        runtime.process.settings.telemetry,
        silent=lambda: silent_parts(runtime),
        missing=lambda: missing_parts(runtime),
    ):
        _warn_of_rights(runtime)
        log.info("worker_started", pool=runtime.worker.pool, threads=runtime.worker.threads)
        runtime.stopping.wait()
        _stop(runtime, worker)
    return SANDBOX_UNAVAILABLE if runtime.broken.is_set() else 0


def _warn_of_rights(runtime: Runtime) -> None:
    """It works with any login; a tenant's keeps a worker that was taken over to its namespace."""
    try:
        with transaction(runtime.process.engine) as session:
            if not is_confined(session):
                log.warning("login_sees_all_namespaces")
    except SQLAlchemyError as error:
        log.warning("database_error", error=type(error).__name__)


def _stop(runtime: Runtime, worker: dramatiq.Worker) -> None:
    deadline = time.monotonic() + runtime.worker.grace_seconds
    ender = threading.Timer(runtime.worker.grace_seconds, runtime.leases.hand_back_all)
    ender.daemon = True
    ender.start()
    # The hand-back makes the visits that are left end at once, so this returns soon after it.
    worker.stop(timeout=int((max(0.0, deadline - time.monotonic()) + 10) * 1000))
    ender.cancel()
    runtime.leases.stop()
    runtime.sandbox.close()
    runtime.process.close_sync()
    log.info("worker_stopped")


if __name__ == "__main__":
    sys.exit(main())
