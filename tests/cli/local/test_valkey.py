import os
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from lexmill_cli.local import valkey
from lexmill_cli.local.errors import LocalSystemError
from lexmill_cli.local.processes import is_alive, wait_until
from lexmill_cli.local.valkey import ValkeyServer, running_valkey

pytestmark = pytest.mark.servers

PATIENCE_SECONDS = 20


@contextmanager
def connected(server: ValkeyServer) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(server.url, decode_responses=True)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ValkeyServer]:
    with running_valkey(tmp_path) as running:
        yield running


def test_it_keeps_nothing_on_the_disk_and_evicts_nothing(server: ValkeyServer) -> None:
    with connected(server) as client:
        settings = client.config_get("save", "appendonly", "maxmemory-policy", "bind")
    assert settings == {
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "bind": "127.0.0.1",
    }


def test_it_needs_its_password(server: ValkeyServer) -> None:
    for name in ("password", "valkey.conf"):
        assert stat.S_IMODE((server.home / "valkey" / name).stat().st_mode) == 0o600
    client = redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0))
    with pytest.raises(redis.AuthenticationError):
        client.ping()
    client.close()
    command_line = Path(f"/proc/{server.pid}/cmdline").read_text()
    assert (server.home / "valkey" / "password").read_text() not in command_line


def test_flushed_it_goes_on(server: ValkeyServer) -> None:
    with connected(server) as client:
        client.rpush("wake-ups", "one")
        client.flushall()
        assert client.llen("wake-ups") == 0
        client.rpush("wake-ups", "two")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_killed_it_comes_back_empty_at_the_same_address(
    tmp_path: Path, how: signal.Signals
) -> None:
    with running_valkey(tmp_path) as server:
        with connected(server) as client:
            client.set("gone", "with it")
            if how == signal.SIGKILL:
                valkey.kill(server)
                assert not is_alive(server.pid)
                with pytest.raises(redis.ConnectionError):
                    client.ping()
            again = valkey.restart(server)
            assert client.get("gone") is None  # the same client, so the same address
        assert again.url == server.url
        assert again.pid != server.pid
    assert not is_alive(server.pid)
    assert not is_alive(again.pid)


def test_two_homes_run_side_by_side(server: ValkeyServer, tmp_path: Path) -> None:
    with running_valkey(tmp_path / "other") as other, connected(server) as client:
        assert other.port != server.port
        assert client.ping()


def test_a_home_serves_one_at_a_time(server: ValkeyServer) -> None:
    with pytest.raises(LocalSystemError, match=rf"process {os.getpid()}\b"):
        valkey.start(server.home)
    with connected(server) as client:
        assert client.ping()


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalSystemError) as error:
        valkey.start(tmp_path / "file")
    assert error.value.code == "home_not_writable"


PLAY = """
import sys, threading
from pathlib import Path
from lexmill_cli.local import valkey
servers = []
start = lambda: servers.append(valkey.start(Path(sys.argv[1])))
if sys.argv[2] == "thread":
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
else:
    start()
print(servers[0].pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("thread", ["main", "thread"])
def test_a_killed_command_leaves_nothing_to_the_next(tmp_path: Path, thread: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PLAY, str(tmp_path), thread],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as play:
        assert play.stdout is not None
        assert select.select([play.stdout], [], [], PATIENCE_SECONDS)[0]
        pid = int(play.stdout.readline())
        play.kill()
    if thread == "main":  # the kernel tells it; else the next start does
        assert wait_until(lambda: not is_alive(pid), timeout_seconds=PATIENCE_SECONDS)
    with running_valkey(tmp_path):
        assert not is_alive(pid)
