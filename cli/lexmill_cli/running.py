"""Running jobs to their end on this machine, and keeping the system up."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import JobProgress
from lexmill_cli.declaring import LocalJob
from lexmill_cli.display import Display
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.room import Room
from lexmill_cli.scaler import LocalScaler
from lexmill_cli.stores import Stores
from lexmill_cli.system import LocalSystem

_POLL_SECONDS = 0.25
_SERVING_POLL_SECONDS = 1.0
_AWAY_SECONDS = 60
_UNDER_WAY = {"Pending", "Running", "Suspended"}


T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """How the jobs of one command ended, and how long it took from declaring to the end."""

    progress: Sequence[JobProgress]
    seconds: float


def run_jobs(
    system: LocalSystem,
    jobs: Sequence[LocalJob],
    *,
    display: Display,
    stores: Stores | None = None,
) -> Outcome:
    """Declare jobs that are not under way and wait until each of them has ended.

    Raises CommandError when the API refuses a job or stays away; KeyboardInterrupt after the
    workers have handed their documents back.
    """
    started = time.monotonic()
    with system.client() as client, LocalScaler(system, client, others=False) as scaler:
        session = _Session(system, client, display)
        declared = [session.declare(job) for job in jobs]
        for job in declared:
            scaler.serve(job)
        progress = _follow(session, scaler, declared, stores or Stores(jobs, display))
    return Outcome(progress, time.monotonic() - started)


def serve_forever(system: LocalSystem, jobs: Sequence[LocalJob], *, display: Display) -> None:
    """Scale workers for whatever comes in, until Ctrl-C."""
    with system.client() as client, LocalScaler(system, client, others=True) as scaler:
        session = _Session(system, client, display)
        for job in jobs:
            scaler.serve(session.declare(job))
        while True:
            session.heal()
            scaler.step(wait_seconds=_SERVING_POLL_SECONDS)


@dataclass
class _Session:
    """Talking to the API for as long as the command runs, whatever dies and comes back."""

    system: LocalSystem
    client: ApiClient
    display: Display
    _answered: float = field(default_factory=time.monotonic)
    _room: Room = field(init=False)

    def __post_init__(self) -> None:
        self._room = Room(self.system.home, self.display)

    def heal(self) -> None:
        self._room.look()
        for part in self.system.heal():
            self.display.say(f"{part} had ended and was started again.")

    def ask(self, call: Callable[[], T]) -> T:
        """What the API answers; asked again, while it is away for a moment."""
        while True:
            self.heal()
            try:
                answer = call()
            except LexmillError as error:
                if not error.retryable:
                    raise
                if time.monotonic() - self._answered > _AWAY_SECONDS:
                    log = self.system.home / "logs" / "api.log"
                    raise CommandError(
                        Exit.UNAVAILABLE,
                        f"The API has stopped answering; {log} says why. "
                        "The same command goes on from here.",
                    ) from error
                time.sleep(_POLL_SECONDS)
            else:
                self._answered = time.monotonic()
                return answer

    def declare(self, job: LocalJob) -> LocalJob:
        """Go on with the same job where it was stopped; a finished one is run anew.

        A job that listens keeps its uid, and with it what has come for it, when it is changed.
        """
        declared = job.declared
        known = self.ask(lambda: self.client.jobs.find(job.namespace, declared.name))
        if known is not None and known.state in _UNDER_WAY:
            same = known.spec_hash == declared.spec_hash
            if same and declared.spec.trigger is None:
                self.display.say(
                    f"Going on with {declared.name}: {known.documents.succeeded} of "
                    f"{known.documents.total} documents were done before."
                )
            if same or declared.spec.trigger is not None:
                declared = declared.model_copy(
                    update={
                        "uid": uuid.UUID(known.uid),
                        "generation": known.generation + (0 if same else 1),
                    }
                )
            if same:
                return replace(job, declared=declared)
        try:
            self.ask(lambda: self.client.declare(job.namespace, declared))
        except LexmillError as error:
            raise CommandError(
                Exit.MISUSE, f"The job {declared.name} was not accepted: {error.message}."
            ) from error
        return replace(job, declared=declared)


def _follow(
    session: _Session, scaler: LocalScaler, jobs: Sequence[LocalJob], stores: Stores
) -> list[JobProgress]:
    while True:
        scaler.step(wait_seconds=_POLL_SECONDS)
        progress = session.ask(lambda: [_progress(session.client, job) for job in jobs])
        session.display.show(progress, workers=scaler.running())
        if all(_is_over(each) for each in progress):
            return progress
        stores.watch(progress)


def _progress(client: ApiClient, job: LocalJob) -> JobProgress:
    progress = client.jobs.find(job.namespace, job.declared.name)
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
