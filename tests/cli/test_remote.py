"""`lexmill jobs`, `documents`, `events`, `dead` against an installation that runs somewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer
from tests.api.asking import Api, connected, event
from tests.processes import TOKEN, Settings, running_api
from tests.servers import temporary_database

pytestmark = pytest.mark.servers

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def api(
    postgres: PostgresServer,
    valkey: ValkeyServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Api]:
    with temporary_database(postgres, template=template_database) as url:
        settings = Settings(url, valkey.url, tmp_path_factory.mktemp("api"), {})
        with running_api(settings) as process, connected(process, settings) as api:
            yield api


@pytest.fixture
def lexmill(api: Api, tmp_path: Path) -> Command:
    """In an empty folder: there is no installation but the one that is named."""

    def run(*words: str, token: str = TOKEN) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(Path(sys.executable).with_name("lexmill")), *words],
            env={**os.environ, "LEXMILL_URL": api.process.url, "LEXMILL_TOKEN": token},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def listed(answer: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


def test_jobs_are_listed_and_narrowed_down(api: Api, lexmill: Command) -> None:
    api.declare("lists", matter="ACME-1")
    assert [job["name"] for job in listed(lexmill("jobs", "list", "-n", "lists", "--json"))] == [
        "lists"
    ]
    none = lexmill("jobs", "list", "-n", "lists", "--state", "Failed", "--json")
    assert listed(none) == []
    table = lexmill("jobs", "list", "-n", "lists", "--matter", "ACME-1")
    assert (table.returncode, table.stdout) == (0, "")
    assert "lists" in table.stderr
    assert "no such job" in lexmill("jobs", "list", "-n", "nowhere").stderr


def test_a_list_is_cut_and_says_so(api: Api, lexmill: Command) -> None:
    api.declare("cut")
    for _ in range(3):
        assert api.post(event(), path="/ns/cut/events").status_code == 202
    some = lexmill("events", "list", "-n", "cut", "--limit", "2", "--json")
    assert len(listed(some)) == 2
    assert "more than 2" in some.stderr
    assert len(listed(lexmill("events", "list", "-n", "cut", "--all", "--json"))) == 4
    seen = listed(lexmill("documents", "list", "-n", "cut", "--job", "cut", "--json"))
    assert len(seen) == 3
    one = lexmill("documents", "get", seen[0]["id"], "-n", "cut", "--json")
    assert (one.returncode, json.loads(one.stdout)["job"]) == (0, "cut")
    why = lexmill("events", "get", listed(some)[0]["id"], "-n", "cut")
    assert (why.returncode, why.stdout) == (0, "")
    assert "Job cut" in why.stderr
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


@pytest.mark.parametrize(
    ("words", "token", "code", "says"),
    [
        (("jobs", "get", "none"), TOKEN, 2, "no such job"),
        (("jobs", "get", "../../demand"), TOKEN, 2, "no such address"),
        (("jobs", "list"), "wrong", 2, "not known here"),
        (("jobs", "list", "-n", "Not_One"), TOKEN, 2, "namespace"),
        (("jobs", "list", "--state", "Lost"), TOKEN, 2, "Lost"),
        (("documents", "get", "4711"), TOKEN, 2, "UUID"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    lexmill: Command, words: tuple[str, ...], token: str, code: int, says: str
) -> None:
    answer = lexmill(*words, token=token)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_installation_that_is_away_is_unavailable(lexmill: Command) -> None:
    answer = lexmill("jobs", "list", "--url", "http://127.0.0.1:9")
    assert answer.returncode == 3
    assert "does not answer" in answer.stderr
