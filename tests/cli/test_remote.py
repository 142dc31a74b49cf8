"""`lexmill jobs`, `documents`, `events`, `dead` against an installation that runs somewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lexmill_cli.errors import CommandError
from lexmill_cli.main import app
from tests.api.asking import Api, Serving, event
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

Command = Callable[..., "Answer"]

TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
PLAYBOOK = "rules:\n  - id: law\n    require: {fact: governing_law}\n    message: No law.\n"
JOB = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: nda, namespace: files}
spec:
  trigger: {}
  suspend: true
  playbook: {configMap: {name: rules, key: playbook.yaml}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: rules}
data:
  playbook.yaml: |
    rules:
      - {id: law, require: {fact: governing_law}, message: No law.}
"""


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    with serving() as api:
        yield api


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def lexmill(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """In an empty folder: there is no installation but the one that is named."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str | Path, token: str = TOKEN, typed: str = "", **more: str) -> Answer:
        environment = {"LEXMILL_URL": api.process.url, "LEXMILL_TOKEN": token, **more}
        done = CliRunner().invoke(app, [*map(str, words)], env=environment, input=typed)
        if isinstance(done.exception, CommandError):  # which `main` ends the command with
            return Answer(done.exception.exit, done.stdout, f"{done.stderr}{done.exception}\n")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run


def listed(answer: Answer) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_jobs_are_listed_and_narrowed_down(api: Api, lexmill: Command) -> None:
    api.declare("lists", matter="ACME-1")
    assert [job["name"] for job in listed(lexmill("jobs", "list", "-n", "lists", "--json"))] == [
        "lists"
    ]
    none = lexmill("jobs", "list", "-n", "lists", "--state", "Failed", "--json")
    assert listed(none) == []
    table = lexmill("jobs", "list", "-n", "lists", "--matter", "ACME-1")
    assert (table.returncode, table.stderr) == (0, "")
    assert table.stdout.split()[:6] == ["Name", "State", "Owner", "Matter", "Declared", "Message"]
    assert "lists" in table.stdout
    assert "no such job" in lexmill("jobs", "list", "-n", "nowhere").stderr


def test_a_list_is_cut_and_says_so(api: Api, lexmill: Command) -> None:
    api.declare("cut")
    events = [event() for _ in range(3)]
    for sent in events:
        assert api.post(sent, path="/ns/cut/events").status_code == 202
    some = lexmill("events", "list", "-n", "cut", "--limit", "2", "--json")
    assert len(listed(some)) == 2
    assert "more than 2" in some.stderr
    assert len(listed(lexmill("events", "list", "-n", "cut", "--all", "--json"))) == 4
    seen = listed(lexmill("documents", "list", "-n", "cut", "--job", "cut", "--json"))
    assert len(seen) == 3
    inline = {f"event:/tests#{sent['id']}" for sent in events}
    table = lexmill("documents", "list", "-n", "cut").stdout
    assert {line.split()[1] for line in table.splitlines()[1:]} == inline
    one = lexmill("documents", "get", seen[0]["id"], "-n", "cut", "--json")
    assert (one.returncode, json.loads(one.stdout)["job"]) == (0, "cut")
    why = lexmill("events", "get", listed(some)[0]["id"], "-n", "cut")
    assert (why.returncode, why.stderr) == (0, "")
    assert "Job cut" in why.stdout
    routed = listed(lexmill("events", "list", "-n", "cut", "--outcome", "routed", "--json"))
    assert {each["outcome"] for each in routed} == {"routed"}


def test_a_job_is_stopped_and_goes_on(api: Api, lexmill: Command) -> None:
    api.declare("orders")
    for order, state in (("suspend", "Suspended"), ("resume", "Pending")):
        done = lexmill("jobs", order, "orders", "-n", "orders", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["state"] == state
    assert lexmill("jobs", "get", "orders", "-n", "orders").returncode == 0
    told = json.loads(lexmill("jobs", "declaration", "orders", "-n", "orders").stdout)
    assert told["name"] == "orders"
    assert lexmill("jobs", "cancel", "orders", "-n", "orders").returncode == 0
    assert lexmill("jobs", "get", "orders", "-n", "orders").returncode == 1


def test_a_job_is_tried_again_and_deleted(api: Api, lexmill: Command) -> None:
    api.declare("again")
    assert api.post(event(), path="/ns/again/events").status_code == 202
    api.rows(
        """
        WITH dead AS (
          UPDATE task SET state = 'dead', error_code = 'internal_error', error_message = 'no.',
            ended_at = now() WHERE namespace = 'again' RETURNING document_id
        ) UPDATE document SET state = 'dead', ended_at = now()
        FROM dead WHERE document.id = dead.document_id RETURNING 1
        """
    )
    assert len(listed(lexmill("dead", "list", "-n", "again", "--json"))) == 1
    replayed = lexmill("jobs", "replay", "again", "-n", "again", "--json")
    assert json.loads(replayed.stdout) == {"queued": 1}, replayed.stderr
    assert lexmill("jobs", "delete", "again", "-n", "again").returncode == 0
    assert listed(lexmill("jobs", "list", "-n", "again", "--json")) == []


def test_a_job_is_declared_from_a_file(lexmill: Command, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(JOB, encoding="utf-8")
    declared = lexmill("jobs", "declare", file, "-n", "files", "--json")
    assert json.loads(declared.stdout)["state"] == "Suspended", declared.stderr
    told = json.loads(lexmill("jobs", "declaration", "nda", "-n", "files").stdout)
    assert told["config_maps"]["rules"]["playbook.yaml"].startswith("rules:")
    again = lexmill("jobs", "declare", file, "-n", "files")
    assert (again.returncode, "a job of this name" in again.stderr) == (2, True), again.stderr
    elsewhere = lexmill("jobs", "declare", file, "-n", "other")
    assert (elsewhere.returncode, "--namespace files" in elsewhere.stderr) == (2, True)
    file.write_text(JOB.replace("governing_law", "nonsense"), encoding="utf-8")
    wrong = lexmill("jobs", "declare", file, "-n", "files")
    assert (wrong.returncode, "ConfigMap rules" in wrong.stderr) == (2, True), wrong.stderr


def test_an_order_is_for_the_version_that_was_read(api: Api, lexmill: Command) -> None:
    api.declare("versions")
    seen = json.loads(lexmill("jobs", "get", "versions", "-n", "versions", "--json").stdout)
    words = ("versions", "-n", "versions", "--if-version", seen["version"])
    assert lexmill("jobs", "suspend", *words).returncode == 0
    late = lexmill("jobs", "cancel", *words)
    assert (late.returncode, "changed" in late.stderr) == (2, True)


def test_a_folder_is_uploaded_and_the_same_command_goes_on(
    api: Api, lexmill: Command, tmp_path: Path
) -> None:
    api.declare("folder")
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.txt", "deep/a.txt", "b\u202e.txt"):
        (tmp_path / "in" / name).write_bytes(TEXT)
    (tmp_path / "in" / ".hidden").write_bytes(TEXT)
    (tmp_path / "in" / "program.pdf").write_bytes(b"\x7fELF" + bytes(range(256)) * 10)
    sent = lexmill("documents", "upload", "folder", tmp_path / "in", "-n", "folder", "--json")
    assert sent.returncode == 1, sent.stderr
    answers = [json.loads(line) for line in sent.stdout.splitlines()]
    assert sorted(each["code"] for each in answers if each["code"]) == ["unsupported_content"]
    taken = {each["document"]["id"] for each in answers if each["document"]}
    assert len(taken) == 3
    assert "3 of 4 files were taken, 1 were refused" in sent.stderr
    (tmp_path / "in" / "program.pdf").unlink()
    (tmp_path / "in" / "c.txt").write_bytes(TEXT)
    again = lexmill("documents", "upload", "folder", tmp_path / "in", "-n", "folder")
    assert (again.returncode, "1 of 4 files were taken, 3 had come before" in again.stderr) == (
        0,
        True,
    )
    assert len(listed(lexmill("documents", "list", "-n", "folder", "--json"))) == 4


def test_a_file_goes_by_an_address_of_its_own(api: Api, lexmill: Command, tmp_path: Path) -> None:
    api.declare("address")
    file = tmp_path / "a.txt"
    file.write_bytes(TEXT)
    sent = lexmill("documents", "upload", "address", file, "--presigned", "-n", "address")
    assert (sent.returncode, "queued" in sent.stdout) == (0, True), sent.stderr
    asked = ("documents", "address", "address", "b.txt", "-n", "address", "--json")
    presigned = json.loads(lexmill(*asked).stdout)
    assert api.http.put(presigned["url"], content=TEXT).status_code == 201
    done = lexmill("documents", "complete", presigned["id"], "-n", "address", "--json")
    assert json.loads(done.stdout)["name"] == "b.txt", done.stderr


def test_what_is_uploaded_has_to_be_there(api: Api, lexmill: Command, tmp_path: Path) -> None:
    api.declare("nothing")
    for path in (tmp_path / "none.txt", tmp_path):
        answer = lexmill("documents", "upload", "nothing", path, "-n", "nothing")
        assert (answer.returncode, answer.stdout) == (2, "")
    (tmp_path / "a.txt").write_bytes(TEXT)
    unknown = lexmill("documents", "upload", "unknown", tmp_path, "-n", "nothing")
    assert (unknown.returncode, "no such job" in unknown.stderr) == (2, True)


def test_a_file_is_taken_as_it_is(api: Api, lexmill: Command, tmp_path: Path) -> None:
    api.declare("taken")
    file = tmp_path / "a.txt"
    file.write_bytes(TEXT)
    sent = lexmill("documents", "upload", "taken", file, "-n", "taken", "--json")
    document = json.loads(sent.stdout)["document"]["id"]
    there = lexmill("documents", "source", document, "-n", "taken", "--out", "copy.txt")
    assert there.returncode == 0, there.stderr
    assert (tmp_path / "copy.txt").read_bytes() == TEXT
    early = lexmill("documents", "text", document, "-n", "taken", "--out", "text.txt")
    assert (early.returncode, "still queued" in early.stderr) == (2, True)
    assert not (tmp_path / "text.txt").exists()
    family = listed(lexmill("documents", "family", document, "-n", "taken", "--json"))
    assert [each["id"] for each in family] == [document]


def test_holds_keep_what_somebody_wants_to_purge(
    api: Api, lexmill: Command, tmp_path: Path
) -> None:
    api.declare("records", matter="ACME-7")
    file = tmp_path / "a.txt"
    file.write_bytes(TEXT)
    sent = lexmill("documents", "upload", "records", file, "-n", "records", "--json")
    document = json.loads(sent.stdout)["document"]["id"]
    lexmill("jobs", "cancel", "records", "-n", "records")
    words = ("holds", "place", "-n", "records", "--case", "A v B", "--reason", "a letter", "--json")
    hold = json.loads(lexmill(*words, "--matter", "ACME-7").stdout)
    assert lexmill(*words).returncode == 2
    purge = ("documents", "purge", document, "-n", "records", "--reason", "over")
    held = lexmill(*purge, "--yes")
    assert (held.returncode, "A v B" in held.stderr) == (2, True)
    assert "A v B" in lexmill("documents", "keeping", document, "-n", "records").stdout
    assert "matter ACME-7" in lexmill("holds", "list", "-n", "records").stdout
    (matter,) = listed(lexmill("matters", "list", "-n", "records", "--json"))
    assert (matter["matter"], matter["holds"]) == ("ACME-7", 1)
    released = lexmill("holds", "release", hold["id"], "-n", "records", "--reason", "settled")
    assert (released.returncode, "settled" in released.stdout) == (0, True)
    assert lexmill(*purge, typed="n\n").returncode == 1
    purged = lexmill(*purge, typed="y\n")
    assert (purged.returncode, "1 document is purged" in purged.stderr) == (0, True)
    (stone,) = listed(lexmill("tombstones", "list", "-n", "records", "--json"))
    assert (stone["document_id"], stone["reason"]) == (document, "over")
    gone = lexmill("documents", "source", document, "-n", "records")
    assert (gone.returncode, "was purged" in gone.stderr) == (2, True)


def test_playbooks_are_kept_by_version(lexmill: Command, tmp_path: Path) -> None:
    file = tmp_path / "house.yaml"
    for message in ("No law.", "No law at all."):
        file.write_text(PLAYBOOK.replace("No law.", message), encoding="utf-8")
        assert lexmill("playbook", "put", "house", file, "-n", "books").returncode == 0
    assert [
        each["number"]
        for each in listed(lexmill("playbook", "versions", "house", "-n", "books", "--json"))
    ] == [2, 1]
    first = lexmill("playbook", "get", "house", "--version", "1", "-n", "books")
    assert first.stdout == PLAYBOOK
    assert "house" in lexmill("playbook", "list", "-n", "books").stdout
    file.write_text("rules: 1\n", encoding="utf-8")
    wrong = lexmill("playbook", "put", "house", file, "-n", "books")
    assert (wrong.returncode, "house.yaml:1:" in wrong.stderr) == (2, True)


def test_a_token_is_issued_used_and_revoked(api: Api, lexmill: Command, tmp_path: Path) -> None:
    api.declare("tokens")
    issued = lexmill("tokens", "issue", "nightly", "--role", "reader", "-n", "tokens")
    assert issued.returncode == 0, issued.stderr
    file = tmp_path / "token"
    file.write_text(issued.stdout, encoding="ascii")
    by_file = {"token": "", "LEXMILL_TOKEN_FILE": str(file)}
    assert lexmill("jobs", "list", "-n", "tokens", **by_file).returncode == 0
    for words, says in (
        (("jobs", "cancel", "tokens", "-n", "tokens"), "role"),
        (("jobs", "list", "-n", "other"), "role"),
    ):
        answer = lexmill(*words, **by_file)
        assert (answer.returncode, says in answer.stderr) == (2, True), answer.stderr
    (token,) = listed(lexmill("tokens", "list", "-n", "tokens", "--json"))
    assert lexmill("tokens", "revoke", token["id"], "-n", "tokens").returncode == 0
    file.unlink()
    missing = lexmill("jobs", "list", "-n", "tokens", **by_file)
    assert (missing.returncode, str(file) in missing.stderr) == (2, True)


def test_a_watched_job_ends_the_command(api: Api, lexmill: Command) -> None:
    api.declare("watched")
    lexmill("jobs", "cancel", "watched", "-n", "watched")
    ended = lexmill("jobs", "watch", "watched", "-n", "watched")
    assert (ended.returncode, "watched: Failed" in ended.stdout) == (1, True), ended.stderr
    unknown = lexmill("jobs", "watch", "none", "-n", "watched")
    assert (unknown.returncode, "no such job" in unknown.stderr) == (2, True)


def test_statistics_are_counted(api: Api, lexmill: Command) -> None:
    api.declare("counts")
    assert api.post(event(), path="/ns/counts/events").status_code == 202
    counted = json.loads(lexmill("statistics", "-n", "counts", "--json").stdout)
    assert counted["events"]["routed"] == 1
    assert "routed" in lexmill("statistics", "-n", "counts").stdout
    words = ("statistics", "-n", "counts", "--from", "2026-02-01", "--before", "2026-01-01")
    assert lexmill(*words).returncode == 2


def test_no_filter_is_forgotten_on_the_way(lexmill: Command) -> None:
    """A filter that did not reach the API would show everything."""
    for words in (
        ("facts", "list", "--field", "term", "--min", "30", "--max", "60", "--firm"),
        ("facts", "list", "--from", "2026-01-01", "--before", "2027-01-01", "--value-prefix", "a"),
        ("findings", "list", "--result", "fail", "--severity", "high", "--rule", "r"),
    ):
        assert lexmill(*words, "--json").stdout == ""
        assert lexmill(*words).returncode == 0
    for wrong in (("--from", "soon"), ("--min", "much"), ("--method", "guess")):
        answer = lexmill("facts", "list", *wrong)
        assert (answer.returncode, answer.stdout) == (2, "")


def test_who_has_read_enough_may_close_the_pipe(api: Api, lexmill: Command) -> None:
    api.declare("pipes")
    for _ in range(300):
        assert api.post(event(), path="/ns/pipes/events").status_code == 202
    command = Path(sys.executable).with_name("lexmill")
    answer = subprocess.run(
        ["sh", "-c", f"{command} events list -n pipes --all --json | head -n 1"],
        env={**os.environ, "LEXMILL_URL": api.process.url, "LEXMILL_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (len(answer.stdout.splitlines()), answer.stderr) == (1, "")


@pytest.mark.parametrize(
    ("words", "token", "code", "says"),
    [
        (("jobs", "get", "none"), TOKEN, 2, "no such job"),
        (("jobs", "get", "../../demand"), TOKEN, 2, "no such address"),
        (("jobs", "list"), "wrong", 2, "--token-file"),
        (("jobs", "list", "--sort", "colour"), TOKEN, 2, "declared_at"),
        (("jobs", "list", "--url", "example.com"), TOKEN, 2, "https://"),
        (("jobs", "list", "--url", "https://example.com"), "", 2, "wants a token"),
        (("jobs", "list", "--ca-file", "none.pem"), TOKEN, 2, "none.pem"),
        (("jobs", "list", "-n", "Not_One"), TOKEN, 2, "namespace"),
        (("jobs", "list", "--state", "Lost"), TOKEN, 2, "Lost"),
        (("documents", "get", "4711"), TOKEN, 2, "an id is"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    lexmill: Command, words: tuple[str, ...], token: str, code: int, says: str
) -> None:
    answer = lexmill(*words, token=token)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_installation_that_is_away_is_unavailable() -> None:
    """The command itself: a sentence, no traceback."""
    answer = subprocess.run(
        [Path(sys.executable).with_name("lexmill"), "jobs", "list", "--token", "none"],
        env={**os.environ, "LEXMILL_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (3, "")
    assert answer.stderr.startswith("lexmill: ")
    assert "127.0.0.1:9 does not answer" in answer.stderr
    assert "--url" in answer.stderr


def test_an_id_that_is_none_is_told_how_one_is_written(lexmill: Command) -> None:
    for words in (("documents", "get", "a.txt"), ("facts", "list", "--document", "a.txt")):
        answer = lexmill(*words)
        assert answer.returncode == 2
        assert "an id is written as" in " ".join(answer.stderr.replace("│", " ").split())


def test_a_namespace_is_told_how_one_is_written(lexmill: Command) -> None:
    answer = lexmill("jobs", "list", "-n", "Team A")
    assert (answer.returncode, "a namespace is written as" in answer.stderr) == (2, True)


def test_a_role_and_days_are_told_before_anybody_is_asked(lexmill: Command) -> None:
    for words in (("--role", "boss"), ("--role", "reader", "--days", "9999")):
        answer = lexmill("tokens", "issue", "a", *words)
        assert (answer.returncode, "Invalid value for '--" in answer.stderr) == (2, True)


def test_an_address_can_be_given_to_somebody_else(api: Api, lexmill: Command) -> None:
    api.declare("outside")
    asked = lexmill("documents", "address", "outside", "b.txt", "-n", "outside", "--json")
    assert json.loads(asked.stdout)["url"].startswith(f"{api.process.url}/v1/uploads/")


def test_a_relative_place_is_not_sent_to_where_nobody_finds_it(
    lexmill: Command, tmp_path: Path
) -> None:
    file = tmp_path / "job.yaml"
    for spec in ("documents: [{uri: in}]", "trigger: {}\n  output: {uri: out}"):
        file.write_text(JOB.partition("spec:")[0] + f"spec:\n  {spec}\n", encoding="utf-8")
        answer = lexmill("jobs", "declare", file, "-n", "files")
        assert (answer.returncode, "file:/// or s3://" in answer.stderr) == (2, True)


def test_nothing_to_replay_is_said_so(api: Api, lexmill: Command) -> None:
    api.declare("alive")
    assert "Nothing is dead." in lexmill("dead", "replay", "--all", "-n", "alive").stderr
    some = lexmill("dead", "replay", "99", "-n", "alive")
    assert (some.returncode, "`lexmill dead list`" in some.stderr) == (1, True)
    job = lexmill("jobs", "replay", "alive", "-n", "alive")
    assert (job.returncode, "No document of it is dead" in job.stderr) == (0, True)


def test_a_namespace_where_nothing_happened_has_no_statistics(lexmill: Command) -> None:
    answer = lexmill("statistics", "-n", "quiet")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "Nothing was counted" in answer.stderr


def test_a_file_that_a_job_did_not_write(api: Api, lexmill: Command) -> None:
    api.declare("reports")
    early = lexmill("jobs", "download", "reports", "-n", "reports")
    assert (early.returncode, "when a run has ended" in early.stderr) == (2, True)
