"""A few seconds of what `make fuzz` does for many minutes, and all that it ever found."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexmill_workers.sandbox import Sandbox
from lexmill_workers.stages import PRELOAD, work
from tests.fuzz.__main__ import LIMITS
from tests.fuzz.parsers import PARSERS, judge

FOUND = sorted((Path(__file__).parent / "regressions").iterdir())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=LIMITS) as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_once_went_wrong_goes_well(sandbox: Sandbox, path: Path) -> None:
    """Files are called by their parser: pdf-lost-font."""
    asked = PARSERS[path.name.partition("-")[0]].ask(path.read_bytes())
    judge(asked, sandbox.call(msgspec.msgpack.encode(asked)))


@pytest.mark.parametrize("name", PARSERS)
@settings(
    max_examples=25,
    deadline=10_000,
    derandomize=True,  # what is new is found by `make fuzz`, not by somebody else's change
    suppress_health_check=[HealthCheck.data_too_large],
)
@given(chance=st.randoms(use_true_random=False))
def test_damaged_documents_are_read_or_refused(name: str, chance: Random) -> None:
    asked = PARSERS[name].ask(PARSERS[name].case(chance))
    judge(asked, work(msgspec.msgpack.encode(asked)))


@pytest.mark.parametrize("name", PARSERS)
def test_in_the_sandbox_too(sandbox: Sandbox, name: str) -> None:
    for number in range(8):
        asked = PARSERS[name].ask(PARSERS[name].case(Random(f"{name} {number}")))
        judge(asked, sandbox.call(msgspec.msgpack.encode(asked)))
    assert sandbox.late_imports == frozenset()


@pytest.mark.parametrize("name", PARSERS)
def test_what_is_damaged_was_read_before(name: str) -> None:
    """A parser that refuses its own seeds would be tried with nothing."""
    for seed in PARSERS[name].seeds:
        asked = PARSERS[name].ask(seed)
        answer = work(msgspec.msgpack.encode(asked))
        judge(asked, answer)
        assert b"encrypted" not in answer
        assert b"corrupt" not in answer
