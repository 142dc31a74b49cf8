"""From an event to the first worker of a LegalJob that is at zero, on a real API server.

Single events go to listening LegalJobs without workers, one at a time and at random moments; the
clock runs from the request until a watch shows the Deployment with a replica. ``value`` is the 99th
percentile. ``baseline`` is that of a scaler that polls every 30 s, KEDA's default
`pollingInterval`: for the same events the wait until its next poll alone, everything after that
being free.

    python benchmarks/activation.py [--events N]
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from typing import Any

import aiohttp
import httpx

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks.legaljobs import (
    create,
    fast_operator,
    in_place,
    installation,
    listening,
    rests,
    say,
    wait_for_leader,
)
from tests.operator.installation import Installation
from tests.processes import until

NAMESPACE = "listening"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
POLLING_SECONDS = 30.0
PAUSE_SECONDS = 0.2
QUIET_SECONDS = 20.0
PATIENCE_SECONDS = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--events", type=int, default=200)
    options = parser.parse_args()
    with installation() as running, fast_operator(running) as operator:
        wait_for_leader(operator)
        asyncio.run(create(running.control_plane, NAMESPACE, options.events, listening))
        until(lambda: in_place(running, NAMESPACE) == options.events, seconds=600)
        until(lambda: rests(operator), seconds=120)
        asked = requests(running)
        time.sleep(QUIET_SECONDS)
        asked = requests(running) - asked
        waits = asyncio.run(activate(running, options.events))
    value = percentile(waits, 99)
    baseline = percentile([random.uniform(0, POLLING_SECONDS) for _ in waits], 99)
    say(
        f"{len(waits)} events: median {statistics.median(waits) * 1000:.0f} ms, "
        f"p99 {value * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms (goal: p99 under 1000 ms); "
        f"{asked.total() / QUIET_SECONDS:.2f} requests a second to the API server while nothing "
        f"came: {dict(asked)}"
    )
    print(
        json.dumps(
            {
                "name": "activation",
                "value": round(value, 3),
                "unit": "s",
                "baseline": round(baseline, 1),
                "ratio": round(value / baseline, 4),
            }
        )
    )
    return 0


def requests(running: Installation) -> Counter[str]:
    """The operator's so far, by what they are about."""
    user = f"system:serviceaccount:{running.system}:lexmill-operator"
    asked = running.control_plane.requests()
    return Counter(f"{each.verb} {each.resource}" for each in asked if each.user == user)


async def activate(running: Installation, count: int) -> list[float]:
    """Seconds from each event to its LegalJob's first replica."""
    cluster = running.control_plane
    started = {f"job-{number}-main": asyncio.Event() for number in range(count)}
    async with (
        aiohttp.ClientSession(
            cluster.url,
            connector=aiohttp.TCPConnector(ssl=cluster.ssl_context),
            headers={"Authorization": f"Bearer {cluster.token}"},
            timeout=aiohttp.ClientTimeout(total=None),
        ) as kubernetes,
        httpx.AsyncClient(base_url=running.api_url, timeout=PATIENCE_SECONDS) as lexmill,
    ):
        watching = asyncio.create_task(watch(kubernetes, started))
        waits = []
        for number in random.sample(range(count), count):
            await asyncio.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
            began = time.monotonic()
            await send(lexmill, number)
            await asyncio.wait_for(started[f"job-{number}-main"].wait(), PATIENCE_SECONDS)
            waits.append(time.monotonic() - began)
        watching.cancel()
    return waits


async def watch(http: aiohttp.ClientSession, started: dict[str, asyncio.Event]) -> None:
    async with http.get(DEPLOYMENTS, params={"watch": "1"}, read_bufsize=1 << 22) as answer:
        async for line in answer.content:
            deployment = json.loads(line)["object"]
            if deployment["spec"]["replicas"]:
                started[deployment["metadata"]["name"]].set()


async def send(lexmill: httpx.AsyncClient, number: int) -> None:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/benchmark",
        "type": f"com.example.number.{number}",
        "datacontenttype": "text/plain",
        "data": "This Agreement is made between A Ltd and B Ltd.",
    }
    answer = await lexmill.post(
        f"/ns/{NAMESPACE}/jobs/job-{number}/events",
        content=json.dumps(event),
        headers={"content-type": "application/cloudevents+json"},
    )
    answer.raise_for_status()


def percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    sys.exit(main())
