"""The typed client against a real API: the scalers' side of /v1."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, LegalJobSpec
from tests.api.asking import Api, event
from tests.processes import TOKEN

pytestmark = pytest.mark.servers


def _declared(name: str, **spec: object) -> DeclaredJob:
    spec = spec or {"trigger": {}}
    return DeclaredJob(
        uid=uuid.uuid4(), name=name, owner="api", spec=LegalJobSpec.model_validate(spec)
    )


def test_a_token_that_is_renewed_in_its_file_is_read_again(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with ApiClient(api.process.url, token=file.read_text, source="/tests") as client:
        with pytest.raises(LexmillError, match="token_away") as raised:
            client.demand(after=0, wait_seconds=0)
        assert raised.value.retryable
        file.write_text("an-old-one\n")
        with pytest.raises(LexmillError, match="unauthorised"):
            client.demand(after=0, wait_seconds=0)
        file.write_text(f"{TOKEN}\n")
        assert client.demand(after=0, wait_seconds=0).version >= 0


def test_threads_share_a_client(api: Api) -> None:
    names = [f"thread-{number}" for number in range(40)]
    with (
        ApiClient(api.process.url, token=TOKEN, source="/tests") as client,
        ThreadPoolExecutor(10) as threads,
    ):
        list(threads.map(lambda name: client.declare("threads", _declared(name)), names))
        progress = list(threads.map(lambda name: client.jobs.find("threads", name), names))
    assert [each and each.name for each in progress] == names


def test_busy_workers_are_those_with_claimed_tasks(api: Api) -> None:
    uid = api.declare("busy")
    for _ in range(4):
        assert api.post(event(), path="/ns/busy/events").status_code == 202
    api.rows(
        """
        UPDATE task SET state = 'running', claim = gen_random_uuid(), lease_until = 'infinity',
          worker = CASE WHEN id %% 2 = 0 THEN 'pod-even' ELSE 'pod-odd' END
        WHERE id IN (SELECT id FROM task WHERE job_uid = %s ORDER BY id LIMIT 3) RETURNING 1
        """,
        uid,
    )
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        busy = client.jobs.busy_workers("busy", "busy", pool="main")
        assert sum(busy.values()) == 3
        assert set(busy) == {"pod-even", "pod-odd"}
        assert client.jobs.busy_workers("busy", "busy", pool="ocr") == {}
        assert client.jobs.busy_workers("busy", "unknown", pool="main") == {}
        client.cancel("busy", CancelledJob(uid=uuid.UUID(uid), reason="deleted"))
        assert client.jobs.busy_workers("busy", "busy", pool="main") == {}
        assert client.jobs.find("busy", "busy") is None
        feed = client.demand(after=0, wait_seconds=0)
    assert [pool.deleted for pool in feed.pools if pool.job_uid == uid] == [True]


def test_progress_has_the_newest_runs_first(api: Api) -> None:
    uid = api.declare("runs")
    assert api.post(event(), path="/ns/runs/events").status_code == 202
    api.rows(
        """
        INSERT INTO run (job_uid, number, listed_at, finalized_at, total, succeeded, failed, dead)
        SELECT %s, 1 + n, now(), now(), n, n - 1, 1, 0 FROM generate_series(1, 6) AS n RETURNING 1
        """,
        uid,
    )
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        progress = client.jobs.find("runs", "runs")
    assert progress is not None
    assert [run.number for run in progress.runs] == [7, 6, 5, 4, 3]
    newest = progress.runs[0]
    assert (newest.total, newest.succeeded, newest.failed, newest.dead) == (6, 5, 1, 0)
    assert (progress.run_started_at, progress.finished_at) == (
        newest.started_at,
        newest.finished_at,
    )
