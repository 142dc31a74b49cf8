"""What the legal library finds inside the sandbox is what it finds outside."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lexmill.storage.bundles import decode_bundle
from lexmill_workers.sandbox import Sandbox
from lexmill_workers.stages import PRELOAD, VERSIONS, Reply, Request, work_on
from tests.workers.sandbox.conftest import ROOT
from tests.workers.sandbox.legal_entries import read

FRENCH = """CONTRAT DE PRESTATION DE SERVICES

Entre les soussignés, il a été convenu et arrêté ce qui suit. Le prestataire s'engage à exécuter
les services avec diligence, conformément aux règles de l'art, et à informer le client sans délai.
"""
DOCUMENTS = sorted(
    path for folder in ("contracts", "broken") for path in ROOT.glob(f"samples/{folder}/*")
)


@pytest.fixture(scope="module")
def legal() -> Iterator[Sandbox]:
    entry = "tests.workers.sandbox.legal_entries:read"
    with Sandbox(entry, preload=PRELOAD, paths=[ROOT]) as sandbox:
        yield sandbox


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_sample(legal: Sandbox, path: Path) -> None:
    data = path.read_bytes()
    assert legal.call([path.name.encode(), data]) == read(path.name.encode(), data)
    assert legal.late_imports == frozenset()


@pytest.fixture(scope="module")
def worker() -> Iterator[Sandbox]:
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, paths=[ROOT]) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("samples/contracts/*.docx")), ids=lambda path: path.stem
)
def test_a_redline(worker: Sandbox, path: Path) -> None:
    """For a rule that every document fails."""
    request = Request(
        uri=path.name,
        parent=None,
        name=path.name,
        sha256="0" * 64,
        data=path.read_bytes(),
        playbook="rules: [{id: party, forbid: {fact: party}, fallback: Nobody.}]",
        stages=tuple(VERSIONS),
        known={},
        redline=True,
    )
    reply = msgspec.msgpack.decode(worker.call(msgspec.msgpack.encode(request)), type=Reply)
    redline = decode_bundle(reply.bundle).redline
    assert redline.startswith(b"PK")
    assert redline == decode_bundle(work_on(request).bundle).redline
    assert worker.late_imports == frozenset()


def test_a_language_that_needs_the_model(legal: Sandbox) -> None:
    data = FRENCH.encode()
    answer = legal.call([b"contrat.txt", data])
    assert b"'fr'" in answer
    assert answer == read(b"contrat.txt", data)
    assert legal.late_imports == frozenset()


def test_a_call_costs_little() -> None:
    with Sandbox("tests.workers.sandbox.entries:act", preload=PRELOAD, paths=[ROOT]) as sandbox:
        payload = [b"swallow", bytes(100_000)]
        seconds = []
        for _ in range(50):
            started = time.perf_counter()
            sandbox.call(payload)
            seconds.append(time.perf_counter() - started)
    # A few ms when idle; imports in each call would take a second. The least: others work here too.
    assert min(seconds) < 0.1
