"""Whole jobs on a folder and on a real S3 server: documents, objects and output; and its outage."""

import json
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lexmill_workers.converting import ANTIWORD
from lexmill_workers.sandbox import is_installed
from tests.api.asking import BEARER, Api, Serving
from tests.api.test_contents import archive
from tests.disks import disk, fill
from tests.legal.parsing.ole import compound_file
from tests.objectserver.versitygw import ObjectServer, running_object_server
from tests.processes import TOKEN, Place, Settings, files_beneath, running, until
from tests.system.people import requires_root
from tests.workers.test_process import LEASES, working

pytestmark = pytest.mark.servers

TEXT = "This Agreement is made on 1 May 2024 between Alpha {} Ltd and Jane Beta.\n"
MORE = {
    **LEASES,
    "LEXMILL_TASKS__HOUSEKEEPING_SECONDS": "0.2",
    "LEXMILL_TASKS__PURGE_DELAY_SECONDS": "0",
    "LEXMILL_TASKS__OUTAGE_SECONDS": "1",
}
STATES = "SELECT state, count(*) AS many FROM document WHERE job_uid = %s GROUP BY state"
TASKS = "SELECT kind, state, failures, crashes, error_code FROM task WHERE job_uid = %s"


@pytest.fixture(scope="module")
def api(serving: Serving, module_place: Place) -> Iterator[Api]:
    """For the module: use names and folders of your own in it."""
    with serving(MORE, module_place) as api:
        yield api


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        file = folder / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def lines(file: Path) -> dict[str, Any]:
    read = map(json.loads, file.read_bytes().splitlines())
    return {line["uri"]: line for line in read}


def complete(api: Api, uid: str) -> None:
    def has_ended() -> bool:
        (job,) = api.rows("SELECT outcome, message FROM job WHERE uid = %s", uid)
        assert job.outcome in {None, "complete"}, job.message
        return job.outcome is not None

    until(has_ended, seconds=180)


def test_a_whole_job(api: Api, module_place: Place) -> None:
    """Listed by pattern, read, kept, taken from the cache, redacted, reported and purged."""
    write(
        module_place.folder / "contracts" / "2026",
        a_txt=TEXT.format("One").encode(),
        deep__b_txt=TEXT.format("Two").encode(),
        deep__c_zip=archive(inner=TEXT.format("Three").encode()),
        deep__d_bin=b"not asked for",
    )
    write(module_place.folder / "contracts" / "2026-old", x_txt=b"not asked for")
    spec = {
        "documents": [{"uri": f"{module_place.uri}/contracts/2026", "include": ["*.txt", "*.zip"]}],
        "output": {"uri": f"{module_place.uri}/results", "formats": ["json", "xlsx", "html"]},
        "redaction": {},
    }
    uid = api.declare("whole", **spec)
    with working(api, "whole", uid):
        complete(api, uid)
    out = module_place.folder / "results"
    results = lines(out / "results.jsonl")
    assert {uri: line["status"] for uri, line in results.items()} == {
        "a.txt": "succeeded",
        "deep/b.txt": "succeeded",
        "deep/c.zip": "succeeded",
        "deep/c.zip#1": "succeeded",
    }
    text = out / "texts" / f"{results['deep/b.txt']['text_sha256']}.txt"
    assert text.read_text(encoding="utf-8") == TEXT.format("Two")
    assert (out / "report.xlsx").stat().st_size > 1_000
    copy = (out / "redacted" / "deep" / "b.txt").read_text(encoding="utf-8")
    assert "Agreement" in copy
    assert "Jane Beta" not in copy
    _is_shown_and_purged(api)
    before = {path.relative_to(out): path.read_bytes() for path in out.rglob("results.jsonl")}
    again = api.declare("whole-again", **spec)
    with working(api, "whole-again", again):
        complete(api, again)
    assert {path.relative_to(out): path.read_bytes() for path in out.rglob("results.jsonl")} == (
        before
    )


def _is_shown_and_purged(api: Api) -> None:
    base = "/v1/namespaces/whole/documents"
    listed = {each["uri"]: each["id"] for each in api.get(base).json()["items"]}
    one = f"{base}/{listed['deep/c.zip#1']}"
    assert api.get(f"{one}/text").text == TEXT.format("Three")
    assert api.get(f"{one}/source").text == TEXT.format("Three")
    for uri in ("a.txt", "deep/b.txt", "deep/c.zip"):
        answer = api.http.delete(
            f"{base}/{listed[uri]}", params={"reason": "asked"}, headers=BEARER
        )
        assert answer.status_code == 200, answer.text
    until(lambda: not files_beneath(api.settings.objects / "whole"))


