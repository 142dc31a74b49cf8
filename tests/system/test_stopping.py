"""Ctrl-C in the middle: everything stops, and the same command goes on where it stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.commands import (
    Workplace,
    descendants,
    one_of,
    until,
    workplace,
    write_contracts,
)

pytestmark = pytest.mark.system

DOCUMENTS = 150
ENDED = """
    SELECT document.uri, document.state, document.ended_at, count(task.id) AS visits
    FROM document JOIN job ON job.uid = document.job_uid AND job.deleted_at IS NULL
    JOIN task ON task.document_id = document.id AND task.state = 'done'
    GROUP BY document.id ORDER BY document.uri
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path / "work") as place:
        yield place


def test_ctrl_c_stops_all_and_the_same_command_goes_on(place: Workplace) -> None:
    contracts = write_contracts(place.path("contracts"), range(DOCUMENTS))
    command = ("run", contracts, "--json", "--max-workers", "2")
    with place.started(*command) as running:
        until(lambda: place.ended_documents() >= 20)
        processes = descendants(running.process.pid)
        assert len(processes) > 10
        running.interrupt()
        stopped = running.wait(30)
    assert stopped.code == 130
    assert stopped.stdout == ""
    assert stopped.stderr.endswith("Stopped. The same command goes on where it stopped.\n")
    assert "Traceback" not in stopped.stderr
    assert not [process for process in processes if process.is_alive]

    # Another command in between leaves what is not its own alone.
    other = place.run("run", write_contracts(place.path("other"), range(1000, 1003)), "--json")
    assert other.answer["documents"]["succeeded"] == 3, other.stderr

    with place.started(*command) as running:
        until(lambda: "Going on with" in running.stderr)
        before = {row.uri: row for row in place.ask(ENDED)}
        until(lambda: len(place.ask(ENDED)) == DOCUMENTS + 3)
        after = {row.uri: row for row in place.ask(ENDED)}
        ended = running.wait()
    assert ended.code == 0, ended.stderr
    assert ended.answer["documents"] == {
        "total": DOCUMENTS,
        "succeeded": DOCUMENTS,
        "failed": 0,
        "dead": 0,
    }
    done_before = {uri: row for uri, row in before.items() if uri in after}
    assert len(done_before) >= 23
    assert {uri: after[uri] for uri in done_before} == done_before
    assert {(row.state, row.visits) for row in after.values()} == {("succeeded", 1)}


def test_ctrl_c_while_the_servers_are_starting(place: Workplace) -> None:
    contracts = write_contracts(place.path("contracts"), range(1))
    for program in ("initdb", "valkey-server", "lexmill_api"):
        interrupt_at(place, contracts, program)
    assert place.run("run", contracts, "--json").code == 0


def interrupt_at(place: Workplace, contracts: Path, program: str) -> None:
    """As soon as this program has been started."""
    with place.started("run", contracts, "--json") as running:
        until(lambda: one_of(running.process.pid, program))
        processes = descendants(running.process.pid)
        running.interrupt()
        stopped = running.wait(30)
    assert (stopped.code, stopped.stdout) == (130, "")
    assert "Traceback" not in stopped.stderr
    until(lambda: not [process for process in processes if process.is_alive])
