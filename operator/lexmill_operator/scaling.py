"""From the demand feed and a LegalJob's policy to a decision of `lexmill.scaling.plan`."""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from lexmill.jobs.schemas import MAIN_POOL, JobProgress, LegalJobSpec, Workers
from lexmill.scaling.plan import Decision, Demand, Observed, Policy, State, plan, policy_of
from lexmill.scaling.schemas import PoolWork
from lexmill.settings import OperatorSettings


def workers_of(spec: LegalJobSpec) -> dict[str, Workers]:
    """The scaling policy of each pool, the main pool first."""
    return {MAIN_POOL: spec.workers, **{pool.name: pool.workers for pool in spec.pools}}


def decide(
    spec: LegalJobSpec,
    workers: Workers,
    work: PoolWork | None,
    *,
    replicas: int,
    state: State,
    progress: JobProgress | None,
    read_at: float | None,
    settings: OperatorSettings,
) -> Decision:
    """``read_at`` is on the monotonic clock, as is the decision's ``wake_at``."""
    return plan(
        _policy(spec, workers, progress, settings),
        _demand(work, progress, read_at),
        Observed(replicas=replicas, state=state),
        time.monotonic(),
    )


def _policy(
    spec: LegalJobSpec,
    workers: Workers,
    progress: JobProgress | None,
    settings: OperatorSettings,
) -> Policy:
    return replace(
        policy_of(workers),
        stabilization_seconds=settings.stabilization_seconds,
        cooldown_seconds=settings.cooldown_seconds,
        max_step_up=settings.max_step_up,
        max_step_down_percent=settings.max_step_down_percent,
        stale_after_seconds=settings.stale_after_seconds,
        complete_by=_complete_by(spec, progress),
    )


def _complete_by(spec: LegalJobSpec, progress: JobProgress | None) -> float | None:
    if spec.complete_within_seconds is None or progress is None or not progress.run_started_at:
        return None
    ran = (datetime.now(UTC) - progress.run_started_at).total_seconds()
    return time.monotonic() - ran + spec.complete_within_seconds


def _demand(work: PoolWork | None, progress: JobProgress | None, read_at: float | None) -> Demand:
    if work is None:
        return Demand(read_at=read_at)
    return Demand(
        waiting=work.waiting,
        running=work.running,
        delayed=work.delayed,
        suspended=work.suspended,
        # A job that failed still has its reports to write.
        ended=work.deleted or (work.outcome is not None and work.waiting == 0),
        seconds_per_task=_seconds_per_task(progress),
        read_at=read_at,
    )


def _seconds_per_task(progress: JobProgress | None) -> float | None:
    """Of all stages together: a visit of any pool takes no longer."""
    if progress is None or not progress.stages:
        return None
    visits = max(stage.visits for stage in progress.stages)
    return sum(stage.seconds for stage in progress.stages) / visits if visits else None


def pick_deletion_costs(pods: Mapping[str, int], busy: Mapping[str, int]) -> dict[str, int]:
    """The costs to write, by pod: whoever works is worth more; ``pods`` has the costs as they are.

    The ReplicaSet controller takes pods of low cost first (kubernetes.io, pod deletion cost).
    """
    wanted = {pod: busy.get(pod, 0) for pod in pods}
    return {pod: cost for pod, cost in wanted.items() if cost != pods[pod]}
