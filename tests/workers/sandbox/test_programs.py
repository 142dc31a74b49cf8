import os
import shutil
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from lexmill_workers.sandbox import (
    Limits,
    ProgramResult,
    SandboxError,
    SandboxUnavailableError,
    landlock,
    run_program,
)
from lexmill_workers.sandbox.limits import MIB
from tests.workers.sandbox.processes import eventually, open_descriptors, runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the profile is Linux's")
needs_landlock = pytest.mark.skipif(
    sys.platform == "linux" and landlock.abi() == 0, reason="this kernel has no Landlock"
)
needs_system_python = pytest.mark.skipif(
    shutil.which("python3", path="/usr/bin") is None, reason="a program that can do what is asked"
)


def shell(
    script: str,
    *,
    input_files: Mapping[str, bytes] | None = None,
    output_files: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> ProgramResult:
    return run_program(
        ["sh", "-c", script],
        input_files=input_files or {},
        output_files=output_files,
        limits=limits or Limits(file_bytes=MIB, wall_seconds=20, cpu_seconds=10),
    )


def failure(script: str, limits: Limits) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        shell(script, limits=limits)
    return caught.value


def test_files_go_in_and_come_out() -> None:
    result = shell(
        "cat in.txt > out.txt; echo said; exit 3",
        input_files={"in.txt": b"abc"},
        output_files=("out.txt", "none.txt"),
    )
    assert result == ProgramResult(exit_code=3, stdout=b"said\n", files={"out.txt": b"abc"})


def test_the_environment_is_only_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXMILL_SECRET", "hunter2")
    result = run_program(["env"], input_files={}, environment={"TESSDATA_PREFIX": "/usr/share"})
    names = {line.partition("=")[0] for line in result.stdout.decode().splitlines()}
    assert names == {"HOME", "TMPDIR", "PATH", "LANG", "TESSDATA_PREFIX"}


@needs_landlock
@pytest.mark.parametrize(
    "deed",
    [
        "cat /etc/passwd",
        "cat /proc/PID/environ",
        "cat /proc/self/environ",
        "ls HERE",
        "ls /tmp",
        "touch /tmp/lexmill-sandbox-test",
        "mkdir /tmp/lexmill-sandbox-test",
        "cat ../../../../../../../../etc/passwd",
        "touch /usr/lib/lexmill-sandbox-test",
    ],
)
def test_files_elsewhere_are_out_of_reach(deed: str) -> None:
    deed = deed.replace("PID", str(os.getpid())).replace("HERE", str(Path(__file__).parent))
    result = shell(f"{deed} 2>&1 && echo done")
    assert b"ermission denied" in result.stdout
    assert b"done" not in result.stdout


@needs_system_python
@pytest.mark.parametrize(
    "deed",
    [
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import os; os.setsid()",
        "import os; os.setpgid(0, 0)",
        "import os; os.kill(PID, 0)",
        "import resource as r; r.prlimit(PID, r.RLIMIT_CPU, (1, 1))",
        "import os; os.pidfd_open(PID)",
    ],
)
def test_others_are_out_of_reach(deed: str) -> None:
    deed = deed.replace("PID", str(os.getpid()))
    script = f"try:\n {deed}\nexcept PermissionError: print('no')"
    result = run_program(["/usr/bin/python3", "-I", "-S", "-c", script], input_files={})
    assert result.stdout == b"no\n"


def test_the_wall_clock_ends_all_that_it_started() -> None:
    error = failure("sleep 3600 & sleep 3600", Limits(wall_seconds=0.5))
    assert (error.kind, error.code, error.retryable) == ("timeout", "time_limit", True)


def test_what_stays_in_the_background_ends_with_it() -> None:
    result = shell("sleep 3600 > /dev/null & echo $!")
    eventually(lambda: not runs(int(result.stdout)))


def test_computing_has_a_limit() -> None:
    error = failure("while :; do :; done", Limits(cpu_seconds=1, wall_seconds=20))
    assert (error.kind, error.retryable) == ("cpu", False)


def test_memory_has_a_limit() -> None:
    result = shell(
        "x=0123456789; while :; do x=$x$x; done 2>/dev/null; echo here",
        limits=Limits(memory_bytes=64 * MIB, wall_seconds=20),
    )
    assert result.exit_code != 0


def test_files_have_a_limit() -> None:
    result = shell("cat /dev/zero > big", output_files=("big",))
    assert result.exit_code != 0
    assert len(result.files["big"]) == MIB


def test_output_has_a_limit() -> None:
    assert failure("cat /dev/zero", Limits(result_bytes=MIB)).kind == "output"
    limits = Limits(result_bytes=100, file_bytes=MIB)
    with pytest.raises(SandboxError) as caught:
        shell("head -c 101 /dev/zero > out", output_files=("out",), limits=limits)
    assert caught.value.kind == "output"


@needs_system_python
def test_a_crash_is_the_documents_fault() -> None:
    with pytest.raises(SandboxError) as caught:
        run_program(
            ["/usr/bin/python3", "-I", "-c", "import ctypes; ctypes.string_at(0)"], input_files={}
        )
    error = caught.value
    assert (error.kind, error.detail, error.retryable) == ("crashed", "SIGSEGV", False)


def test_it_can_be_cancelled() -> None:
    asked = threading.Event()
    timer = threading.Timer(0.2, asked.set)
    timer.start()
    with pytest.raises(SandboxError) as caught:
        run_program(["sleep", "3600"], input_files={}, cancelled=asked.is_set)
    assert caught.value.kind == "cancelled"
    timer.join()


def test_only_regular_files_are_read_back(tmp_path: Path) -> None:
    names = ("link", "pipe", "folder")
    result = shell(
        "ln -s /etc/passwd link; mkfifo pipe; mkdir folder; echo x > a; ln a hard; ls",
        output_files=(*names, "hard"),
    )
    assert result.files == {}
    for name in ("../x", "/etc/passwd", "", ".."):
        with pytest.raises(ValueError, match="plain name"):
            shell("true", output_files=(name,))


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shell("true")
    before = open_descriptors()
    shell("mkdir -p a/b; touch a/b/c; chmod 500 a/b", input_files={"in": b"x"})
    failure("sleep 3600", Limits(wall_seconds=0.2))
    assert open_descriptors() == before
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_not_installed_is_named() -> None:
    with pytest.raises(SandboxUnavailableError, match="no-such-program"):
        run_program(["no-such-program"], input_files={})


def test_a_program_that_cannot_be_locked_down_does_not_start(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("no program")
    script.chmod(0o700)
    with pytest.raises(SandboxUnavailableError, match="Error"):
        run_program([str(script)], input_files={})
