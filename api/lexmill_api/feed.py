"""Waiting for news of the demand feed: one LISTEN a process, however many wait."""

import asyncio
import contextlib
from dataclasses import dataclass, field

import psycopg
import structlog
from sqlalchemy import make_url

from lexmill.scaling.service import CHANNEL

log = structlog.get_logger(__name__)

_RECONNECT_SECONDS = 1.0


@dataclass
class DemandFeed:
    """``url`` is SQLAlchemy's; the listening connection is outside of its pool."""

    url: str
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen(), name="demand-feed")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._news.set()

    def next_news(self) -> asyncio.Event:
        """Set at the next news. Take it before reading, or what comes in between goes unseen."""
        return self._news

    async def wait(self, news: asyncio.Event, seconds: float) -> None:
        """Return at the news, or after ``seconds``; news may also be none."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), seconds)

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _listen(self) -> None:
        conninfo = make_url(self.url).set(drivername="postgresql").render_as_string(False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    conninfo, autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._announce()  # what came while nobody listened
                    async for _ in connection.notifies():
                        self._announce()
            except (psycopg.Error, OSError) as error:
                log.warning("feed_interrupted", error=type(error).__name__)
            await asyncio.sleep(_RECONNECT_SECONDS)
