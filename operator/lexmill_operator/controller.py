"""What one leading operator knows, and who tells it: kopf's handlers, the demand feed, the resync.

Objects are not kept: of a LegalJob only hashes and times stay in memory between two reconciles.
"""

import asyncio
import hashlib
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, JobProgress
from lexmill.scaling.plan import State
from lexmill.scaling.schemas import PoolWork
from lexmill.settings import OperatorSettings
from lexmill_operator.declaring import PAUSED_ANNOTATION, RefusedError
from lexmill_operator.deployments import SeenDeployment, WorkerTemplate, pool_name
from lexmill_operator.due import AgainError, DueQueue
from lexmill_operator.feed import DemandFeed
from lexmill_operator.kubernetes import Key, KubernetesApi, KubernetesError
from lexmill_operator.metrics import LEGALJOBS
from lexmill_operator.status import Finding
from lexmill_operator.watching import SeenDeployments

log = structlog.get_logger(__name__)

_POLL_SECONDS = 10.0
_PACE_SECONDS = 1.0
"""An active LegalJob is looked at so often when only its counters move."""
_FIRST_RESYNC_SECONDS = 5.0
_WATCH_SECONDS = 30.0
"""A LegalJob that was listed comes by the watch in this time, or is asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API's, of one desired state; asked again after a while, or after any change."""

    generation: int
    spec_hash: str
    error: RefusedError
    at: float

    def holds_for(self, declared: DeclaredJob, seconds: float) -> bool:
        return (
            self.generation == declared.generation
            and self.spec_hash == declared.spec_hash
            and time.monotonic() - self.at < seconds
        )


@dataclass(frozen=True, slots=True)
class Shortage:
    """Of a pool's workers; at times on the monotonic clock."""

    since: float
    asked_at: float = -1e9
    """When its pods were last asked why."""
    trouble: Finding | None = None
    """What they said."""


@dataclass(slots=True)
class Memory:
    """What is remembered of one LegalJob."""

    uid: str
    generation: int = 0
    is_paused: bool = False
    status_hash: bytes = b""
    """Of the status as the API server answered the last write of it."""
    version: int = 0
    """The resourceVersion of that answer."""
    declared_hash: str = ""
    """What the API last acknowledged; its feed may not show it yet."""
    declared_at: float = -1e9
    refusal: Refusal | None = None
    told: tuple[Any, ...] = ()
    """What the feed said of the job itself when it was last looked at."""
    plans: dict[str, State] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    """The generation of each pool's Deployment as it was last applied."""
    shortages: dict[str, Shortage] = field(default_factory=dict)
    """By pool."""
    config_maps: tuple[str, ...] = ()
    progress: JobProgress | None = None
    counted_at: float = -1e9
    written_at: float = -1e9
    reconciled_at: float = -1e9


