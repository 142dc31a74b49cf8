"""The filter of each machine, run by a small interpreter: one machine cannot run the other's."""

import errno
import struct

import pytest

from lexmill_workers.sandbox import seccomp

OWN_PID = 4242
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.EPERM
X86_64, AARCH64 = 0xC000003E, 0xC00000B7
NUMBERS = {
    "x86_64": {"read": 0, "mmap": 9, "mprotect": 10, "tgkill": 234, "openat": 257, "socket": 41},
    "aarch64": {
        "read": 63,
        "mmap": 222,
        "mprotect": 226,
        "tgkill": 131,
        "openat": 56,
        "socket": 198,
    },
}


def run(program: bytes, *, architecture: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    padded = (*arguments, *[0] * 6)[:6]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    lines = list(struct.iter_unpack("<HBBI", program))
    accumulator = position = 0
    while True:
        code, on_true, on_false, value = lines[position]
        position += 1
        match code:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case 0x15:
                position += on_true if accumulator == value else on_false
            case 0x45:
                position += on_true if accumulator & value else on_false
            case 0x06:
                return int(value)
            case _:
                pytest.fail(f"unknown instruction {code:#x}")


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", X86_64), ("aarch64", AARCH64)])
def test_the_filter_of(machine: str, architecture: int) -> None:
    program = seccomp.assemble(machine, "compute", OWN_PID)
    numbers = NUMBERS[machine]

    def ask(name: str, *arguments: int) -> int:
        number = numbers[name]
        return run(program, architecture=architecture, number=number, arguments=arguments)

    assert ask("read") == ALLOW
    assert ask("openat") == REFUSE
    assert ask("socket") == REFUSE
    assert ask("mmap", 0, 4096, 3) == ALLOW
    assert ask("mmap", 0, 4096, 7) == REFUSE
    assert ask("mprotect", 0, 4096, 1) == ALLOW
    assert ask("mprotect", 0, 4096, 5) == REFUSE
    assert ask("tgkill", OWN_PID, OWN_PID, 6) == ALLOW
    assert ask("tgkill", 1, 1, 9) == REFUSE
    foreign = AARCH64 if architecture == X86_64 else X86_64
    for other in (foreign, 0x40000003, 0x40000028):
        assert run(program, architecture=other, number=numbers["read"]) == KILL


def test_x32_is_killed() -> None:
    program = seccomp.assemble("x86_64", "compute", OWN_PID)
    assert run(program, architecture=X86_64, number=0x40000000) == KILL
    assert run(program, architecture=X86_64, number=0xFFFFFFFF) == KILL


@pytest.mark.parametrize(("machine", "count"), [("x86_64", 43), ("aarch64", 41)])
def test_few_calls_are_allowed(machine: str, count: int) -> None:
    program = seccomp.assemble(machine, "compute", OWN_PID)
    architecture = X86_64 if machine == "x86_64" else AARCH64
    arguments = (OWN_PID, 0, 0)
    allowed = [
        number
        for number in range(600)
        if run(program, architecture=architecture, number=number, arguments=arguments) == ALLOW
    ]
    assert len(allowed) == count


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", X86_64), ("aarch64", AARCH64)])
def test_the_filter_for_programs_of(machine: str, architecture: int) -> None:
    program = seccomp.assemble(machine, "program", OWN_PID)
    x86 = machine == "x86_64"

    def ask(number: int, *arguments: int) -> int:
        return run(program, architecture=architecture, number=number, arguments=arguments)

    assert ask(NUMBERS[machine]["openat"]) == ALLOW
    assert ask(NUMBERS[machine]["socket"]) == REFUSE
    assert ask(101 if x86 else 117) == REFUSE  # ptrace
    clone = 56 if x86 else 220
    assert ask(clone, 17) == ALLOW
    assert ask(clone, 0x10000000 | 17) == REFUSE  # a user namespace
    assert ask(435) == 0x00050000 | errno.ENOSYS  # clone3
    prlimit = 302 if x86 else 261
    assert ask(prlimit, 0) == ALLOW
    assert ask(prlimit, 1) == REFUSE
    assert ask(NUMBERS[machine]["tgkill"], 1) == REFUSE
