"""Thousands of server-sent event streams on one API process, beside streams that poll.

All watch one job. ``value`` and ``baseline`` are the resident memory with all streams open, in
MiB; how long a change takes until every stream has it, and what idle streams cost, go to stderr.
The streams that poll ask the database once a second each.

    python benchmarks/live.py [--streams N]
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx

from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Trigger
from lexmill_cli.local import postgres
from lexmill_cli.system import LocalSystem, local_system

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks.processes import cpu_seconds, naive_service, resident_mib

GOAL_MIB, GOAL_SECONDS = 200, 1.0
QUIET_SECONDS = 10
CHANGES = 5


@dataclass(frozen=True)
class Outcome:
    mib: float
    slowest_seconds: float
    idle_share: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--streams", type=int, default=2_000)
    streams = parser.parse_args().streams
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            with local_system(home, roots=[], port=None) as system:
                ours = measure(system, system.url, system.api.process.pid, streams, ours=True)
                with naive_service("polling_stream", system.api_environment) as (url, pid):
                    theirs = measure(system, url, pid, streams, ours=False)
        finally:
            postgres.erase(home)
    for name, outcome in (("lexmill", ours), ("polling", theirs)):
        print(
            f"{name}: {streams} streams, {outcome.mib:.0f} MiB, idle {outcome.idle_share:.1%} of a "
            f"core, a change reached all within {outcome.slowest_seconds:.2f} s at most",
            file=sys.stderr,
        )
    print(f"goals: {GOAL_MIB} MiB, {GOAL_SECONDS} s", file=sys.stderr)
    print(
        json.dumps(
            {
                "name": "live",
                "value": round(ours.mib, 1),
                "unit": "MiB",
                "baseline": round(theirs.mib, 1),
                "ratio": round(ours.mib / theirs.mib, 4),
            }
        )
    )
    return 0


def measure(system: LocalSystem, url: str, pid: int, streams: int, *, ours: bool) -> Outcome:
    name = f"watched-{'ours' if ours else 'theirs'}"
    job = DeclaredJob(
        uid=uuid.uuid4(), name=name, owner="local", spec=LegalJobSpec(trigger=Trigger())
    )
    with system.client() as client:
        client.declare("default", job)
    send(system)
    path = f"/v1/namespaces/default/progress?job={name}" if ours else f"/progress/{name}"
    return asyncio.run(watch(system, f"{url}{path}", pid, streams))


async def watch(system: LocalSystem, url: str, pid: int, streams: int) -> Outcome:
    seen = [0] * streams
    readers = []
    for number in range(streams):
        readers.append(asyncio.create_task(read(system, url, seen, number)))
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    await all_have(seen, 1, 60)
    before = cpu_seconds(pid)
    await asyncio.sleep(QUIET_SECONDS)
    idle = (cpu_seconds(pid) - before) / QUIET_SECONDS
    slowest = 0.0
    for _ in range(CHANGES):
        await asyncio.sleep(1.5)
        known = max(seen)
        started = time.monotonic()
        await asyncio.to_thread(send, system)
        await all_have(seen, known + 1, 30)
        slowest = max(slowest, time.monotonic() - started)
    mib = resident_mib(pid)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return Outcome(mib, slowest, idle)


async def read(system: LocalSystem, url: str, seen: list[int], number: int) -> None:
    """The largest number of documents that this stream was told of."""
    parts = httpx.URL(url)
    reader, writer = await asyncio.open_connection(parts.host, parts.port)
    writer.write(
        f"GET {parts.raw_path.decode()} HTTP/1.1\r\nHost: {parts.host}\r\n"
        f"Authorization: Bearer {system.token}\r\n\r\n".encode()
    )
    try:
        async for line in reader:
            if line.startswith(b"data: "):
                state = json.loads(line.removeprefix(b"data: "))
                documents = state.get("documents", {"total": sum(_numbers(state))})
                seen[number] = documents["total"]
    finally:
        writer.close()


def _numbers(state: dict[str, object]) -> list[int]:
    return [number for number in state.values() if isinstance(number, int)]


async def all_have(seen: list[int], total: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while min(seen) < total:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {sum(n >= total for n in seen)} streams were told in time")
        await asyncio.sleep(0.005)


def send(system: LocalSystem) -> None:
    httpx.post(
        f"{system.url}/events",
        content=b"This Agreement is made between A Ltd and B Ltd.",
        headers={
            "ce-specversion": "1.0",
            "ce-id": str(uuid.uuid4()),
            "ce-source": "/benchmark",
            "ce-type": "com.example.received",
            "Content-Type": "text/plain",
        },
    ).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