class Controller:
    def __init__(
        self,
        settings: OperatorSettings,
        api: KubernetesApi,
        client: ApiClient,
        template: WorkerTemplate,
        *,
        beat: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self.api = api
        self.client = client
        self.template = template
        self.feed = DemandFeed(
            client,
            self.on_news,
            self.on_confirmed,
            beat=lambda: beat("feed"),
            # Answers come so often, with or without news, that a few may fail.
            poll_seconds=min(_POLL_SECONDS, settings.stale_after_seconds / 3),
        )
        self.queue = DueQueue(beat=lambda: beat("queue"))
        self.memories: dict[Key, Memory] = {}
        self.deployments = SeenDeployments()
        self.bodies: dict[Key, Mapping[str, Any]] = {}
        """Objects as the watch has brought them, until they are looked at."""
        self.stale: set[Key] = set()
        """Who waits for the feed to speak again; it was silent for too long, or from the start."""
        self._config_map_users: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
        self._gone: defaultdict[Key, set[str]] = defaultdict(set)
        self._beat = beat

    def on_legaljob(self, kind: str | None, body: Mapping[str, Any]) -> None:
        metadata = body["metadata"]
        key = Key(metadata["namespace"], metadata["name"])
        if kind == "DELETED" or metadata.get("deletionTimestamp"):
            self.bodies.pop(key, None)
            self._gone[key].add(metadata["uid"])
        elif self._is_echo(key, body):
            return
        elif self._is_late(key, body):
            self.bodies.pop(key, None)
        else:
            self.bodies[key] = body
        self.queue.mark(key)

    def on_deployment(self, seen: SeenDeployment) -> None:
        """A Deployment that has changed: its LegalJob may have to put it right, or to say so."""
        if seen.legaljob:
            self.queue.mark(Key(seen.namespace, seen.legaljob))

    def on_config_map(self, body: Mapping[str, Any]) -> None:
        metadata = body["metadata"]
        for key in self._config_map_users.get((metadata["namespace"], metadata["name"]), ()):
            self.queue.mark(key)

    def on_news(self, key: Key, uid: str) -> None:
        """The feed: at once where workers are missing or the job itself has changed."""
        memory = self.memories.get(key)
        pools = self.feed.pools(uid)
        if memory is None or memory.uid != uid:
            return  # comes by the watch, or is gone, which the resync finds out
        if memory.told != told(self.feed.job(uid)) or self._starves(key, pools):
            self.queue.mark(key)
            return
        pace = max(_PACE_SECONDS, len(self.queue) / 50)
        self.queue.mark(key, seconds=max(0.0, memory.reconciled_at + pace - time.monotonic()))

    def on_confirmed(self) -> None:
        """The feed answers: whoever was held for its silence may move again."""
        if not self.feed.is_read:
            return
        for key in self.stale:
            self.queue.mark(key)
        self.stale.clear()

    def remember_config_maps(self, key: Key, names: tuple[str, ...]) -> None:
        """From now on a change of these makes the LegalJob due."""
        memory = self.memories[key]
        for name in set(memory.config_maps) - set(names):
            self._config_map_users[key.namespace, name].discard(key)
        for name in names:
            self._config_map_users[key.namespace, name].add(key)
        memory.config_maps = names

    def remember_status(self, key: Key, body: Mapping[str, Any]) -> None:
        memory = self.memories[key]
        memory.status_hash, memory.version = _hash_status(body), _version(body)

    def wrote_status(self, key: Key, body: Mapping[str, Any]) -> bool:
        """As far as can be remembered, nobody else has changed it since."""
        memory = self.memories[key]
        return not memory.status_hash or memory.status_hash == _hash_status(body)

    def keep(self, key: Key, body: Mapping[str, Any]) -> None:
        """For the next visit, unless the watch has brought something newer meanwhile."""
        if body["metadata"]["uid"] not in self._gone.get(key, ()):
            self.bodies.setdefault(key, body)

    def recall(self, key: Key, uid: str) -> Memory:
        """Of this very LegalJob: another uid under the same name is another job."""
        memory = self.memories.get(key)
        if memory is None or memory.uid != uid:
            if memory is not None:
                self._gone[key].add(memory.uid)
            memory = self.memories[key] = Memory(uid)
            LEGALJOBS.set(len(self.memories))
        return memory

    def forget(self, key: Key) -> None:
        """There is no LegalJob of this name any more."""
        memory = self.memories.get(key)
        if memory is not None:
            self._gone[key].add(memory.uid)
            self.remember_config_maps(key, ())
            del self.memories[key]
            LEGALJOBS.set(len(self.memories))

    async def cancel_gone(self, key: Key) -> None:
        """Stop the work of LegalJobs that were deleted. Raises AgainError until the API took it."""
        for uid in tuple(self._gone.get(key, ())):
            # Told even of a job that the feed does not know: it may have been declared just now.
            cancelled = CancelledJob(uid=uuid.UUID(uid), reason="deleted")
            try:
                await asyncio.to_thread(self.client.cancel, key.namespace, cancelled)
            except LexmillError as error:
                self.stale.add(key)  # at once when the API is there again, not at the next try
                raise AgainError(error.code) from error
            log.info("job_cancelled", namespace=key.namespace, name=key.name, uid=uid)
            self._gone[key].discard(uid)
        self._gone.pop(key, None)

    async def resync(self) -> None:
        """Until cancelled: find what no watch told, as deletions while nobody watched."""
        self._beat("resync")
        await asyncio.sleep(_FIRST_RESYNC_SECONDS)  # what the watches bring comes first
        while True:
            self._beat("resync")
            if not self.feed.is_read:
                await asyncio.sleep(0.1)
                continue
            try:
                await self._resync_once()
            except KubernetesError as error:
                log.warning("resync_refused", status=error.status, reason=error.reason)
                await asyncio.sleep(5)
                continue
            await asyncio.sleep(self.settings.resync_seconds)

    async def _resync_once(self) -> None:
        # In this order: whatever the feed knows was a LegalJob before the list begins.
        living = self.feed.living()
        present: dict[str, Key] = {}
        for namespace in self.settings.namespaces or (None,):
            present |= await self.api.list_legaljob_uids(namespace)
        for uid, key in living.items():
            if uid not in present and self._watches(key.namespace):
                self._gone[key].add(uid)
                self.queue.mark(key)
        keys = set(present.values())
        for key in [key for key in self.memories if key not in keys]:
            self.queue.mark(key)
        for uid, key in present.items():
            memory = self.memories.get(key)
            if memory is None or memory.uid != uid:
                self.queue.mark(key, seconds=_WATCH_SECONDS)
            elif self._is_undeclared(memory):
                self.queue.mark(key)

    def _is_undeclared(self, memory: Memory) -> bool:
        """The API has forgotten the job, or something else: a restored backup does that."""
        job = self.feed.job(memory.uid)
        return not memory.is_paused and (
            job is None or (job.spec_hash != memory.declared_hash and not job.deleted)
        )

    def _watches(self, namespace: str) -> bool:
        return not self.settings.namespaces or namespace in self.settings.namespaces

    def _starves(self, key: Key, pools: Mapping[str, PoolWork]) -> bool:
        return any(work.waiting and not self._replicas(key, pool) for pool, work in pools.items())

    def _replicas(self, key: Key, pool: str) -> int:
        seen = self.deployments.find(key.namespace, pool_name(pool, key))
        return seen.replicas if seen else 0

    def _is_echo(self, key: Key, body: Mapping[str, Any]) -> bool:
        """The watch brings back the status that was just written, or an earlier one."""
        memory = self.memories.get(key)
        metadata = body["metadata"]
        return bool(
            memory is not None
            and memory.uid == metadata["uid"]
            and memory.generation == metadata["generation"]
            and memory.is_paused == is_paused(body)
            and (memory.version >= _version(body) or memory.status_hash == _hash_status(body))
        )

    def _is_late(self, key: Key, body: Mapping[str, Any]) -> bool:
        """It does not have the status that was just written, from which the next one follows."""
        memory = self.memories.get(key)
        return (
            memory is not None
            and memory.uid == body["metadata"]["uid"]
            and memory.version > _version(body)
        )


def is_paused(body: Mapping[str, Any]) -> bool:
    annotations: Mapping[str, str] = body["metadata"].get("annotations", {})
    return annotations.get(PAUSED_ANNOTATION) == "true"


def told(job: PoolWork | None) -> tuple[Any, ...]:
    """What the feed says of a job as a whole; empty where it knows no such job."""
    return () if job is None else (job.spec_hash, job.suspended, job.outcome, job.deleted)


def _version(body: Mapping[str, Any]) -> int:
    """Comparable, as Kubernetes has promised since 1.35 and etcd has always kept."""
    return int(body["metadata"]["resourceVersion"])


def _hash_status(body: Mapping[str, Any]) -> bytes:
    status = msgspec.json.encode(body.get("status", {}), order="sorted")
    return hashlib.blake2b(status, digest_size=16).digest()
