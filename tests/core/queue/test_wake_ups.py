"""Tokens in Valkey, as a real Dramatiq worker fetches them; and what a broken Valkey does to it."""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dramatiq
import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import Engine

from lexmill.database import transaction
from lexmill.queue.broker import ACTOR_NAME, WakeUpBroker, create_broker, queue_name
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.scaling.service import fold_demand
from lexmill.settings import QueueSettings
from lexmill.tasks.sweep import top_up_wake_ups
from lexmill_cli.local.valkey import ValkeyServer
from tests.core import building
from tests.core.threads import committed, until


@pytest.fixture
def url(valkey: ValkeyServer) -> Iterator[str]:
    """A database of its own in the shared server, emptied behind the test."""
    own = valkey.url.removesuffix("/0") + "/9"
    yield own
    with redis.Redis.from_url(own) as client:
        client.flushdb()


@pytest.fixture
def client(url: str) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(url) as client:
        yield client


@pytest.fixture
def wake_ups(client: "redis.Redis") -> ValkeyWakeUps:
    return ValkeyWakeUps(client)


@pytest.fixture
def broker(url: str) -> Iterator[WakeUpBroker]:
    before = dramatiq.broker.global_broker
    broker = create_broker(QueueSettings(url=SecretStr(url)))
    yield broker
    broker.close()
    broker.client.close()
    dramatiq.broker.global_broker = before


@pytest.fixture
def _quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dramatiq waits for seconds before it tries a broken connection again, only to wait."""
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.05)
    monkeypatch.setattr("dramatiq.worker.POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.05)


@contextmanager
def _impatient(url: str, **settings: Any) -> Iterator[WakeUpBroker]:
    client = redis.Redis.from_url(url, **settings)
    yield WakeUpBroker(client=client, middleware=[])  # type: ignore[no-untyped-call]
    client.close()


@contextmanager
def _working(
    broker: WakeUpBroker, queue: str, visit: Callable[[], None], *, threads: int = 2
) -> Iterator[dramatiq.Worker]:
    dramatiq.actor(actor_name=ACTOR_NAME, queue_name=queue, broker=broker)(visit)
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=threads)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(timeout=5000)


class Visits:
    """Counts what an actor did."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self.count += 1


def _queue() -> str:
    return queue_name("acme", str(uuid.uuid4()), "main")


def test_a_real_worker_fetches_every_token_once(
    broker: WakeUpBroker, wake_ups: ValkeyWakeUps, client: "redis.Redis"
) -> None:
    queue, visits = _queue(), Visits()
    wake_ups.ring({queue: 250})
    assert wake_ups.waiting([queue]) == [250]
    with _working(broker, queue, visits):
        until(lambda: visits.count == 250)
        until(lambda: not client.exists(f"dramatiq:{queue}", f"dramatiq:{queue}.msgs"))
    assert visits.count == 250


def test_a_worker_that_is_idle_hears_a_ring(broker: WakeUpBroker, wake_ups: ValkeyWakeUps) -> None:
    queue, visits = _queue(), Visits()
    with _working(broker, queue, visits):
        for number in range(1, 4):
            wake_ups.ring({queue: 1})
            until(lambda wanted=number: visits.count == wanted)  # type: ignore[misc]


def test_our_tokens_are_as_dramatiq_would_write_them(
    broker: WakeUpBroker, wake_ups: ValkeyWakeUps, client: "redis.Redis"
) -> None:
    queue = _queue()
    actor = dramatiq.actor(actor_name=ACTOR_NAME, queue_name=queue, broker=broker)(lambda: None)
    actor.send()
    wake_ups.ring({queue: 1})
    theirs, ours = (
        dramatiq.Message.decode(client.hget(f"dramatiq:{queue}.msgs", id_))  # type: ignore[arg-type]
        for id_ in client.lrange(f"dramatiq:{queue}", 0, -1)
    )
    for field in ("queue_name", "actor_name", "args", "kwargs"):
        assert getattr(ours, field) == getattr(theirs, field)
    assert ours.options.keys() == theirs.options.keys()
    assert abs(ours.message_timestamp - theirs.message_timestamp) < 10_000


def test_rings_are_counted_a_queue_and_forgotten(wake_ups: ValkeyWakeUps) -> None:
    first, second, empty = _queue(), _queue(), _queue()
    wake_ups.ring({first: 3, second: 1, empty: 0})
    wake_ups.ring({first: 2, second: -4})
    assert wake_ups.waiting([first, second, empty]) == [5, 1, 0]
    wake_ups.forget([first, empty])
    assert wake_ups.waiting([first, second]) == [0, 1]
    wake_ups.forget([])
    wake_ups.ring({})
    assert wake_ups.waiting([]) == []


def test_lost_tokens_are_topped_up_for_a_worker_that_lives_on(
    engine: Engine, broker: WakeUpBroker, wake_ups: ValkeyWakeUps, client: "redis.Redis"
) -> None:
    """FLUSHALL takes the scripts with it, too."""
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a", "b"))
    queue, visits = queue_name(building.NAMESPACE, str(uid), "main"), Visits()
    with _working(broker, queue, visits):
        wake_ups.ring({queue: 1})
        until(lambda: visits.count == 1)
        wake_ups.ring({_queue(): 5})
        client.flushall()
        _sweep(engine, wake_ups)
        until(lambda: visits.count == 3)


def test_top_up_is_the_smaller_of_due_and_limit(
    engine: Engine, wake_ups: ValkeyWakeUps, client: "redis.Redis"
) -> None:
    with transaction(engine) as session:
        few = building.declare_with_documents(session, "a", "b")
        many = building.declare_with_documents(session, *"abcdefgh")
    queues = [queue_name(building.NAMESPACE, str(uid), "main") for uid in (few, many)]
    for _ in range(2):
        _sweep(engine, wake_ups, limit=5)
        assert wake_ups.waiting(queues) == [2, 5]
    client.flushdb()
    _sweep(engine, wake_ups, limit=5)
    assert wake_ups.waiting(queues) == [2, 5]


