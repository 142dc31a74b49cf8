"""A worker whose connection to PostgreSQL breaks at the worst moment."""

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, create_engine

from lexmill.bootstrap import Process
from lexmill.database import (
    create_async_database_engine,
    create_database_engine,
    transaction,
)
from lexmill.queue.broker import create_broker
from lexmill.queue.wakeups import ValkeyWakeUps
from lexmill.settings import (
    DatabaseSettings,
    QueueSettings,
    Settings,
    StorageSettings,
    TaskSettings,
    WorkerSettings,
)
from lexmill.storage.objects import Objects
from lexmill_workers.leases import Leases
from lexmill_workers.runtime import Runtime
from lexmill_workers.sandbox import Sandbox
from lexmill_workers.working import work_once
from tests.core import building
from tests.core.threads import committed, until
from tests.servers import conninfo

BROKEN = threading.Event()


class BreakingConnection(psycopg.Connection[tuple[object, ...]]):
    """Commits, and then the answer is lost, for as long as `BROKEN` is set."""

    def commit(self) -> None:
        super().commit()
        if BROKEN.is_set():
            raise psycopg.OperationalError("the connection broke")


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = create_database_engine(DatabaseSettings(url=SecretStr(database)), application="tests")
    yield engine
    engine.dispose()


@pytest.fixture
def breaking(database: str) -> Iterator[Engine]:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: BreakingConnection.connect(conninfo(database)),
        poolclass=NullPool,
    )
    BROKEN.set()
    yield engine
    BROKEN.clear()
    engine.dispose()


def worker(engine: Engine, uid: uuid.UUID, folder: Path, url: str) -> Runtime:
    """One that reaches neither its broker nor a sandbox."""
    settings = Settings(
        database=DatabaseSettings(url=SecretStr(url)),
        queue=QueueSettings(url=SecretStr("redis://127.0.0.1:1/0")),
        storage=StorageSettings(uri=folder.as_uri()),
        worker=WorkerSettings(namespace=building.NAMESPACE, job=str(uid)),
        tasks=TaskSettings(heartbeat_seconds=0.01),
    )
    broker = create_broker(settings.queue)
    async_engine = create_async_database_engine(settings.database, application="tests")
    return Runtime(
        process=Process(settings, engine, async_engine, async_engine, broker),
        worker=settings.required_worker,
        worker_id="worker-1",
        objects=Objects(settings.storage.uri),
        sandbox=Sandbox("no_such_module:entry"),
        leases=Leases(engine, settings.tasks),
        wake_ups=ValkeyWakeUps(broker.valkey),
    )


def test_a_claim_is_handed_back_when_nobody_knows_whether_it_was_committed(
    engine: Engine, breaking: Engine, database: str, tmp_path: Path
) -> None:
    uid = committed(engine, lambda session: building.declare_with_documents(session, "a"))
    runtime = worker(breaking, uid, tmp_path, database)
    assert not work_once(runtime)
    states = committed(engine, lambda session: building.tasks_of(session, uid))
    assert states["process", "running"] == 1

    runtime.leases.start()
    try:
        BROKEN.clear()
        until(
            lambda: committed(engine, lambda session: building.tasks_of(session, uid))[
                "process", "waiting"
            ]
        )
        task = committed(engine, lambda session: building.claimed(session, uid))
        assert (task.failures, task.crashes) == (0, 0)
    finally:
        runtime.leases.stop()


def test_a_worker_without_a_sandbox_gives_its_work_to_others_and_ends(
    engine: Engine, database: str, tmp_path: Path
) -> None:
    """It would fail a document after the other, although nothing is wrong with them."""
    with transaction(engine) as session:
        uid = building.listen(session)
        building.accept(session, building.event())
    runtime = worker(engine, uid, tmp_path, database)
    runtime.leases.start()
    work_once(runtime)
    assert runtime.stopping.is_set()
    assert runtime.broken.is_set()
    runtime.leases.stop()
    task = committed(engine, lambda session: building.claimed(session, uid))
    assert (task.failures, task.crashes) == (0, 0)
