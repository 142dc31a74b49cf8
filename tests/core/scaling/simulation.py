"""A pool through a whole day: arrivals, replicas that take time to start, and who scales them."""

import heapq
import itertools
import math
import random
import statistics
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from lexmill.scaling.plan import Demand, Observed, Policy, State, plan

HOUR = 3_600.0
DAY = 24 * HOUR


class Task(NamedTuple):
    arrives_at: float
    seconds: float


class Outcome(NamedTuple):
    tasks: int
    mean_wait_seconds: float
    p95_wait_seconds: float
    pod_hours: float
    orders: int
    """How often the number of replicas was changed."""


# --- the arrivals; one document takes some seconds, a few take long ---


def office_day(seed: int) -> list[Task]:
    """Mail from nine to six, and twenty times somebody sends a whole folder."""
    rng = random.Random(seed)
    at = [9 * HOUR + rng.random() * 9 * HOUR for _ in range(900)]
    for _ in range(20):
        begin = 9 * HOUR + rng.random() * 9 * HOUR
        at += [begin + rng.random() * 20 for _ in range(rng.randint(20, 300))]
    return _tasks(at, rng)


def nightly_batch(seed: int) -> list[Task]:
    """A data room is listed within two minutes at one o'clock; by day there is hardly anything."""
    rng = random.Random(seed)
    at = [1 * HOUR + rng.random() * 120 for _ in range(4_000)]
    at += [rng.random() * DAY for _ in range(20)]
    return _tasks(at, rng)


def trickle(seed: int) -> list[Task]:
    """One document in ten minutes, around the clock."""
    rng = random.Random(seed)
    return _tasks([rng.random() * DAY for _ in range(144)], rng)


def drizzle(seed: int) -> list[Task]:
    """One document in two minutes: where a long cooldown hardly ever gets to zero."""
    rng = random.Random(seed)
    return _tasks([rng.random() * DAY for _ in range(720)], rng)


def _tasks(at: Sequence[float], rng: random.Random) -> list[Task]:
    return [Task(moment, min(120, rng.lognormvariate(math.log(4), 0.8))) for moment in sorted(at)]


# --- who scales ---


class Scaler(Protocol):
    hears_after_seconds: float | None
    """How long after a change it is asked; None: it only polls."""

    def decide(
        self, now: float, *, waiting: int, running: int, replicas: int
    ) -> tuple[int, float | None]:
        """The replicas that it wants, and when it asks again by itself."""


@dataclass
class Planner:
    """Ours: hears of changes through the feed within a second and plans again when told to."""

    policy: Policy
    hears_after_seconds: float | None = 1.0
    _state: State = field(default_factory=State)

    def decide(
        self, now: float, *, waiting: int, running: int, replicas: int
    ) -> tuple[int, float | None]:
        decision = plan(
            self.policy,
            Demand(waiting=waiting, running=running, read_at=now),
            Observed(replicas=replicas, state=self._state),
            now,
        )
        self._state = decision.state
        return decision.replicas, decision.wake_at


@dataclass
class Keda:
    """KEDA 2.20 with the HorizontalPodAutoscaler it makes, both with their defaults.

    In its favour here: it sees what waits and what runs exactly (a Redis list shows the former
    only), and the autoscaler acts in the same moment as the poll that wakes it.
    """

    max_replicas: int
    target: int
    hears_after_seconds: float | None = None
    polls_every_seconds: float = 30
    syncs_every_seconds: float = 15
    cooldown_seconds: float = 300
    stabilization_seconds: float = 300
    tolerance: float = 0.1
    _active_at: float = -math.inf
    _recommended: list[tuple[float, int]] = field(default_factory=list)

    def decide(
        self, now: float, *, waiting: int, running: int, replicas: int
    ) -> tuple[int, float | None]:
        backlog = waiting + running
        if now % self.polls_every_seconds == 0:
            if backlog:
                self._active_at = now
                replicas = max(replicas, 1)
            elif now > self._active_at + self.cooldown_seconds:
                replicas = 0
        return self._autoscaled(now, backlog, replicas), now + self.syncs_every_seconds

    def _autoscaled(self, now: float, backlog: int, replicas: int) -> int:
        if replicas == 0:
            return 0
        wanted = math.ceil(backlog / self.target)
        if abs(backlog / (self.target * replicas) - 1) <= self.tolerance:
            wanted = replicas
        wanted = min(max(wanted, 1), self.max_replicas)
        self._recommended = [
            (at, level) for at, level in self._recommended if at > now - self.stabilization_seconds
        ]
        self._recommended.append((now, wanted))
        if wanted > replicas:
            return min(wanted, max(replicas + 4, replicas * 2))
        return min(replicas, max(level for _, level in self._recommended))


