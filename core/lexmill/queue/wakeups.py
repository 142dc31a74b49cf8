"""Ringing for workers: the only thing Lexmill asks of a message broker."""

import os
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from lexmill.queue.broker import ACTOR_NAME
from lexmill.telemetry.metrics import WAKE_UPS

if TYPE_CHECKING:
    import redis


class WakeUps(Protocol):
    """A broker that carries wake-ups. It may lose some; it raises when it loses all."""

    def ring(self, counts: Mapping[str, int]) -> None:
        """Put ``counts[queue]`` new wake-ups into each queue."""

    def waiting(self, queues: list[str]) -> list[int]:
        """How many wake-ups nobody has fetched yet, a number a queue."""

    def forget(self, queues: list[str]) -> None:
        """Drop queues whose job has ended."""

    def clean_up(self) -> int:
        """Drop what dead workers still hold; gives how many of them there were."""


class ValkeyWakeUps:
    """Writes Dramatiq's own layout in Valkey (list of ids, hash of messages), in bulk.

    Source of the layout: dramatiq/brokers/redis/dispatch.lua, "enqueue".
    """

    def __init__(
        self, client: "redis.Redis", *, namespace: str = "dramatiq", silent_seconds: int = 60
    ) -> None:
        self._client = client
        self._namespace = namespace
        self._silent_seconds = silent_seconds

    def ring(self, counts: Mapping[str, int]) -> None:
        pipeline = self._client.pipeline(transaction=True)
        total = 0
        for queue, count in counts.items():
            if count <= 0:
                continue
            messages: dict[Any, Any] = _messages(queue, count)
            key = f"{self._namespace}:{queue}"
            pipeline.hset(f"{key}.msgs", mapping=messages)
            pipeline.rpush(key, *messages)
            total += count
        if total:
            pipeline.execute()
            WAKE_UPS.inc(total)

    def waiting(self, queues: list[str]) -> list[int]:
        pipeline = self._client.pipeline(transaction=False)
        for queue in queues:
            pipeline.llen(f"{self._namespace}:{queue}")
        return [int(length) for length in pipeline.execute()]

    def forget(self, queues: list[str]) -> None:
        if queues:
            names = [f"{self._namespace}:{queue}" for queue in queues]
            self._client.delete(*names, *(f"{name}.msgs" for name in names))

    def clean_up(self) -> int:
        """Every ended worker leaves a heartbeat and the tokens that it had fetched.

        Dramatiq's own maintenance puts such tokens back, once in a thousand commands of a queue
        and by KEYS over the whole database. Ours are topped up anyway, so they are only deleted.
        """
        heartbeats = f"{self._namespace}:__heartbeats__"
        oldest = int(time.time() * 1000) - self._silent_seconds * 1000
        dead = cast("list[bytes]", self._client.zrangebyscore(heartbeats, 0, oldest))
        for worker in dead:
            prefix = f"{self._namespace}:__acks__.{worker.decode()}."
            for acks in self._client.scan_iter(match=f"{prefix}*", count=1000):
                queue = acks.decode().removeprefix(prefix)
                tokens = self._client.smembers(acks)
                if tokens:
                    self._client.hdel(f"{self._namespace}:{queue}.msgs", *tokens)
                self._client.delete(acks)
            self._client.zrem(heartbeats, worker)
        return len(dead)


def _messages(queue: str, count: int) -> dict[str, bytes]:
    """By token; the messages of a queue differ in nothing else, so one is encoded for all."""
    example = str(uuid.uuid4())
    before, between, after = msgspec.json.encode(
        {
            "queue_name": queue,
            "actor_name": ACTOR_NAME,
            "args": (),
            "kwargs": {},
            "options": {"redis_message_id": example},
            "message_id": example,
            "message_timestamp": int(time.time() * 1000),
        }
    ).split(example.encode())
    random = os.urandom(16 * count).hex()
    tokens = [random[at : at + 32] for at in range(0, 32 * count, 32)]
    return {
        token: b"".join((before, token.encode(), between, token.encode(), after))
        for token in tokens
    }
