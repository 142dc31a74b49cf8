"""From a folder to facts and back, by commands alone, against `lexmill up`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lexmill_cli.local import postgres
from lexmill_cli.local.processes import free_port
from tests.processes import until

pytestmark = pytest.mark.system

SAMPLES = Path(__file__).parents[2] / "samples"
JOB = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: intake}
spec:
  matter: ACME-2026-14
  trigger: {}
  playbook: {configMap: {name: house, key: playbook.yaml}}
"""
LEXMILL = Path(sys.executable).with_name("lexmill")

Command = Callable[..., "subprocess.CompletedProcess[bytes]"]


@contextmanager
def started(folder: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Stopped by Ctrl-C at the end of the block, if it still runs."""
    with subprocess.Popen(
        [LEXMILL, *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=120)


@pytest.fixture
def up(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    home = tmp_path / ".lexmill"
    try:
        with started(tmp_path, "up", "--port", str(free_port())) as process:
            until((home / "url").exists, seconds=120)
            yield process
    finally:
        postgres.erase(home)


@pytest.fixture
def lexmill(up: "subprocess.Popen[bytes]", tmp_path: Path) -> Command:
    """The token it finds by itself: that of the folder, for an address of this machine."""
    url = (tmp_path / ".lexmill" / "url").read_text(encoding="ascii")

    def run(*words: str | Path, code: int | None = 0) -> "subprocess.CompletedProcess[bytes]":
        done = subprocess.run(
            [LEXMILL, *words],
            cwd=tmp_path,
            env={**os.environ, "LEXMILL_URL": url},
            capture_output=True,
            timeout=240,
            check=False,
        )
        assert code is None or done.returncode == code, done.stderr.decode()
        return done

    return run


def records(done: "subprocess.CompletedProcess[bytes]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def kill_api(up: "subprocess.Popen[bytes]") -> None:
    children = Path(f"/proc/{up.pid}/task/{up.pid}/children").read_text(encoding="ascii").split()
    (api,) = (
        child for child in children if b"lexmill_api" in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    os.kill(int(api), signal.SIGKILL)


def test_from_a_folder_to_facts(
    up: "subprocess.Popen[bytes]", lexmill: Command, tmp_path: Path
) -> None:
    (tmp_path / "intake.yaml").write_text(JOB, encoding="utf-8")
    lexmill("playbook", "put", "house", SAMPLES / "playbook.yaml")
    lexmill("jobs", "declare", "intake.yaml")
    files = [SAMPLES / "contracts" / name for name in ("office-lease.txt", "loan-agreement.pdf")]
    url = (tmp_path / ".lexmill" / "url").read_text(encoding="ascii")
    with started(tmp_path, "jobs", "watch", "intake", "--json", "--url", url) as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["documents"]["total"] == 0
        kill_api(up)  # and `up` starts it again
        until(lambda: lexmill("jobs", "get", "intake", code=None).returncode == 0, seconds=120)
        sent = records(lexmill("documents", "upload", "intake", *files, "--wait", "--json"))
        for line in watching.stdout:  # it goes on behind the API that is gone
            if json.loads(line)["documents"]["succeeded"] == 2:
                break
        watching.send_signal(signal.SIGINT)
        assert watching.communicate(timeout=60)[1] == b"lexmill: Stopped.\n"
        assert watching.returncode == 130
    ids = {each["document"]["name"]: each["document"]["id"] for each in sent if "file" in each}
    ended = {each["id"]: each["state"] for each in sent if "file" not in each}
    assert ended == dict.fromkeys(ids.values(), "succeeded")

    loan = ids["loan-agreement.pdf"]
    law = ("facts", "list", "--field", "governing_law", "--firm", "--json")
    laws = {each["document_id"]: each["normalized"] for each in records(lexmill(*law))}
    assert laws == {loan: "SG", ids["office-lease.txt"]: "US-NY"}
    asked = records(lexmill("findings", "list", "--document", loan, "--json"))
    assert {each["job"] for each in asked} == {"intake"}
    text = lexmill("documents", "text", loan).stdout.decode()
    (fact,) = (each for each in records(lexmill(*law)) if each["document_id"] == loan)
    assert text[fact["start"] : fact["end"]] == fact["quote"]
    assert lexmill("documents", "page", loan, "1").stdout.startswith(b"\x89PNG")

    lexmill("review", "correct", loan, "governing_law", "--value", "US-DE", "--recheck")
    lexmill("documents", "watch", loan)
    decided = until(
        lambda: [
            each
            for each in records(lexmill(*law))
            if (each["document_id"], each["normalized"]) == (loan, "US-DE")
        ]
    )
    assert decided[0]["method"] == "human"
    until(lambda: {each["run"] for each in records(lexmill("jobs", "results", "intake", "--json"))})
    lexmill("jobs", "download", "intake", "--out", "reports")
    assert (tmp_path / "reports" / "report.xlsx").read_bytes().startswith(b"PK")
    lexmill("audit", "verify")
