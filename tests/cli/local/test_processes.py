import errno
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lexmill_cli.local.errors import LocalSystemError, from_os_error
from lexmill_cli.local.folders import hold, secret
from lexmill_cli.local.processes import exit_code, free_port, running_in, spawn, wait_until

PATIENCE_SECONDS = 20


def test_a_free_port_is_given_to_nobody_else_and_can_be_taken() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    for port in ports:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen()


def test_a_program_that_cannot_be_started_says_so_in_the_log(tmp_path: Path) -> None:
    pid = spawn(
        tmp_path / "nothing",
        folder=tmp_path,
        log=tmp_path / "log",
        death_signal=signal.SIGKILL,
    )
    codes: list[int] = []

    def ended() -> bool:
        code = exit_code(pid)
        codes.extend([] if code is None else [code])
        return code is not None

    assert wait_until(ended, timeout_seconds=PATIENCE_SECONDS)
    assert codes == [1]
    assert (tmp_path / "log").read_text() == (
        f"FATAL:  {tmp_path}/nothing cannot be started in {tmp_path}: No such file or directory\n"
    )


def test_a_process_is_known_by_its_folder_and_its_program(tmp_path: Path) -> None:
    pid = spawn(
        *("/bin/sleep", "600"),
        folder=tmp_path,
        log=tmp_path / "log",
        death_signal=signal.SIGKILL,
    )
    program = Path("/bin/sleep").resolve().name
    try:
        assert wait_until(
            lambda: running_in(tmp_path, program) == {pid}, timeout_seconds=PATIENCE_SECONDS
        )
        assert not running_in(tmp_path, "postgres")
        assert not running_in(tmp_path.parent, program)
        assert os.getsid(pid) == pid  # Ctrl-C does not reach it
    finally:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: exit_code(pid) is not None, timeout_seconds=PATIENCE_SECONDS)
    assert not running_in(tmp_path, program)


def test_a_secret_stays_and_an_empty_one_is_replaced(tmp_path: Path) -> None:
    first = secret(tmp_path / "password")
    assert len(first) == 64
    assert secret(tmp_path / "password") == first
    (tmp_path / "password").write_text("")
    assert len(secret(tmp_path / "password")) == 64


def test_a_lock_is_free_once_it_is_closed(tmp_path: Path) -> None:
    lock = hold(tmp_path)
    with pytest.raises(LocalSystemError):
        hold(tmp_path)
    lock.close()
    hold(tmp_path).close()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "no_space"),
        (errno.EDQUOT, "no_space"),
        (errno.EACCES, "home_not_writable"),
        (errno.EROFS, "home_not_writable"),
        (errno.EIO, "system_refused"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(number: int, code: str) -> None:
    error = from_os_error(OSError(number, os.strerror(number), "/data/x"), Path("/data"))
    assert error.code == code
    assert "/data" in error.message
    assert "\n" not in error.message


def test_the_error_passes_a_context_manager_unchanged() -> None:
    @contextmanager
    def block() -> Iterator[None]:
        yield

    with pytest.raises(LocalSystemError, match="as it is"), block():
        raise LocalSystemError("code", "as it is")
