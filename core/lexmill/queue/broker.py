"""Dramatiq over Valkey, where a message is only a token that says: look for due work in this pool.

Tokens may be lost, doubled or hoarded: the task rows in PostgreSQL are the record. So the broker
runs without Dramatiq's retries, limits and delays, and what is left to mend are the cases in which
a consumer would stop fetching.
"""

import time
from typing import Any, cast

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware

from lexmill.settings import QueueSettings

log = structlog.get_logger(__name__)

ACTOR_NAME = "work"
"""The one actor: each pool's queue carries wake-ups for it."""


def queue_name(namespace: str, job_uid: str, pool: str) -> str:
    return f"lexmill.{namespace}.{job_uid}.{pool}"


class _WakeUpConsumer(_RedisConsumer):
    """Maps every error of the client to the one that Dramatiq answers by connecting again.

    Dramatiq maps only ``redis.ConnectionError``: a time-out, READONLY or OOM answer would leave
    the consumer thread with messages that it never fetches or acknowledges again.
    """

    def ack(self, message: Any) -> None:
        # The work is committed, so a token that stays behind is rubbish and no loss. Raising would
        # make Dramatiq hold the worker thread for five seconds between two tries.
        try:
            super().ack(message)
        except (redis.RedisError, ConnectionClosed) as error:
            log.warning("acknowledgement_lost", error=type(error).__name__)

    def nack(self, message: Any) -> None:
        # A token has no dead-letter queue: the task row knows what failed.
        self.ack(message)

    def requeue(self, messages: Any) -> None:
        try:
            super().requeue(messages)
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None

    def __next__(self) -> Any:
        try:
            message = super().__next__()
            self.broker.fetched_at = time.monotonic()
            return message  # noqa: TRY300 - the fetch and its time belong together
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None


class WakeUpBroker(RedisBroker):
    """Without delay queues: a retry's time is a column of its task row."""

    fetched_at: float
    """When a consumer last looked at its queue, on the monotonic clock: the sign of life."""

    @property
    def consumer_class(self) -> type[_WakeUpConsumer]:
        return _WakeUpConsumer

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    @property
    def valkey(self) -> "redis.Redis":
        return cast("redis.Redis", self.client)


def create_broker(settings: QueueSettings, *middleware: Middleware) -> WakeUpBroker:
    """Also Dramatiq's global broker, so that actors declared after it belong to it."""
    # redis-py 8 repeats a command ten times by default when the connection is built from parts; a
    # client from a URL does not. The sweeper tops lost tokens up, so failing fast is right.
    client = redis.Redis.from_url(
        settings.url.get_secret_value(),
        socket_timeout=5,
        socket_connect_timeout=5,
        health_check_interval=30,
    )
    broker = WakeUpBroker(
        client=client,
        middleware=list(middleware),
        heartbeat_timeout=settings.heartbeat_timeout_seconds * 1000,
        maintenance_chance=0,  # the sweeper cleans up, without KEYS
    )
    broker.fetched_at = time.monotonic()
    dramatiq.set_broker(broker)
    return broker
