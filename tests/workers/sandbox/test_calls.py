import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from lexmill_workers.sandbox import Limits, Sandbox, SandboxError
from tests.workers.sandbox.conftest import failure, make_sandbox
from tests.workers.sandbox.processes import eventually, open_descriptors, states

LARGE = bytes(range(256)) * 200_000  # 51 MB


def test_a_single_payload_is_one_part() -> None:
    sandbox = Sandbox("zlib:compress")
    with sandbox:
        assert len(sandbox.call(bytes(1_000_000))) < 2000


@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"", b"bc"], [b"x" * 65_537] * 9])
def test_parts_arrive_as_they_were_sent(sandbox: Sandbox, parts: list[bytes]) -> None:
    assert sandbox.call([b"echo", *parts]) == b"".join(parts)
    assert sandbox.call([b"swallow", *parts]) == str([len(part) for part in parts]).encode()


def test_large_payloads_pass_in_both_directions(sandbox: Sandbox) -> None:
    assert sandbox.call([b"echo", LARGE, LARGE]) == LARGE + LARGE


def test_a_child_that_answers_before_it_reads_all_does_not_hang(sandbox: Sandbox) -> None:
    # What a hostile child does to jam the pipes: the worker must neither wait nor raise.
    error = failure(sandbox, b"garbage", b"x" * 13, LARGE)
    assert error.kind == "error"  # the deed takes one argument only


def test_quick_calls_share_a_process_up_to_the_limit() -> None:
    with make_sandbox(limits=Limits(calls_per_child=3)) as sandbox:
        children = [sandbox.call([b"process_ids"]) for _ in range(7)]
    assert [children.count(child) for child in dict.fromkeys(children)] == [3, 3, 1]


def test_every_call_can_have_its_own_process() -> None:
    with make_sandbox(limits=Limits(calls_per_child=1)) as sandbox:
        assert len({sandbox.call([b"process_ids"]) for _ in range(5)}) == 5


@pytest.mark.parametrize("deed", [[b"not_bytes"], [b"segfault"], [b"echo", bytes(5_000_000)]])
def test_a_process_goes_only_behind_a_small_call_that_answered(
    sandbox: Sandbox, deed: list[bytes]
) -> None:
    before = sandbox.call([b"process_ids"])
    with suppress(SandboxError):
        sandbox.call(deed)
    assert sandbox.call([b"process_ids"]) != before


def test_a_waiting_process_that_was_killed_is_not_used(sandbox: Sandbox) -> None:
    child = json.loads(sandbox.call([b"process_ids"]))[0]
    os.kill(child, signal.SIGKILL)
    eventually(lambda: child not in states(sandbox.template_pid or 0))
    assert sandbox.call([b"echo", b"next"]) == b"next"


def test_what_a_call_leaves_behind_does_not_fail_the_next_one(own_sandbox: Sandbox) -> None:
    assert own_sandbox.call([b"answer_and_stay"]) == b"here"
    assert own_sandbox.call([b"echo", b"next"], wall_seconds=0.5) == b"next"


def test_many_threads_call_at_once(sandbox: Sandbox) -> None:
    def work(number: int) -> None:
        for turn in range(50):
            payload = f"{number}.{turn}.".encode() * 20_000
            assert sandbox.call([b"echo", payload]) == payload

    with ThreadPoolExecutor(8) as threads:
        for _ in threads.map(work, range(8)):
            pass


def test_nothing_is_left_behind(own_sandbox: Sandbox) -> None:
    own_sandbox.start()
    template = own_sandbox.template_pid
    assert template is not None
    before = open_descriptors()
    for deed in [b"echo", b"segfault", b"leave", b"not_bytes"] * 50:
        try:
            own_sandbox.call([deed])
        except SandboxError:
            assert deed != b"echo"
    assert open_descriptors() == before
    eventually(lambda: states(template) == {})


def test_an_answer_has_a_limit() -> None:
    with make_sandbox(limits=Limits(result_bytes=1_000_000)) as sandbox:
        assert len(sandbox.call([b"produce", b"1000000"])) == 1_000_000
        error = failure(sandbox, b"produce", b"1000001")
        assert (error.kind, error.code, error.retryable) == ("output", "result_too_large", False)
        assert failure(sandbox, b"flood").kind == "output"
        names = b"r" + (2**31).to_bytes(4, "little") + bytes(8)
        assert failure(sandbox, b"garbage", names).kind == "output"


def test_a_hostile_child_that_goes_on_after_its_answer_is_ended(own_sandbox: Sandbox) -> None:
    assert own_sandbox.call([b"answer_and_stay"]) == b"here"
    template = own_sandbox.template_pid
    assert template is not None
    own_sandbox.close()
    eventually(lambda: states(template) == {})


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"r",
        b"r" + bytes(4) + (1000).to_bytes(8, "little") + b"short",
        b"r" + bytes(4) + (2).to_bytes(8, "little") + b"long",
    ],
)
def test_a_false_answer_is_a_crash(sandbox: Sandbox, answer: bytes) -> None:
    assert failure(sandbox, b"garbage", answer).kind == "crashed"


@pytest.mark.parametrize("kind", [b"?", b"e"])
def test_a_hostile_answer_gets_no_text_into_logs(sandbox: Sandbox, kind: bytes) -> None:
    text = "Свидетель: Иванов\nsecret!\n".encode() + b"\xff" * 100
    names = b"the secret; clause\n"
    answer = kind + len(names).to_bytes(4, "little") + len(text).to_bytes(8, "little")
    error = failure(sandbox, b"garbage", answer + names + text)
    assert error.kind == "error"
    assert "secret" not in f"{error!r} {error}"
    assert sandbox.late_imports == frozenset()
