"""What people and the scalers ask for beneath /v1, and what the event types say of themselves."""

import pytest

from tests.api.asking import BEARER, Api, event
from tests.processes import TOKEN

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        ("/v1/demand", None, 401, "unauthorised"),
        ("/v1/demand", "wrong", 401, "unauthorised"),
        ("/v1/demand?after=-1", TOKEN, 422, "invalid_request"),
        ("/v1/namespaces/nowhere/jobs/none", TOKEN, 404, "not_found"),
        ("/v1/nothing", TOKEN, 404, "not_found"),
        ("/events/types/com.example.other", None, 404, "unknown_type"),
    ],
)
def test_an_error_is_a_problem_document(
    api: Api, path: str, token: str | None, status: int, code: str
) -> None:
    answer = api.get(path, token=token)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["title"]
    assert problem["detail"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/namespaces/nowhere/jobs", "GET, POST"),
        ("/namespaces/nowhere/matters/A", "GET"),
        ("/namespaces/nowhere/matters/A/B", "GET"),
        ("/namespaces/nowhere/matters/A%2FB", "GET"),
        ("/namespaces/nowhere/jobs/none/results/1/redlines/a.docx", "GET"),
        ("/openapi.json", "GET, HEAD"),
    ],
)
def test_who_asks_by_another_method_is_told_all_that_there_are(
    api: Api, path: str, allowed: str
) -> None:
    answer = api.http.patch(f"/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == allowed
    assert answer.json()["detail"] == f"this address has {allowed} only"


def test_dead_tasks_are_listed_in_pages_and_replayed(api: Api) -> None:
    api.declare("graves")
    for _ in range(3):
        assert api.post(event(), path="/ns/graves/events").status_code == 202
    api.rows(
        """
        WITH dead AS (
          UPDATE task SET state = 'dead', error_code = 'internal_error', error_message = 'no.'
          WHERE namespace = 'graves' RETURNING document_id
        ) UPDATE document SET state = 'dead', ended_at = now()
        FROM dead WHERE document.id = dead.document_id RETURNING 1
        """
    )
    first = api.get("/v1/namespaces/graves/dead?limit=2").json()
    rest = api.get(f"/v1/namespaces/graves/dead?cursor={first['next']}").json()
    found = [*first["items"], *rest["items"]]
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]
    assert {task["error_code"] for task in found} == {"internal_error"}
    ids = [task["id"] for task in found]
    answer = api.http.post(
        "/v1/namespaces/graves/dead/replay",
        json=ids,
        headers=BEARER,
    )
    assert (answer.status_code, answer.json()) == (202, {"queued": 3})
    assert api.get("/v1/namespaces/graves/dead").json() == {"items": [], "next": None}
    assert api.get("/v1/namespaces/graves/jobs/graves").json()["documents"]["queued"] == 3


def test_the_handshake_lets_every_origin_deliver(api: Api) -> None:
    answer = api.http.options(
        "/ns/any/events",
        headers={"WebHook-Request-Origin": "sender.example", "WebHook-Request-Rate": "120"},
    )
    assert answer.status_code == 200
    assert answer.headers["Allow"] == "POST, OPTIONS"
    assert answer.headers["WebHook-Allowed-Origin"] == "sender.example"
    assert answer.headers["WebHook-Allowed-Rate"] == "120"


def test_without_an_origin_nothing_is_allowed(api: Api) -> None:
    assert "WebHook-Allowed-Origin" not in api.http.options("/events").headers


def test_every_listed_type_has_its_schema(api: Api) -> None:
    types = api.get("/events/types", token=None).json()
    assert "io.lexmill.job.declared.v1" in {entry["type"] for entry in types}
    for entry in types:
        answer = api.get(f"/events/types/{entry['type']}", token=None)
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["type"] == "object"
