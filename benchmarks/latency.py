"""From an event's arrival to the start of its first visit on an idle system, beside Dramatiq.

Lexmill: PostgreSQL's clock at the begin of the ingest's transaction and at the claim, so the commit
is part of it. Dramatiq: ``actor.send()`` to a worker with its default settings. ``value`` and
``baseline`` are medians in milliseconds; both p99 go to stderr.

    python benchmarks/latency.py [--events N]
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import dramatiq
import httpx
import psycopg
from dramatiq.brokers.redis import RedisBroker

from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Trigger
from lexmill_cli.local import postgres
from lexmill_cli.local.processes import wait_until
from lexmill_cli.local.services import start_service
from lexmill_cli.system import LocalSystem, local_system

GOAL_P50_MS, GOAL_P99_MS = 50, 200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=200)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            with local_system(home, roots=[], port=None) as system:
                own = lexmill(system, events)
                theirs = dramatiq_defaults(system.environment["LEXMILL_QUEUE__URL"], events // 4)
        finally:
            postgres.erase(home)
    for name, values in (("lexmill", own), ("dramatiq's defaults", theirs)):
        p50, p99 = quantiles(values)
        print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, n {len(values)}", file=sys.stderr)
    print(f"goals: p50 {GOAL_P50_MS} ms, p99 {GOAL_P99_MS} ms", file=sys.stderr)
    value, baseline = quantiles(own)[0], quantiles(theirs)[0]
    print(
        json.dumps(
            {
                "name": "latency",
                "value": round(value, 2),
                "unit": "ms",
                "baseline": round(baseline, 2),
                "ratio": round(value / baseline, 4),
            }
        )
    )
    return 0


def quantiles(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), statistics.quantiles(values, n=100)[98]


def lexmill(system: LocalSystem, events: int) -> list[float]:
    """One worker that runs already; one event at a time, each a random pause after the last."""
    job = DeclaredJob(
        uid=uuid.uuid4(), name="listener", owner="local", spec=LegalJobSpec(trigger=Trigger())
    )
    with system.client() as client:
        client.declare("default", job)
    database = system.worker_database("default")
    assert database is not None
    worker = start_service(
        "lexmill_workers",
        name="worker",
        folder=system.home / "logs",
        environment={
            **system.environment,
            "LEXMILL_DATABASE__URL": database,
            "LEXMILL_WORKER__NAMESPACE": "default",
            "LEXMILL_WORKER__JOB": str(job.uid),
        },
    )
    url = system.postgres.url.replace("+psycopg", "")
    try:
        with psycopg.connect(url, autocommit=True) as connection, httpx.Client() as http:
            for number in range(events + 1):
                status = send(system, http, number)
                assert status == httpx.codes.ACCEPTED, status
                arrived = partial(has_ended, connection, number + 1)
                assert wait_until(arrived, timeout_seconds=60)
                time.sleep(random.uniform(0.05, 0.3))
            rows = connection.execute(
                """
                SELECT extract(epoch FROM task.started_at - document.created_at) * 1000
                FROM task JOIN document ON document.id = task.document_id
                ORDER BY task.id OFFSET 1
                """
            ).fetchall()
    finally:
        worker.ask_to_stop()
        worker.wait(10)
    return [float(row[0]) for row in rows]


def send(system: LocalSystem, http: httpx.Client, number: int) -> int:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(number),
        "ce-source": "/benchmark",
        "ce-type": "test",
        "content-type": "text/plain",
    }
    return http.post(
        f"{system.url}/ns/default/jobs/listener/events",
        headers=headers,
        content=f"This Agreement {number} is made on 1 May 2024.",
    ).status_code


def has_ended(connection: "psycopg.Connection[tuple[Any, ...]]", documents: int) -> bool:
    row = connection.execute("SELECT count(*) FROM document WHERE ended_at IS NOT NULL").fetchone()
    return row is not None and row[0] == documents


def dramatiq_defaults(url: str, events: int) -> list[float]:
    broker = RedisBroker(url=url)
    dramatiq.set_broker(broker)
    waits: list[float] = []
    begun = threading.Event()

    @dramatiq.actor(queue_name="defaults")
    def handle(sent_at: float) -> None:
        waits.append((time.monotonic() - sent_at) * 1000)
        begun.set()

    worker = dramatiq.Worker(broker)
    worker.start()
    for _ in range(events):
        time.sleep(random.uniform(0.05, 1.5))
        begun.clear()
        handle.send(time.monotonic())
        begun.wait(30)
    worker.stop()
    return waits


if __name__ == "__main__":
    sys.exit(main())
