"""What nobody thought of: the caller gets a problem, the log says where, and nobody quotes."""

import asyncio
import re

import httpx
import psycopg
import pytest
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from lexmill_api.defects import Defects
from tests.api.asking import Api, event
from tests.servers import conninfo

SECRET = "Acme ./. Bolt"
HASH = "5d" * 32


async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError(SECRET)


async def failing_late(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError(SECRET)


def asked(app: Defects) -> httpx.Response:
    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as h:
            return await h.get("/")

    return asyncio.run(get())


def test_an_exception_becomes_a_problem_and_is_logged_by_place_only() -> None:
    with capture_logs() as lines:
        answer = asked(Defects(failing))
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json()["type"] == "/problems/internal_error"
    (line,) = lines
    assert (line["event"], line["error"]) == ("request_defect", "RuntimeError")
    assert re.fullmatch(r"test_defects\.py:\d+ failing", line["places"][-1])
    assert SECRET not in answer.text + str(lines)


def test_what_fails_in_the_middle_of_an_answer_is_cut_off() -> None:
    with capture_logs() as lines, pytest.raises(AssertionError):  # the client's: it never ended
        asked(Defects(failing_late))
    assert [line["event"] for line in lines] == ["request_defect"]
    assert SECRET not in str(lines)


@pytest.mark.servers
def test_a_row_that_cannot_be_is_a_problem_with_the_request_s_id(api: Api) -> None:
    decision = {"sha256": HASH, "field": "term", "choice": "accept", "value": "2 years"}
    assert api.order("defects/reviews", [decision]).status_code == 200
    api.rows(
        "UPDATE review SET normalized = jsonb_build_object(%s::text, 1) WHERE sha256 = %s"
        " RETURNING id",
        SECRET,
        HASH,
    )
    answer = api.get("/v1/namespaces/defects/reviews", X_Request_ID="defect-1")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert answer.headers["X-Request-ID"] == "defect-1"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (line,) = [line for line in api.process.lines() if line.get("event") == "request_defect"]
    assert line["request"] == "defect-1"
    assert line["places"]
    log = api.process.log.read_text(encoding="utf-8")
    assert SECRET not in answer.text + log
    assert "Traceback" not in log


@pytest.mark.servers
def test_a_statement_that_cannot_be_is_no_outage(api: Api) -> None:
    """Who came again would get the same: 503 would keep them at it."""
    url = conninfo(api.settings.database_url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE tombstone RENAME TO gone")
        answer = api.get("/v1/namespaces/defects/tombstones")
        connection.execute("ALTER TABLE gone RENAME TO tombstone")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert api.get("/v1/namespaces/defects/tombstones").status_code == 200


@pytest.mark.servers
def test_events_that_are_refused_say_what_to_do(api: Api) -> None:
    refused = api.post(event(id=""), path="/ns/defects/events")
    problem = refused.json()
    assert refused.status_code == 400
    assert (problem["type"], problem["title"]) == (
        "/problems/invalid_attribute",
        "An attribute has no good value",
    )
    assert api.get(problem["type"], token=None).text.startswith("400 An attribute has no good")
