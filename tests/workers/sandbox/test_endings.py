import functools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lexmill_workers.sandbox import CODES, Limits, Sandbox, SandboxError
from lexmill_workers.sandbox.limits import MIB
from tests.workers.sandbox.conftest import failure, make_sandbox
from tests.workers.sandbox.processes import eventually, states


@pytest.fixture(scope="module")
def narrow() -> Iterator[Sandbox]:
    limits = Limits(memory_bytes=256 * MIB, cpu_seconds=1, wall_seconds=20)
    with make_sandbox(limits=limits) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("deed", "detail"),
    [(b"segfault", "SIGSEGV"), (b"abort", "SIGABRT"), (b"leave", "exit code 7")],
)
def test_a_crash_is_the_documents_fault(sandbox: Sandbox, deed: bytes, detail: str) -> None:
    error = failure(sandbox, deed)
    assert (error.kind, error.code, error.detail) == ("crashed", "parser_crashed", detail)
    assert not error.retryable
    assert sandbox.call([b"echo", b"next"]) == b"next"


def test_the_wall_clock_ends_a_call(sandbox: Sandbox) -> None:
    started = time.monotonic()
    error = failure(sandbox, b"sleep", wall_seconds=0.3)
    assert 0.3 <= time.monotonic() - started < 2
    assert (error.kind, error.code) == ("timeout", "time_limit")
    assert "within 0.3 seconds" in error.message
    assert error.retryable, "it had no processor time: the machine may have been busy"


def test_a_busy_document_that_times_out_is_not_tried_again(sandbox: Sandbox) -> None:
    # On a loaded machine it may get less than its half of the processor: then the test says little.
    error = failure(sandbox, b"spin", wall_seconds=0.5)
    assert error.kind == "timeout"
    assert error.cpu_seconds is not None
    assert error.retryable == (error.cpu_seconds <= 0.25)


@pytest.mark.parametrize("deed", [b"spin", b"ignore_cpu_limit"])
def test_computing_has_a_limit(narrow: Sandbox, deed: bytes) -> None:
    error = failure(narrow, deed)
    assert (error.kind, error.code, error.retryable) == ("cpu", "time_limit", False)
    assert "more than 1 seconds of computing" in error.message


@pytest.mark.parametrize("deed", [b"hog", b"hog_shared", b"hog_and_crash"])
def test_memory_has_a_limit(narrow: Sandbox, deed: bytes) -> None:
    error = failure(narrow, deed)
    assert (error.kind, error.code, error.retryable) == ("memory", "memory_limit", False)
    assert "256 MiB" in error.message


def test_a_payload_beyond_memory_is_a_memory_error(narrow: Sandbox) -> None:
    """Each time: what is left of the payload in the pipe is not taken for a next call."""
    for _ in range(20):
        assert failure(narrow, b"swallow", bytes(300 * MIB)).kind == "memory"


def test_an_unforeseen_error_shows_places_but_no_text(sandbox: Sandbox) -> None:
    error = failure(sandbox, b"fail_with_secret", b"the party of the first part")
    assert (error.kind, error.detail) == ("error", "LookupError")
    assert error.retryable
    assert error.locations[-1].startswith("workers/sandbox/entries.py:")
    assert error.locations[-1].endswith(" fail_with_secret")
    assert "party" not in f"{error!r} {error}"


def test_an_entry_must_return_bytes_and_may_not_exit(sandbox: Sandbox) -> None:
    assert failure(sandbox, b"not_bytes").detail == "TypeError"
    assert failure(sandbox, b"leave_politely").detail == "SystemExit"


def test_cancelling_takes_at_most_100_ms(sandbox: Sandbox) -> None:
    template = sandbox.template_pid
    assert template is not None
    seconds = []
    with ThreadPoolExecutor(1) as thread:
        for _ in range(5):
            asked = threading.Event()
            call = functools.partial(sandbox.call, [b"sleep"], cancelled=asked.is_set)
            under_way = thread.submit(call)
            eventually(lambda: len(states(template)) == 1)
            started = time.monotonic()
            asked.set()
            with pytest.raises(SandboxError) as caught:
                under_way.result(10)
            seconds.append(time.monotonic() - started)
            error = caught.value
            assert (error.kind, error.code, error.retryable) == ("cancelled", "cancelled", False)
            assert states(template) == {}, "it is gone when the call returns"
    assert min(seconds) < 0.1  # the least: others use this machine too


def test_a_call_that_is_not_cancelled_is_answered(sandbox: Sandbox) -> None:
    assert sandbox.call([b"echo", b"x"], cancelled=lambda: False) == b"x"


def test_every_kind_has_a_code_and_a_sentence() -> None:
    for kind, code in CODES.items():
        error = SandboxError(kind=kind, message="", retryable=False)
        assert error.code == code
        assert str(error) == kind
        assert str(replace(error, detail="why")) == f"{kind}: why"
