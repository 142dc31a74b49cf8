"""Our own processes, started as children that end with the command."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lexmill_cli.local import launch
from lexmill_cli.local.folders import bounded_log

_INHERITED = frozenset({"PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR"})
# A bucket's credentials, and what a person may set without breaking what we set.
_INHERITED_GROUPS = ("AWS_", "LEXMILL_SANDBOX__", "LEXMILL_TASKS__", "LEXMILL_TELEMETRY__LOG_")


@dataclass(frozen=True)
class Service:
    name: str
    process: "subprocess.Popen[bytes]"

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Until it has ended; killed at the deadline."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_service(
    module: str, *, name: str, folder: Path, environment: Mapping[str, str]
) -> Service:
    """Start ``python -m module`` in a session of its own, its output in ``folder/name.log``.

    Must be called from the main thread: the kernel ties the death signal to the calling thread.
    """
    log = bounded_log(folder / f"{name}.log")
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key in _INHERITED or key.startswith(_INHERITED_GROUPS)
    }
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
            [
                *(sys.executable, "-I", "-S", launch.__file__),
                *(str(signal.SIGTERM.value), str(os.getpid()), "0", str(folder)),
                *(sys.executable, "-m", module),
            ],
            env=inherited | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    return Service(name, process)
