"""Whatever is wrong is said in one sentence, with an exit code, and nothing is lost."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lexmill_cli.local.processes import free_port
from tests.disks import disk
from tests.system.commands import (
    SAMPLES,
    Ended,
    Workplace,
    contract,
    until,
    workplace,
    write_contracts,
)
from tests.system.people import ordinary_user, requires_root

pytestmark = pytest.mark.system

JOB = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: bad}
spec:
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    with workplace(tmp_path_factory.mktemp("bad")) as place:
        place.path("contract.txt", contract(1))
        yield place


def assert_refused(ended: Ended, code: int, sentence: str) -> None:
    """Nothing but the sentence; the servers were not even started."""
    assert ended == Ended(code, "", f"lexmill: {sentence}\n")


def test_a_path_that_is_not_there(place: Workplace) -> None:
    assert_refused(place.run("run", "gone", "--json"), 2, "gone: no such file or folder")


def test_a_path_that_may_not_be_read(place: Workplace) -> None:
    secret = place.path("secret/contract.txt", contract(2))
    secret.parent.chmod(0)
    try:
        with ordinary_user(place.folder) as other:
            ended = other.run("run", secret.parent, "--json")
    finally:
        secret.parent.chmod(0o755)
    assert_refused(ended, 2, f"{secret.parent}: Permission denied")


def test_yaml_with_a_syntax_error(place: Workplace) -> None:
    job = place.path("syntax.yaml", JOB + "  documents: [{uri: contract.txt}\n")
    ended = place.run("run", job)
    assert ended.code == 2
    assert ended.stderr.startswith(f"lexmill: {job}:7:1: expected ',' or ']'")
    assert ended.stderr.count("\n") == 1


def test_a_field_that_a_legal_job_does_not_have(place: Workplace) -> None:
    job = place.path("field.yaml", JOB + "  documents: [{uri: contract.txt}]\n  wokers: {}\n")
    ended = place.run("run", job)
    assert_refused(ended, 2, f'{job}: unknown field "spec.wokers"')


def test_a_playbook_that_cannot_be_used(place: Workplace) -> None:
    playbook = place.path(
        "playbook.yaml",
        "rules:\n  - id: a\n    require: {fact: governing_lor}\n    message: It is missing.\n",
    )
    ended = place.run("run", "contract.txt", "--playbook", playbook)
    assert ended.code == 2
    assert ended.stderr.startswith(f"lexmill: {playbook}:3:")
    assert "governing_lor" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_wrong_option(place: Workplace) -> None:
    ended = place.run("run", "contract.txt", "--wrong")
    assert ended.code == 2
    assert "--wrong" in ended.stderr


def test_a_port_in_use(place: Workplace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = place.run("up", "--port", str(port))
    assert_refused(
        ended,
        3,
        f"Port {port} of 127.0.0.1 is in use: stop what listens there, or choose another "
        "with --port.",
    )


def test_a_home_in_use(place: Workplace) -> None:
    lock = place.home / "postgres" / "lock"
    with place.started("up", "--port", str(free_port())) as first:
        until(lambda: lock.exists() and lock.read_text().strip() == str(first.process.pid))
        second = place.run("run", "contract.txt")
    assert second.code == 3
    assert f"Another Lexmill (process {first.process.pid}) is using" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_home_that_cannot_be_made(place: Workplace) -> None:
    ended = place.run("run", "contract.txt", "--home", place.path("contract.txt") / "home")
    assert ended.code == 3
    assert "contract.txt cannot be used (File exists)" in ended.stderr
    assert "Traceback" not in ended.stderr


@requires_root
def test_no_space_for_the_reports(place: Workplace) -> None:
    out = place.path("out")
    command = ("run", write_contracts(place.path("contracts"), range(5)), "--out", out, "--json")
    with disk(out, kibibytes=128):
        filler = out / "filler"
        filler.write_bytes(b"\0" * (120 << 10))
        ended = place.run(*command)
        assert_refused(
            ended, 3, f"The reports cannot be written to {out}: No space left on device."
        )

        filler.write_bytes(b"\0" * (40 << 10))
        ended = place.run(*command)
        assert ended.code == 3
        assert "there is no space left to write to; free some and try again" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert ended.answer["documents"] == {"total": 5, "succeeded": 5, "failed": 0, "dead": 0}
        assert not (out / "results.jsonl").exists()

        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=8m", str(out)], check=True)
        ended = place.run(*command)
        assert ended.code == 0, ended.stderr
        assert "every result was taken from an earlier run" in ended.stderr
        assert len((out / "results.jsonl").read_bytes().splitlines()) == 5
        assert not [path for path in out.rglob("*") if "#" in path.name]  # half-written ones


def test_an_ordinary_user_runs_samples(tmp_path: Path) -> None:
    samples = [SAMPLES / "contracts" / name for name in ("mutual-nda.docx", "office-lease.txt")]
    copies = [tmp_path / sample.name for sample in samples]
    for sample, copy in zip(samples, copies, strict=True):
        copy.write_bytes(sample.read_bytes())
    with ordinary_user(tmp_path) as person:
        ended = person.run("run", *copies, "--json")
        assert ended.code == 0, ended.stderr
        assert ended.answer["documents"]["succeeded"] == 2
        owners = {path.stat().st_uid for path in person.home.rglob("*")}
    assert len(owners) == 1
    assert 0 not in owners