def test_the_second_run_of_a_schedule_takes_what_is_new(api: Api, module_place: Place) -> None:
    write(module_place.folder / "in", a_txt=TEXT.format("One").encode(), b_txt=b"Second document.")
    uid = api.declare(
        "nightly",
        documents=[{"uri": f"{module_place.uri}/in"}],
        schedule={"cron": "* * * * *", "timeZone": "UTC"},
        output={"uri": f"{module_place.uri}/out", "formats": ["json"]},
    )
    finalized = "SELECT FROM run WHERE job_uid = %s AND number = {} AND finalized_at IS NOT NULL"
    tick = "UPDATE job SET next_tick_at = now() WHERE uid = %s RETURNING uid"
    with working(api, "nightly", uid):
        assert api.rows(tick, uid)
        until(lambda: api.rows(finalized.format(1), uid))
        write(module_place.folder / "in", c_txt=b"Third document.")
        assert api.rows(tick, uid)
        until(lambda: api.rows(finalized.format(2), uid))
    assert sorted(lines(module_place.folder / "out/1/results.jsonl")) == ["a.txt", "b.txt"]
    assert sorted(lines(module_place.folder / "out/2/results.jsonl")) == ["c.txt"]


BUCKET = "s3://bucket/prefix"


@pytest.mark.parametrize("module", ["lexmill_api", "lexmill_workers"])
@pytest.mark.parametrize(
    ("uri", "more", "says"),
    [
        (BUCKET, {"AWS_CA_BUNDLE": "/gone.crt"}, "AWS_CA_BUNDLE names a file that cannot be read"),
        (BUCKET, {"AWS_ENDPOINT_URL": "minio:9000"}, "AWS_ENDPOINT_URL is no address of a server"),
        ("s3:///prefix", {}, "storage.uri"),
        ("/var/lib/objects", {}, "storage.uri"),
    ],
)
def test_a_store_that_cannot_be_opened_is_said_at_the_start(
    tmp_path: Path, module: str, uri: str, more: dict[str, str], says: str
) -> None:
    settings = Settings("", "redis://127.0.0.1:1/0", tmp_path, {"LEXMILL_STORAGE__URI": uri})
    with running(
        settings,
        module,
        "process",
        "",
        LEXMILL_DATABASE__URL="postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        LEXMILL_API__CONTROL_TOKEN=TOKEN,
        LEXMILL_WORKER__NAMESPACE="acme",
        LEXMILL_WORKER__JOB=str(uuid.uuid4()),
        **more,
    ) as process:
        assert process.process.wait(60) == 2
    log = process.log.read_text(encoding="utf-8")
    assert says in log
    assert "Traceback" not in log


@pytest.fixture
def server(object_server_binaries: Path, tmp_path: Path) -> Iterator[ObjectServer]:
    """One's own, to be stopped."""
    folder = tmp_path / "object-server"
    folder.mkdir()
    with running_object_server(object_server_binaries, folder) as server:
        yield server


def test_an_outage_of_the_store_ends_no_document(server: ObjectServer, serving: Serving) -> None:
    """Away before the listing, in the middle, hanging, and before the reports; no retry is left
    that an outage could use up.
    """
    place = server.place()
    bucket = place.folder
    names = [f"{number}.txt" for number in range(50)]
    (bucket / "in").mkdir()
    for name in names:
        (bucket / "in" / name).write_text(TEXT.format(name) * 20)
    with serving(MORE, place) as api:
        server.stop()
        uid = api.declare(
            "outage",
            documents=[{"uri": f"{place.uri}/in"}],
            output={"uri": f"{place.uri}/out", "formats": ["json"]},
            retry={"limit": 0},
            failurePolicy={"maxFailedPercent": 0, "action": "Stop"},
        )
        with working(api, "outage", uid, LEXMILL_WORKER__THREADS="2") as worker:
            _is_waited_for(api, uid, "expand", "source_away")
            server.start()
            _until_ended(api, uid, 5)
            server.stop()
            _is_waited_for(api, uid, "process", "source_away")
            server.start()
            _until_ended(api, uid, 20)
            server.signal(signal.SIGSTOP)
            until(lambda: _running(api, uid) == 2)
            server.signal(signal.SIGCONT)
            _until_ended(api, uid, 30)
            _leave_only_the_reports(api, uid, server)
            complete(api, uid)
            metrics = worker.get("/metrics").text
            assert 'lexmill_tasks_total{kind="expand",outcome="outage"}' in metrics
            assert 'lexmill_tasks_total{kind="process",outcome="outage"}' in metrics
            assert worker.stop() == 0
        assert [tuple(row) for row in api.rows(STATES, uid)] == [("succeeded", 50)]
        tasks = api.rows(TASKS, uid)
        assert len(tasks) == 52
        assert {(task.state, task.failures, task.crashes) for task in tasks} == {("done", 0, 0)}
    assert sorted(lines(bucket / "out/results.jsonl")) == sorted(names)


