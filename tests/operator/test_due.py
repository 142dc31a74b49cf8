"""The queue of LegalJobs that want a reconcile."""

import asyncio
from collections import Counter

import pytest
from prometheus_client import REGISTRY

from lexmill_operator.due import AgainError, DueQueue, Work
from lexmill_operator.kubernetes import Key, KubernetesError

A, B = Key("team", "a"), Key("team", "b")
PATIENCE_SECONDS = 20


def run_until(queue: DueQueue, work: Work, done: asyncio.Event) -> None:
    async def main() -> None:
        running = asyncio.create_task(queue.run(work))
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())


def test_one_key_is_worked_on_by_one_at_a_time_and_a_mark_meanwhile_is_not_lost() -> None:
    queue, done = DueQueue(), asyncio.Event()
    running: Counter[Key] = Counter()
    most: Counter[Key] = Counter()
    passes: Counter[Key] = Counter()

    async def work(key: Key) -> float | None:
        running[key] += 1
        most[key] = max(most[key], running[key])
        passes[key] += 1
        if passes[key] < 3:
            queue.mark(key)
        await asyncio.sleep(0)
        running[key] -= 1
        if passes[A] == passes[B] == 3:
            done.set()
        return None

    for key in (A, B, A, A):
        queue.mark(key)
    run_until(queue, work, done)

    assert most == {A: 1, B: 1}
    assert passes == {A: 3, B: 3}


@pytest.mark.parametrize(
    "failure",
    [
        AgainError("api_away"),
        KubernetesError(500, "InternalError", ""),
        KubernetesError(429, "TooManyRequests", "", retry_after=0.01),
        ValueError("a defect"),
    ],
    ids=["again", "refused", "pressure", "defect"],
)
def test_a_failure_is_tried_again_and_others_go_on_meanwhile(failure: Exception) -> None:
    queue, done = DueQueue(), asyncio.Event()
    tries: Counter[Key] = Counter()

    async def work(key: Key) -> float | None:
        tries[key] += 1
        if key == A and tries[A] < 3:
            raise failure
        if key == A:
            assert tries[B] == 1
            done.set()
        return None

    queue.mark(A)
    queue.mark(B)
    run_until(queue, work, done)

    assert tries[A] == 3


def test_the_earlier_of_two_moments_counts() -> None:
    queue, done = DueQueue(), asyncio.Event()

    async def work(_: Key) -> float | None:
        done.set()
        return None

    queue.mark(A, seconds=3600)
    queue.mark(A, seconds=0.01)
    queue.mark(A, seconds=7200)
    run_until(queue, work, done)

    assert len(queue) == 0


def test_work_may_ask_to_be_looked_at_again() -> None:
    queue, done = DueQueue(), asyncio.Event()
    passes = 0

    async def work(_: Key) -> float | None:
        nonlocal passes
        passes += 1
        if passes == 2:
            done.set()
        return 0.01

    queue.mark(A)
    run_until(queue, work, done)

    assert passes == 2
    assert len(queue) == 1


def test_only_what_waits_now_is_told_as_due() -> None:
    queue, done = DueQueue(), asyncio.Event()
    told = []

    async def work(key: Key) -> float | None:
        told.append(due_now())
        if key == B:
            done.set()
        return 3600

    queue.workers = 1
    queue.mark(A)
    queue.mark(B)
    run_until(queue, work, done)

    assert told == [1, 0], "A has to be looked at again in an hour only"
    assert len(queue) == 2
    assert due_now() == 0


def due_now() -> float | None:
    return REGISTRY.get_sample_value("lexmill_operator_due_legaljobs")
