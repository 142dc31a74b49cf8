from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lexmill_workers.sandbox import Limits, Sandbox, SandboxError

ROOT = Path(__file__).parents[3]
MakeSandbox = Callable[..., Sandbox]


def make_sandbox(*, limits: Limits | None = None, preload: Sequence[str] = ()) -> Sandbox:
    return Sandbox(
        "tests.workers.sandbox.entries:act", preload=preload, limits=limits, paths=[ROOT]
    )


def failure(sandbox: Sandbox, *parts: bytes, wall_seconds: float | None = None) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        sandbox.call(parts, wall_seconds=wall_seconds)
    return caught.value


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with make_sandbox(preload=["tests.workers.sandbox.entries:warm"]) as sandbox:
        yield sandbox


@pytest.fixture
def own_sandbox() -> Iterator[Sandbox]:
    """For tests that harm it."""
    with make_sandbox() as sandbox:
        yield sandbox
