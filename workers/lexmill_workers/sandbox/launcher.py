"""Becomes an external program, after it has locked itself down.

Run as ``python -I -m lexmill_workers.sandbox.launcher CONFIGURATION`` by `run_program`, in the
program's private folder; a fresh interpreter, as code between fork and exec must not run in a
process with threads. It costs some 30 ms, next to seconds of OCR or conversion.
"""

import json
import os
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lexmill_workers.sandbox import kernel, landlock, seccomp


@dataclass(frozen=True)
class Launch:
    argv: list[str]
    environment: dict[str, str]
    readable: list[str]
    worker_pid: int
    report_to: int
    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    allow_without_seccomp: bool


def launch(order: Launch) -> NoReturn:
    kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != order.worker_pid:
        raise ProcessLookupError("the worker ended before the program was tied to it")
    kernel.forgo_privileges()
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: order.file_bytes,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_AS: order.memory_bytes,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_seconds, order.cpu_seconds + 1))
    if sys.platform == "linux" and landlock.abi() > 0:
        readable = [Path(path) for path in order.readable]
        landlock.restrict(
            readable=readable,
            writable=[Path.cwd(), Path(os.devnull)],
        )
    if seccomp.supported():
        try:
            seccomp.Filter("program").apply()
        except OSError:
            if not order.allow_without_seccomp:
                raise
    elif not order.allow_without_seccomp:
        raise OSError("there is no seccomp filter for this machine")
    os.execve(order.argv[0], order.argv, order.environment)  # noqa: S606 - that is its purpose


if __name__ == "__main__":
    ordered = Launch(**json.loads(sys.argv[1]))
    try:
        os.set_inheritable(ordered.report_to, False)  # the program closes it by its start
        launch(ordered)
    except BaseException as error:  # noqa: BLE001 - the worker reports it; no document was seen
        os.write(ordered.report_to, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
