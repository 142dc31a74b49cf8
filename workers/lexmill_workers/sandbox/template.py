"""The template process: imports once, then forks a locked-down child for each call.

Run as ``python -I -m lexmill_workers.sandbox.template DESCRIPTOR CONFIGURATION`` by `Sandbox`.
"""

import ctypes
import encodings
import errno
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, Never

from lexmill_workers.sandbox import kernel, seccomp
from lexmill_workers.sandbox.protocol import (
    ANSWER,
    CALL_DESCRIPTORS,
    ERROR,
    OUT_OF_MEMORY,
    PART_COUNT,
    PART_SIZE,
    READY,
    RESULT,
    SETUP_FAILED,
    STATUS,
    TAKEN,
)

_ALWAYS_PRELOADED = ("encodings.*", "email.*", "_strptime", "locale", "stringprep")
"""Modules of the standard library that its own code imports only when first needed."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""A fork copies one thread only; a library that started more would wait for them forever."""

_KEPT: list[object] = []
"""A callback for C needs executable memory, which a child cannot have: its page is had before."""

Entry = Callable[..., bytes]


@dataclass(frozen=True)
class Configuration:
    entry: str
    preload: tuple[str, ...]
    paths: tuple[str, ...]
    memory_bytes: int
    cpu_seconds: int
    file_bytes: int
    calls_per_child: int
    allow_without_seccomp: bool


@dataclass(frozen=True)
class Confinement:
    """How a child locks itself down; made ready in the template so that a child only applies it."""

    template_pid: int
    address_space_bytes: int | None
    cpu_seconds: int
    file_bytes: int
    calls: int
    filter: seccomp.Filter | None


class _LateImports(MetaPathFinder):
    """After lock-down no file can be opened: says so, where Python would say 'no such module'."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the base class has it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        # An encoding's name can come from the document; all that exist are preloaded.
        if not fullname.startswith("encodings."):
            self.names.append(fullname)
        raise ModuleNotFoundError(
            f"{fullname} is not preloaded in the sandbox; add it to `preload`", name=fullname
        )


def main(arguments: Sequence[str]) -> None:
    control = socket.socket(fileno=int(arguments[0]))
    raw = json.loads(arguments[1])
    configuration = Configuration(
        **{**raw, "preload": tuple(raw["preload"]), "paths": tuple(raw["paths"])}
    )
    try:
        entry, confinement = prepare(configuration)
    except BaseException as error:  # noqa: BLE001 - the worker reports it; no document was seen
        reason = "".join(traceback.format_exception_only(error)).strip()
        control.sendall(reason.encode())
        os._exit(1)
    control.sendall(READY + (b"1" if confinement.filter else b"0"))
    Server(control, entry, confinement).serve()


def prepare(configuration: Configuration) -> tuple[Entry, Confinement]:
    sys.path.extend(configuration.paths)
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    entry = _load(configuration.entry)
    for name in (*_ALWAYS_PRELOADED, *configuration.preload):
        _preload(name)
    _KEPT.append(ctypes.CFUNCTYPE(None)(int))
    os.environ.clear()
    # Should memory run out for the machine as a whole, then here rather than in the worker.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    threads = Path("/proc/self/task")
    if threads.exists() and len(list(threads.iterdir())) != 1:
        raise RuntimeError("a preloaded module started a thread; the template must have one only")
    kernel.forgo_privileges()
    kernel.hide_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("r+b") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    confinement = Confinement(
        template_pid=os.getpid(),
        address_space_bytes=_address_space_bytes(configuration.memory_bytes),
        cpu_seconds=configuration.cpu_seconds,
        file_bytes=configuration.file_bytes,
        calls=configuration.calls_per_child,
        filter=_working_filter(),
    )
    if confinement.filter is None and not configuration.allow_without_seccomp:
        raise RuntimeError("this kernel or container does not let a process set a seccomp filter")
    gc.collect()
    gc.freeze()
    kernel.use_huge_pages()
    return entry, confinement


def _load(reference: str) -> Entry:
    module, _, attribute = reference.partition(":")
    loaded: Entry = getattr(importlib.import_module(module), attribute)
    return loaded


def _preload(name: str) -> None:
    if ":" in name:
        _load(name)()
        return
    package = importlib.import_module(name.removesuffix(".*"))
    if name.endswith(".*"):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # The encodings of other systems (mbcs, oem) cannot be imported.
            with suppress(ImportError) if package is encodings else nullcontext():
                importlib.import_module(module.name)


def _address_space_bytes(memory_bytes: int) -> int | None:
    """The template's own share is on top: the limit means the same whatever is preloaded."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return None  # no Linux: its RLIMIT_AS would count what we cannot know
    return pages * resource.getpagesize() + memory_bytes


