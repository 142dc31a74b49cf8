"""Ringing for workers: the only thing Lexmill asks of a message broker."""

import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

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


class ValkeyWakeUps:
    """Writes Dramatiq's own layout in Valkey (list of ids, hash of messages), in bulk.

    Source of the layout: dramatiq/brokers/redis/dispatch.lua, "enqueue".
    """

    def __init__(self, client: "redis.Redis", *, namespace: str = "dramatiq") -> None:
        self._client = client
        self._namespace = namespace

    def ring(self, counts: Mapping[str, int]) -> None:
        pipeline = self._client.pipeline(transaction=True)
        total = 0
        for queue, count in counts.items():
            if count <= 0:
                continue
            messages: dict[Any, Any] = dict(_message(queue) for _ in range(count))
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


def _message(queue: str) -> tuple[str, bytes]:
    token = str(uuid.uuid4())
    return token, msgspec.json.encode(
        {
            "queue_name": queue,
            "actor_name": ACTOR_NAME,
            "args": (),
            "kwargs": {},
            "options": {"redis_message_id": token},
            "message_id": token,
            "message_timestamp": int(time.time() * 1000),
        }
    )
