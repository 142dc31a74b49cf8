"""The command that others wait with until the database is there and migrated."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import lexmill_migrations
from lexmill_cli.local import postgres as local
from lexmill_cli.local.postgres import PostgresServer
from lexmill_migrations.__main__ import main
from tests.processes import until
from tests.servers import temporary_database, temporary_postgres

pytestmark = pytest.mark.servers


def test_nothing_to_wait_for(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXMILL_DATABASE__URL", database)
    assert main(["wait"]) == 0
    assert main(["wait", "--for", "server"]) == 0


def test_it_ends_with_the_migrations(postgres: PostgresServer, tmp_path: Path) -> None:
    with temporary_database(postgres) as url, waiting(url, tmp_path) as (process, log):
        until(lambda: "the schema is not up to date" in log.read_text(encoding="utf-8"))
        assert process.poll() is None
        lexmill_migrations.upgrade(url)
        assert process.wait(60) == 0


def test_a_login_that_is_made_meanwhile(postgres: PostgresServer, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("made-later", encoding="utf-8")
    with temporary_database(postgres) as url:
        lexmill_migrations.upgrade(url)
        name = "ingest_made_later"
        own = lexmill_migrations.logins.url_as(url, role=name, password="made-later")
        with waiting(own, tmp_path) as (process, log):
            until(lambda: "does not know this login" in log.read_text(encoding="utf-8"))
            lexmill_migrations.logins.add_service(
                url, service="ingest", name=name, password="made-later"
            )
            assert process.wait(60) == 0
        assert "made-later" not in log.read_text(encoding="utf-8")


def test_a_server_that_starts_later(tmp_path: Path) -> None:
    with temporary_postgres(tmp_path / "home") as server:
        local.kill(server)
        with waiting(server.url, tmp_path, "--for", "server") as (process, log):
            until(lambda: "does not answer" in log.read_text(encoding="utf-8"))
            local.restart(server)
            assert process.wait(60) == 0


def test_it_gives_up(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with temporary_database(postgres) as url:
        monkeypatch.setenv("LEXMILL_DATABASE__URL", url)
        assert main(["wait", "--seconds", "0"]) == 1
    assert "gave up after 0 s: the schema is not up to date" in capsys.readouterr().err


@contextmanager
def waiting(
    url: str, folder: Path, *words: str
) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    log = folder / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "lexmill_migrations", "wait", *words],
            env={"LEXMILL_DATABASE__URL": url},
            stderr=errors,
        ) as process,
    ):
        try:
            yield process, log
        finally:
            process.kill()
