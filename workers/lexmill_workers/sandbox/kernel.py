"""The few Linux calls that Python lacks, through ctypes."""

import ctypes
import functools
import os
import struct
import sys
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2
_MADV_COLLAPSE: Final = 25
_HUGE_PAGE: Final = 2 * 1024 * 1024


def hide_process() -> None:
    """Nobody of the same user may trace this process or read its memory and environment."""
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)


def forgo_privileges() -> None:
    """Never again more rights than now, and none of root's: lasts through fork and exec."""
    if sys.platform != "linux":
        return
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(24)
    if _libc().capset(header, nothing) != 0:
        raise failure("capset")


def die_with_parent(signal_number: int) -> None:
    """Be sent this signal when the thread that forked this process ends."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)


def set_seccomp_filter(sock_fprog_address: int) -> None:
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, sock_fprog_address)


def use_huge_pages() -> None:
    """Put this process's memory into 2 MiB pages: a fork copies one entry for each instead of 512.

    Takes 2 of 6 ms off a call. Where the kernel cannot (before 6.1), all stays as it is.
    """
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        place, rights, _, _, inode, *_ = line.split(maxsplit=5)
        if rights != "rw-p" or inode != "0" or line.endswith("[stack]"):
            continue
        start, end = (int(address, 16) for address in place.split("-"))
        start, end = -(-start // _HUGE_PAGE) * _HUGE_PAGE, end // _HUGE_PAGE * _HUGE_PAGE
        if start < end:
            _libc().madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def system_call(number: int, *arguments: int) -> int:
    """By number, for what libc has no function for; -1 where the kernel refuses."""
    return int(_libc().syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments)))


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    if sys.platform == "linux":
        libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return libc


def _prctl(option: int, first: int, second: int = 0) -> None:
    if _libc().prctl(option, first, second, 0, 0) != 0:
        raise failure("prctl")


def failure(call: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
