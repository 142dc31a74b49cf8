"""How long a task waits whose worker was killed: Dramatiq alone needs minutes to half an hour."""

import os
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec
from lexmill_cli.local.services import Service
from tests.chaos.parts import NAMESPACE, Parts, kill, running_parts, sandbox_template
from tests.processes import until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("chaos")]

PROMISED_SECONDS = 25
VISIT = "SELECT state, worker, crashes FROM task WHERE kind = 'process'"


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Whoever of them is left goes on after the block."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_the_task_of_a_killed_worker_runs_again_within_25_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = DeclaredJob(
        uid=uuid.uuid4(),
        name="contracts",
        owner="api",
        spec=LegalJobSpec.model_validate({"trigger": {}}),
    )
    with running_parts(tmp_path / "home", apis=1) as parts:
        parts.declare(job)
        parts.add_workers(job, 2)
        templates = [until(partial(_ready, parts, number)) for number in range(2)]
        # A visit hangs in a sandbox that is stopped, for as long as the test wants.
        with stopped(templates):
            _send_one_document(parts)
            (visit,) = until(lambda: parts.ask(f"{VISIT} AND state = 'running'"))
            worker = _worker_of(parts, visit.worker)
            (killed,) = parts.ask("SELECT clock_timestamp() AS at")
            kill(worker.process.pid)
            (again,) = until(
                lambda: parts.ask(
                    "SELECT worker, started_at FROM task WHERE kind = 'process'"
                    " AND state = 'running' AND worker <> %(dead)s",
                    dead=visit.worker,
                )
            )
        waited = (again.started_at - killed.at).total_seconds()
        with capsys.disabled():
            sys.stdout.write(f"\na killed worker's task ran again after {waited:.1f} s\n")
        assert waited <= PROMISED_SECONDS
        until(lambda: parts.ask(f"{VISIT} AND state = 'done'"))
        (visit,) = parts.ask(VISIT)
        assert (visit.worker, visit.crashes) == (again.worker, 1)
        (document,) = parts.ask("SELECT state FROM document")
        assert document.state == "succeeded"


def _ready(parts: Parts, number: int) -> int | None:
    """The sandbox's template, once the worker waits for work."""
    log = parts.home / "logs" / f"worker-{number}.log"
    if b"worker_started" not in log.read_bytes():
        return None
    return sandbox_template(parts.workers[number])


def _send_one_document(parts: Parts) -> None:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/chaos/killed-worker",
        "type": "com.example.contract.received",
        "datacontenttype": "text/plain",
        "data": "This Agreement is made on 6 May 2024 between Alder Ltd and Birch Ltd.",
    }
    answer = httpx.post(
        f"{parts.urls[0]}/ns/{NAMESPACE}/events",
        json=event,
        headers={"Content-Type": "application/cloudevents+json"},
    )
    assert answer.status_code == 202, answer.text


def _worker_of(parts: Parts, name: str) -> Service:
    """By the process id at the end of the worker's name."""
    (worker,) = (each for each in parts.workers if name.endswith(f"-{each.process.pid}"))
    return worker
