"""The whole system on one machine: PostgreSQL, Valkey, the API, and workers by demand."""

import json
import os
import secrets
import shutil
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy.exc import SQLAlchemyError

import lexmill_migrations
from lexmill.client.api import ApiClient
from lexmill.storage.sources import file_uri
from lexmill.tenancy.roles import tenant_role
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.local import postgres, valkey
from lexmill_cli.local.errors import LocalSystemError, from_os_error
from lexmill_cli.local.folders import private_folder
from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.processes import free_port, is_alive, wait_until
from lexmill_cli.local.services import Service, start_service
from lexmill_cli.local.valkey import ValkeyServer
from lexmill_migrations import logins

_READY_SECONDS = 60
_STOP_SECONDS = 25
_LEAST_FREE_BYTES = 64 << 20
_MOST_DEATHS = 10
_DEATHS_WITHIN_SECONDS = 60.0


@dataclass
class LocalSystem:
    """A running system; ``environment`` is what all of its processes are configured by.

    But for the database, in which each has a login of its own.
    """

    url: str
    token: str = field(repr=False)
    home: Path
    environment: Mapping[str, str] = field(repr=False)
    api_environment: Mapping[str, str] = field(repr=False)
    api: Service
    postgres: PostgresServer
    valkey: ValkeyServer
    _deaths: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_DEATHS))
    _tenants: dict[str, str] = field(default_factory=dict, repr=False)

    def client(self) -> ApiClient:
        return ApiClient(self.url, token=self.token, source="/lexmill/cli")

    def worker_database(self, namespace: str) -> str | None:
        """The URL of a namespace's workers; None while PostgreSQL does not answer."""
        if namespace not in self._tenants:
            role = tenant_role(namespace)
            password = self.postgres.password_of(role)
            try:
                logins.add_tenant(self.postgres.url, namespace=namespace, password=password)
            except psycopg.OperationalError:
                return None
            self._tenants[namespace] = logins.url_as(
                self.postgres.url, role=role, password=password
            )
        return self._tenants[namespace]

    def heal(self) -> list[str]:
        """Start what has died again, at the address it had; gives the names of these parts.

        What the others do meanwhile is theirs: workers and API wait for a server that is away.
        Raises LocalSystemError where a part cannot start again or keeps dying.
        """
        healed = []
        if not is_alive(self.postgres.pid):
            self._count_death("PostgreSQL", self.home / "postgres" / "server.log")
            self.postgres = postgres.restart(self.postgres)
            healed.append("PostgreSQL")
        if not is_alive(self.valkey.pid):
            self._count_death("Valkey", self.home / "valkey" / "server.log")
            self.valkey = valkey.restart(self.valkey)
            healed.append("Valkey")
        if not self.api.is_running:
            self._count_death("The API", self.home / "logs" / "api.log")
            self.api = _start_api(self.home, self.url, self.token, self.api_environment)
            healed.append("The API")
        return healed

    def _count_death(self, part: str, log: Path) -> None:
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _DEATHS_WITHIN_SECONDS:
            raise LocalSystemError(
                "keeps_dying",
                f"{part} has ended by itself, and not for the first time; {log} says why. "
                "The same command goes on from here.",
            )


@contextmanager
def local_system(home: Path, *, roots: Sequence[Path], port: int | None) -> Iterator[LocalSystem]:
    """Everything but workers, for the time of the block; data stay in ``home`` between runs.

    ``roots`` are the folders that jobs may read and write. Without ``port`` a free one is taken.
    Raises CommandError where this machine cannot run it now.
    """
    try:
        _check_space(home)
        private_folder(home)
        private_folder(home / "logs")
        if port is not None:
            _check_port(port)
        with _running(home, roots=roots, port=port) as system:
            yield system
    except LocalSystemError as error:
        raise CommandError(Exit.UNAVAILABLE, str(error)) from error
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, str(from_os_error(error, home))) from error


@contextmanager
def _running(home: Path, *, roots: Sequence[Path], port: int | None) -> Iterator[LocalSystem]:
    """Each part is stopped by what it is then: `heal` may have replaced it."""
    with ExitStack() as parts:
        system: LocalSystem | None = None
        database = postgres.start(home)
        parts.callback(lambda: postgres.stop(system.postgres if system else database))
        queue = valkey.start(home)
        parts.callback(lambda: valkey.stop(system.valkey if system else queue))
        _migrate(database.url)
        token = secrets.token_urlsafe(32)
        _write_private(home / "token", token)
        url = f"http://127.0.0.1:{port or free_port()}"
        environment = {
            "LEXMILL_QUEUE__URL": queue.url,
            "LEXMILL_STORAGE__URI": file_uri((home / "objects").absolute()),
            "LEXMILL_STORAGE__FILE_ROOTS": json.dumps([str(root.resolve()) for root in roots]),
            "LEXMILL_TELEMETRY__METRICS_PORT": "0",
        }
        api_environment = {**environment, **_api_logins(database)}
        api = _start_api(home, url, token, api_environment)
        parts.callback(lambda: _stop_api(system.api if system else api))
        system = LocalSystem(url, token, home, environment, api_environment, api, database, queue)
        _wait_for_api(system)
        address = home / "url"
        address.write_text(url, encoding="ascii")
        parts.callback(address.unlink, missing_ok=True)
        yield system


def _check_space(folder: Path) -> None:
    existing = next(
        path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()
    )
    if shutil.disk_usage(existing).free < _LEAST_FREE_BYTES:
        raise CommandError(
            Exit.UNAVAILABLE,
            f"Less than {_LEAST_FREE_BYTES >> 20} MiB are free on the disk of {folder}: "
            "free some and try again.",
        )


def _check_port(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                Exit.UNAVAILABLE,
                f"Port {port} of 127.0.0.1 is in use: stop what listens there, or choose another "
                "with --port.",
            ) from error


def _migrate(url: str) -> None:
    try:
        lexmill_migrations.upgrade(url)
    except SQLAlchemyError as error:
        raise CommandError(
            Exit.UNAVAILABLE,
            f"The database could not be brought to this version's schema ({type(error).__name__}).",
        ) from error


def _api_logins(server: PostgresServer) -> dict[str, str]:
    """The API's process has one for ingest and one for what people ask."""
    variables = {"ingest": "LEXMILL_DATABASE__URL", "api": "LEXMILL_DATABASE__API_URL"}
    for service in variables:
        logins.add_service(
            server.url, service=service, name=service, password=server.password_of(service)
        )
    return {
        variable: logins.url_as(server.url, role=role, password=server.password_of(role))
        for role, variable in variables.items()
    }


def _start_api(home: Path, url: str, token: str, environment: Mapping[str, str]) -> Service:
    return start_service(
        "lexmill_api",
        name="api",
        folder=(home / "logs").absolute(),
        environment={
            **environment,
            "LEXMILL_API__PORT": url.rpartition(":")[2],
            "LEXMILL_API__CONTROL_TOKEN": token,
            # Who runs it here may have sinks here.
            "LEXMILL_EGRESS__ALLOWED_NETWORKS": '["127.0.0.0/8", "::1/128"]',
        },
    )


def _wait_for_api(system: LocalSystem) -> None:
    with system.client() as client:
        wait_until(
            lambda: client.is_ready() or not system.api.is_running, timeout_seconds=_READY_SECONDS
        )
        if not client.is_ready():
            raise CommandError(
                Exit.UNAVAILABLE,
                f"The API did not start; {system.home / 'logs' / 'api.log'} says why.",
            )


def _stop_api(api: Service) -> None:
    api.ask_to_stop()
    api.wait(_STOP_SECONDS)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
