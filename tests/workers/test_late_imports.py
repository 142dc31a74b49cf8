"""Inside the sandbox nothing can be imported: whatever a document needs was imported before."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lexmill_workers.sandbox import Limits, Sandbox
from lexmill_workers.stages import PRELOAD, VERSIONS, Reply, Request

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = sorted(path for folder in ("contracts", "broken") for path in (SAMPLES / folder).iterdir())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # One child a document: what an earlier one imported in vain must not hide anything.
    limits = Limits(calls_per_child=1)
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=limits) as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_sample_imports_late(sandbox: Sandbox, path: Path) -> None:
    data = path.read_bytes()
    reply = msgspec.msgpack.decode(
        sandbox.call(
            msgspec.msgpack.encode(
                Request(
                    uri=path.name,
                    parent=None,
                    name=path.name,
                    sha256=hashlib.sha256(data).hexdigest(),
                    data=data,
                    playbook=(SAMPLES / "playbook.yaml").read_text(encoding="utf-8"),
                    stages=tuple(VERSIONS),
                    known={},
                )
            )
        ),
        type=Reply,
    )
    assert (reply.error is None) == (path.parent.name == "contracts"), reply.error
    assert sandbox.late_imports == frozenset()
