"""The helper that draws pages for the API, as the API starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE
from typing import IO

import msgspec
import pytest

from lexmill.drawing import LENGTH, DrawnPage, PageToDraw
from lexmill.settings import SandboxSettings
from tests.workers.sandbox.processes import eventually, states


@contextmanager
def helping(settings: SandboxSettings) -> Iterator["subprocess.Popen[bytes]"]:
    command = (sys.executable, "-m", "lexmill_workers.drawing", settings.model_dump_json())
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, env={}) as helper:
        yield helper
        assert helper.stdin is not None
        helper.stdin.close()
        assert helper.wait(10) == 0


def draw(helper: "subprocess.Popen[bytes]", data: bytes) -> DrawnPage:
    def read(pipe: "IO[bytes] | None") -> bytes:
        assert pipe is not None
        (size,) = LENGTH.unpack(pipe.read(LENGTH.size))
        return pipe.read(size)

    assert helper.stdin is not None
    payload = msgspec.msgpack.encode(PageToDraw(page=1, data=data))
    helper.stdin.write(LENGTH.pack(len(payload)) + payload)
    helper.stdin.flush()
    return msgspec.msgpack.decode(read(helper.stdout), type=DrawnPage)


@pytest.mark.parametrize(("documents_per_child", "left"), [(1, 0), (2, 1)])
def test_a_child_draws_so_many_documents(documents_per_child: int, left: int) -> None:
    with helping(SandboxSettings(documents_per_child=documents_per_child)) as helper:
        assert draw(helper, b"Only text.").refusal is not None
        (template,) = states(helper.pid)
        eventually(lambda: len(states(template)) == left)
        for _ in range(2):
            assert draw(helper, b"Only text.").refusal is not None
