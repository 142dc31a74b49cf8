"""A real worker process on a real broker: wake-ups in, results out, whatever happens to it."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lexmill_cli.local import postgres as local_postgres
from lexmill_cli.local.valkey import ValkeyServer
from lexmill_legal.result_lines import read_result
from lexmill_migrations import logins
from tests.api.asking import Api, Serving, connected, control, event
from tests.logins import PASSWORD
from tests.processes import (
    TOKEN,
    OurProcess,
    Settings,
    running,
    running_api,
    running_worker,
    until,
)
from tests.servers import temporary_postgres
from tests.workers.sandbox.processes import states

pytestmark = pytest.mark.servers

# Short, so that a lost worker is noticed soon; a busy machine still gets its heartbeats through.
LEASES = {
    "LEXMILL_TASKS__LEASE_SECONDS": "3",
    "LEXMILL_TASKS__HEARTBEAT_SECONDS": "0.3",
    "LEXMILL_TASKS__SWEEP_SECONDS": "0.2",
}
CANCELLED = "io.lexmill.job.cancelled.v1"
TASK = """
    SELECT state, failures, crashes, worker, error_code FROM task
    WHERE job_uid = %s AND kind = 'process'
"""


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    """For the module: use names of your own in it."""
    with serving(LEASES) as api:
        yield api


@contextmanager
def working(api: Api, job: str, uid: str, **more: str) -> Iterator[OurProcess]:
    """A worker of the job's main pool, ready; nothing of it is left after the block."""
    with running_worker(api.settings, job, uid, **more) as worker:
        sandboxes = list(states(worker.process.pid))
        try:
            yield worker
        finally:
            for pid in sandboxes:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


