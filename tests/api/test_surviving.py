"""What runs for as long as the process: one bad thing must not end it for everything else."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from ipaddress import ip_network
from typing import Any, TypeVar

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, create_engine, func, select, text, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from lexmill.database import create_async_database_engine, create_database_engine, transaction
from lexmill.events.models import Outgoing
from lexmill.events.schemas import Incoming
from lexmill.scaling.models import PoolDemand
from lexmill.settings import DatabaseSettings, IngestSettings, TaskSettings
from lexmill.tasks.models import Task
from lexmill.tasks.service import extend_leases
from lexmill.tasks.sweep import sweep_all
from lexmill_api.batching import Batcher
from lexmill_api.delivery import Delivery
from lexmill_api.sweeper import sweeper
from tests.chaos.sink import listening_sink
from tests.core import building
from tests.core.threads import committed, until
from tests.servers import conninfo

T = TypeVar("T")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_database_engine(DatabaseSettings(url=SecretStr(database)), application="tests")
    yield engine
    engine.dispose()


class WakeUpsThatFail:
    """A broker whose next calls raise what nobody thought of."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.rung = 0

    def ring(self, counts: Mapping[str, int]) -> None:
        self.rung += sum(counts.values())

    def waiting(self, queues: list[str]) -> list[int]:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("a defect")
        return [0] * len(queues)

    def forget(self, queues: list[str]) -> None:
        """Nothing is kept."""

    def clean_up(self) -> int:
        return 0


def test_the_sweeper_survives_a_defect(engine: Engine) -> None:
    committed(engine, lambda session: building.declare_with_documents(session, "a"))
    wake_ups = WakeUpsThatFail(2)
    sweeps = sweeper(engine, wake_ups, TaskSettings(sweep_seconds=0.01))
    sweeps.start()
    try:
        until(lambda: wake_ups.rung)
    finally:
        sweeps.stop()


def test_one_sweep_that_fails_keeps_no_other_from_its_work(engine: Engine) -> None:
    with transaction(engine) as session:
        building.declare_with_documents(session, "a")
        session.execute(text("ALTER TABLE event_key RENAME TO gone"))
    wake_ups = WakeUpsThatFail(0)
    with pytest.raises(ProgrammingError):
        sweep_all(engine, wake_ups=wake_ups, settings=TaskSettings())
    assert wake_ups.rung == 1


class Outage:
    """A way to the database that can be cut."""

    def __init__(self, url: str) -> None:
        self.cut = threading.Event()
        self.tried = 0
        self._url = url

    def engine(self) -> Engine:
        return create_engine("postgresql+psycopg://", creator=self._connect, poolclass=NullPool)

    def _connect(self) -> "psycopg.Connection[Any]":
        self.tried += 1
        if self.cut.is_set():
            raise psycopg.OperationalError("cut")
        return psycopg.connect(conninfo(self._url))


def test_no_lease_runs_out_in_an_outage_that_the_server_itself_did_not_see(
    engine: Engine, database: str
) -> None:
    """A recovery that takes longer than a lease, or a cut network: nobody could renew it."""
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    settings = TaskSettings(sweep_seconds=0.05, lease_seconds=1)
    outage = Outage(database)
    sweeps = sweeper(outage.engine(), WakeUpsThatFail(0), settings)
    outage.cut.set()
    sweeps.start()
    try:
        until(lambda: outage.tried > 1)
        task = committed(engine, lambda session: building.claimed(session, uid, lease_seconds=-1))
        outage.cut.clear()
        until(lambda: _swept(engine))
        # The worker's next heartbeat comes before anybody may take its task.
        kept = committed(
            engine,
            lambda session: extend_leases(session, claims=[task.claim], lease_seconds=60),
        )
        assert kept == {task.claim}
        # And one that does not come back loses it all the same.
        committed(engine, lambda session: _run_out(session, task.id))
        until(lambda: _state(engine, task.id) == "waiting")
    finally:
        sweeps.stop()


