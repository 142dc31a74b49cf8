"""Group commit: the events of all requests in flight go to PostgreSQL in one transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lexmill.database import is_passing
from lexmill.events.schemas import Accepted, Incoming, Outcome
from lexmill.events.service import accept_events
from lexmill.events.shortcut import Hints, find_shortcut
from lexmill.queue.wakeups import WakeUps
from lexmill.settings import IngestSettings
from lexmill_api.express import Express

log = structlog.get_logger(__name__)

BATCH_EVENTS = 1_000
BATCH_BYTES = 16 << 20
BATCH_REQUESTS = 32
"""Of more than twice as many only half are taken, so that PostgreSQL commits the others while the
first are answered."""


class OverloadedError(Exception):
    """More is waiting to be committed than may wait; the sender should come again."""


@dataclass(slots=True)
class _Waiting:
    incoming: Sequence[Incoming]
    size: int
    done: "asyncio.Future[Sequence[Outcome]]"


@dataclass
class Batcher:
    """One commit is under way at a time; what arrives meanwhile is the next batch.

    So a lone event waits for nobody, and under load the batch grows by itself. Most go by the
    shortcut: one round trip, so that PostgreSQL never waits for this process in the middle.
    """

    engine: AsyncEngine
    wake_ups: WakeUps
    settings: IngestSettings
    _hints: Hints = field(default_factory=Hints)
    _waiting: list[_Waiting] = field(default_factory=list)
    _events: int = 0
    _bytes: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None
    _stopping: bool = False
    _ringing: "set[asyncio.Task[None]]" = field(default_factory=set)

    def __post_init__(self) -> None:
        self._express = Express(self.engine)

    def start(self) -> None:
        self._task = asyncio.create_task(self._commit_all(), name="batcher")

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        await self._express.close()
        await asyncio.gather(*self._ringing, return_exceptions=True)

    async def accept(self, incoming: Sequence[Incoming]) -> Sequence[Outcome]:
        """Returns after the commit. Raises OverloadedError, or what the transaction raised."""
        size = 1000 * len(incoming)
        for each in incoming:
            size += len(each.event.data)
        if (
            self._events + len(incoming) > self.settings.waiting_events
            or self._bytes + size > self.settings.waiting_bytes
        ):
            raise OverloadedError
        waiting = _Waiting(incoming, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._events += len(incoming)
        self._bytes += size
        self._arrived.set()
        return await waiting.done

    async def ring(self, wake_ups: Mapping[str, int]) -> None:
        """Wake workers; when Valkey is away the sweeper does it later."""
        if wake_ups:
            try:
                await asyncio.to_thread(self.wake_ups.ring, wake_ups)
            except redis.RedisError as error:
                log.warning("wake_ups_lost", error=type(error).__name__)

    async def _commit_all(self) -> None:
        while not self._stopping or self._waiting:
            await self._arrived.wait()
            batch = self._next_batch()
            if batch:
                await self._commit(batch)

    def _next_batch(self) -> list[_Waiting]:
        count = size = taken = 0
        most = max(BATCH_REQUESTS, len(self._waiting) // 2)
        for waiting in self._waiting:
            count += len(waiting.incoming)
            size += waiting.size
            if taken and (count > BATCH_EVENTS or size > BATCH_BYTES or taken >= most):
                break
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        for waiting in batch:
            self._events -= len(waiting.incoming)
            self._bytes -= waiting.size
        if not self._waiting and not self._stopping:
            self._arrived.clear()
        return batch

    async def _commit(self, batch: Sequence[_Waiting]) -> None:
        """One transaction; when it fails for what is in the batch, one a request.

        So what it cannot store fails alone, and not for ever with all that happen to be beside it.
        """
        try:
            accepted = await self._store([each for waiting in batch for each in waiting.incoming])
        except Exception as error:  # noqa: BLE001 - every waiting request gets it and answers
            passing = isinstance(error, SQLAlchemyError) and is_passing(error)
            if not passing and len(batch) > 1:
                for waiting in batch:
                    await self._commit([waiting])
            else:
                _fail(batch, error)
        else:
            outcomes = iter(accepted.outcomes)
            for waiting in batch:
                result = [next(outcomes) for _ in waiting.incoming]
                if not waiting.done.done():
                    waiting.done.set_result(result)
            self._ring_later(accepted.wake_ups)

    async def _store(self, incoming: Sequence[Incoming]) -> Accepted:
        shortcut = find_shortcut(incoming, self._hints)
        if shortcut is not None:
            accepted = await self._express.accept(shortcut)
            if accepted is not None:
                return accepted
            self._hints.forget()
        async with AsyncSession(self.engine) as session, session.begin():
            return await session.run_sync(
                lambda sync: accept_events(sync, incoming=incoming, hints=self._hints)
            )

    def _ring_later(self, wake_ups: Mapping[str, int]) -> None:
        """No answer waits for Valkey."""
        if wake_ups:
            ringing = asyncio.create_task(self.ring(wake_ups))
            self._ringing.add(ringing)
            ringing.add_done_callback(self._ringing.discard)


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.done.done():  # else its sender has gone
            waiting.done.set_exception(error)
