"""Our planner against KEDA's rule on whole days.

Both get 20 replicas at most, 16 tasks a replica, and pods that take 10 s to start.
"""

from collections.abc import Callable

import pytest

from lexmill.scaling.plan import Policy
from tests.core.scaling.simulation import (
    HOUR,
    Keda,
    Outcome,
    Planner,
    Task,
    drizzle,
    nightly_batch,
    office_day,
    simulate,
    trickle,
)

Trace = Callable[[int], list[Task]]

SEEDS = (1, 2, 3)


def of_keda(tasks: list[Task]) -> Outcome:
    return simulate(tasks, Keda(max_replicas=20, target=16))


def of_ours(tasks: list[Task], *, cooldown_seconds: float = 30) -> Outcome:
    return simulate(tasks, Planner(Policy(cooldown_seconds=cooldown_seconds)))


def test_the_simulation_of_one_task_by_hand() -> None:
    task = [Task(arrives_at=100, seconds=5)]
    ours = of_ours(task)
    # Heard at 101, ready at 111, done at 116, heard at 117, zero at 147.
    assert (ours.mean_wait_seconds, ours.orders) == (11, 2)
    assert ours.pod_hours * HOUR == pytest.approx(46)
    keda = of_keda(task)
    # Polled at 120, ready at 130, done at 135, zero at the first poll after 420.
    assert (keda.mean_wait_seconds, keda.orders) == (30, 2)
    assert keda.pod_hours * HOUR == pytest.approx(330)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("trace", [office_day, nightly_batch, trickle])
def test_waits_less_for_fewer_pod_hours(trace: Trace, seed: int) -> None:
    tasks = trace(seed)
    ours, keda = of_ours(tasks), of_keda(tasks)
    assert ours.tasks == keda.tasks == len(tasks)
    assert ours.mean_wait_seconds < 0.95 * keda.mean_wait_seconds
    assert ours.p95_wait_seconds < 0.97 * keda.p95_wait_seconds
    assert ours.pod_hours < 0.8 * keda.pod_hours


@pytest.mark.parametrize("seed", SEEDS)
def test_a_short_cooldown_trades_start_times_for_pod_hours(seed: int) -> None:
    """The one place where KEDA's average is better: a pod that never sleeps starts nothing."""
    tasks = drizzle(seed)
    ours, keda = of_ours(tasks), of_keda(tasks)
    assert ours.pod_hours < 0.5 * keda.pod_hours
    assert ours.p95_wait_seconds < 0.5 * keda.p95_wait_seconds
    assert keda.mean_wait_seconds < ours.mean_wait_seconds < 10 + 1  # a start and the feed


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("trace", [office_day, nightly_batch, trickle, drizzle])
def test_with_kedas_cooldown_it_waits_less_on_every_day(trace: Trace, seed: int) -> None:
    """The pod-hours may be a little more: KEDA's poll overlooks short tasks and sleeps early."""
    tasks = trace(seed)
    ours, keda = of_ours(tasks, cooldown_seconds=300), of_keda(tasks)
    assert ours.mean_wait_seconds < 0.95 * keda.mean_wait_seconds
    assert ours.p95_wait_seconds < 0.97 * keda.p95_wait_seconds
    assert ours.pod_hours < 1.25 * keda.pod_hours
