"""LegalJobs a second through the operator, on a real API server.

1,000 LegalJobs are applied at once; ``value`` is how many a second are Accepted with their
Deployment in place, ``baseline`` how many a second the same client creates without an operator.
Then 5,000 idle ones: what they cost, and how long a restarted operator takes to settle, which must
write nothing. The control plane's own programs share the machine with the operator.

    python benchmarks/operator.py [--jobs N] [--idle N]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

import lexmill_migrations
from benchmarks.processes import cpu_seconds, resident_mib
from lexmill_cli.local.valkey import running_valkey
from tests.controlplane.build import CONTROL_PLANE
from tests.controlplane.control_plane import ControlPlane, running_control_plane
from tests.controlplane.fixtures import install_legaljobs
from tests.operator.installation import LEGALJOBS, Installation, running_installation
from tests.processes import OurProcess, until
from tests.servers import temporary_database, temporary_postgres

CONNECTIONS = 32
RESTING_SECONDS = 5.0
"""Longer than a LegalJob waits for the feed to show it."""
QUIET_SECONDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1_000)
    parser.add_argument("--idle", type=int, default=5_000)
    options = parser.parse_args()
    with installation() as running:
        cluster = running.control_plane
        alone = asyncio.run(create(cluster, "alone", options.jobs, documents))
        say(f"created without an operator: {options.jobs / alone:.0f} LegalJobs/s")
        delete_all(running, "alone")
        with fast_operator(running) as operator:
            wait_for_leader(operator)
            writes = len(operator_writes(running))
            began = time.monotonic()
            asyncio.run(create(cluster, "busy", options.jobs, documents))
            until(lambda: in_place(running, "busy") == options.jobs, seconds=600)
            seconds = time.monotonic() - began
            writes = len(operator_writes(running)) - writes
            say(
                f"{options.jobs} LegalJobs accepted, Deployments in place: {seconds:.1f} s, "
                f"{options.jobs / seconds:.0f} a second (goal 40), "
                f"{writes / options.jobs:.2f} API writes a job (goal 4)"
            )
            delete_all(running, "busy")
            if options.idle:
                idle(running, operator, options.idle)
            operator.stop()
        if options.idle:
            restart(running, options.idle)
    value = options.jobs / seconds
    print(
        json.dumps(
            {
                "name": "operator",
                "value": round(value, 1),
                "unit": "LegalJobs/s",
                "baseline": round(options.jobs / alone, 1),
                "ratio": round(value / (options.jobs / alone), 3),
            }
        )
    )
    return 0


def idle(running: Installation, operator: OurProcess, count: int) -> None:
    asyncio.run(create(running.control_plane, "idle", count, listening))
    until(lambda: in_place(running, "idle") == count, seconds=1200)
    until(lambda: is_calm(running, operator), seconds=600)
    before, began = cpu_seconds(operator.process.pid), time.monotonic()
    time.sleep(QUIET_SECONDS)
    used = (cpu_seconds(operator.process.pid) - before) / (time.monotonic() - began)
    say(
        f"{count} idle LegalJobs: {used * 100:.2f} % of a core (goal 2), "
        f"{resident_mib(operator.process.pid):.0f} MiB resident (goal 250)"
    )


def is_calm(running: Installation, operator: OurProcess) -> bool:
    """Nothing is to be done, and Kubernetes' own controllers have looked at each Deployment."""
    if not rests(operator):
        return False
    deployments = listed(running, "/apis/apps/v1/namespaces/idle/deployments")
    return all(each.get("status", {}).get("observedGeneration") for each in deployments)


def rests(operator: OurProcess) -> bool:
    """It has looked at no LegalJob for a while."""
    counter = "lexmill_operator_reconcile_seconds_count"
    before = metric(operator, counter)
    time.sleep(RESTING_SECONDS)
    return metric(operator, counter) == before


def restart(running: Installation, count: int) -> None:
    writes = len(operator_writes(running))
    began = time.monotonic()
    with fast_operator(running) as operator:
        until(
            lambda: (
                metric(operator, "lexmill_operator_legaljobs") == count
                and metric(operator, "lexmill_operator_due_legaljobs") == 0
            ),
            seconds=300,
        )
        seconds = time.monotonic() - began
        leases = [each for each in operator_writes(running)[writes:] if each.resource != "leases"]
        say(
            f"restart with {count}: settled after {seconds:.1f} s (goal 5, process start "
            f"included), {len(leases)} writes (goal 0), "
            f"{resident_mib(operator.process.pid):.0f} MiB resident"
        )


