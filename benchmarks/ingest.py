"""Requests a second of one API process, everything committed, beside two naive services.

Each request is one structured CloudEvent of about 540 bytes with an id of its own, from 64
connections (wrk). PostgreSQL runs with fsync. The baselines store nothing. ``value`` is Lexmill's
rate, ``baseline`` the faster naive one's; ``ratio`` is the smaller of (value / def) / 4 and
(value / async) / 2, so 1 or more meets both goals.

    python benchmarks/ingest.py [--seconds N]
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg

from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec, Trigger
from lexmill_cli.local import postgres
from lexmill_cli.system import LocalSystem, local_system

sys.path.append(f"{__file__.rpartition('/')[0]}/..")

from benchmarks.processes import cpu_seconds, naive_service

CONNECTIONS = 64

SCRIPT = """
local prefix = "%s"
local batch = %d
local counter = 0
local head = '{"specversion":"1.0","type":"io.lexmill.document.received.v1",'
  .. '"source":"/benchmark","id":"'
local tail = '","subject":"contracts/2026/0001.pdf","time":"2026-11-22T10:00:00Z",'
  .. '"datacontenttype":"application/json","data":{"uri":"s3://contracts/2026/0001.pdf",'
  .. '"size":184223,"etag":"9b2cf535f27731c974343645a3985328","uploader":"intake",'
  .. '"matter":"ACME-2026-14","note":"' .. string.rep("x", 180) .. '"}}'
wrk.method = "POST"
local mode = batch == 1 and "" or "-batch"
wrk.headers["Content-Type"] = "application/cloudevents" .. mode .. "+json"
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
request = function()
  local parts = {}
  for i = 1, batch do
    counter = counter + 1
    parts[i] = head .. prefix .. number .. "-" .. counter .. tail
  end
  local body = batch == 1 and parts[1] or "[" .. table.concat(parts, ",") .. "]"
  return wrk.format(nil, nil, nil, body)
end
"""


@dataclass(frozen=True)
class Load:
    requests_per_second: float
    requests: int
    p99_ms: float
    errors: int
    cpu_us: float
    """CPU time of the server process a request."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=10)
    seconds = parser.parse_args().seconds
    if shutil.which("wrk") is None:
        print("benchmarks/ingest.py needs `wrk` (Debian: apt-get install wrk)", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        try:
            with local_system(home, roots=[], port=None) as system:
                listen(system)
                lexmill = load(system.api.process.pid, f"{system.url}/ns/default/events", seconds)
                check_committed(system, lexmill.requests)
                batches = load(
                    system.api.process.pid, f"{system.url}/ns/default/events", seconds, batch=10
                )
                with naive_service("naive", system.api_environment) as (url, pid):
                    naive_def = load(pid, f"{url}/def", seconds)
                    naive_async = load(pid, f"{url}/async", seconds)
        finally:
            postgres.erase(home)
    for name, each in (
        ("lexmill", lexmill),
        ("lexmill, batches of 10", batches),
        ("naive def", naive_def),
        ("naive async def", naive_async),
    ):
        print(
            f"{name}: {each.requests_per_second:.0f} requests/s, p99 {each.p99_ms:.1f} ms, "
            f"{each.cpu_us:.0f} us CPU a request, {each.errors} errors",
            file=sys.stderr,
        )
    print(f"batches: {batches.requests_per_second * 10:.0f} events/s", file=sys.stderr)
    value = lexmill.requests_per_second
    by_def = value / naive_def.requests_per_second
    by_async = value / naive_async.requests_per_second
    print(
        f"{by_def:.2f} times def (goal 4), {by_async:.2f} times async def (goal 2)", file=sys.stderr
    )
    print(
        json.dumps(
            {
                "name": "ingest",
                "value": round(value),
                "unit": "requests/s",
                "baseline": round(
                    max(naive_def.requests_per_second, naive_async.requests_per_second)
                ),
                "ratio": round(min(by_def / 4, by_async / 2), 3),
            }
        )
    )
    return 0


def listen(system: LocalSystem) -> None:
    """One suspended listening job: each event makes a document and a task."""
    job = DeclaredJob(
        uid=uuid.uuid4(),
        name="listener",
        owner="local",
        spec=LegalJobSpec(
            trigger=Trigger(
                filters=({"exact": {"type": "io.lexmill.document.received.v1"}},),
                document="/data/uri",
            ),
            suspend=True,
        ),
    )
    with system.client() as client:
        client.declare("default", job)


def load(pid: int, url: str, seconds: int, *, batch: int = 1) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (uuid.uuid4().hex[:8], batch))
        script.flush()
        before = cpu_seconds(pid)
        answer = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{CONNECTIONS}",
                f"-d{seconds}s",
                "--latency",
                "-s",
                script.name,
                url,
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        used = cpu_seconds(pid) - before
    requests = int(_found(r"(\d+) requests in", answer)[1])
    errors = sum(
        int(number)
        for number in re.findall(r"(?:Non-2xx or 3xx responses|timeout|read|write): ?(\d+)", answer)
    )
    return Load(
        requests_per_second=float(_found(r"Requests/sec:\s+([\d.]+)", answer)[1]),
        requests=requests,
        p99_ms=_milliseconds(_found(r"99%\s+([\d.]+)(us|ms|s)", answer)),
        errors=errors,
        cpu_us=used / requests * 1e6,
    )


def _found(pattern: str, answer: str) -> "re.Match[str]":
    match = re.search(pattern, answer)
    assert match is not None, answer
    return match


def _milliseconds(match: "re.Match[str]") -> float:
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]


def check_committed(system: LocalSystem, requests: int) -> None:
    """Every answered request has its event, document and task."""
    url = system.postgres.url.replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        counts = [
            row[0]
            for table in ("event", "document", "task")
            if (row := connection.execute(f"SELECT count(*) FROM {table}").fetchone())
        ]
    # Besides the requests: the event that declared the listener; wrk cuts off what is in flight.
    if min(counts) < requests:
        sys.exit(f"{requests} requests were answered, but there are only {counts} rows")


if __name__ == "__main__":
    sys.exit(main())
