import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lexmill_workers.sandbox import Sandbox, SandboxUnavailableError
from tests.workers.sandbox.conftest import ROOT, failure, make_sandbox
from tests.workers.sandbox.processes import eventually, runs, states


def template_of(sandbox: Sandbox) -> int:
    pid = sandbox.template_pid
    assert pid is not None
    return pid


def await_child(sandbox: Sandbox) -> int:
    template = template_of(sandbox)
    eventually(lambda: len(states(template)) == 1)
    return next(iter(states(template)))


def test_a_killed_template_is_replaced(own_sandbox: Sandbox) -> None:
    first = template_of(own_sandbox)
    os.kill(first, signal.SIGKILL)
    assert own_sandbox.call([b"echo", b"again"]) == b"again"
    assert template_of(own_sandbox) != first


def test_calls_under_way_die_with_the_template(own_sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(failure, own_sandbox, b"sleep")
        child = await_child(own_sandbox)
        os.kill(template_of(own_sandbox), signal.SIGKILL)
        error = future.result(10)
    assert (error.kind, error.code, error.retryable) == ("died", "interrupted", True)
    eventually(lambda: not runs(child))
    assert own_sandbox.call([b"echo", b"again"]) == b"again"


def test_a_template_that_hangs_does_not_hold_a_call(own_sandbox: Sandbox) -> None:
    os.kill(template_of(own_sandbox), signal.SIGSTOP)
    error = failure(own_sandbox, b"echo", wall_seconds=0.2)
    assert (error.kind, error.retryable) == ("timeout", True)
    assert own_sandbox.call([b"echo", b"again"]) == b"again"


def test_a_child_killed_from_outside_is_nobodys_fault(own_sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(failure, own_sandbox, b"sleep")
        os.kill(await_child(own_sandbox), signal.SIGKILL)
        error = future.result(10)
    assert (error.kind, error.detail, error.retryable) == ("died", "SIGKILL", True)


def test_closing_ends_calls_under_way() -> None:
    with ThreadPoolExecutor(1) as threads:
        with make_sandbox() as sandbox:
            future = threads.submit(failure, sandbox, b"sleep")
            template, child = template_of(sandbox), await_child(sandbox)
        assert future.result(10).kind == "died"
    eventually(lambda: not runs(child) and not runs(template))
    with pytest.raises(SandboxUnavailableError, match="closed"):
        sandbox.call(b"echo")


KILLED_WORKER = """
import os, signal, sys, threading
from pathlib import Path
from lexmill_workers.sandbox import Sandbox

sandbox = Sandbox("tests.workers.sandbox.entries:act", paths=[Path(sys.argv[1])])
sandbox.start()
threading.Thread(target=sandbox.call, args=([b"sleep"],), daemon=True).start()
print(sandbox.template_pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_worker_leaves_no_process() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_WORKER, str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None
        template = int(worker.stdout.readline())
        eventually(lambda: len(states(template)) == 1)
        child = next(iter(states(template)))
        worker.kill()
    eventually(lambda: not runs(template) and not runs(child))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("tests.workers.sandbox.entries:no_such", "no_such"),
        ("no_such_module:act", "No module named 'no_such_module'"),
        ("tests.workers.sandbox.entries:leave", "it ended with 7"),
    ],
)
def test_what_keeps_the_template_from_starting_is_said(entry: str, reason: str) -> None:
    sandbox = Sandbox("zlib:compress", preload=[entry], paths=[ROOT])
    with pytest.raises(SandboxUnavailableError, match=reason):
        sandbox.start()


def test_a_preload_that_starts_a_thread_is_refused() -> None:
    sandbox = Sandbox(
        "tests.workers.sandbox.entries:act",
        preload=["tests.workers.sandbox.entries:start_thread"],
        paths=[ROOT],
    )
    with pytest.raises(SandboxUnavailableError, match="thread"):
        sandbox.start()


def test_preloads_are_there_in_each_call_and_frozen(sandbox: Sandbox) -> None:
    assert sandbox.call([b"preloaded"]) == b"warm"
    assert int(sandbox.call([b"frozen"])) > 1000


def test_a_late_import_names_the_missing_preload(own_sandbox: Sandbox) -> None:
    error = failure(own_sandbox, b"late_import", b"wave")
    assert (error.kind, error.detail) == ("error", "ModuleNotFoundError (not preloaded: wave)")
    assert own_sandbox.late_imports == {"wave"}


def test_a_package_is_preloaded_with_all_that_is_in_it() -> None:
    with make_sandbox(preload=["wsgiref.*"]) as sandbox:
        assert sandbox.call([b"late_import", b"wsgiref.handlers"]) == b"imported"
        assert sandbox.late_imports == frozenset()


def test_every_encoding_is_there_and_unknown_ones_are_no_late_import(own_sandbox: Sandbox) -> None:
    assert own_sandbox.call([b"decode", b"cp866", b"\x8f"]) == "П".encode()
    assert failure(own_sandbox, b"decode", b"x-secret", b"").detail == "LookupError"
    assert own_sandbox.late_imports == frozenset()


def test_the_first_call_starts_it() -> None:
    sandbox = make_sandbox()
    assert (sandbox.template_pid, sandbox.seccomp) == (None, False)
    try:
        assert sandbox.call([b"echo", b"x"]) == b"x"
        assert sandbox.seccomp
    finally:
        sandbox.close()