# --- the day ---


@dataclass(eq=False)
class _Pod:
    ordered_at: float
    ready: bool = False
    busy: bool = False
    leaving: bool = False


@dataclass
class _Day:
    scaler: Scaler
    start_seconds: float
    now: float = 0.0
    queue: deque[Task] = field(default_factory=deque)
    pods: list[_Pod] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    pod_seconds: float = 0.0
    orders: int = 0
    told: bool = False
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def run(self, tasks: Sequence[Task], until: float) -> None:
        for task in tasks:
            self.at(task.arrives_at, partial(self.arrive, task))
        self.at(0.0, self.scale)
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        for pod in self.pods:
            self.pod_seconds += until - pod.ordered_at

    def arrive(self, task: Task) -> None:
        self.queue.append(task)
        self.work()

    def work(self) -> None:
        for pod in self.pods:
            if self.queue and pod.ready and not pod.busy and not pod.leaving:
                task = self.queue.popleft()
                self.waits.append(self.now - task.arrives_at)
                pod.busy = True
                self.at(self.now + task.seconds, partial(self.finish, pod))
        self.tell()

    def finish(self, pod: _Pod) -> None:
        pod.busy = False
        if pod.leaving:
            self.end(pod)
        self.work()

    def tell(self) -> None:
        if self.scaler.hears_after_seconds is not None and not self.told:
            self.told = True
            self.at(self.now + self.scaler.hears_after_seconds, self.hear)

    def hear(self) -> None:
        self.told = False
        self.scale()

    def scale(self) -> None:
        staying = [pod for pod in self.pods if not pod.leaving]
        wanted, again_at = self.scaler.decide(
            self.now,
            waiting=len(self.queue),
            running=sum(pod.busy for pod in self.pods),
            replicas=len(staying),
        )
        if again_at is not None:
            self.at(again_at, self.scale)
        self.orders += wanted != len(staying)
        for _ in range(wanted - len(staying)):
            pod = _Pod(self.now)
            self.pods.append(pod)
            self.at(self.now + self.start_seconds, partial(self.ready, pod))
        # Who is not ready goes first, then who is idle; visits are finished before a pod ends.
        staying.sort(key=lambda pod: (pod.ready, pod.busy))
        for pod in staying[: max(0, len(staying) - wanted)]:
            pod.leaving = True
            if not pod.busy:
                self.end(pod)

    def ready(self, pod: _Pod) -> None:
        pod.ready = True
        self.work()

    def end(self, pod: _Pod) -> None:
        self.pods.remove(pod)
        self.pod_seconds += self.now - pod.ordered_at


def simulate(tasks: Sequence[Task], scaler: Scaler, *, start_seconds: float = 10) -> Outcome:
    """Runs an hour past midnight, so that every scaler has the time to go back to zero."""
    day = _Day(scaler, start_seconds)
    day.run(tasks, DAY + HOUR)
    return Outcome(
        tasks=len(day.waits),
        mean_wait_seconds=statistics.fmean(day.waits),
        p95_wait_seconds=sorted(day.waits)[math.ceil(0.95 * len(day.waits)) - 1],
        pod_hours=day.pod_seconds / HOUR,
        orders=day.orders,
    )
