"""Processes that a benchmark compares: what they cost, and naive services to compare with."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from lexmill_cli.local.processes import free_port, wait_until

BASELINES = Path(__file__).resolve().parent / "baselines"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextmanager
def naive_service(app: str, environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The address and process of ``app``, a module of ``baselines``; it writes to stderr."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", f"{app}:app", "--port", str(port)),
            *("--app-dir", str(BASELINES), "--no-access-log", "--log-level", "warning"),
        ],
        stdout=sys.stderr,
        env={**os.environ, **environment},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        if not wait_until(lambda: _answers(url), timeout_seconds=60):
            sys.exit(f"the naive service {app} does not answer")
        yield url, process.pid
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/openapi.json").is_success
    except httpx.HTTPError:
        time.sleep(0.05)
        return False
