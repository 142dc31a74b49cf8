import asyncio
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

JobKey = tuple[str, str]
"""A namespace, and a job's name in it."""
DocumentKey = tuple[str, uuid.UUID]
Key = JobKey | DocumentKey


class Message(NamedTuple):
    """The newest that is known of one thing; ``id`` is a cursor to go on from."""

    id: int
    kind: str
    """``job`` or ``document``."""
    data: bytes
    """JSON, made once for all who listen."""


@dataclass(slots=True)
class Watched:
    """Jobs and documents; of a namespace in ``namespaces`` all jobs."""

    jobs: set[JobKey] = field(default_factory=set)
    documents: set[DocumentKey] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.jobs) + len(self.documents)

    def __or__(self, other: "Watched") -> "Watched":
        return Watched(
            self.jobs | other.jobs,
            self.documents | other.documents,
            self.namespaces | other.namespaces,
        )

    def add(self, other: "Watched") -> None:
        self.jobs |= other.jobs
        self.documents |= other.documents
        self.namespaces |= other.namespaces

    def __sub__(self, other: "Watched") -> "Watched":
        return Watched(
            self.jobs - other.jobs,
            self.documents - other.documents,
            self.namespaces - other.namespaces,
        )

    def has(self, key: Key) -> bool:
        if isinstance(key[1], uuid.UUID):
            return key in self.documents
        return key in self.jobs or key[0] in self.namespaces

    def all_namespaces(self) -> set[str]:
        return {key[0] for key in (*self.jobs, *self.documents)} | self.namespaces


def watched(
    namespace: str, jobs: Iterable[str] = (), documents: Iterable[uuid.UUID] = ()
) -> Watched:
    """Without jobs and documents: all jobs of the namespace."""
    named = Watched({(namespace, name) for name in jobs}, {(namespace, id_) for id_ in documents})
    return named if len(named) else Watched(namespaces={namespace})


@dataclass(eq=False, slots=True)
class Subscription:
    """One stream: what it has not sent yet is replaced by what is newer of the same thing.

    So a slow client costs no more memory than it watches things, and sees the newest state.
    """

    watched: Watched = field(default_factory=Watched)
    is_over: bool = False
    _pending: dict[Key, Message] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, key: Key, message: Message) -> None:
        self._pending.pop(key, None)
        self._pending[key] = message
        self._news.set()

    def end(self) -> None:
        self.is_over = True
        self._news.set()

    async def take(self, seconds: float) -> Sequence[Message]:
        """What came; nothing after ``seconds``, or when it is over."""
        if not self._pending and not self.is_over:
            try:
                async with asyncio.timeout(seconds):
                    await self._news.wait()
            except TimeoutError:
                return ()
        self._news.clear()
        messages = list(self._pending.values())
        self._pending.clear()
        return messages