def _swept(engine: Engine) -> bool:
    with transaction(engine) as session:
        return session.scalar(select(func.max(PoolDemand.running))) == 1


def _run_out(session: Any, task_id: int) -> None:
    session.execute(update(Task).where(Task.id == task_id).values(lease_until=func.now()))


def _state(engine: Engine, task_id: int) -> str | None:
    with transaction(engine) as session:
        return session.scalar(select(Task.state).where(Task.id == task_id))


def in_a_loop(database: str, work: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        engine = create_async_database_engine(
            DatabaseSettings(url=SecretStr(database)), application="tests"
        )
        try:
            return await asyncio.wait_for(work(engine), 20)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def incoming(**fields: Any) -> Incoming:
    return Incoming(namespace=building.NAMESPACE, job=None, event=building.event(**fields))


def test_a_request_that_is_given_up_does_not_stop_the_others(database: str) -> None:
    async def work(engine: AsyncEngine) -> None:
        batcher = Batcher(engine, WakeUpsThatFail(0), IngestSettings())
        batcher.start()
        given_up = [asyncio.create_task(batcher.accept([incoming()])) for _ in range(3)]
        await asyncio.sleep(0)  # they wait now
        for request in given_up:
            request.cancel()
        assert await batcher.accept([incoming()]) == ["unmatched"]
        await batcher.stop()

    in_a_loop(database, work)


def test_no_request_notices_that_the_connection_was_cut(engine: Engine, database: str) -> None:
    async def work(asynchronous: AsyncEngine) -> None:
        batcher = Batcher(asynchronous, WakeUpsThatFail(0), IngestSettings())
        batcher.start()
        for _ in range(2):
            for _ in range(3):  # the second goes by the shortcut
                assert await batcher.accept([incoming()]) == ["unmatched"]
            with transaction(engine) as session:
                session.execute(
                    text("""
                        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """)
                )
        assert await batcher.accept([incoming()]) == ["unmatched"]
        await batcher.stop()

    in_a_loop(database, work)


def test_what_postgresql_has_no_room_for_fails_alone(engine: Engine, database: str) -> None:
    """An index entry that is too large is an OperationalError, as an outage is."""
    with transaction(engine) as session:
        session.execute(text("CREATE INDEX small ON event (source)"))
    long = "/" + "".join(uuid.uuid4().hex for _ in range(200))

    async def work(engine: AsyncEngine) -> list[Any]:
        batcher = Batcher(engine, WakeUpsThatFail(0), IngestSettings())
        requests = [
            asyncio.create_task(batcher.accept([incoming(source=source)]))
            for source in ("/a", long, "/b")
        ]
        await asyncio.sleep(0)  # so that they are one batch
        batcher.start()
        answers = await asyncio.gather(*requests, return_exceptions=True)
        await batcher.stop()
        return answers

    before, refused, after = in_a_loop(database, work)
    assert (before, after) == (["unmatched"], ["unmatched"])
    assert isinstance(refused, Exception)


@pytest.mark.parametrize("address", ["http://xn--0/", "http://127.0.0.1:65536/"])
def test_a_sink_that_cannot_exist_keeps_nothing_from_the_others(
    engine: Engine, database: str, address: str
) -> None:
    with listening_sink(0) as told:
        with transaction(engine) as session:
            for sink in (address, told.url):
                uid = building.listen(session, sink={"uri": sink})
                name = building.job_row(session, uid).name
                building.accept(session, building.event(), job=name)
                building.succeed(session, building.claimed(session, uid))

        async def work(engine: AsyncEngine) -> None:
            delivery = Delivery(engine, [ip_network("127.0.0.0/8")])
            delivery.start()
            await asyncio.to_thread(until, lambda: told.documents and _delayed(engine_))
            await delivery.stop()

        engine_ = engine
        in_a_loop(database, work)
    assert len(told.documents) == 1


def _delayed(engine: Engine) -> bool:
    with transaction(engine) as session:
        return bool(session.scalar(select(func.max(Outgoing.failures))))
