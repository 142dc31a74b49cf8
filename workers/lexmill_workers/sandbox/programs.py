"""The second profile: an external program on files of a private folder.

It cannot do with bytes alone, so it is held by other means: no environment but what is given, no
sockets, no signals, rlimits, and files only beneath ``readable`` and its folder (Landlock; where
the kernel lacks it, the file rights of the worker's user are all that holds it). What it starts
stays in its process group and ends with it. Only regular files that it leaves in its folder are
read back, never what a link points to.
"""

import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from lexmill_workers.sandbox import kernel
from lexmill_workers.sandbox.errors import (
    Kind,
    SandboxError,
    SandboxUnavailableError,
    public_message,
)
from lexmill_workers.sandbox.limits import MIB, Limits

PROGRAM_LIMITS: Final = Limits(memory_bytes=2048 * MIB, file_bytes=512 * MIB)
READABLE: Final = tuple(
    Path(path)
    for path in (
        *("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives", "/etc/fonts"),
        *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/libreoffice"),
        *("/dev/urandom", "/dev/zero", "/var/cache/fontconfig"),
    )
)
"""Programs, libraries, fonts; nothing of users, no other process, no secret of the pod."""

_SEARCH_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_LOOK_SECONDS: Final = 0.02
_CHUNK_BYTES: Final = 256 * 1024

_Stop = Literal["timeout", "cancelled", "output"]


@dataclass(frozen=True)
class ProgramResult:
    exit_code: int
    stdout: bytes
    files: Mapping[str, bytes]
    """Those of ``output_files`` that exist."""


def run_program(
    argv: Sequence[str],
    *,
    input_files: Mapping[str, bytes],
    output_files: Sequence[str] = (),
    limits: Limits = PROGRAM_LIMITS,
    environment: Mapping[str, str] | None = None,
    readable: Sequence[Path] = READABLE,
    cancelled: Callable[[], bool] | None = None,
    allow_without_seccomp: bool = False,
) -> ProgramResult:
    """Run to the end, in a folder that has ``input_files`` and is its HOME and TMPDIR.

    Raises `SandboxError` for what ended it before its own end, `SandboxUnavailableError` where it
    is not installed or cannot be locked down. What an exit code means is the caller's to know.
    """
    program = shutil.which(argv[0], path=_SEARCH_PATH)
    if program is None:
        raise SandboxUnavailableError(f"The program {argv[0]} is not installed.")
    kernel.hide_process()
    with tempfile.TemporaryDirectory(prefix="lexmill-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for file_name, data in input_files.items():
            (folder / _simple(file_name)).write_bytes(data)
        given = {"HOME": name, "TMPDIR": name, "PATH": _SEARCH_PATH, "LANG": "C.UTF-8"}
        order = {
            "argv": [program, *argv[1:]],
            "environment": given | dict(environment or {}),
            "readable": [str(path) for path in readable],
            "worker_pid": os.getpid(),
            "memory_bytes": limits.memory_bytes,
            "cpu_seconds": limits.cpu_seconds,
            "file_bytes": limits.file_bytes,
            "allow_without_seccomp": allow_without_seccomp,
        }
        exit_code, stdout = _Run(order, folder, limits).to_end(cancelled)
        files = _collect(folder, output_files, limits)
    return ProgramResult(exit_code=exit_code, stdout=stdout, files=files)


def is_installed(program: str) -> bool:
    """Whether ``run_program`` would find it."""
    return shutil.which(program, path=_SEARCH_PATH) is not None


class _Run:
    def __init__(self, order: Mapping[str, object], folder: Path, limits: Limits) -> None:
        self._limits = limits
        self._chunks: list[bytes] = []
        self._received_bytes = 0
        self._exit_code = 0
        self._cpu_seconds = 0.0
        self._report, report_to = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
                [
                    *(sys.executable, "-I", "-X", "utf8"),
                    *("-m", "lexmill_workers.sandbox.launcher"),
                    json.dumps({**order, "report_to": report_to}),
                ],
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # it may quote the document
                pass_fds=[report_to],
                start_new_session=True,  # its process group is all that it starts
            )
        except OSError:
            os.close(self._report)
            raise
        finally:
            os.close(report_to)

    def to_end(self, cancelled: Callable[[], bool] | None) -> tuple[int, bytes]:
        try:
            stop = self._watch(cancelled)
        finally:
            self._end()
        with open(self._report, "rb") as report:  # noqa: PTH123 - it has no path
            failure = report.read(4096)
        if failure:
            reason = failure.decode(errors="replace")
            raise SandboxUnavailableError(f"The program cannot be locked down: {reason}")
        if stop is not None:
            busy = self._cpu_seconds > self._limits.wall_seconds / 2
            raise self._error(stop, retryable=stop == "timeout" and not busy)
        if self._exit_code < 0:
            number = -self._exit_code
            name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
            kind: Kind = "died" if number in {signal.SIGKILL, signal.SIGTERM} else "crashed"
            if number == signal.SIGXCPU or self._cpu_seconds >= self._limits.cpu_seconds:
                kind = "cpu"
            raise self._error(kind, detail=name, number=number, retryable=kind == "died")
        return self._exit_code, b"".join(self._chunks)

    def _watch(self, cancelled: Callable[[], bool] | None) -> _Stop | None:
        deadline = time.monotonic() + self._limits.wall_seconds
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while True:
            if cancelled is not None and cancelled():
                return "cancelled"
            if time.monotonic() > deadline:
                return "timeout"
            ended = self._has_ended()
            for descriptor, _ in poll.poll(0 if ended else _LOOK_SECONDS * 1000):
                if not self._receive(descriptor):
                    poll.unregister(descriptor)
            if self._received_bytes > self._limits.result_bytes:
                return "output"
            if ended:
                return None

    def _receive(self, descriptor: int) -> bool:
        """All that is there; whether more may come."""
        try:
            while self._received_bytes <= self._limits.result_bytes:
                chunk = os.read(descriptor, _CHUNK_BYTES)
                if not chunk:
                    return False
                self._chunks.append(chunk)
                self._received_bytes += len(chunk)
        except BlockingIOError:
            pass
        return True

    def _has_ended(self, *, wait: bool = False) -> bool:
        pid, status, usage = os.wait4(self._process.pid, 0 if wait else os.WNOHANG)
        if pid == 0:
            return False
        self._exit_code = self._process.returncode = os.waitstatus_to_exitcode(status)
        self._cpu_seconds = usage.ru_utime + usage.ru_stime
        return True

    def _end(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # all of the group has ended
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.returncode is None:
            self._has_ended(wait=True)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _error(
        self, kind: Kind, *, retryable: bool, detail: str = "", number: int | None = None
    ) -> SandboxError:
        return SandboxError(
            kind=kind,
            message=public_message(kind, self._limits),
            retryable=retryable,
            detail=detail,
            signal=number,
            cpu_seconds=self._cpu_seconds,
        )


def _simple(name: str) -> str:
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise ValueError("a file in the program's folder has a plain name")
    return name


def _collect(folder: Path, names: Sequence[str], limits: Limits) -> dict[str, bytes]:
    files = {}
    left = limits.result_bytes
    for name in names:
        # The program may have put anything there: a link to our secrets, a pipe without an end.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(folder / _simple(name), flags)
        except OSError:
            continue
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
                continue
            left -= status.st_size
            if left < 0:
                message = public_message("output", limits)
                raise SandboxError(kind="output", message=message, retryable=False)
            with open(descriptor, "rb", closefd=False) as file:
                files[name] = file.read(status.st_size)
        finally:
            os.close(descriptor)
    return files