def _working_filter() -> seccomp.Filter | None:
    """Try it in a child: once set, opening a file or a socket must be refused."""
    if not seccomp.supported():
        return None
    candidate = seccomp.Filter("compute")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            candidate.apply()
            refused = 0
            for attempt in (lambda: os.open("/", os.O_RDONLY), socket.socket):
                try:
                    attempt()
                except PermissionError:
                    refused += 1
            code = 0 if refused == 2 else 1
        finally:
            os._exit(code)
    return candidate if os.waitpid(child, 0)[1] == 0 else None


class Server:
    """One loop, one thread: calls come in, children go out and are reaped.

    A call's status socket is its life line. The template says that the child runs, then how it
    ended, and closes; the worker closing or half-closing its end, also by dying, has the child
    killed. So nobody but the parent that can still reap it ever signals a child, and no process id
    can be mistaken.
    """

    def __init__(self, control: socket.socket, entry: Entry, confinement: Confinement) -> None:
        self._control = control
        self._entry = entry
        self._confinement = confinement
        self._poll = select.poll()
        self._children: dict[int, socket.socket] = {}
        self._calls: dict[int, int] = {}

    def serve(self) -> Never:
        wake, wake_end = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only for the wake-up descriptor
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        self._poll.register(wake, select.POLLIN)
        self._poll.register(self._control, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in self._poll.poll()}
            # In this order: reaping frees descriptor numbers, which new calls then have.
            for descriptor in ready & self._calls.keys():
                self._poll.unregister(descriptor)
                os.kill(self._calls[descriptor], signal.SIGKILL)
            if wake in ready:
                with suppress(BlockingIOError):
                    os.read(wake, 4096)
                self._reap()
            if self._control.fileno() in ready:
                self._accept()

    def _accept(self) -> None:
        try:
            call, descriptors, _, _ = socket.recv_fds(self._control, 1, CALL_DESCRIPTORS)
        except ConnectionError:
            call, descriptors = b"", []
        if not call:  # the worker closed us or is gone
            for child in self._children:
                os.kill(child, signal.SIGKILL)
            os._exit(0)
        if len(descriptors) != CALL_DESCRIPTORS:  # out of descriptors: their closing tells it
            for descriptor in descriptors:
                os.close(descriptor)
            return
        incoming, outgoing, life_line = descriptors
        status = socket.socket(fileno=life_line)
        try:
            child = os.fork()
        except OSError:  # no memory, no process left: closing without a word tells it
            status.close()
        else:
            if child == 0:
                run_child(incoming, outgoing, self._entry, self._confinement)
            self._children[child] = status
            self._calls[status.fileno()] = child
            self._poll.register(status, select.POLLIN)
            with suppress(OSError):  # a worker that has gone already is seen by the poll
                status.send(TAKEN)
        os.close(incoming)
        os.close(outgoing)

    def _reap(self) -> None:
        while self._children:
            child, wait_status, usage = os.wait4(-1, os.WNOHANG)
            if child == 0:
                return
            status = self._children.pop(child)
            del self._calls[status.fileno()]
            with suppress(KeyError):
                self._poll.unregister(status)
            seconds = usage.ru_utime + usage.ru_stime
            with suppress(OSError):  # the worker may have gone
                status.send(STATUS.pack(wait_status, usage.ru_maxrss * 1024, seconds))
            status.close()


