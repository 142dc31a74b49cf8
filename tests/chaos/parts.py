"""A whole system of parts that can each be killed: PostgreSQL, Valkey, two APIs, three workers.

Not `LocalSystem`, which starts one API and gives up on parts that keep dying, as these shall.
"""

import json
import os
import secrets
import signal
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

import lexmill_migrations
from lexmill.client.api import ApiClient
from lexmill.jobs.schemas import DeclaredJob
from lexmill.storage.sources import file_uri
from lexmill_cli.local import postgres, valkey
from lexmill_cli.local.folders import private_folder
from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.processes import free_port, is_alive, running_in, wait_until
from lexmill_cli.local.services import Service, start_service
from lexmill_cli.local.valkey import ValkeyServer, running_valkey
from tests.logins import api_environment, tenant_url
from tests.servers import conninfo, temporary_postgres

NAMESPACE = "acme"
START_SECONDS = 90
STOP_SECONDS = 20
GRACE_SECONDS = 5


@dataclass
class Parts:
    """What runs, and how to start each part anew. Only the main thread may call."""

    home: Path
    documents: Path
    """The folder that jobs may read."""
    postgres: PostgresServer
    valkey: ValkeyServer
    token: str = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    api_logins: Mapping[str, str] = field(repr=False)
    worker_login: str = field(repr=False)
    urls: tuple[str, ...]
    apis: list[Service] = field(default_factory=list)
    workers: list[Service] = field(default_factory=list)
    _served: list[uuid.UUID] = field(default_factory=list)
    """The job of each worker."""

    @property
    def reports(self) -> Path:
        """Where jobs may write theirs."""
        return self.documents / "reports"

    @property
    def database(self) -> str:
        return conninfo(self.postgres.url)

    def client(self, url: str | None = None) -> ApiClient:
        return ApiClient(url or self.urls[0], token=self.token, source="/tests/chaos")

    def declare(self, job: DeclaredJob) -> None:
        with self.client() as client:
            client.declare(NAMESPACE, job)

    def add_workers(self, job: DeclaredJob, count: int) -> None:
        for _ in range(count):
            self._served.append(job.uid)
            self.workers.append(self._start_worker(len(self.workers)))

    def start_api(self, number: int) -> None:
        self.apis[number] = self._start_api(number)

    def start_worker(self, number: int) -> None:
        self.workers[number] = self._start_worker(number)

    def start_postgres(self) -> None:
        self.postgres = postgres.restart(self.postgres)

    def start_valkey(self) -> None:
        self.valkey = valkey.restart(self.valkey)

    def backends(self) -> list[int]:
        """PostgreSQL's processes that serve clients: its children."""
        pids = running_in(_data_folder(self.postgres), "postgres")
        return sorted(pid for pid in pids - {self.postgres.pid} if _is_backend(pid))

    def flush_valkey(self) -> None:
        with redis.Redis.from_url(self.valkey.url, socket_timeout=5) as client:
            client.flushall()

    def ask(self, query: str, **parameters: Any) -> list[Any]:
        with psycopg.connect(self.database, row_factory=psycopg.rows.namedtuple_row) as connection:
            return connection.execute(query, parameters).fetchall()

    def are_ready(self) -> bool:
        """Whether all APIs are."""
        for url in self.urls:
            with self.client(url) as client:
                if not client.is_ready():
                    return False
        return True

    def stop_services(self) -> None:
        services = [*self.workers, *self.apis]
        for service in services:
            service.ask_to_stop()
        for service in services:
            service.wait(STOP_SECONDS)

    def _start_api(self, number: int) -> Service:
        return start_service(
            "lexmill_api",
            name=f"api-{number}",
            folder=self.home / "logs",
            environment={
                **self.environment,
                **self.api_logins,
                "LEXMILL_API__PORT": self.urls[number].rpartition(":")[2],
                "LEXMILL_API__CONTROL_TOKEN": self.token,
                "LEXMILL_EGRESS__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            },
        )

    def _start_worker(self, number: int) -> Service:
        return start_service(
            "lexmill_workers",
            name=f"worker-{number}",
            folder=self.home / "logs",
            environment={
                **self.environment,
                "LEXMILL_DATABASE__URL": self.worker_login,
                "LEXMILL_WORKER__NAMESPACE": NAMESPACE,
                "LEXMILL_WORKER__JOB": str(self._served[number]),
                "LEXMILL_WORKER__GRACE_SECONDS": str(GRACE_SECONDS),
            },
        )


@contextmanager
def running_parts(home: Path, *, apis: int) -> Iterator[Parts]:
    """Everything but workers, which serve one job; at the end whatever then runs is stopped."""
    home = home.absolute()
    private_folder(home)
    private_folder(home / "logs")
    documents = home / "documents"
    documents.mkdir()
    with (
        temporary_postgres(home) as database,
        running_valkey(home) as queue,
        ExitStack() as services,
    ):
        lexmill_migrations.upgrade(database.url)
        parts = Parts(
            home=home,
            documents=documents,
            postgres=database,
            valkey=queue,
            token=secrets.token_urlsafe(32),
            api_logins=api_environment(database.url),
            worker_login=tenant_url(database.url, NAMESPACE),
            urls=tuple(f"http://127.0.0.1:{free_port()}" for _ in range(apis)),
            environment={
                "LEXMILL_QUEUE__URL": queue.url,
                "LEXMILL_STORAGE__URI": file_uri(home / "objects"),
                "LEXMILL_STORAGE__FILE_ROOTS": json.dumps([str(documents)]),
            },
        )
        services.callback(parts.stop_services)
        parts.apis = [parts._start_api(number) for number in range(apis)]
        assert wait_until(parts.are_ready, timeout_seconds=START_SECONDS)
        yield parts


def sandbox_template(worker: Service) -> int | None:
    """The process that a worker's sandboxed children are forked from."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if parent == worker.process.pid and b"lexmill_workers.sandbox.template" in command:
            return int(entry.name)
    return None


def kill(pid: int) -> None:
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def _data_folder(server: PostgresServer) -> Path:
    return postgres._place(server.home).data


def _is_backend(pid: int) -> bool:
    """Its title names the client's role and database; the server's own helpers have others."""
    try:
        return b" lexmill " in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
