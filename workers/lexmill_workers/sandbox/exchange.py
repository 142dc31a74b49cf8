"""A child as the worker sees it: its descriptors, the bytes of its calls, what its end means."""

import math
import os
import re
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import fcntl
from typing import Final, Literal

from lexmill_workers.sandbox.errors import Kind, SandboxError, public_message
from lexmill_workers.sandbox.limits import MIB, Limits
from lexmill_workers.sandbox.protocol import (
    ANSWER,
    ERROR,
    OUT_OF_MEMORY,
    PART_COUNT,
    PART_SIZE,
    RESULT,
    SETUP_FAILED,
    STATUS,
    TAKEN,
)

_CANCEL_CHECK_SECONDS: Final = 0.02
_KILL_SECONDS: Final = 3.0
"""A killed child is gone in milliseconds; without word by then, its template is not well."""
_CHUNK_BYTES: Final = MIB
_QUICK_SECONDS: Final = 4.0
_SMALL_BYTES: Final = 8 * MIB
"""A child that has been busy for longer in all, or had a larger call, gets no other."""
_PIPE_BYTES: Final = 256 * 1024
"""Four times the default: fewer switches. Not more, as a user's share of pipe pages is limited."""
_F_SETPIPE_SZ: Final = 1031
_NAMES_BYTES: Final = 64 * 1024
_LINE: Final = re.compile(r"[\w.<>/:@+ -]{1,200}", re.ASCII)
_LINES: Final = 64
_NEAR: Final = 0.9

_Stop = Literal["timeout", "cancelled", "output"]


@dataclass(frozen=True)
class _Ending:
    """How the template saw the child end."""

    wait_status: int
    peak_bytes: int
    cpu_seconds: float


