"""What Lexmill's API says about demand, kept up to date by one long poll."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.scaling.schemas import PoolWork
from lexmill_operator.kubernetes import Key
from lexmill_operator.metrics import FEED_CONFIRMED

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0


@dataclass
class DemandFeed:
    """``on_news`` is called with each LegalJob whose pools have changed, ``on_confirmed`` with
    every answer.
    """

    client: ApiClient
    on_news: Callable[[Key, str], None]
    on_confirmed: Callable[[], None]
    beat: Callable[[], None] = lambda: None
    poll_seconds: float = 10.0
    read_at: float | None = None
    """When these numbers were last confirmed, on the monotonic clock."""
    refusal: str = "api_away"
    """The code of the latest error, for who waits for the first answer."""
    _version: int = 0
    _read: asyncio.Event = field(default_factory=asyncio.Event)
    _pools: dict[str, dict[str, PoolWork]] = field(default_factory=dict)

    def pools(self, uid: str) -> Mapping[str, PoolWork]:
        """The pools of a job that the API knows of; empty: it knows no such job."""
        return self._pools.get(uid, {})

    def job(self, uid: str) -> PoolWork | None:
        """A row that tells of the job as a whole, as each of its pools' does; None: as `pools`."""
        return next(iter(self.pools(uid).values()), None)

    def work(self, uid: str, pool: str) -> PoolWork | None:
        """Of one pool of a known job. The feed has no row of a pool that never had work."""
        job = self.job(uid)
        if job is None:
            return None
        idle = {"pool": pool, "waiting": 0, "running": 0, "delayed": 0, "oldest_due_at": None}
        return self.pools(uid).get(pool) or msgspec.structs.replace(job, **idle)

    def living(self) -> dict[str, Key]:
        """Jobs that a LegalJob has declared and nobody has deleted."""
        jobs = ((uid, self.job(uid)) for uid in self._pools)
        return {
            uid: Key(job.namespace, job.job)
            for uid, job in jobs
            if job is not None and not job.deleted
        }

    @property
    def is_read(self) -> bool:
        """Everything that the API knows is known here."""
        return self._read.is_set()

    async def wait_until_read(self) -> None:
        await self._read.wait()

    async def run(self) -> None:
        """Until cancelled. An answer comes with the first change, or after the poll's time."""
        while True:
            self.beat()
            wait = self.poll_seconds if self.is_read else 0
            try:
                demand = await asyncio.to_thread(
                    self.client.demand, after=self._version, wait_seconds=wait
                )
            except LexmillError as error:
                log.warning("feed_away", code=error.code)
                self.refusal = error.code
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            if demand.version < self._version:
                self._pools.clear()  # another database: an older backup, or a new one
            self._version = demand.version
            self.read_at = time.monotonic()
            FEED_CONFIRMED.set_to_current_time()
            for work in demand.pools:
                self._take(work)
            if not demand.pools:  # one answer has only so many of them
                self._read.set()
            self.on_confirmed()

    def _take(self, work: PoolWork) -> None:
        if work.owner != "kubernetes":
            return
        if work.deleted and work.running == 0:
            self._pools.pop(work.job_uid, None)
        else:
            pools = self._pools.setdefault(work.job_uid, {})
            # The job has changed for all of its pools, though only this one's row has come.
            pools.update({name: _with_job(other, work) for name, other in pools.items()})
            pools[work.pool] = work
        self.on_news(Key(work.namespace, work.job), work.job_uid)


def _with_job(pool: PoolWork, news: PoolWork) -> PoolWork:
    return msgspec.structs.replace(
        pool,
        generation=news.generation,
        spec_hash=news.spec_hash,
        suspended=news.suspended,
        outcome=news.outcome,
        deleted=news.deleted,
    )
