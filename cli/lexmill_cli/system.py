"""The whole system on one machine: PostgreSQL, Valkey, the API, and workers by demand."""

import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

import lexmill_migrations
from lexmill.client.api import ApiClient
from lexmill.storage.sources import file_uri
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.local.errors import LocalSystemError, from_os_error
from lexmill_cli.local.folders import private_folder
from lexmill_cli.local.postgres import running_postgres
from lexmill_cli.local.processes import free_port, wait_until
from lexmill_cli.local.services import Service, start_service
from lexmill_cli.local.valkey import running_valkey

_READY_SECONDS = 60
_STOP_SECONDS = 25
_LEAST_FREE_BYTES = 64 << 20


@dataclass(frozen=True)
class LocalSystem:
    """A running system; ``environment`` is what each of its processes is configured by."""

    url: str
    token: str
    home: Path
    environment: Mapping[str, str]
    api: Service

    def client(self) -> ApiClient:
        return ApiClient(self.url, token=self.token, source="/lexmill/cli")


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
        with running_postgres(home) as postgres, running_valkey(home) as valkey:
            _migrate(postgres.url)
            token = secrets.token_urlsafe(32)
            environment = {
                "LEXMILL_DATABASE__URL": postgres.url,
                "LEXMILL_QUEUE__URL": valkey.url,
                "LEXMILL_STORAGE__URI": file_uri((home / "objects").absolute()),
                "LEXMILL_STORAGE__FILE_ROOTS": json.dumps([str(root.resolve()) for root in roots]),
                "LEXMILL_TELEMETRY__METRICS_PORT": "0",
            }
            with _running_api(home, port or free_port(), token, environment) as system:
                yield system
    except LocalSystemError as error:
        raise CommandError(Exit.UNAVAILABLE, str(error)) from error
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, str(from_os_error(error, home))) from error


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


@contextmanager
def _running_api(
    home: Path, port: int, token: str, environment: Mapping[str, str]
) -> Iterator[LocalSystem]:
    _write_private(home / "token", token)
    api = start_service(
        "lexmill_api",
        name="api",
        folder=(home / "logs").absolute(),
        environment={
            **environment,
            "LEXMILL_API__PORT": str(port),
            "LEXMILL_API__CONTROL_TOKEN": token,
        },
    )
    system = LocalSystem(f"http://127.0.0.1:{port}", token, home, environment, api)
    try:
        with system.client() as client:
            wait_until(
                lambda: client.is_ready() or not api.is_running, timeout_seconds=_READY_SECONDS
            )
            if not client.is_ready():
                raise CommandError(
                    Exit.UNAVAILABLE,
                    f"The API did not start; {home / 'logs' / 'api.log'} says why.",
                )
        yield system
    finally:
        api.ask_to_stop()
        api.wait(_STOP_SECONDS)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
