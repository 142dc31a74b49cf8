"""No kill of any part loses a document, does one twice, or holds the rest up for long."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.commands import (
    Command,
    Workplace,
    one_of,
    until,
    workplace,
    write_contracts,
)

pytestmark = pytest.mark.system

DOCUMENTS = 400
WORKERS = ("--max-workers", "2")
LATER_SECONDS = 35


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path / "work") as place:
        yield place


def kill(command: Command, program: str) -> None:
    victim = until(lambda: one_of(command.process.pid, program))
    os.kill(victim.pid, signal.SIGKILL)
    until(lambda: not victim.is_alive)


def test_a_worker_and_valkey_are_killed(place: Workplace) -> None:
    quiet = write_contracts(place.path("quiet"), range(DOCUMENTS))
    undisturbed = place.run("run", quiet, "--json", *WORKERS)
    assert undisturbed.answer["documents"]["succeeded"] == DOCUMENTS, undisturbed.stderr

    rough = write_contracts(place.path("rough"), range(DOCUMENTS, 2 * DOCUMENTS))
    with place.started("run", rough, "--json", *WORKERS) as command:
        until(lambda: place.ended_documents() >= DOCUMENTS * 1.25)
        kill(command, "lexmill_workers")
        until(lambda: place.ended_documents() >= DOCUMENTS * 1.5)
        kill(command, "valkey-server")
        until(lambda: place.ended_documents() == 2 * DOCUMENTS)
        assert_each_exactly_once(place, "rough-%", DOCUMENTS)
        ended = command.wait()
    assert ended.code == 0, ended.stderr
    assert ended.answer["documents"]["succeeded"] == DOCUMENTS
    assert "Valkey had ended and was started again." in ended.stderr
    assert ended.answer["seconds"] < undisturbed.answer["seconds"] + LATER_SECONDS


def test_postgresql_and_the_api_are_killed(place: Workplace) -> None:
    contracts = write_contracts(place.path("contracts"), range(DOCUMENTS // 2))
    with place.started("run", contracts, "--json", *WORKERS) as command:
        until(lambda: place.ended_documents() >= DOCUMENTS // 8)
        kill(command, "postgres")
        until(lambda: place.ended_documents() >= DOCUMENTS // 4)
        kill(command, "lexmill_api")
        until(lambda: place.ended_documents() == DOCUMENTS // 2)
        assert_each_exactly_once(place, "contracts-%", DOCUMENTS // 2)
        crashes = place.ask("SELECT sum(crashes) AS crashes, sum(failures) AS failures FROM task")
        ended = command.wait()
    assert ended.code == 0, ended.stderr
    assert "PostgreSQL had ended and was started again." in ended.stderr
    assert "The API had ended and was started again." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert crashes == [(0, 0)]  # an outage is no crash of a worker


def assert_each_exactly_once(place: Workplace, job: str, count: int) -> None:
    """One document a file, in one final state, ended by the one visit that counts."""
    rows = place.ask(f"""
        SELECT document.uri, document.state, document.ended_at IS NOT NULL AS ended,
          count(*) FILTER (WHERE task.state = 'done') AS done,
          count(*) AS tasks
        FROM document
        JOIN task ON task.document_id = document.id
        JOIN job ON job.uid = document.job_uid AND job.name LIKE '{job}'
        GROUP BY document.id
    """)
    assert len({row.uri for row in rows}) == len(rows) == count
    assert {tuple(row)[1:] for row in rows} == {("succeeded", True, 1, 1)}