@contextmanager
def held_up(worker: OurProcess) -> Iterator[None]:
    """No visit of this fresh worker gets further than to its sandbox, for the time of the block."""
    (sandbox,) = states(worker.process.pid)
    os.kill(sandbox, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(sandbox, signal.SIGCONT)


def post(api: Api, job: str, **members: Any) -> None:
    assert api.post(event(**members), path=f"/ns/{job}/events").status_code == 202


def the_task(api: Api, uid: str) -> Any:
    (task,) = api.rows(TASK, uid)
    return task


def in_state(api: Api, uid: str, state: str) -> Any:
    def found() -> Any:
        task = the_task(api, uid)
        return task if task.state == state else None

    return until(found)


def test_an_event_becomes_a_result_and_a_report(api: Api) -> None:
    out = api.settings.folder / "reports"
    uid = api.declare("whole", output={"uri": out.as_uri()})
    with working(api, "whole", uid) as worker:
        post(api, "whole", id="one")
        report = out / "1" / "results.jsonl"
        until(report.exists)
        (result,) = map(read_result, report.read_bytes().splitlines())
        assert (result.uri, result.status) == ("event:/tests#one", "succeeded")
        assert not list(out.rglob("*#*"))
        metrics = worker.get("/metrics").text
        assert 'lexmill_tasks_total{kind="process",outcome="done"} 1.0' in metrics
        assert 'lexmill_documents_total{state="succeeded"} 1.0' in metrics
        assert 'lexmill_stage_seconds_count{stage="parse"} 1.0' in metrics
        assert worker.get("/livez").text == "ok"
        assert worker.get("/nothing").status_code == 404
        assert worker.stop() == 0
    assert the_task(api, uid)[:3] == ("done", 0, 0)
    for line in worker.lines():
        assert line["process"] == "worker"
        assert not re.search("Agreement|Ltd", str(line))


def test_a_document_that_cannot_be_read_has_failed_at_once(api: Api) -> None:
    uid = api.declare("unreadable")
    with working(api, "unreadable", uid) as worker:
        post(api, "unreadable", data=" ")
        until(lambda: api.rows("SELECT FROM document WHERE job_uid = %s AND state = 'failed'", uid))
        assert worker.stop() == 0
    (document,) = api.rows("SELECT error_code, error_message FROM document WHERE job_uid = %s", uid)
    assert document.error_code == "empty"
    assert the_task(api, uid)[:3] == ("done", 0, 0)


def test_what_passes_is_retried(api: Api) -> None:
    uid = api.declare("retried", retry={"limit": 9, "backoffSeconds": 1, "maxBackoffSeconds": 1})
    store = api.settings.folder / "retried"
    with working(api, "retried", uid, LEXMILL_STORAGE__URI=store.as_uri()) as worker:
        store.rmdir()
        store.write_text("no folder", encoding="ascii")
        post(api, "retried")
        until(lambda: the_task(api, uid).failures >= 2)
        assert the_task(api, uid).error_code == "store_refused"
        store.unlink()
        in_state(api, uid, "done")
        assert worker.stop() == 0
    assert the_task(api, uid).crashes == 0


def test_what_does_not_pass_is_dead_after_the_last_retry(api: Api) -> None:
    uid = api.declare("dead", retry={"limit": 1, "backoffSeconds": 0})
    store = api.settings.folder / "dead"
    with working(api, "dead", uid, LEXMILL_STORAGE__URI=store.as_uri()) as worker:
        store.rmdir()
        store.write_text("no folder", encoding="ascii")
        post(api, "dead")
        task = in_state(api, uid, "dead")
        assert worker.stop() == 0
    assert (task.failures, task.crashes, task.error_code) == (2, 0, "store_refused")
    (document,) = api.rows("SELECT state, error_code FROM document WHERE job_uid = %s", uid)
    assert document == ("dead", "store_refused")


def test_a_worker_killed_in_a_visit_is_one_crash(api: Api) -> None:
    uid = api.declare("killed")
    with working(api, "killed", uid) as first, held_up(first):
        post(api, "killed")
        lost = in_state(api, uid, "running")
        first.process.kill()
        first.process.wait()
        with working(api, "killed", uid) as second:
            done = in_state(api, uid, "done")
            assert second.stop() == 0
    assert (done.failures, done.crashes) == (0, 1)
    assert done.worker != lost.worker
    (document,) = api.rows("SELECT state FROM document WHERE job_uid = %s", uid)
    assert document.state == "succeeded"


def test_a_worker_that_stops_answering_has_lost_its_visit(api: Api) -> None:
    """It comes back when another one has done the document, and changes nothing."""
    uid = api.declare("frozen")
    with working(api, "frozen", uid) as first, held_up(first):
        post(api, "frozen")
        in_state(api, uid, "running")
        os.kill(first.process.pid, signal.SIGSTOP)
        with working(api, "frozen", uid) as second:
            in_state(api, uid, "done")
            before = api.rows("SELECT * FROM document WHERE job_uid = %s", uid)
            os.kill(first.process.pid, signal.SIGCONT)
            until(lambda: "claim_lost" in first.log.read_text(encoding="utf-8"))
            assert second.stop() == 0
            assert first.stop() == 0
    assert api.rows("SELECT * FROM document WHERE job_uid = %s", uid) == before
    assert the_task(api, uid)[:3] == ("done", 0, 1)


def test_sigterm_lets_a_visit_finish(api: Api) -> None:
    uid = api.declare("finishing")
    with working(api, "finishing", uid) as worker:
        with held_up(worker):
            post(api, "finishing")
            in_state(api, uid, "running")
            worker.process.terminate()
            until(lambda: "Shutting down" in worker.log.read_text(encoding="utf-8"))
        assert worker.process.wait(30) == 0
    assert the_task(api, uid)[:3] == ("done", 0, 0)


def test_sigterm_hands_back_what_takes_too_long(api: Api) -> None:
    uid = api.declare("leaving")
    hasty = {"LEXMILL_WORKER__GRACE_SECONDS": "0.5"}
    with working(api, "leaving", uid, **hasty) as worker, held_up(worker):
        post(api, "leaving")
        in_state(api, uid, "running")
        assert worker.stop() == 0
    task = the_task(api, uid)
    assert (task.state, task.failures, task.crashes) == ("waiting", 0, 0)
    with working(api, "leaving", uid) as another:
        in_state(api, uid, "done")
        assert another.stop() == 0


def test_the_visit_of_a_deleted_job_ends_at_the_next_heartbeat(api: Api) -> None:
    uid = api.declare("deleted")
    with working(api, "deleted", uid, LEXMILL_WORKER__NAME="pod-1") as worker, held_up(worker):
        post(api, "deleted")
        in_state(api, uid, "running")
        busy = api.get("/v1/namespaces/deleted/jobs/deleted/workers").json()
        assert busy == {"busy": {"pod-1": 1}}
        gone = control(CANCELLED, {"uid": uid, "reason": "deleted"})
        assert api.post(gone, path="/ns/deleted/events", token=TOKEN).status_code == 202
        assert the_task(api, uid).error_code == "job_deleted"
        until(lambda: "claim_lost" in worker.log.read_text(encoding="utf-8"), seconds=10)
    feed = [pool for pool in api.get("/v1/demand").json()["pools"] if pool["job_uid"] == uid]
    assert {pool["deleted"] for pool in feed} == {True}


def test_each_run_of_a_schedule_reads_what_has_changed(api: Api) -> None:
    folder, out = (api.settings.folder / name for name in ("scheduled", "scheduled-reports"))
    folder.mkdir()
    (folder / "same.txt").write_text("It stays as it is.", encoding="utf-8")
    (folder / "edited.txt").write_text("This Agreement is made", encoding="utf-8")
    uid = api.declare(
        "scheduled",
        documents=[{"uri": folder.as_uri()}],
        schedule={"cron": "0 0 1 1 *"},
        output={"uri": out.as_uri(), "formats": ["json"]},
    )
    with working(api, "scheduled", uid):
        assert _tick(api, uid, out / "1") == ["edited.txt", "same.txt"]
        (folder / "edited.txt").write_text("This Agreement is no more", encoding="utf-8")
        (folder / "new.txt").write_text("An amendment.", encoding="utf-8")
        assert _tick(api, uid, out / "2") == ["edited.txt", "new.txt"]
        assert _tick(api, uid, out / "3") == []
    progress = api.get("/v1/namespaces/scheduled/jobs/scheduled").json()
    assert [run["total"] for run in progress["runs"]] == [0, 2, 2]


def _tick(api: Api, uid: str, reports: Path) -> list[str]:
    """Let the time pass until the next tick, and wait for its run; the documents of its report."""
    number = int(reports.name)
    api.rows("UPDATE job SET next_tick_at = now() WHERE uid = %s RETURNING 1", uid)
    ended = "SELECT FROM run WHERE job_uid = %s AND number = %s AND finalized_at IS NOT NULL"
    until(lambda: api.rows(ended, uid, number))
    lines = (reports / "results.jsonl").read_bytes().splitlines()
    return [read_result(line).uri for line in lines]


def test_an_outage_of_postgresql_is_no_crash(valkey: ValkeyServer, tmp_path: Path) -> None:
    import lexmill_migrations  # noqa: PLC0415 - Alembic is not for tests without a database

    with temporary_postgres(tmp_path / "home") as server:
        lexmill_migrations.upgrade(server.url)
        settings = Settings(server.url, valkey.url, tmp_path, LEASES)
        with running_api(settings) as process, connected(process, settings) as api:
            uid = api.declare("outage")
            with working(api, "outage", uid) as worker:
                with held_up(worker):
                    post(api, "outage")
                    in_state(api, uid, "running")
                    local_postgres.kill(server)
                until(lambda: "database_error" in worker.log.read_text(encoding="utf-8"))
                ready = worker.get("/readyz")
                assert (ready.status_code, ready.text) == (503, "missing: postgresql")
                local_postgres.restart(server)
                done = in_state(api, uid, "done")
                assert (done.failures, done.crashes) == (0, 0)
                assert worker.stop() == 0
            log = worker.log.read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_settings_that_are_missing_are_named(tmp_path: Path) -> None:
    database = {"LEXMILL_DATABASE__URL": "postgresql+psycopg://"}
    settings = Settings("", "redis://127.0.0.1:1", tmp_path, database)
    with running(settings, "lexmill_workers", "worker", "") as worker:
        assert worker.process.wait(30) == 2
        text = worker.log.read_text(encoding="utf-8")
    assert text == (
        "lexmill-worker: the settings are incomplete: "
        "LEXMILL_WORKER__NAMESPACE and LEXMILL_WORKER__JOB are not set\n"
    )


def test_a_tenant_reads_and_writes_beneath_its_prefixes_only(api: Api) -> None:
    """The limit came after the job, so it is the worker that holds to it."""
    folder = api.settings.folder / "limited"
    (folder / "in").mkdir(parents=True)
    for name in ("in/allowed.txt", "other.txt"):
        (folder / name).write_text("This Agreement is made in Kent.", encoding="utf-8")
    trigger = {"document": "/data/uri"}
    uid = api.declare("limited", trigger=trigger, output={"uri": (folder / "out").as_uri()})
    with working(api, "limited", uid):
        logins.add_tenant(
            api.settings.database_url,
            namespace="limited",
            password=PASSWORD,
            reads=[(folder / "in").as_uri()],
            writes=[(folder / "elsewhere").as_uri()],
        )
        for name in ("in/allowed.txt", "other.txt", "in/../other.txt"):
            uri = f"{folder.as_uri()}/{name}"
            post(api, "limited", data={"uri": uri}, datacontenttype="application/json")
        until(lambda: api.rows("SELECT FROM job WHERE uid = %s AND outcome = 'failed'", uid))
    states = api.rows("SELECT uri, state, error_code FROM document WHERE job_uid = %s", uid)
    assert {
        (row.uri.removeprefix(f"{folder.as_uri()}/"), row.state, row.error_code) for row in states
    } == {
        ("in/allowed.txt", "succeeded", None),
        ("other.txt", "failed", "uri_not_allowed"),
        ("in/../other.txt", "failed", "uri_not_allowed"),
    }
    assert not (folder / "out").exists()
