"""What a sender is answered, and what is committed when it is 202."""

import uuid
from typing import Any

import httpx
import pytest
import redis

from lexmill_cli.local.valkey import ValkeyServer
from tests.api.asking import BATCH, DECLARED, STRUCTURED, Api, control, declaration, event
from tests.processes import TOKEN, until

pytestmark = pytest.mark.servers


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    """RFC 9457, and nothing of what was sent."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert "SECRET" not in answer.text


def test_202_means_committed(api: Api, valkey: ValkeyServer) -> None:
    uid = api.declare("committed")
    sent = event(data="SECRET terms")
    answer = api.post(sent, path="/ns/committed/events")
    assert (answer.status_code, answer.content) == (202, b"")
    (row,) = api.rows(
        """
        SELECT event.outcome, event.documents, event.data, document.state, document.uri,
          task.kind, task.state AS task_state, task.pool, task.stage
        FROM event JOIN document ON document.event_id = event.id
        JOIN task ON task.document_id = document.id WHERE event.event_id = %s
        """,
        sent["id"],
    )
    assert row.uri == f"event:/tests#{sent['id']}"
    assert (row.outcome, row.documents, row.state) == ("routed", 1, "queued")
    assert (row.kind, row.task_state, row.pool, row.stage) == (
        "process",
        "waiting",
        "main",
        "parse",
    )
    client = redis.Redis.from_url(valkey.url)
    until(lambda: client.llen(f"dramatiq:lexmill.committed.{uid}.main"))
    client.close()


def test_nobody_listens(api: Api) -> None:
    sent = event()
    assert api.post(sent, path="/ns/deserted/events").status_code == 202
    (row,) = api.rows("SELECT outcome FROM event WHERE event_id = %s", sent["id"])
    assert row.outcome == "unmatched"


def test_the_second_time_it_changes_nothing(api: Api) -> None:
    api.declare("twice")
    sent = event()
    for _ in range(2):
        assert api.post(sent, path="/ns/twice/events").status_code == 202
    assert len(api.rows("SELECT FROM document WHERE namespace = 'twice'")) == 1
    # Addressed to the job itself it is another event.
    assert api.post(sent, path="/ns/twice/jobs/twice/events").status_code == 202
    assert len(api.rows("SELECT FROM document WHERE namespace = 'twice'")) == 2


def test_a_batch_is_taken_whole_or_not_at_all(api: Api) -> None:
    api.declare("batch")
    good = [event() for _ in range(3)]
    assert api.post(good, path="/ns/batch/events", kind=BATCH).status_code == 202
    assert len(api.rows("SELECT FROM document WHERE namespace = 'batch'")) == 3
    bad = [event(), event(id=""), event(source=None)]
    assert_problem(api.post(bad, path="/ns/batch/events", kind=BATCH), 400, "bad_batch")
    assert len(api.rows("SELECT FROM document WHERE namespace = 'batch'")) == 3


def test_binary_mode_as_a_knative_trigger_sends_it(api: Api) -> None:
    api.declare("binary")
    answer = api.post(
        b"A contract.",
        path="/ns/binary/events",
        kind="text/plain; charset=utf-8",
        ce_specversion="1.0",
        ce_id="one",
        ce_source="/tests",
        ce_type="com.example.received",
    )
    assert answer.status_code == 202
    assert len(api.rows("SELECT FROM document WHERE namespace = 'binary'")) == 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"SECRET{", STRUCTURED, 400, "not_json"),
        (b"\xff", STRUCTURED, 400, "not_utf8"),
        ({"specversion": "1.0", "SECRET": 1}, STRUCTURED, 400, "invalid_name"),
        ({"specversion": "1.0", "id": "SECRET"}, STRUCTURED, 400, "missing_attribute"),
        (event(specversion="0.3"), STRUCTURED, 400, "unsupported_version"),
        (event(time="SECRET"), STRUCTURED, 400, "invalid_attribute"),
        (b"<SECRET/>", "application/cloudevents+xml", 415, "unsupported_media_type"),
        (event(data="SECRET" * 200_000), STRUCTURED, 413, "event_too_large"),
        ([event()] * 1001, BATCH, 413, "batch_too_large"),
    ],
)
def test_what_would_be_retried_in_vain(
    api: Api, body: Any, kind: str, status: int, code: str
) -> None:
    assert_problem(api.post(body, kind=kind), status, code)


def test_a_body_that_never_ends_is_cut_off(api: Api) -> None:
    """Whatever Content-Length says: here there is none."""
    answer = api.http.post(
        "/events",
        content=(b"x" * 65536 for _ in range(1000)),
        headers={"Content-Type": STRUCTURED},
    )
    assert_problem(answer, 413, "event_too_large")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/ns/SECRET_/events", 400, "bad_namespace"),
        ("/ns/known/jobs/SECRET/events", 404, "unknown_job"),
        ("/ns/known/jobs/plain/events", 404, "unknown_job"),
        ("/ns/other/jobs/known/events", 404, "unknown_job"),
    ],
)
def test_addresses_that_lead_nowhere(api: Api, path: str, status: int, code: str) -> None:
    api.declare("known")
    api.post(
        declaration(str(uuid.uuid4()), "plain", documents=[{"uri": "file:///nowhere"}]),
        path="/ns/known/events",
        token=TOKEN,
    )
    assert_problem(api.post(event(), path=path), status, code)


@pytest.mark.parametrize("token", [None, "wrong", TOKEN[:-1], TOKEN + "x"])
def test_control_events_need_the_token(api: Api, token: str | None) -> None:
    uid = str(uuid.uuid4())
    answer = api.post(declaration(uid, "stranger"), path="/ns/stranger/events", token=token)
    assert_problem(answer, 401, "unauthorised")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert not api.rows("SELECT FROM job WHERE uid = %s", uid)
    assert not api.rows("SELECT FROM event WHERE namespace = 'stranger'")


def test_with_the_token_a_job_is_declared_and_cancelled(api: Api) -> None:
    uid = api.declare("declared", documents=[{"uri": "file:///nowhere"}])
    tasks = "SELECT kind, state, error_code FROM task WHERE job_uid = %s"
    assert api.rows(tasks, uid) == [("expand", "waiting", None)]
    cancelled = control("io.lexmill.job.cancelled.v1", {"uid": uid})
    for _ in range(2):  # it may come twice
        answer = api.post(cancelled, path="/ns/declared/events", token=TOKEN)
        assert answer.status_code == 202
    assert api.rows(tasks, uid)[0] == ("expand", "dead", "job_cancelled")


@pytest.mark.parametrize(
    ("data", "event_type", "code"),
    [
        ({"uid": "SECRET"}, DECLARED, "invalid_data"),
        ({"name": "SECRET_"}, DECLARED, "invalid_data"),
        ({}, "io.lexmill.job.SECRET.v1", "unknown_control_type"),
    ],
)
def test_control_events_that_cannot_be_obeyed(
    api: Api, data: object, event_type: str, code: str
) -> None:
    assert_problem(api.post(control(event_type, data), token=TOKEN), 400, code)


def test_a_control_event_comes_alone(api: Api) -> None:
    sent = [event(), declaration(str(uuid.uuid4()), "alone")]
    assert_problem(api.post(sent, kind=BATCH, token=TOKEN), 400, "control_alone")
    assert_problem(
        api.post(sent[1], path="/ns/default/jobs/alone/events", token=TOKEN), 400, "control_alone"
    )


def test_what_contradicts_an_accepted_job_is_refused(api: Api) -> None:
    uid = api.declare("fixed", documents=[{"uri": "file:///here"}])
    changed = declaration(uid, "fixed", documents=[{"uri": "file:///there"}])
    changed["data"]["generation"] = 2
    answer = api.post(changed, path="/ns/fixed/events", token=TOKEN)
    assert_problem(answer, 400, "immutable")


def test_every_answer_and_log_line_has_the_request_id(api: Api) -> None:
    assert api.post(event(), X_Request_ID="mine-1").headers["x-request-id"] == "mine-1"
    assert api.post(b"{", X_Request_ID="mine-2").headers["x-request-id"] == "mine-2"
    made = api.get("/livez").headers["x-request-id"]
    assert len(made) == 32
    hostile = api.post(event(), X_Request_ID="a b{}").headers["x-request-id"]
    assert hostile not in {"a b{}", made}
    for line in api.process.lines():
        assert "SECRET" not in str(line)
        assert line["process"] == "api"
        assert not line["logger"].startswith("alembic")  # each probe looks at the schema
