"""Running jobs to their end on this machine, and keeping the system up."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import JobProgress
from lexmill_cli.declaring import LocalJob
from lexmill_cli.display import Display
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.scaler import LocalScaler
from lexmill_cli.system import LocalSystem

_POLL_SECONDS = 0.25
_AWAY_SECONDS = 60


@dataclass(frozen=True)
class Outcome:
    """How the jobs of one command ended, and how long it took from declaring to the end."""

    progress: Sequence[JobProgress]
    seconds: float


def run_jobs(system: LocalSystem, jobs: Sequence[LocalJob], *, display: Display) -> Outcome:
    """Declare jobs that are not under way and wait until each of them has ended.

    Raises CommandError when the API refuses a job or stays away; KeyboardInterrupt after the
    workers have handed their documents back.
    """
    started = time.monotonic()
    with system.client() as client, LocalScaler(system, client, jobs) as scaler:
        declared = [_declare(client, job, display) for job in jobs]
        for job in declared:
            scaler.serve(job)
        progress = _follow(client, scaler, declared, system, display)
    return Outcome(progress, time.monotonic() - started)


def serve_forever(system: LocalSystem, jobs: Sequence[LocalJob], *, display: Display) -> None:
    """Scale workers for whatever comes in, until Ctrl-C."""
    with system.client() as client, LocalScaler(system, client, jobs) as scaler:
        for job in jobs:
            _declare(client, job, display)
        while True:
            scaler.step(wait_seconds=1.0)
            if not system.api.is_running:
                raise CommandError(Exit.UNAVAILABLE, _api_died(system))


def _declare(client: ApiClient, job: LocalJob, display: Display) -> LocalJob:
    """Go on with the same job where it was stopped; a finished one is run anew."""
    known = client.progress(job.namespace, job.declared.name)
    if (
        known is not None
        and known.state in {"Pending", "Running"}
        and known.spec_hash == job.declared.spec_hash
    ):
        display.say(
            f"Going on with {job.declared.name}: {known.documents.succeeded} of "
            f"{known.documents.total} documents were done before."
        )
        declared = job.declared.model_copy(update={"uid": uuid.UUID(known.uid)})
        return replace(job, declared=declared)
    try:
        client.declare(job.namespace, job.declared)
    except LexmillError as error:
        raise CommandError(
            Exit.UNAVAILABLE if error.retryable else Exit.MISUSE,
            f"The job {job.declared.name} was not accepted: {error.message}",
        ) from error
    return job


def _follow(
    client: ApiClient,
    scaler: LocalScaler,
    jobs: Sequence[LocalJob],
    system: LocalSystem,
    display: Display,
) -> list[JobProgress]:
    answered = time.monotonic()
    while True:
        try:
            scaler.step(wait_seconds=_POLL_SECONDS)
            progress = [_progress(client, job) for job in jobs]
            answered = time.monotonic()
        except LexmillError as error:
            if not system.api.is_running or time.monotonic() - answered > _AWAY_SECONDS:
                raise CommandError(Exit.UNAVAILABLE, _api_died(system)) from error
            continue
        display.show(progress, workers=scaler.running())
        if all(_is_over(each) for each in progress):
            return progress


def _progress(client: ApiClient, job: LocalJob) -> JobProgress:
    progress = client.progress(job.namespace, job.declared.name)
    if progress is None or progress.uid != str(job.declared.uid):
        raise CommandError(
            Exit.UNFINISHED, f"The job {job.declared.name} was deleted or replaced meanwhile."
        )
    return progress


def _is_over(progress: JobProgress) -> bool:
    """Complete comes with the reports; a job that failed may never have any."""
    return progress.state == "Complete" or (
        progress.state == "Failed"
        and (progress.finished_at is not None or progress.reason == "ReportsFailed")
    )


def _api_died(system: LocalSystem) -> str:
    log = Path(system.home) / "logs" / "api.log"
    return f"The API has stopped answering; {log} says why. The same command goes on from here."
