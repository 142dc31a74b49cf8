"""PostgreSQL away, Valkey away, and the end of the process."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest
import redis

from lexmill_cli.local import postgres as local_postgres
from lexmill_cli.local import valkey as local_valkey
from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer, running_valkey
from tests.api.asking import BEARER, Api, Serving, connected, event
from tests.processes import Settings, running, running_api, until
from tests.servers import conninfo, temporary_database, temporary_postgres

pytestmark = pytest.mark.servers


@pytest.fixture
def own(serving: Serving) -> Iterator[Api]:
    """A process that the test may stop, on the shared servers."""
    with serving() as api:
        yield api


def test_postgresql_is_killed_and_comes_back(valkey: ValkeyServer, tmp_path: Path) -> None:
    import lexmill_migrations  # noqa: PLC0415 - Alembic is not for tests without a database

    with temporary_postgres(tmp_path / "home") as server:
        lexmill_migrations.upgrade(server.url)
        settings = Settings(server.url, valkey.url, tmp_path, {})
        with running_api(settings) as process, connected(process, settings) as api:
            api.declare("outage")
            local_postgres.kill(server)
            for _ in range(3):
                answer = api.post(event(), path="/ns/outage/events")
                assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
                assert int(answer.headers["retry-after"]) > 0
                ready = api.get("/readyz", token=None)
                assert (ready.status_code, ready.text) == (503, "missing: postgresql")
            assert api.get("/livez").status_code == 200
            rest = api.get("/v1/namespaces/outage/jobs/outage")
            assert (rest.status_code, rest.json()["code"]) == (503, "database_away")
            assert int(rest.headers["retry-after"]) > 0

            local_postgres.restart(server)
            sent = event()
            until(lambda: api.post(sent, path="/ns/outage/events").status_code == 202)
            until(lambda: api.get("/readyz", token=None).text == "ok")
            assert len(api.rows("SELECT FROM document WHERE namespace = 'outage'")) == 1
            until(lambda: api.get("/v1/demand?wait=1").json()["pools"])  # listens again
            assert api.process.stop() == 0
        assert "Traceback" not in process.log.read_text(encoding="utf-8")


def test_valkey_is_killed_and_comes_back(
    postgres: PostgresServer, template_database: str, tmp_path: Path
) -> None:
    """Its absence only delays: what was accepted is rung for by the sweeper."""
    with (
        temporary_database(postgres, template=template_database) as url,
        running_valkey(tmp_path / "home") as server,
    ):
        settings = Settings(url, server.url, tmp_path, {})
        with running_api(settings) as process, connected(process, settings) as api:
            uid = api.declare("silent")
            local_valkey.kill(server)
            assert api.post(event(), path="/ns/silent/events").status_code == 202
            ready = api.get("/readyz", token=None)
            assert (ready.status_code, ready.text) == (200, "degraded: valkey")
            local_valkey.restart(server)
            client = redis.Redis.from_url(server.url)
            until(lambda: client.llen(f"dramatiq:lexmill.silent.{uid}.main"))
            client.close()
            assert api.get("/readyz", token=None).text == "ok"
            assert api.process.stop() == 0


def test_an_old_schema_is_named(own: Api) -> None:
    url = conninfo(own.settings.database_url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'older'")
    ready = own.get("/readyz", token=None)
    assert ready.status_code == 503
    assert ready.text.startswith("missing: schema")


def test_what_is_in_flight_at_sigterm_is_committed_and_answered(own: Api) -> None:
    own.declare("inflight")
    with (
        psycopg.connect(conninfo(own.settings.database_url)) as locking,
        ThreadPoolExecutor(8) as pool,
    ):
        locking.execute("LOCK TABLE event_key IN ACCESS EXCLUSIVE MODE")
        posts = [pool.submit(own.post, event(), path="/ns/inflight/events") for _ in range(8)]
        waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'event_key'::regclass"
        until(lambda: own.rows(waiting))
        stopping = threading.Thread(target=own.process.stop)
        stopping.start()
        until(lambda: "Shutting down" in own.process.log.read_text(encoding="utf-8"))
        locking.rollback()
        assert {post.result(30).status_code for post in posts} == {202}
        stopping.join(30)
    assert own.process.process.returncode == 0
    assert len(own.rows("SELECT FROM document WHERE namespace = 'inflight'")) == 8


def test_what_people_asked_for_and_send_at_sigterm_is_done_and_answered(own: Api) -> None:
    """A declaration that waits for the database, and a file of which half has come."""
    own.declare("ending")
    half, rest = b"This Agreement is made between ", b"A Ltd and B Ltd.\n"
    go_on = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n' + half
        go_on.wait(60)
        yield rest + b"\r\n--b--\r\n"

    def upload() -> httpx.Response:
        return httpx.post(
            f"{own.process.url}/v1/namespaces/ending/jobs/ending/documents",
            content=pieces(),
            headers={**BEARER, "Content-Type": "multipart/form-data; boundary=b"},
            timeout=60,
        )

    with (
        psycopg.connect(conninfo(own.settings.database_url)) as locking,
        ThreadPoolExecutor(2) as pool,
    ):
        uploading = pool.submit(upload)
        until(lambda: own.rows("SELECT FROM upload WHERE namespace = 'ending'"))
        locking.execute("LOCK TABLE run IN ACCESS EXCLUSIVE MODE")
        wanted = {"name": "late", "spec": {"trigger": {}}}
        declaring = pool.submit(own.order, "ending/jobs", wanted)
        waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'run'::regclass"
        until(lambda: own.rows(waiting))
        stopping = threading.Thread(target=own.process.stop)
        stopping.start()
        until(lambda: "Shutting down" in own.process.log.read_text(encoding="utf-8"))
        locking.rollback()
        go_on.set()
        assert declaring.result(30).status_code == 201
        assert uploading.result(30).status_code == 201
        stopping.join(30)
    assert own.process.process.returncode == 0
    names = own.rows("SELECT name FROM document WHERE namespace = 'ending'")
    assert [row.name for row in names] == ["a.txt"]


def test_settings_that_are_missing_are_named(tmp_path: Path) -> None:
    settings = Settings(
        "",
        "redis://127.0.0.1:1",
        tmp_path,
        {"LEXMILL_DATABASE__URL": "", "LEXMILL_API__CONTROL_TOKEN": "short"},
    )
    with running(settings, "lexmill_api", "api", "") as process:
        assert process.process.wait(30) == 2
        text = process.log.read_text(encoding="utf-8")
    assert "control_token" in text
    assert "Traceback" not in text
