"""Lexmill's own processes, started as they are in a cluster: with nothing but settings."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from lexmill_cli.local.processes import free_port
from tests.logins import api_environment, tenant_url

T = TypeVar("T")

TOKEN = "a-token-that-only-tests-know"
PATIENCE_SECONDS = 60.0


def until(condition: Callable[[], T | None], *, seconds: float = PATIENCE_SECONDS) -> T:
    """What ``condition`` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "the deadline passed"
        time.sleep(0.01)
    return found


@dataclass(frozen=True)
class Place:
    """Somewhere to keep objects: by ``uri`` for Lexmill, as ``folder`` for the test to look."""

    uri: str
    folder: Path
    environment: Mapping[str, str]
    """What a process needs besides the URI."""


def files_beneath(folder: Path) -> list[Path]:
    """Also while somebody removes them: unlike rglob, walk passes over what has just gone."""
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names]


@dataclass
class OurProcess:
    """One process with its log and, where it serves one, the address of its probes."""

    process: "subprocess.Popen[bytes]"
    log: Path
    url: str

    def get(self, path: str) -> httpx.Response:
        # Certificates, which nobody asks for here, would take 20 ms of the processor at each poll:
        # the process that is waited for needs them to start.
        return httpx.get(f"{self.url}{path}", timeout=20, verify=False)

    @property
    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text(encoding="utf-8")[-3000:]
        try:
            return self.get("/readyz").text == "ok"
        except httpx.HTTPError:
            return False

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def lines(self) -> list[dict[str, Any]]:
        """The log; what is not one JSON object a line fails here."""
        return [
            msgspec.json.decode(line, type=dict[str, Any])
            for line in self.log.read_bytes().splitlines()
        ]


@dataclass(frozen=True)
class Settings:
    """What all processes of one installation share, but for their logins in the database."""

    database_url: str
    """The owner's, for tests to look; processes have each their own."""
    queue_url: str
    folder: Path
    more: Mapping[str, str]
    place: Place | None = None
    """Where objects lie; default: beneath the folder."""

    @property
    def objects(self) -> Path:
        return (self.folder if self.place is None else self.place.folder) / "objects"

    @property
    def environment(self) -> dict[str, str]:
        place = self.place or Place(self.folder.as_uri(), self.folder, {})
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "LEXMILL_QUEUE__URL": self.queue_url,
            "LEXMILL_STORAGE__URI": f"{place.uri}/objects",
            "LEXMILL_STORAGE__FILE_ROOTS": f'["{self.folder}", "{place.folder}"]',
            **place.environment,
            **self.more,
        }


@contextmanager
def running(
    settings: Settings,
    module: str,
    name: str,
    url: str,
    *,
    python: str | Path = sys.executable,
    **more: str,
) -> Iterator[OurProcess]:
    """``python -m module``; killed at the end of the block if it still runs."""
    log = settings.folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [python, "-m", module],
            env={**settings.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield OurProcess(process, log, url)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def running_api(
    settings: Settings, name: str = "api", *, python: str | Path = sys.executable
) -> Iterator[OurProcess]:
    port = free_port()
    with running(
        settings,
        "lexmill_api",
        name,
        f"http://127.0.0.1:{port}",
        python=python,
        LEXMILL_API__PORT=str(port),
        LEXMILL_API__CONTROL_TOKEN=TOKEN,
        **api_environment(settings.database_url),
    ) as api:
        until(lambda: api.is_ready)
        yield api


@contextmanager
def running_worker(
    settings: Settings,
    namespace: str,
    job: str,
    *,
    python: str | Path = sys.executable,
    **more: str,
) -> Iterator[OurProcess]:
    """Of the job's main pool, if ``more`` names no other; ``job`` is its uid."""
    port = free_port()
    with running(
        settings,
        "lexmill_workers",
        f"worker-{namespace}",
        f"http://127.0.0.1:{port}",
        python=python,
        LEXMILL_DATABASE__URL=tenant_url(settings.database_url, namespace),
        LEXMILL_WORKER__NAMESPACE=namespace,
        LEXMILL_WORKER__JOB=job,
        LEXMILL_TELEMETRY__METRICS_PORT=str(port),
        **more,
    ) as worker:
        until(lambda: worker.is_ready)
        yield worker
