"""Workers by demand, as child processes: the operator's part on one machine, with its planner."""

import os
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import Workers
from lexmill.scaling.plan import Demand, Observed, Policy, State, plan, policy_of
from lexmill.scaling.schemas import PoolWork
from lexmill_cli.declaring import KEY_VARIABLE, LocalJob
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.local.services import Service, start_service
from lexmill_cli.system import LocalSystem

# A process is started in a second and costs nobody money: down sooner than in a cluster.
_COOLDOWN_SECONDS = 2.0
# What a person may set for the workers alone: the other processes refuse half a group.
_OF_WORKERS = (
    "LEXMILL_WORKER__PASSWORDS_FOLDER",
    "LEXMILL_WORKER__OCR_PROCESSES",
    KEY_VARIABLE,
)
_STOP_SECONDS = 5.0
_MOST_REFUSALS = 3

_Key = tuple[str, str]
"""The uid of a job and the name of one of its pools."""


class LocalScaler:
    """Follows the demand feed and keeps as many workers of each pool as the planner says.

    Without threads, because the kernel ties a child's death signal to the thread that started it:
    whoever waits for a job calls `step` again and again.
    """

    def __init__(self, system: LocalSystem, client: ApiClient, *, others: bool) -> None:
        """With ``others`` it also serves jobs that came to the API by themselves.

        But none that another command on this machine declared and left: that one alone knows which
        folders its workers may use.
        """
        self._system = system
        self._client = client
        self._others = others
        self._policies: dict[_Key, Workers] = {}
        self._environments: dict[str, Mapping[str, str]] = {}
        self._version = 0
        self._pools: dict[_Key, PoolWork] = {}
        self._read_at: float | None = None
        self._states: dict[_Key, State] = defaultdict(State)
        self._workers: dict[_Key, list[Service]] = defaultdict(list)
        self._stopping: list[Service] = []
        self._started = 0
        self._refusals = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask all workers to stop, which hands their documents back, and wait for them."""
        leaving = [*self._stopping, *(each for group in self._workers.values() for each in group)]
        for worker in leaving:
            worker.ask_to_stop()
        deadline = time.monotonic() + _STOP_SECONDS * 2
        for worker in leaving:
            worker.wait(max(0.1, deadline - time.monotonic()))

    def serve(self, job: LocalJob) -> None:
        """Scale a job's pools by the policies that it was declared with."""
        self._environments[str(job.declared.uid)] = job.worker_environment
        for pool, workers in job.workers.items():
            self._policies[str(job.declared.uid), pool] = workers

    def running(self) -> Mapping[str, int]:
        """Workers by pool."""
        counts: dict[str, int] = {}
        for (_, pool), workers in self._workers.items():
            if workers:
                counts[pool] = counts.get(pool, 0) + len(workers)
        return counts

    def step(self, *, wait_seconds: float) -> None:
        """Read the feed, waiting for news at most so long, and start or stop workers by it.

        Raises CommandError when workers cannot start.
        """
        try:
            demand = self._client.demand(after=self._version, wait_seconds=wait_seconds)
        except LexmillError:  # the planner knows how old its numbers are
            time.sleep(wait_seconds)
        else:
            self._version = demand.version
            self._read_at = time.monotonic()
            self._pools |= {(work.job_uid, work.pool): work for work in demand.pools}
        self._stopping = [worker for worker in self._stopping if worker.is_running]
        for key, work in self._pools.items():
            if key in self._policies or (self._others and work.owner != "local"):
                self._scale(key, work)

    def _scale(self, key: _Key, work: PoolWork) -> None:
        workers = self._workers[key]
        for worker in workers:
            self._check(worker)
        workers[:] = [worker for worker in workers if worker.is_running]
        decision = plan(
            self._policy(key),
            Demand(
                waiting=work.waiting,
                running=work.running,
                delayed=work.delayed,
                suspended=work.suspended,
                # A job that failed still has its reports to write.
                ended=work.deleted or (work.outcome is not None and work.waiting == 0),
                read_at=self._read_at,
            ),
            Observed(replicas=len(workers), state=self._states[key]),
            time.monotonic(),
        )
        self._states[key] = decision.state
        while len(workers) < decision.replicas:
            started = self._start(key, work)
            if started is None:
                return
            workers.append(started)
        while len(workers) > decision.replicas:
            worker = workers.pop()
            worker.ask_to_stop()
            self._stopping.append(worker)

    def _check(self, worker: Service) -> None:
        """One that was killed is replaced; one that gives up by itself would do so again."""
        if worker.is_running or (worker.process.returncode or -1) < 0:
            return
        self._refusals += 1
        if self._refusals == _MOST_REFUSALS:
            raise CommandError(
                Exit.UNAVAILABLE,
                f"The workers do not start; {self._system.home / 'logs' / worker.name}.log says "
                "why. The same command goes on from here.",
            )

    def _policy(self, key: _Key) -> Policy:
        cores = os.cpu_count() or 2
        workers = self._policies.get(key, Workers(max_replicas=cores))
        return replace(
            policy_of(workers),
            cooldown_seconds=_COOLDOWN_SECONDS,
            stabilization_seconds=_COOLDOWN_SECONDS,
        )

    def _start(self, key: _Key, work: PoolWork) -> Service | None:
        """None while PostgreSQL cannot be asked for the namespace's login; the next step asks."""
        database = self._system.worker_database(work.namespace)
        if database is None:
            return None
        self._started += 1
        job_uid, pool = key
        return start_service(
            "lexmill_workers",
            name=f"worker-{self._started}",
            folder=(self._system.home / "logs").absolute(),
            environment={
                **self._system.environment,
                **{key: os.environ[key] for key in _OF_WORKERS if key in os.environ},
                "LEXMILL_DATABASE__URL": database,
                **self._environments.get(job_uid, {}),
                "LEXMILL_WORKER__NAMESPACE": work.namespace,
                "LEXMILL_WORKER__JOB": job_uid,
                "LEXMILL_WORKER__POOL": pool,
                "LEXMILL_WORKER__THREADS": str(self._policies.get(key, Workers()).threads),
                "LEXMILL_WORKER__GRACE_SECONDS": str(_STOP_SECONDS / 2),
            },
        )
