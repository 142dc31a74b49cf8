"""The seccomp filters, assembled here because libseccomp is not on every machine.

A child that computes has an allow-list: what a preloaded Python needs for memory and for the
descriptors it already holds. Everything else (opening anything by path, sockets, processes,
signals, ptrace, new executable memory) gives EPERM, which a parser takes as any other I/O error: a
document that names an external DTD should end as usual, not as a crash. An external program opens
files and starts processes, so its filter is a deny-list, beside Landlock. A foreign instruction set
(32 bit, x32) is killed: only an attacker gets there.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from typing import Final, Literal

from lexmill_workers.sandbox import kernel

Profile = Literal["compute", "program"]

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_SET: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_KILL: Final = 0x80000000
_REFUSE: Final = 0x00050000 | errno.EPERM
_UNKNOWN: Final = 0x00050000 | errno.ENOSYS
_ALLOW: Final = 0x7FFF0000
_NUMBER: Final = 0  # offsets into struct seccomp_data
_ARCHITECTURE: Final = 4
_X32_BIT: Final = 0x40000000
_PROT_EXEC: Final = 4
_NEW_NAMESPACES: Final = 0x7E020000

_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# What each is called on x86_64 and on aarch64, in this order.
_ALLOWED: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "futex": (202, 98),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "ppoll": (271, 73),
}
# Allowed on the process itself: a C library that aborts should end by SIGABRT.
_ALLOWED_ON_SELF: Final[dict[str, tuple[int, int]]] = {"tgkill": (234, 131)}
# Allowed as long as their third argument does not ask for executable memory.
_ALLOWED_UNLESS_EXECUTABLE: Final[dict[str, tuple[int, int]]] = {
    "mmap": (9, 222),
    "mprotect": (10, 226),
}
_ONLY_X86_64: Final[dict[str, int]] = {"poll": 7, "time": 201}


# Sockets, other processes, the kernel's larger surfaces. Leaving the process group is refused so
# that killing the group reaches all that the program started.
_DENIED: Final[dict[str, tuple[int, int]]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "personality": (135, 92),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
}
_PRLIMIT64: Final = (302, 261)
_CLONE: Final = (56, 220)
_CLONE3: Final = 435


def supported() -> bool:
    """Whether there is a filter for this machine; the kernel is asked only when it is set."""
    return sys.platform == "linux" and platform.machine() in _AUDIT_ARCH


class Filter:
    """Made ready in the template, as a child pays for each page that it touches first."""

    def __init__(self, profile: Profile) -> None:
        unknown_pid = 0x7FFFFFFF
        program = assemble(platform.machine(), profile, unknown_pid)
        self._own_pid_at = program.index(struct.pack("=I", unknown_pid))
        self._program = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("@HP", len(program) // 8, ctypes.addressof(self._program))
        self._sock_fprog = ctypes.create_string_buffer(header, len(header))

    def apply(self) -> None:
        """For good. Needs `kernel.forgo_privileges` first."""
        struct.pack_into("=I", self._program, self._own_pid_at, os.getpid())
        kernel.set_seccomp_filter(ctypes.addressof(self._sock_fprog))


def assemble(machine: str, profile: Profile, own_pid: int) -> bytes:
    """The BPF program: pure, so that a test can look at both machines' on either."""
    column = tuple(_AUDIT_ARCH).index(machine)
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_JUMP_EQUAL, _AUDIT_ARCH[machine], on_true=1),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        lines += [_line(_JUMP_SET, _X32_BIT, on_false=1), _line(_RETURN, _KILL)]
    for call in _ALLOWED_ON_SELF.values():
        lines += _allow_only(call[column], first_argument=own_pid)
    lines += _computing(machine, column) if profile == "compute" else _running(column)
    return b"".join(lines)


def _computing(machine: str, column: int) -> list[bytes]:
    numbers = [call[column] for call in _ALLOWED.values()]
    if machine == "x86_64":
        numbers += _ONLY_X86_64.values()
    lines = [line for number in numbers for line in _answer(number, _ALLOW)]
    for call in _ALLOWED_UNLESS_EXECUTABLE.values():
        lines += _refuse_flags(call[column], argument=2, flags=_PROT_EXEC)
    return [*lines, _line(_RETURN, _REFUSE)]


def _running(column: int) -> list[bytes]:
    lines = [line for call in _DENIED.values() for line in _answer(call[column], _REFUSE)]
    lines += _allow_only(_PRLIMIT64[column], first_argument=0)
    lines += _refuse_flags(_CLONE[column], argument=0, flags=_NEW_NAMESPACES)
    # Its flags lie in memory, where no filter can look; told that it is unknown, libc uses clone.
    return [*lines, *_answer(_CLONE3, _UNKNOWN), _line(_RETURN, _ALLOW)]


def _answer(number: int, verdict: int) -> list[bytes]:
    return [_line(_JUMP_EQUAL, number, on_false=1), _line(_RETURN, verdict)]


def _allow_only(number: int, *, first_argument: int) -> list[bytes]:
    return [
        _line(_JUMP_EQUAL, number, on_false=4),
        _line(_LOAD, _argument(0)),
        _line(_JUMP_EQUAL, first_argument, on_false=1),
        _line(_RETURN, _ALLOW),
        _line(_RETURN, _REFUSE),
    ]


def _refuse_flags(number: int, *, argument: int, flags: int) -> list[bytes]:
    return [
        _line(_JUMP_EQUAL, number, on_false=4),
        _line(_LOAD, _argument(argument)),
        _line(_JUMP_SET, flags, on_false=1),
        _line(_RETURN, _REFUSE),
        _line(_RETURN, _ALLOW),
    ]


def _argument(index: int) -> int:
    """Offset of an argument's low half; both machines are little-endian."""
    return 16 + 8 * index


def _line(code: int, value: int, *, on_true: int = 0, on_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, on_true, on_false, value)