class Exchange:
    """Feeds one child and collects its answer, both at once, until it has answered or ended.

    What comes over the output pipe is the word of a process that a document may have taken over;
    only the ending comes from the template. So a child goes on with a next call only behind a
    call that was small, quick and answered to the byte, and only so often.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls = 0
        self._began_at = 0.0
        self._busy_seconds = 0.0
        self._size_bytes = 0
        self._unsent: list[memoryview] = []
        self._head = b""
        self._chunks: list[bytes] = []
        self._received_bytes = 0
        self._stop: _Stop | None = None
        self._from_template = b""
        self.never_began = False
        self.template_hangs = False
        self.late_imports: tuple[str, ...] = ()
        self._open: set[int] = set()
        self._life_line, self._status = socket.socketpair()
        try:
            self._incoming, self._to_child = self._pipe()
            self._from_child, self._outgoing = self._pipe()
        except OSError:
            self.close()
            raise
        os.set_blocking(self._to_child, False)
        os.set_blocking(self._from_child, False)

    @property
    def child_ends(self) -> tuple[int, int, int]:
        return self._incoming, self._outgoing, self._status.fileno()

    def close_child_ends(self) -> None:
        self._close(self._incoming)
        self._close(self._outgoing)
        self._status.close()

    def close(self) -> None:
        """Also ends a child that still runs: its life line is cut."""
        for descriptor in tuple(self._open):
            self._close(descriptor)
        self._status.close()
        with suppress(OSError):  # a shutdown holds even where a fork of the worker has a copy
            self._life_line.shutdown(socket.SHUT_RDWR)
        self._life_line.close()

    @property
    def served_before(self) -> bool:
        """Whether the child had calls before this one, which may have harmed it."""
        return self._calls > 1

    def takes_more(self) -> bool:
        """Whether the child, having answered, may have another call; asked once a call."""
        if self._calls >= self._limits.calls_per_child or self.late_imports:
            return False
        self._busy_seconds += time.monotonic() - self._began_at
        size_bytes = self._size_bytes + self._received_bytes
        if self._busy_seconds > _QUICK_SECONDS or size_bytes > _SMALL_BYTES:
            return False
        # It has said nothing more, and neither it nor its template has ended.
        poll = select.poll()
        poll.register(self._from_child, select.POLLIN)
        return not poll.poll(0) and self.is_alive

    @property
    def is_alive(self) -> bool:
        """As far as the template has told; to be asked between calls."""
        poll = select.poll()
        poll.register(self._life_line, select.POLLIN)
        if poll.poll(0) and self._from_template != TAKEN:
            self._hear()
        return self._from_template in {b"", TAKEN} and not poll.poll(0)

    def run(
        self, parts: Sequence[bytes], limits: Limits, cancelled: Callable[[], bool] | None
    ) -> bytes:
        sizes = b"".join(PART_SIZE.pack(len(part)) for part in parts)
        head = PART_COUNT.pack(len(parts)) + sizes
        self._unsent = [memoryview(part) for part in (head, *parts) if part]
        self._head = b""
        self._chunks = []
        self._received_bytes = 0
        self._limits = limits
        self._calls += 1
        self._began_at = time.monotonic()
        self._size_bytes = sum(map(len, parts))
        ending = self._await_ending(cancelled)
        if self._is_complete() and self._stop is None:
            return self._answer(ending)
        if self._stop is not None:
            # Slow although it had the processor: it would be slow again.
            busy = ending is not None and ending.cpu_seconds > self._limits.wall_seconds / 2
            raise self._error(self._stop, ending, retryable=self._stop == "timeout" and not busy)
        if ending is None:
            raise self._error("died", None, detail="the template process ended", retryable=True)
        if os.WIFSIGNALED(ending.wait_status):
            raise self._killed(ending)
        code = os.waitstatus_to_exitcode(ending.wait_status)
        if code == SETUP_FAILED:
            detail = "the child could not be locked down"
            raise self._error("died", ending, detail=detail, retryable=True)
        if code != 0:
            raise self._error("crashed", ending, detail=f"exit code {code}")
        kind: Kind = "output" if self._announces_too_much() else "crashed"
        raise self._error(kind, ending, detail="no complete answer")

    def _await_ending(self, cancelled: Callable[[], bool] | None) -> _Ending | None:
        deadline = time.monotonic() + self._limits.wall_seconds
        step = math.inf if cancelled is None else _CANCEL_CHECK_SECONDS
        poll = select.poll()
        poll.register(self._life_line, select.POLLIN)
        poll.register(self._from_child, select.POLLIN)
        poll.register(self._to_child, select.POLLOUT)
        while True:
            wait = deadline - time.monotonic()
            if self._stop is None:
                self._stop = self._reason_to_stop(wait, cancelled)
                if self._stop is not None:
                    with suppress(OSError):  # the template has closed it
                        self._life_line.shutdown(socket.SHUT_WR)
                    wait, step = _KILL_SECONDS, math.inf
                    deadline = time.monotonic() + wait
            elif wait <= 0:
                self.template_hangs = True
                return None
            for descriptor, _ in poll.poll(min(wait, step) * 1000 + 1):
                if descriptor != self._life_line.fileno():
                    if not self._transfer(descriptor):
                        poll.unregister(descriptor)
                elif not self._hear():
                    return self._read_ending()
            # A child that has said all only clears away; that may go on after the call.
            if self._stop is None and self._is_complete():
                return None

    def _reason_to_stop(self, wait: float, cancelled: Callable[[], bool] | None) -> _Stop | None:
        if cancelled is not None and cancelled():
            return "cancelled"
        if wait <= 0:
            return "timeout"
        return "output" if self._announces_too_much() else None

    def _transfer(self, descriptor: int) -> bool:
        """Move what can be moved; whether there may be more."""
        try:
            if descriptor == self._to_child:
                return self._send()
            return self._stop is None and self._receive()
        except BlockingIOError:
            return True

    def _hear(self) -> bool:
        try:
            heard = self._life_line.recv(64)
        except ConnectionError:
            heard = b""
        self._from_template += heard
        return bool(heard) and len(self._from_template) < len(TAKEN) + STATUS.size

    def _read_ending(self) -> _Ending | None:
        taken, record = self._from_template[:1], self._from_template[1:]
        self.never_began = taken != TAKEN
        if len(record) != STATUS.size:
            return None
        if self._stop is None:
            # All that it wrote is in the pipe; it would block where a fork of the worker holds it.
            with suppress(BlockingIOError):
                while self._receive():
                    pass
        return _Ending(*STATUS.unpack(record))

    def _send(self) -> bool:
        try:
            while self._unsent:
                view = self._unsent[0]
                sent = os.write(self._to_child, view[:_CHUNK_BYTES])
                if sent < len(view):
                    self._unsent[0] = view[sent:]
                else:
                    del self._unsent[0]
        except BrokenPipeError:  # how it ended comes by the life line
            self._unsent.clear()
        return False

    def _receive(self) -> bool:
        if len(self._head) < ANSWER.size:
            chunk = os.read(self._from_child, ANSWER.size - len(self._head))
            self._head += chunk
            return bool(chunk)
        chunk = os.read(self._from_child, _PIPE_BYTES)
        self._chunks.append(chunk)
        self._received_bytes += len(chunk)
        return bool(chunk)

    def _announces_too_much(self) -> bool:
        if len(self._head) < ANSWER.size:
            return False
        _, names_bytes, body_bytes = ANSWER.unpack(self._head)
        return bool(names_bytes > _NAMES_BYTES or body_bytes > self._limits.result_bytes)

    def _is_complete(self) -> bool:
        if len(self._head) < ANSWER.size:
            return False
        _, names_bytes, body_bytes = ANSWER.unpack(self._head)
        return bool(self._received_bytes >= names_bytes + body_bytes)

    def _killed(self, ending: _Ending) -> SandboxError:
        number = os.WTERMSIG(ending.wait_status)
        name = signal.Signals(number).name if number in signal.valid_signals() else str(number)
        kind: Kind = "crashed"
        if number == signal.SIGXCPU or ending.cpu_seconds >= self._limits.cpu_seconds:
            kind = "cpu"
        elif number in {signal.SIGKILL, signal.SIGTERM}:
            kind = "died"  # not by us: the kernel, short of memory as a whole, or a person
        elif ending.peak_bytes > _NEAR * self._limits.memory_bytes:
            kind = "memory"  # C code seldom survives an allocation that fails
        return self._error(kind, ending, detail=name, retryable=kind == "died", number=number)

    def _answer(self, ending: _Ending | None) -> bytes:
        kind, names_bytes, body_bytes = ANSWER.unpack(self._head)
        if names_bytes + body_bytes != self._received_bytes:
            raise self._error("crashed", ending, detail="more than an answer")
        body = b"".join(self._chunks)
        if names_bytes:
            self.late_imports = _lines(body[:names_bytes])
            body = body[names_bytes:]
        if kind == RESULT:
            return body
        if kind == OUT_OF_MEMORY:
            raise self._error("memory", ending)
        lines = _lines(body) if kind == ERROR else ()
        detail = lines[0] if lines else "an answer of no known kind"
        if self.late_imports:
            detail += f" (not preloaded: {', '.join(self.late_imports)})"
        raise self._error("error", ending, detail=detail, locations=lines[1:], retryable=True)

    def _error(
        self,
        kind: Kind,
        ending: _Ending | None,
        *,
        detail: str = "",
        locations: tuple[str, ...] = (),
        retryable: bool = False,
        number: int | None = None,
    ) -> SandboxError:
        return SandboxError(
            kind=kind,
            message=public_message(kind, self._limits),
            retryable=retryable,
            detail=detail,
            locations=locations,
            signal=number,
            cpu_seconds=ending.cpu_seconds if ending else None,
        )

    def _pipe(self) -> tuple[int, int]:
        pair = os.pipe()
        self._open.update(pair)
        with suppress(OSError):  # no Linux, or the user's share is used up: slower, not wrong
            fcntl(pair[1], _F_SETPIPE_SZ, _PIPE_BYTES)
        return pair

    def _close(self, descriptor: int) -> None:
        if descriptor in self._open:
            self._open.discard(descriptor)
            os.close(descriptor)


def _lines(text: bytes) -> tuple[str, ...]:
    """Names and places as code has them; whatever else a hostile child writes is left out."""
    lines = text[:_NAMES_BYTES].decode("ascii", errors="replace").split("\n")
    return tuple(line for line in lines if _LINE.fullmatch(line))[:_LINES]