@contextmanager
def installation() -> Iterator[Installation]:
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory()))
        for name in ("control-plane", "postgres", "valkey", "lexmill"):
            (folder / name).mkdir()
        cluster = parts.enter_context(
            running_control_plane(
                CONTROL_PLANE.binaries(), folder / "control-plane", count_writes=True
            )
        )
        install_legaljobs(cluster)
        postgres = parts.enter_context(temporary_postgres(folder / "postgres", durable=True))
        valkey = parts.enter_context(running_valkey(folder / "valkey"))
        database = parts.enter_context(temporary_database(postgres))
        lexmill_migrations.upgrade(database)
        yield parts.enter_context(
            running_installation(cluster, valkey, database=database, folder=folder / "lexmill")
        )


@contextmanager
def fast_operator(running: Installation) -> Iterator[OurProcess]:
    """With the settings that an installation has."""
    with running.running_operator(
        LEXMILL_OPERATOR__LEASE_SECONDS="15",
        LEXMILL_OPERATOR__COUNTERS_SECONDS="5",
        LEXMILL_OPERATOR__STABILIZATION_SECONDS="60",
        LEXMILL_OPERATOR__COOLDOWN_SECONDS="120",
    ) as operator:
        yield operator


def wait_for_leader(operator: OurProcess) -> None:
    until(lambda: metric(operator, "lexmill_operator_is_leader") == 1)


def documents(number: int) -> dict[str, Any]:
    return {"documents": [{"uri": f"s3://contracts/{number}/"}], "suspend": False}


def listening(number: int) -> dict[str, Any]:
    return {"trigger": {"filters": [{"exact": {"type": f"com.example.number.{number}"}}]}}


async def create(cluster: ControlPlane, namespace: str, count: int, spec: Any) -> float:
    """Seconds for creating so many LegalJobs over a few connections."""
    numbers = iter(range(count))
    async with aiohttp.ClientSession(
        cluster.url,
        connector=aiohttp.TCPConnector(ssl=cluster.ssl_context, limit=CONNECTIONS),
        headers={"Authorization": f"Bearer {cluster.token}"},
    ) as http:
        async with http.post("/api/v1/namespaces", json={"metadata": {"name": namespace}}) as made:
            assert made.status == 201, await made.text()

        async def send() -> None:
            for number in numbers:
                job = {
                    "apiVersion": "lexmill.io/v1alpha1",
                    "kind": "LegalJob",
                    "metadata": {"name": f"job-{number}"},
                    "spec": spec(number),
                }
                path = f"{LEGALJOBS}/namespaces/{namespace}/legaljobs"
                async with http.post(path, json=job) as answer:
                    assert answer.status == 201, await answer.text()

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(send())
        return time.monotonic() - began


def in_place(running: Installation, namespace: str) -> int:
    """How many LegalJobs are Accepted and have their Deployment. Asked seldom: it costs."""
    time.sleep(0.5)
    jobs = listed(running, f"{LEGALJOBS}/namespaces/{namespace}/legaljobs")
    accepted = {
        job["metadata"]["name"]
        for job in jobs
        if any(
            each["type"] == "Accepted" and each["status"] == "True"
            for each in job.get("status", {}).get("conditions", ())
        )
    }
    if len(accepted) < len(jobs):
        return 0
    there = {
        each["metadata"]["name"].removesuffix("-main")
        for each in listed(running, f"/apis/apps/v1/namespaces/{namespace}/deployments")
    }
    return len(accepted & there)


def listed(running: Installation, path: str) -> list[dict[str, Any]]:
    answer = running.http.get(path, params={"resourceVersion": "0"})
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def delete_all(running: Installation, namespace: str) -> None:
    path = f"{LEGALJOBS}/namespaces/{namespace}/legaljobs"
    running.http.delete(path, timeout=600).raise_for_status()  # answered when all are deleted
    until(
        lambda: not listed(running, f"/apis/apps/v1/namespaces/{namespace}/deployments"),
        seconds=600,
    )


def operator_writes(running: Installation) -> list[Any]:
    user = f"system:serviceaccount:{running.system}:lexmill-operator"
    return [write for write in running.control_plane.writes() if write.user == user]


def metric(operator: OurProcess, name: str) -> float:
    for line in operator.get("/metrics").text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.split()[1])
    return -1


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