def run_child(incoming: int, outgoing: int, entry: Entry, confinement: Confinement) -> Never:
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        late = _LateImports()
        sys.meta_path[:] = [BuiltinImporter, FrozenImporter, late]
        # Code that prints finds no stream, rather than a closed descriptor.
        sys.stdin = sys.stdout = sys.stderr = None
        reader = open(incoming, "rb")  # noqa: SIM115 - lives as long as this process
        confine(incoming, outgoing, confinement)
    except BaseException:  # noqa: BLE001 - nothing was read yet; the exit code tells it
        os._exit(SETUP_FAILED)
    try:
        calls = 0
        while calls < confinement.calls and _answer(reader, outgoing, entry, late):
            calls += 1
        os._exit(0)
    finally:
        os._exit(1)


def _answer(reader: BinaryIO, outgoing: int, entry: Entry, late: _LateImports) -> bool:
    """Serve one call; False where no other can follow it: nothing came, or not all was taken."""
    parts: list[bytes] | None = None
    try:
        parts = _read_parts(reader)
        if parts is None:
            return False
        kind, body = RESULT, _bytes_only(entry(*parts))
    except BaseException as error:  # noqa: BLE001 - the worker classes it
        lack = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
        kind, body = (OUT_OF_MEMORY, b"") if lack else (ERROR, _describe(error))
    names = "\n".join(dict.fromkeys(late.names)).encode(errors="replace")
    for part in (ANSWER.pack(kind, len(names), len(body)), names, body):
        _write(outgoing, part)
    return parts is not None


def confine(incoming: int, outgoing: int, confinement: Confinement) -> None:
    kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != confinement.template_pid:
        raise ProcessLookupError("the template ended before its child was tied to it")
    low, high = sorted((incoming, outgoing))
    os.closerange(0, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, 2**31 - 1 if sys.platform == "linux" else 4096)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: confinement.file_bytes,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    # The soft limit's SIGXCPU tells the reason; the hard one is for who would ignore it. It counts
    # over all calls of the child, whose earlier ones took a few seconds at most.
    resource.setrlimit(resource.RLIMIT_CPU, (confinement.cpu_seconds, confinement.cpu_seconds + 1))
    if confinement.address_space_bytes is not None:
        space = confinement.address_space_bytes
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
    if confinement.filter is not None:
        confinement.filter.apply()


def _read_parts(reader: BinaryIO) -> list[bytes] | None:
    """The parts of the next call; None where the worker closed the pipe instead."""
    head = reader.read(PART_COUNT.size)
    if not head:
        return None
    count = PART_COUNT.unpack(head)[0]
    sizes = [PART_SIZE.unpack(_read(reader, PART_SIZE.size))[0] for _ in range(count)]
    return [_read(reader, size) for size in sizes]


def _read(reader: BinaryIO, size: int) -> bytes:
    """Straight into one object of the right size: BufferedReader does not go through its buffer."""
    data = reader.read(size)
    if len(data) != size:
        raise EOFError("the worker closed the call")
    return data


def _bytes_only(result: object) -> bytes:
    if not isinstance(result, bytes):
        raise TypeError("the entry function must return bytes")
    return result


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _describe(error: BaseException) -> bytes:
    """Type and places only: a value, a message or a source line could hold the document's text."""
    lines = [type(error).__qualname__]
    trace = error.__traceback__
    for frame, number in traceback.walk_tb(trace.tb_next if trace else None):  # without run_child
        code = frame.f_code
        place = "/".join(Path(code.co_filename).parts[-3:])
        lines.append(f"{place}:{number} {code.co_qualname}")
    return "\n".join(lines).encode(errors="replace")


if __name__ == "__main__":
    main(sys.argv[1:])
