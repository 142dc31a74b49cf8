"""One reader a process, however many listen: it reads what changed and tells who watches it.

PostgreSQL's NOTIFY says that the demand feed has news (at most one a fold, since each NOTIFY
serialises commits); between two of them the numbers of a busy job change as well, so busy jobs that
somebody watches are read every half second.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from lexmill.documents.service import read_states
from lexmill.jobs.service import read_progress
from lexmill.scaling.service import list_changed_jobs, read_job_change
from lexmill_api.feed import DemandFeed
from lexmill_api.live.subscriptions import (
    DocumentKey,
    JobKey,
    Key,
    Message,
    Subscription,
    Watched,
)

log = structlog.get_logger(__name__)

_BUSY_SECONDS = 0.5
_IDLE_SECONDS = 30.0
"""News could have been lost, though nothing says so."""


@dataclass
class Hub:
    session: Callable[[], AsyncSession]
    feed: DemandFeed
    _subscriptions: set[Subscription] = field(default_factory=set)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _is_over: bool = False
    _version: int | None = None
    _busy: set[JobKey] = field(default_factory=set)
    _told: dict[Key, Message] = field(default_factory=dict)
    _task: "asyncio.Task[None] | None" = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="live")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def end(self) -> None:
        """Tell every client to come again: this process ends, another one serves them."""
        self._is_over = True
        for subscription in self._subscriptions:
            subscription.end()

    def add(self, subscription: Subscription) -> None:
        if self._is_over:
            subscription.end()
        self._subscriptions.add(subscription)
        self._wanted.set()

    def remove(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    async def greet(
        self, subscription: Subscription, *, only: Watched, last_id: int | None
    ) -> None:
        """Tell a stream how what is new to it is, as far as that changed after ``last_id``.

        What others watch already is known here; thousands who come back ask the database nothing.
        """
        known = {key: self._told[key] for key in (*only.jobs, *only.documents) if key in self._told}
        for key, message in known.items():
            if last_id is None or message.id > last_id or key in self._busy:
                subscription.put(key, message)
        rest = only - Watched(only.jobs & known.keys(), only.documents & known.keys())
        if not len(rest) and (last_id is None or not rest.namespaces):
            return
        async with self.session() as session:
            greetings = await session.run_sync(_greetings, rest, last_id)
        for news in greetings:
            self._told.setdefault(news.key, news.message)
            subscription.put(news.key, news.message)

    async def _run(self) -> None:
        while True:
            if not self._subscriptions:
                self._version = None
                self._busy.clear()
                self._told.clear()
                self._wanted.clear()
                await self._wanted.wait()
            news = self.feed.next_news()
            try:
                is_busy = await self._round()
            except SQLAlchemyError as error:
                log.warning("live_interrupted", error=type(error).__name__)
                is_busy = True
            await self.feed.wait(news, _BUSY_SECONDS if is_busy else _IDLE_SECONDS)
            if is_busy:  # news of others must not make it read all the time
                await asyncio.sleep(_BUSY_SECONDS / 5)

    async def _round(self) -> bool:
        """Read and tell once; whether what is watched changes further without news."""
        listening = tuple(self._subscriptions)
        wanted = Watched()
        for each in listening:
            wanted.add(each.watched)
        async with self.session() as session:
            changed = await session.run_sync(
                lambda sync: list_changed_jobs(sync, after=self._version)
            )
            self._version = changed.version
            keys = {(job.namespace, job.name) for job in changed.jobs}
            self._busy -= keys
            self._busy |= {(job.namespace, job.name) for job in changed.jobs if job.is_busy}
            jobs = {key for key in keys | self._busy if wanted.has(key)}
            read = await session.run_sync(_read, jobs, wanted.documents, changed.version)
        for news in read:
            told = self._told.get(news.key)
            if told is None or told.data != news.message.data:
                self._told[news.key] = news.message
                for each in listening:
                    if each.watched.has(news.key):
                        each.put(news.key, news.message)
        for key in [key for key in self._told if not wanted.has(key)]:
            del self._told[key]
        return bool(jobs & self._busy) or any(news.is_open_document for news in read)


class _News(NamedTuple):
    key: Key
    message: Message
    is_open_document: bool = False


def _read(
    session: Session, jobs: Iterable[JobKey], documents: Iterable[DocumentKey], version: int
) -> list[_News]:
    found = []
    for key in sorted(jobs):
        progress = read_progress(session, namespace=key[0], name=key[1])
        if progress is not None:
            message = Message(version, "job", msgspec.json.encode(progress))
            found.append(_News(key, message))
    for state in read_states(session, documents=sorted(documents)):
        place = (state.namespace, state.id)
        message = Message(version, "document", msgspec.json.encode(state))
        found.append(_News(place, message, is_open_document=state.state == "queued"))
    return found


def _greetings(session: Session, watched: Watched, last_id: int | None) -> list[_News]:
    changed = list_changed_jobs(session, after=last_id)
    keys = {(job.namespace, job.name) for job in changed.jobs}
    wanted = {key for key in keys if watched.has(key)}
    is_new = last_id is None or last_id > changed.version  # a cursor of another database
    for key in watched.jobs - wanted:
        change = read_job_change(session, namespace=key[0], name=key[1])
        if change is not None and (is_new or change.is_busy):
            wanted.add(key)
    return _read(session, wanted, watched.documents, changed.version)
