"""What the tests run inside the sandbox: the first part of the payload names the deed."""

import codecs
import ctypes
import errno
import gc
import importlib
import itertools
import json
import mmap
import os
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

PRELOADED: list[str] = []


def act(deed: bytes, *parts: bytes) -> bytes:
    return _DEEDS[deed.decode()](*parts)


def warm() -> None:
    PRELOADED.append("warm")


def start_thread() -> None:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()


def echo(*parts: bytes) -> bytes:
    return b"".join(parts)


def swallow(*parts: bytes) -> bytes:
    return str([len(part) for part in parts]).encode()


def produce(size: bytes) -> bytes:
    return bytes(int(size))


def preloaded() -> bytes:
    return ",".join(PRELOADED).encode()


def segfault() -> bytes:
    return ctypes.string_at(0)


def abort() -> NoReturn:
    os.abort()


def leave() -> NoReturn:
    os._exit(7)


def leave_politely() -> NoReturn:
    sys.exit(0)


def spin() -> NoReturn:
    while True:
        pass


def sleep() -> bytes:
    time.sleep(3600)
    return b"awake"


def hog() -> bytes:
    kept = [bytearray(16 * 1024 * 1024) for _ in range(10_000)]
    return str(len(kept)).encode()


def hog_shared() -> bytes:
    kept = [mmap.mmap(-1, 16 * 1024 * 1024) for _ in range(10_000)]
    return str(len(kept)).encode()


def hog_and_crash() -> bytes:
    kept = []
    with_room = True
    while with_room:
        try:
            kept.append(b"\1" * (8 * 1024 * 1024))
        except MemoryError:
            with_room = False
    return ctypes.string_at(0)


def fail_with_secret(secret: bytes) -> NoReturn:
    raise LookupError(secret.decode())


def not_bytes() -> str:
    return "text"


def garbage(answer: bytes) -> NoReturn:
    """A taken-over child writes what it likes to the one pipe it can write to."""
    _write_all(answer)
    os._exit(0)


def flood() -> NoReturn:
    _write_all(b"r" + bytes(4) + (2**40).to_bytes(8, "little"))
    while True:
        _write_all(bytes(1024 * 1024))


def answer_and_stay() -> NoReturn:
    _write_all(b"r" + bytes(4) + (4).to_bytes(8, "little") + b"here")
    spin()


def fork_in_c() -> bytes:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fork() == -1:
        return errno_name(ctypes.get_errno())
    return b"forked"


def system_call(number: bytes, *arguments: bytes) -> bytes:
    libc = ctypes.CDLL(None, use_errno=True)
    values = [ctypes.c_long(int(argument)) for argument in arguments]
    if libc.syscall(ctypes.c_long(int(number)), *values) == -1:
        return errno_name(ctypes.get_errno())
    return b"done"


def errno_name(number: int) -> bytes:
    return OSError(number, "").__class__.__name__.encode()


def environment() -> bytes:
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    of_c = getenv(b"LEXMILL_SECRET") or getenv(b"PATH") or getenv(b"HOME")
    return json.dumps([dict(os.environ), of_c]).encode()


def descriptors() -> bytes:
    found = []
    for descriptor in range(4096):
        try:
            os.lseek(descriptor, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == errno.EBADF:
                continue
        found.append(descriptor)
    return json.dumps(found).encode()


def attempt(name: bytes, argument: bytes = b"") -> bytes:
    """The name of the error that the deed gives."""
    try:
        _ATTEMPTS[name.decode()](argument)
    except Exception as error:  # noqa: BLE001 - that is what is asked
        return type(error).__name__.encode()
    return b"done"


def read_file(path: bytes) -> bytes:
    try:
        return Path(path.decode()).read_bytes()
    except OSError as error:
        return type(error).__name__.encode()


def late_import(module: bytes) -> bytes:
    importlib.import_module(module.decode())
    return b"imported"


def decode(encoding: bytes, data: bytes) -> bytes:
    return codecs.decode(data, encoding.decode()).encode()


def callback() -> bytes:
    """A C library that calls back, as pdfium does for forms and streams."""
    compare_type = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)
    )
    numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
    callbacks = [compare_type(lambda a, b: a[0] - b[0]) for _ in range(32)]
    ctypes.CDLL(None).qsort(numbers, 5, ctypes.sizeof(ctypes.c_int), callbacks[-1])
    return bytes(numbers[:])


def chatter() -> bytes:
    print("to nobody")  # noqa: T201
    warnings.warn("to nobody", stacklevel=1)
    ctypes.CDLL(None).puts(b"to nobody")
    ctypes.CDLL(None).fflush(None)
    return b"said"


def frozen() -> bytes:
    return str(gc.get_freeze_count()).encode()


def process_ids() -> bytes:
    return json.dumps([os.getpid(), os.getppid()]).encode()


def ignore_cpu_limit() -> NoReturn:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    spin()


def _write_all(data: bytes) -> None:
    # The pipe's number differs, and only one of the two takes it.
    for descriptor in itertools.count():
        try:
            os.write(descriptor, data)
        except OSError:
            continue
        return


_ATTEMPTS: Final[dict[str, Callable[[bytes], object]]] = {
    "open": lambda path: os.open(path, os.O_RDONLY),
    "create": lambda path: os.open(path, os.O_RDWR | os.O_CREAT, 0o600),
    "stat": os.stat,
    "list": os.listdir,
    "unlink": os.unlink,
    "socket": lambda _: socket.socket(socket.AF_INET),
    "unix_socket": lambda _: socket.socketpair(),
    "exec": lambda path: os.execv(path, [path, b"-c", b"exit 0"]),
    "fork": lambda _: os.fork() or os._exit(0),
    "thread": lambda _: __import__("_thread").start_new_thread(spin, ()),
    "kill": lambda pid: os.kill(int(pid), signal.SIGTERM),
    "memfd": lambda _: os.memfd_create("x"),
    "pipe": lambda _: os.pipe(),
    "executable_memory": lambda _: mmap.mmap(
        -1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    ),
    "raise_limit": lambda _: __import__("resource").setrlimit(
        __import__("resource").RLIMIT_AS, (-1, -1)
    ),
}
_DEEDS: Final[dict[str, Callable[..., bytes]]] = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", None) == __name__
}
