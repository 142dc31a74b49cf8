import json
import os
import platform
import subprocess
import sys

import pytest

from lexmill_workers.sandbox import Sandbox
from tests.workers.sandbox.conftest import ROOT, failure, make_sandbox

ATTEMPTS = {
    "open": b"/etc/passwd",
    "create": b"/tmp/lexmill-sandbox-test",
    "stat": b"/",
    "list": b"/",
    "unlink": b"/tmp/lexmill-sandbox-test",
    "socket": b"",
    "unix_socket": b"",
    "exec": b"/bin/sh",
    "fork": b"",
    "kill": str(os.getpid()).encode(),
    "memfd": b"",
    "pipe": b"",
    "executable_memory": b"",
}
# As a hostile C library would call them; the numbers are those of x86_64.
CALLS = {
    "open": (2, 0, 0),
    "openat": (257, 0, 0, 0),
    "openat2": (437, 0, 0, 0, 0),
    "connect": (42, 0, 0, 0),
    "sendmsg": (46, 0, 0, 0),
    "ptrace": (101, 16, 1, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "pidfd_open": (434, 1, 0),
    "clone": (56, 17, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "vfork": (58,),
    "execveat": (322, 0, 0, 0, 0, 0),
    "io_uring_setup": (425, 1, 0),
    "bpf": (321, 0, 0, 0),
    "userfaultfd": (323, 0),
    "keyctl": (250, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "prctl": (157, 4, 1, 0, 0, 0),
    "prlimit64": (302, 0, 9, 0, 0),
    "shmget": (29, 0, 4096, 0o600),
    "tkill": (200, 1, 9),
    "dup": (32, 0),
    "ioctl": (16, 0, 0, 0),
    "fcntl": (72, 0, 1, 0),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_world_is_out_of_reach(sandbox: Sandbox, name: str) -> None:
    assert sandbox.call([b"attempt", name.encode(), ATTEMPTS[name]]) == b"PermissionError"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are x86_64's")
@pytest.mark.parametrize("name", CALLS)
def test_system_calls_are_refused(sandbox: Sandbox, name: str) -> None:
    arguments = [str(argument).encode() for argument in CALLS[name]]
    assert sandbox.call([b"system_call", *arguments]) == b"PermissionError"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86_64 has x32")
def test_the_x32_interface_kills(sandbox: Sandbox) -> None:
    error = failure(sandbox, b"system_call", str(0x40000000 | 39).encode())
    assert (error.kind, error.detail) == ("crashed", "SIGSYS")


def test_no_thread_and_no_process_can_start(sandbox: Sandbox) -> None:
    assert sandbox.call([b"attempt", b"thread"]) == b"RuntimeError"
    assert sandbox.call([b"fork_in_c"]) == b"PermissionError"


def test_limits_cannot_be_raised(sandbox: Sandbox) -> None:
    assert sandbox.call([b"attempt", b"raise_limit"]) != b"done"


def test_only_the_two_pipes_are_open(sandbox: Sandbox) -> None:
    assert len(json.loads(sandbox.call([b"descriptors"]))) == 2


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXMILL_SECRET", "hunter2")
    with make_sandbox() as sandbox:
        assert json.loads(sandbox.call([b"environment"])) == [{}, None]


def test_a_library_may_print_and_call_back(sandbox: Sandbox) -> None:
    assert sandbox.call([b"chatter"]) == b"said"
    assert sandbox.call([b"callback"]) == bytes([1, 2, 3, 4, 5])


# A machine without seccomp, made by a filter that refuses seccomp filters.
WITHOUT_SECCOMP = """
import ctypes, json, os, struct, sys
from pathlib import Path
from lexmill_workers.sandbox import Sandbox, SandboxUnavailableError, kernel, seccomp

prctl_number = {"x86_64": 157, "aarch64": 167}[os.uname().machine]
lines = [
    seccomp._line(seccomp._LOAD, 0),
    seccomp._line(seccomp._JUMP_EQUAL, prctl_number, on_false=3),
    seccomp._line(seccomp._LOAD, 16),
    seccomp._line(seccomp._JUMP_EQUAL, 22, on_false=1),
    seccomp._line(seccomp._RETURN, 0x00050000 | 22),
    seccomp._line(seccomp._RETURN, seccomp._ALLOW),
]
program = ctypes.create_string_buffer(b"".join(lines), 8 * len(lines))
fprog = struct.pack("@HP", len(lines), ctypes.addressof(program))
kernel._prctl(38, 1)
fprog = ctypes.create_string_buffer(fprog, len(fprog))
kernel.set_seccomp_filter(ctypes.addressof(fprog))
here = Path(sys.argv[1])
answers = {}
try:
    Sandbox("tests.workers.sandbox.entries:act", paths=[here]).start()
except SandboxUnavailableError as error:
    answers["refused"] = str(error)
with Sandbox(
    "tests.workers.sandbox.entries:act", paths=[here], allow_without_seccomp=True
) as sandbox:
    answers["seccomp"] = sandbox.seccomp
    for path in (f"/proc/{os.getpid()}/environ", f"/proc/{sandbox.template_pid}/mem"):
        answers[path.rpartition("/")[2]] = sandbox.call([b"read_file", path.encode()]).decode()
    answers["open"] = sandbox.call([b"attempt", b"open", b"/etc/passwd"]).decode()
    attach = [*sys.argv[2].encode().split(), str(os.getpid()).encode(), b"0", b"0"]
    answers["ptrace"] = sandbox.call([b"system_call", *attach]).decode()
    answers["fork"] = sandbox.call([b"attempt", b"fork"]).decode()
print(json.dumps(answers))
"""


def test_without_seccomp_it_refuses_unless_told_and_the_worker_stays_out_of_reach() -> None:
    ptrace_attach = {"x86_64": "101 16", "aarch64": "117 16"}[platform.machine()]
    script = subprocess.run(
        [sys.executable, "-c", WITHOUT_SECCOMP, str(ROOT), ptrace_attach],
        env={**os.environ, "LEXMILL_SECRET": "hunter2"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert script.returncode == 0, script.stderr
    answers = json.loads(script.stdout)
    assert "seccomp" in answers.pop("refused")
    assert answers.pop("seccomp") is False
    # Root's processes have no limit in number; the filter is what stops them.
    assert answers.pop("fork") in {"done", "BlockingIOError"}
    # No descriptor may be had, so no file opens; and the kernel protects worker from child.
    assert answers == {
        "open": "OSError",
        "environ": "OSError",
        "mem": "OSError",
        "ptrace": "PermissionError",
    }
