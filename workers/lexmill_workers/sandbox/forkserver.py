"""The worker's side: a template process, and a child of it for each call.

Why this shape. A worker has threads, database sockets and secrets, so forking it is neither safe
nor clean, and a fresh interpreter costs a second of imports per document. So one single-threaded
template per worker process, started with an empty environment and no descriptor but its control
socket, imports everything once; each call is a fork of it (milliseconds), confined before it sees
a byte. Each call brings its own three descriptors (SCM_RIGHTS): input pipe, output pipe, and a
life line over which the template reports the ending and the worker, by closing it, has the child
killed. So the worker needs no dispatcher thread, a template's death is an end-of-file on each of
its calls, and only the child's own parent ever signals it: no process id crosses and none can be
mistaken. The control socket carries nothing but those descriptors, and its end ends the template:
tying the template to the thread that started it (PDEATHSIG) would kill it with that thread.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from lexmill_workers.sandbox import kernel
from lexmill_workers.sandbox.errors import SandboxError, SandboxUnavailableError
from lexmill_workers.sandbox.exchange import Exchange
from lexmill_workers.sandbox.limits import Limits
from lexmill_workers.sandbox.protocol import CALL, READY

_START_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 1.0
_TRIES: Final = 3
_HAND_OVER_SECONDS: Final = 10.0


class Sandbox:
    """Runs ``entry`` on bytes, each call in a child of its own; any number of threads may call.

    ``entry`` ("package.module:function") is called with one bytes argument per part of the payload
    and returns bytes. ``preload`` names what it imports or reads later than at its own import, as
    no file can be opened then: "module", "package.*" with all that is in it, or "module:function"
    to be called once. ``paths`` are import roots that this Python does not have by itself (tests).
    """

    def __init__(
        self,
        entry: str,
        *,
        preload: Sequence[str] = (),
        limits: Limits | None = None,
        allow_without_seccomp: bool = False,
        paths: Sequence[Path] = (),
    ) -> None:
        self._limits = limits or Limits()
        self._configuration = json.dumps(
            {
                "entry": entry,
                "preload": list(preload),
                "paths": [str(path) for path in paths],
                "memory_bytes": self._limits.memory_bytes,
                "cpu_seconds": self._limits.cpu_seconds,
                "file_bytes": self._limits.file_bytes,
                "calls_per_child": self._limits.calls_per_child,
                "allow_without_seccomp": allow_without_seccomp,
            }
        )
        self._lock = threading.Lock()
        self._template: _Template | None = None
        self._closed = False
        self._late_imports: set[str] = set()
        self._idle: list[_Child] = []

    def start(self) -> None:
        """Start the template now, rather than with the first call.

        Raises `SandboxUnavailableError` where nothing can be sandboxed. From now on the calling
        process cannot be traced or read by others of its user.
        """
        with self._lock:
            self._running_template()

    def close(self) -> None:
        """End the template and what it still runs; calls under way raise ``died``."""
        with self._lock:
            self._closed = True
            for child, _ in self._idle:
                child.close()
            self._idle.clear()
            self._drop_template()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def template_pid(self) -> int | None:
        template = self._template
        return template.process.pid if template else None

    @property
    def seccomp(self) -> bool:
        """False only where ``allow_without_seccomp`` let it start without."""
        template = self._template
        return bool(template and template.seccomp)

    @property
    def late_imports(self) -> frozenset[str]:
        """Modules that calls tried to import in vain: what ``preload`` misses."""
        with self._lock:
            return frozenset(self._late_imports)

    def call(
        self,
        payload: bytes | Sequence[bytes],
        *,
        wall_seconds: float | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> bytes:
        """The entry's result, or `SandboxError`; ``cancelled`` is asked some 50 times a second."""
        parts = (payload,) if isinstance(payload, bytes) else tuple(payload)
        limits = self._limits
        if wall_seconds is not None:
            limits = replace(limits, wall_seconds=wall_seconds)
        used = True
        for _ in range(_TRIES + 1):
            exchange, template = (self._idle_child() if used else None) or self._new_child()
            kept = False
            try:
                try:
                    answer = exchange.run(parts, limits, cancelled)
                finally:
                    self._learn_from(exchange, template)
                kept = self._keep(exchange, template)
            except SandboxError as error:
                # A template may end between taking a call and starting its child; and a child that
                # an earlier call left hanging or broken must not fail this one.
                again = exchange.served_before or (error.kind == "died" and exchange.never_began)
                if error.kind == "cancelled" or not again or self._closed:
                    raise
                used = False
            else:
                return answer
            finally:
                if not kept:
                    exchange.close()
        raise SandboxUnavailableError("The sandbox's template process starts no child.")

    def _learn_from(self, exchange: Exchange, template: "_Template") -> None:
        if exchange.late_imports or exchange.template_hangs:
            with self._lock:
                self._late_imports.update(exchange.late_imports)
                if exchange.template_hangs and self._template is template:
                    self._drop_template()

    def _new_child(self) -> "_Child":
        exchange = Exchange(self._limits)
        try:
            return exchange, self._hand_over(exchange)
        except BaseException:
            exchange.close()
            raise

    def _idle_child(self) -> "_Child | None":
        """One that has answered and waits; those that have ended meanwhile are let go."""
        while True:
            with self._lock:
                if not self._idle or self._closed:
                    return None
                child = self._idle.pop()
            if child[0].is_alive:
                return child
            child[0].close()

    def _keep(self, exchange: Exchange, template: "_Template") -> bool:
        if not exchange.takes_more():
            return False
        with self._lock:
            if self._closed or self._template is not template:
                return False
            self._idle.append((exchange, template))
        return True

    def _hand_over(self, exchange: Exchange) -> "_Template":
        try:
            with self._lock:
                for _ in range(_TRIES):
                    template = self._running_template()
                    try:
                        socket.send_fds(template.control, [CALL], exchange.child_ends)
                    except (ConnectionError, TimeoutError):
                        self._drop_template()
                    else:
                        return template
        finally:
            exchange.close_child_ends()
        raise SandboxUnavailableError("The sandbox's template process takes no calls.")

    def _running_template(self) -> "_Template":
        if self._closed:
            raise SandboxUnavailableError("The sandbox is closed.")
        if self._template is not None and self._template.process.poll() is not None:
            self._drop_template()
        if self._template is None:
            kernel.hide_process()
            self._template = _Template.start(self._configuration)
        return self._template

    def _drop_template(self) -> None:
        if self._template is not None:
            self._template.close()
            self._template = None


@dataclass(frozen=True)
class _Template:
    process: subprocess.Popen[bytes]
    control: socket.socket
    seccomp: bool

    @classmethod
    def start(cls, configuration: str) -> "_Template":
        control, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
                [
                    *(sys.executable, "-I", "-X", "utf8"),
                    *("-m", "lexmill_workers.sandbox.template"),
                    str(theirs.fileno()),
                    configuration,
                ],
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,  # Ctrl-C is for the worker, which ends its calls in order
            )
        control.settimeout(_START_SECONDS)
        try:
            answer = control.recv(4096)
        except TimeoutError:
            answer = b"it did not start within a minute"
        except ConnectionError:
            answer = b""
        control.settimeout(_HAND_OVER_SECONDS)
        template = cls(process, control, seccomp=answer == READY + b"1")
        if not answer.startswith(READY):
            template.close()
            reason = answer.decode(errors="replace") or f"it ended with {process.returncode}"
            raise SandboxUnavailableError(f"The sandbox cannot start: {reason}")
        return template

    def close(self) -> None:
        """Closing the control socket ends it; a template that does not listen is killed."""
        self.control.close()
        try:
            self.process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_Child = tuple[Exchange, _Template]