def test_what_a_dead_worker_holds_does_not_count(
    engine: Engine, broker: WakeUpBroker, wake_ups: ValkeyWakeUps
) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, *"abc"))
    queue = queue_name(building.NAMESPACE, str(uid), "main")
    _sweep(engine, wake_ups)
    broker.declare_queue(queue)
    fetched = broker.consume(queue, prefetch=3, timeout=50)
    assert next(fetched) is not None  # it prefetches all three, and is never heard of again
    assert wake_ups.waiting([queue]) == [0]
    _sweep(engine, wake_ups)
    assert wake_ups.waiting([queue]) == [3]
    visits = Visits()
    with _working(broker, queue, visits):
        until(lambda: visits.count == 3)


def test_what_dead_workers_leave_is_removed(broker: WakeUpBroker, client: "redis.Redis") -> None:
    queue, other = _queue(), _queue()
    wake_ups = ValkeyWakeUps(client, silent_seconds=60)
    wake_ups.ring({queue: 3, other: 2})
    for name in (queue, other):
        broker.declare_queue(name)
        assert next(broker.consume(name, prefetch=2, timeout=50)) is not None
    assert wake_ups.clean_up() == 0
    assert client.hlen(f"dramatiq:{queue}.msgs") == 3
    client.zadd("dramatiq:__heartbeats__", {broker.broker_id: 1000})
    assert wake_ups.clean_up() == 1
    assert wake_ups.waiting([queue, other]) == [1, 0]
    assert client.hlen(f"dramatiq:{queue}.msgs") == 1
    assert list(client.scan_iter(match=f"*{broker.broker_id}*")) == []
    assert client.zscore("dramatiq:__heartbeats__", broker.broker_id) is None


@pytest.mark.usefixtures("_quick_restarts")
def test_a_worker_outlives_a_valkey_that_does_not_answer(
    url: str, client: "redis.Redis", wake_ups: ValkeyWakeUps
) -> None:
    """The client's time-out is no redis.ConnectionError: Dramatiq alone would never fetch again."""
    queue, visits = _queue(), Visits()
    with _impatient(url, socket_timeout=0.15) as broker, _working(broker, queue, visits):
        for count in (2, 4):
            client.client_pause(400)
            wake_ups.ring({queue: 2})  # answered when the pause is over
            until(lambda wanted=count: visits.count == wanted)  # type: ignore[misc]


@pytest.mark.usefixtures("_quick_restarts")
def test_an_acknowledgement_that_is_lost_holds_nobody_up(
    url: str, client: "redis.Redis", wake_ups: ValkeyWakeUps
) -> None:
    queue, visits = _queue(), Visits()
    started, go_on = threading.Event(), threading.Event()

    def visit() -> None:
        started.set()
        assert go_on.wait(10)
        visits()

    with (
        _impatient(url, socket_timeout=0.15) as broker,
        _working(broker, queue, visit, threads=1),
    ):
        wake_ups.ring({queue: 2})
        assert started.wait(10)
        client.client_pause(400)
        go_on.set()
        until(lambda: visits.count == 2)  # the second was fetched in advance
        wake_ups.ring({queue: 1})
        until(lambda: visits.count == 3)


@pytest.mark.usefixtures("_quick_restarts")
def test_a_worker_outlives_a_valkey_that_refuses(
    url: str, client: "redis.Redis", wake_ups: ValkeyWakeUps
) -> None:
    """As it does when its memory is full."""
    queue, visits = _queue(), Visits()
    with _impatient(url) as broker, _working(broker, queue, visits):
        wake_ups.ring({queue: 1})
        until(lambda: visits.count == 1)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1mb")
        try:
            for refused in (lambda: wake_ups.ring({queue: 1}), lambda: broker.do_fetch(queue, 1)):
                with pytest.raises(redis.RedisError, match="maxmemory"):
                    refused()
        finally:
            client.config_set("maxmemory", "0")
        wake_ups.ring({queue: 2})
        until(lambda: visits.count == 3)


@pytest.mark.usefixtures("_quick_restarts")
def test_the_sign_of_life_is_the_last_look_at_the_queue(url: str, client: "redis.Redis") -> None:
    with _impatient(url, socket_timeout=0.15) as broker:
        broker.fetched_at = 0.0
        with _working(broker, _queue(), Visits()):
            until(lambda: broker.fetched_at > 0)
            client.client_pause(400)
            client.ping()  # answered when the pause is over
            seen = broker.fetched_at
            until(lambda: broker.fetched_at > seen)


def test_nothing_is_ever_delayed_or_dead_lettered(
    broker: WakeUpBroker, wake_ups: ValkeyWakeUps, client: "redis.Redis"
) -> None:
    queue, visits = _queue(), Visits()

    def failing() -> None:
        visits()
        raise ZeroDivisionError

    assert [type(each).__name__ for each in broker.middleware] == []
    with _working(broker, queue, failing):
        wake_ups.ring({queue: 3})
        until(lambda: visits.count == 3)
        until(lambda: not client.exists(f"dramatiq:{queue}.msgs"))
    assert broker.delay_queues == set()
    assert sorted(client.keys(f"dramatiq:{queue}*")) == []


def _sweep(engine: Engine, wake_ups: ValkeyWakeUps, limit: int = 1000) -> None:
    committed(engine, fold_demand)
    top_up_wake_ups(engine, wake_ups=wake_ups, limit=limit)
