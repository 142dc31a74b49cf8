"""Which LegalJobs want a reconcile, and when.

kopf never retries a failed event handler, so handlers only mark a key here.
"""

import asyncio
import heapq
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count

import structlog

from lexmill.telemetry.logs import raised_at
from lexmill_operator.kubernetes import Key, KubernetesError
from lexmill_operator.metrics import DUE, LAG_SECONDS, RECONCILE_SECONDS, RECONCILES

log = structlog.get_logger(__name__)

_FIRST_RETRY_SECONDS = 0.5
_LONGEST_RETRY_SECONDS = 60.0


Work = Callable[[Key], Awaitable[float | None]]
"""Gives in how many seconds it wants the key again; None: when something happens."""


class AgainError(Exception):
    """Not an error of the program: what the work needs is not there yet."""

    def __init__(self, reason: str, *, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


@dataclass
class DueQueue:
    """Each key is worked on by one at a time, and again with growing waits until it succeeds."""

    workers: int = 16
    beat: Callable[[], None] = lambda: None
    _due: dict[Key, float] = field(default_factory=dict)
    _heap: list[tuple[float, int, Key]] = field(default_factory=list)
    _failures: dict[Key, int] = field(default_factory=dict)
    _running: set[Key] = field(default_factory=set)
    _numbers: "count[int]" = field(default_factory=count)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def mark(self, key: Key, *, seconds: float = 0.0) -> None:
        """The earlier of two moments counts."""
        at = time.monotonic() + seconds
        known = self._due.get(key)
        if known is None or at < known:
            self._due[key] = at
            heapq.heappush(self._heap, (at, next(self._numbers), key))
            self._news.set()

    def __len__(self) -> int:
        """All marked ones, also those for later."""
        return len(self._due)

    def count_due(self) -> int:
        """Those that wait now. Asked in the thread of who reads metrics."""
        now = time.monotonic()
        return sum(at <= now for at in tuple(self._due.values()))

    async def run(self, work: Work) -> None:
        """Until cancelled."""
        DUE.set_function(self.count_due)
        free = asyncio.Semaphore(self.workers)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await free.acquire()
                    key = await self._next()
                    task = group.create_task(self._work_off(work, key))
                    task.add_done_callback(lambda _: free.release())
        finally:
            DUE.set_function(lambda: 0.0)  # who does not lead has nothing due

    async def _next(self) -> Key:
        while True:
            self.beat()
            now = time.monotonic()
            while self._heap and self._heap[0][0] <= now:
                at, _, key = heapq.heappop(self._heap)
                if self._due.get(key) != at or key in self._running:
                    continue  # marked for earlier, forgotten, or looked at again when it ends
                del self._due[key]
                self._running.add(key)
                LAG_SECONDS.observe(now - at)
                return key
            self._news.clear()
            wait = min(self._heap[0][0] - now, 5.0) if self._heap else 5.0
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                continue

    async def _work_off(self, work: Work, key: Key) -> None:
        began = time.monotonic()
        try:
            again = await work(key)
        except AgainError as error:
            RECONCILES.labels("again").inc()
            again = error.seconds or self._backoff(key)
        except KubernetesError as error:
            RECONCILES.labels("refused").inc()
            log.warning(
                "reconcile_refused", **key._asdict(), status=error.status, reason=error.reason
            )
            again = error.retry_after or self._backoff(key)
        except Exception as error:  # noqa: BLE001 - one LegalJob's defect must not stop the others
            RECONCILES.labels("error").inc()
            log.error(
                "reconcile_failed",
                **key._asdict(),
                error=type(error).__name__,
                places=raised_at(error),
            )
            again = self._backoff(key)
        else:
            RECONCILES.labels("done").inc()
            self._failures.pop(key, None)
        finally:
            RECONCILE_SECONDS.observe(time.monotonic() - began)
            self._running.discard(key)
        if again is not None:
            self.mark(key, seconds=again)
        if key in self._due:  # its entry may have been passed over while this ran
            heapq.heappush(self._heap, (self._due[key], next(self._numbers), key))
            self._news.set()

    def _backoff(self, key: Key) -> float:
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        longest: float = min(
            _LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 2 ** min(failures - 1, 10)
        )
        return longest * (0.5 + random.random() / 2)  # noqa: S311 - only to spread the retries
