"""Child processes of the command: started, watched by pid, recognised when left over."""

import contextlib
import os
import platform
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lexmill_cli.local import launch
from lexmill_cli.local.errors import LocalSystemError

POLL_SECONDS = 0.01


def require_linux() -> None:
    """Our servers are told from other processes, and stopped with us, by means of Linux."""
    if platform.system() != "Linux":
        raise LocalSystemError(
            "system_unsupported",
            "Lexmill starts its own servers on Linux only: run it in a container, or under WSL.",
        )


def spawn(
    *command: str | Path,
    folder: Path,
    log: Path,
    death_signal: signal.Signals,
    user: int | None = None,
) -> int:
    """Start a program in ``folder``, its output appended to ``log``; returns its pid.

    It runs in a session of its own, which Ctrl-C does not reach.

    It gets ``death_signal`` when we die, even by ``kill -9``. The kernel ties that to the *thread*
    that started it, so outside the main thread, whose end is not ours, we do without; a server
    left over then is stopped at the next start. By posix_spawn, not `subprocess`: a server may
    outlive the object that stands for it (it is restarted, its handle replaced).
    """
    tied = threading.current_thread() is threading.main_thread()
    arguments = [
        *(sys.executable, "-I", "-S", launch.__file__),
        *(str(death_signal.value if tied else 0), str(os.getpid()), str(user or 0), str(folder)),
        *(str(word) for word in command),
    ]
    # Nothing of the caller's environment: PGPORT, PGDATA and the like would change the server.
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if library_path := os.environ.get("LD_LIBRARY_PATH"):  # some interpreters cannot start without
        environment["LD_LIBRARY_PATH"] = library_path
    return os.posix_spawn(
        sys.executable,
        arguments,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsigmask=[],
    )


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Ask until it holds; False when it still does not at the deadline."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def exit_code(pid: int) -> int | None:
    """Of a child of ours that ended (it is reaped); None as long as it runs."""
    try:
        reaped, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # reaped before, or never our child
        return None if is_alive(pid) else 0
    return os.waitstatus_to_exitcode(status) if reaped else None


def is_alive(pid: int) -> bool:
    """Whether a process has this pid; one that ended and waits for its parent does not count."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # an orphan stays a zombie for ever where nobody reaps, as in many containers
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


def running_in(folder: Path, program: str | None = None) -> set[int]:
    """The pids of all processes of this program whose working directory is ``folder``.

    That tells our servers from any process that got the pid of one later. Both are compared
    because a person's shell may stand in that folder too; None asks for any program.
    """
    try:
        wanted = folder.stat()
    except OSError:
        return set()
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            here = (entry / "cwd").stat()
        except OSError:  # gone meanwhile, a zombie, or somebody else's
            continue
        if (here.st_dev, here.st_ino) != (wanted.st_dev, wanted.st_ino):
            continue
        try:
            executable = (entry / "exe").readlink().name
        except OSError:  # it is just giving up its memory, which may be shared: not gone yet
            executable = program or ""
        # It reads so when the wheel was replaced under a running server.
        if program is None or executable.removesuffix(" (deleted)") == program:
            found.add(int(entry.name))
    return found


def send(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def free_port() -> int:
    """A loopback TCP port that nobody else is given for the next minute.

    A connection of its own that the listening side closed leaves the port in TIME_WAIT: the kernel
    then hands it to nobody who asks for any port, yet a server that asks for this one (with
    SO_REUSEADDR, as all ours do) gets it.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()
        port: int = listener.getsockname()[1]
        return port
