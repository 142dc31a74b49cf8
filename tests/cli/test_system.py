"""The system as the command holds it: what dies comes back, workers follow the work."""

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lexmill.client.api import ApiClient
from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Workers
from lexmill_cli.declaring import LocalJob
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.local import postgres
from lexmill_cli.local.errors import LocalSystemError
from lexmill_cli.local.processes import is_alive
from lexmill_cli.scaler import LocalScaler
from lexmill_cli.system import LocalSystem, local_system
from tests.processes import until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("system") / ".lexmill"
    yield home
    postgres.erase(home)


@pytest.fixture(scope="module")
def system(home: Path) -> Iterator[LocalSystem]:
    with local_system(home, roots=[home.parent], port=None) as system:
        yield system
    pids = (system.postgres.pid, system.valkey.pid, system.api.process.pid)
    assert not [pid for pid in pids if is_alive(pid)]


@pytest.fixture
def client(system: LocalSystem) -> Iterator[ApiClient]:
    with system.client() as client:
        yield client


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid))


@pytest.mark.parametrize(
    ("part", "pid_of"),
    [
        ("PostgreSQL", lambda system: system.postgres.pid),
        ("Valkey", lambda system: system.valkey.pid),
        ("The API", lambda system: system.api.process.pid),
    ],
)
def test_a_part_that_died_comes_back_where_it_was(
    system: LocalSystem, client: ApiClient, part: str, pid_of: Callable[[LocalSystem], int]
) -> None:
    assert system.heal() == []
    before = pid_of(system)
    urls = (system.url, system.postgres.url, system.valkey.url)
    kill(before)
    assert until(system.heal) == [part]
    assert pid_of(system) != before
    assert (system.url, system.postgres.url, system.valkey.url) == urls
    until(client.is_ready)
    assert system.heal() == []


def test_a_part_that_keeps_dying_is_given_up(system: LocalSystem, client: ApiClient) -> None:
    def healed_at_most(times: int) -> None:
        for _ in range(times):
            kill(system.api.process.pid)
            until(system.heal)

    with pytest.raises(LocalSystemError, match="The API has ended by itself, and not for the"):
        healed_at_most(20)
    system._deaths.clear()
    system.heal()
    until(client.is_ready)


def a_job(folder: Path, *, documents: int, owner: str = "local", **workers: int) -> LocalJob:
    for number in range(documents):
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.txt").write_text(f"This Agreement {number} is made.")
    spec = LegalJobSpec.model_validate({"documents": [{"uri": folder.as_uri()}]})
    declared = DeclaredJob.model_validate(
        {"uid": uuid.uuid4(), "name": folder.name, "owner": owner, "spec": spec}
    )
    return LocalJob("default", declared, {"main": Workers(**workers)}, None)


def test_workers_come_with_the_work_and_go_with_it(
    system: LocalSystem, client: ApiClient, home: Path
) -> None:
    job = a_job(home.parent / "few", documents=3, max_replicas=2, backlog_per_replica=1)
    with LocalScaler(system, client, others=False) as scaler:
        scaler.step(wait_seconds=0)
        assert scaler.running() == {}
        client.declare("default", job.declared)
        scaler.serve(job)

        def complete() -> bool:
            scaler.step(wait_seconds=0.1)
            progress = client.jobs.find("default", "few")
            assert sum(scaler.running().values()) <= 2
            return progress is not None and progress.state == "Complete"

        until(complete)

        def none_left() -> bool:
            scaler.step(wait_seconds=0.1)
            return scaler.running() == {} and not scaler._stopping

        until(none_left)


def test_another_commands_job_is_left_alone(
    system: LocalSystem, client: ApiClient, home: Path
) -> None:
    left = a_job(home.parent / "left", documents=1)
    foreign = a_job(home.parent / "foreign", documents=1, owner="api")
    for job in (left, foreign):
        client.declare("default", job.declared)
    with LocalScaler(system, client, others=False) as scaler:
        scaler.step(wait_seconds=0.5)
        assert len(scaler._pools) >= 2
        assert scaler.running() == {}
    with LocalScaler(system, client, others=True) as scaler:
        scaler.step(wait_seconds=0.5)
        assert list(scaler._workers) == [(str(foreign.declared.uid), "main")]


def test_workers_that_cannot_start_are_given_up(
    system: LocalSystem, client: ApiClient, home: Path
) -> None:
    job = a_job(home.parent / "hopeless", documents=1)
    client.declare("default", job.declared)
    broken = replace(
        system, environment={**system.environment, "LEXMILL_SANDBOX__MEMORY_BYTES": "1"}
    )

    with LocalScaler(broken, client, others=False) as scaler:
        scaler.serve(job)

        def given_up() -> CommandError | None:
            try:
                scaler.step(wait_seconds=0.1)
            except CommandError as error:
                return error
            return None

        error = until(given_up)
    assert error.exit is Exit.UNAVAILABLE
    assert "The workers do not start;" in error.message
    log = Path(error.message.split("; ")[1].split(" says")[0])
    assert "memory_bytes" in log.read_text()
