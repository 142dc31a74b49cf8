"""Lists of a million documents over HTTP, beside a list with OFFSET, ORM objects and Pydantic.

Both servers run one after the other on the same rows. ``value`` and ``baseline`` are requests a
second for page 1,000 (100 rows, 4 connections); page 1, CPU milliseconds of the server for each
request, and PostgreSQL's own times (EXPLAIN ANALYZE, as `benchmarks/lists.py` has them) go to
stderr. ``ratio`` is value / baseline, 0 where PostgreSQL misses its goal: 20 ms, and page 1,000
within 2 times of page 1.

    python benchmarks/rest.py [--documents N] [--seconds S]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx

from lexmill_cli.local import postgres
from lexmill_cli.system import LocalSystem, local_system
from lexmill_migrations import logins

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks import lists
from benchmarks.processes import cpu_seconds, naive_service

CONNECTIONS = 4


@dataclass(frozen=True)
class Outcome:
    per_second: float
    cpu_ms: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            with local_system(home, roots=[], port=None) as system:
                owner = lists.connect(system.postgres.url)
                job = lists.fill(owner, arguments.documents * 10 // 9)
                owner.dispose()
                late, early = in_postgres(system, job)
                ours = measure_ours(system, arguments.seconds)
                # The owner, whom no policy costs anything.
                as_owner = {"LEXMILL_DATABASE__URL": system.postgres.url}
                with naive_service("orm_list", as_owner) as (url, pid):
                    theirs = measure_naive(url, pid, arguments.seconds)
        finally:
            postgres.erase(home)
    for name, outcomes in (("lexmill", ours), ("naive", theirs)):
        for page, outcome in zip(("page 1", "page 1,000"), outcomes, strict=True):
            print(
                f"{name}, {page}: {outcome.per_second:.0f} requests/s, "
                f"{outcome.cpu_ms:.2f} ms CPU each",
                file=sys.stderr,
            )
    print(
        f"in PostgreSQL: page 1 {early:.2f} ms, page 1,000 {late:.2f} ms "
        f"(goals: {lists.GOAL_MS:.0f} ms, within 2 times)",
        file=sys.stderr,
    )
    value, baseline = ours[1].per_second, theirs[1].per_second
    is_flat = late <= 2 * early and late < lists.GOAL_MS
    print(
        json.dumps(
            {
                "name": "rest",
                "value": round(value, 1),
                "unit": "requests/s",
                "baseline": round(baseline, 1),
                "ratio": round(value / baseline if is_flat else 0.0, 3),
            }
        )
    )
    return 0


def in_postgres(system: LocalSystem, job: uuid.UUID) -> tuple[float, float]:
    """Page 1,000 and page 1, read as REST's login reads them."""
    url = logins.url_as(system.postgres.url, role="measured", password="measured")
    logins.add_service(system.postgres.url, service="api", name="measured", password="measured")
    rest = lists.connect(url)
    try:
        return lists.measure(rest, job)
    finally:
        rest.dispose()


def measure_ours(system: LocalSystem, seconds: float) -> tuple[Outcome, Outcome]:
    """Page 1,000 is where 999 pages led to."""
    headers = {"Authorization": f"Bearer {system.token}"}
    base = f"{system.url}/v1/namespaces/{lists.NAMESPACE}/documents"
    first = last = f"{base}?limit={lists.LIMIT}"
    with httpx.Client(headers=headers) as http:
        for _ in range(lists.PAGES - 1):
            following = http.get(last).raise_for_status().json()["next"]
            if following is None:
                break
            last = f"{first}&cursor={following}"
    pid = system.api.process.pid
    return (
        asyncio.run(load(first, headers, pid, seconds)),
        asyncio.run(load(last, headers, pid, seconds)),
    )


def measure_naive(url: str, pid: int, seconds: float) -> tuple[Outcome, Outcome]:
    base = f"{url}/documents/{lists.NAMESPACE}?size={lists.LIMIT}"
    return (
        asyncio.run(load(f"{base}&page=1", {}, pid, seconds)),
        asyncio.run(load(f"{base}&page={lists.PAGES}", {}, pid, seconds)),
    )


async def load(url: str, headers: dict[str, str], pid: int, seconds: float) -> Outcome:
    async with httpx.AsyncClient(headers=headers, timeout=60) as http:
        for _ in range(3):
            (await http.get(url)).raise_for_status()
        done = 0
        started, cpu = time.monotonic(), cpu_seconds(pid)

        async def ask() -> None:
            nonlocal done
            while time.monotonic() - started < seconds:
                (await http.get(url)).raise_for_status()
                done += 1

        await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
        taken = time.monotonic() - started
        return Outcome(done / taken, 1_000 * (cpu_seconds(pid) - cpu) / done)


if __name__ == "__main__":
    sys.exit(main())