@requires_root
def test_a_full_disk_ends_no_document(tmp_path: Path, serving: Serving) -> None:
    """No retry is left that it could use up; the reports wait for their place, too."""
    with disk(tmp_path / "disk") as full:
        place = Place(full.as_uri(), full, {})
        write(full / "in", a_txt=TEXT.format("One").encode(), b_txt=TEXT.format("Two").encode())
        with serving(MORE, place) as api:
            uid = api.declare(
                "full",
                documents=[{"uri": f"{place.uri}/in"}],
                retry={"limit": 0},
                failurePolicy={"maxFailedPercent": 0, "action": "Stop"},
            )
            filler = fill(full)
            with working(api, "full", uid) as worker:
                _is_waited_for(api, uid, "process", "no_space")
                metrics = worker.get("/metrics").text
                assert 'lexmill_tasks_total{kind="process",outcome="outage"}' in metrics
                filler.unlink()
                complete(api, uid)
            assert [tuple(row) for row in api.rows(STATES, uid)] == [("succeeded", 2)]
            assert {task.failures for task in api.rows(TASKS, uid)} == {0}


@requires_root
@pytest.mark.skipif(not is_installed(ANTIWORD), reason="antiword is not installed here")
def test_a_full_disk_of_temporary_files_ends_no_document(tmp_path: Path, serving: Serving) -> None:
    """Another program reads the document there."""
    write(tmp_path / "in", a_doc=compound_file({"WordDocument": bytes(64 << 10)}))
    place = Place(tmp_path.as_uri(), tmp_path, {})
    with disk(tmp_path / "disk") as full, serving(MORE, place) as api:
        documents = [{"uri": f"{place.uri}/in"}]
        uid = api.declare("temporary", documents=documents, retry={"limit": 0})
        filler = fill(full, but=16 << 10)  # or the worker would look for another place
        with working(api, "temporary", uid, TMPDIR=str(full)):
            _is_waited_for(api, uid, "process", "no_space")
            filler.unlink()
            complete(api, uid)
        assert {task.failures for task in api.rows(TASKS, uid)} == {0}
        (document,) = api.rows("SELECT error_code FROM document WHERE job_uid = %s", uid)
        assert document.error_code == "corrupt"


def _leave_only_the_reports(api: Api, uid: str, server: ObjectServer) -> None:
    """The store goes away while the last documents, or the reports, are made."""
    _until_ended(api, uid, 45)
    server.stop()
    until(lambda: api.rows(f"{TASKS} AND state = 'waiting' AND error_code LIKE '%%away'", uid))
    server.start()


def _is_waited_for(api: Api, uid: str, kind: str, code: str) -> None:
    """Tried more than once while the server is away."""
    query = f"{TASKS} AND kind = %s AND error_code = %s AND state = 'waiting' AND due_at > %s"
    seen = "SELECT max(due_at) AS due FROM task WHERE job_uid = %s AND kind = %s"
    until(lambda: api.rows(query, uid, kind, code, "-infinity"))
    (first,) = api.rows(seen, uid, kind)
    until(lambda: api.rows(query, uid, kind, code, first.due))


def _until_ended(api: Api, uid: str, count: int) -> None:
    until(lambda: sum(row.many for row in api.rows(STATES, uid) if row.state != "queued") >= count)


def _running(api: Api, uid: str) -> int:
    return len(api.rows(f"{TASKS} AND state = 'running'", uid))
