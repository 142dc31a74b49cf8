"""Decisions and the audit trail beneath /v1, as the command line and the web page ask for them."""

import json
from typing import Any

import httpx
import pytest

from lexmill.audit.chain import verify_chain
from lexmill.client.api import ApiClient
from lexmill.reviews.schemas import NewDecision, RefusedDecisionsError
from tests.api.asking import Api
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

SHA256 = "1" * 64
SECRET = "Silberfuchs"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "sha256": SHA256,
        "field": "party",
        "item": "acme ltd",
        "choice": "accept",
        "reviewer": "anna",
        "value": "Acme Ltd",
        "seen": ["acme ltd"],
        "revision": 0,
        **changes,
    }


def post(api: Api, namespace: str, content: object, token: str | None = TOKEN) -> httpx.Response:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return api.http.post(f"/v1/namespaces/{namespace}/reviews", content=data, headers=headers)


def test_decisions_are_recorded_listed_and_audited(api: Api) -> None:
    answer = post(api, "whole", [body(), body(item="b", value="B", seen=["b"])])
    assert (answer.status_code, answer.json()) == (200, {"recorded": 2, "unchanged": 0})
    assert post(api, "whole", [body()]).json() == {"recorded": 0, "unchanged": 1}
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        first, _ = client.reviews.list("whole")
        assert (first.item, first.reviewer, first.decision) == ("acme ltd", "anna", "accepted")
        assert list(client.reviews.list("elsewhere")) == []
        entries = list(client.audit.list("whole"))
        verdict = verify_chain(entries, namespace="whole")
        assert (verdict.entries, verdict.broken) == (2, None)
        assert list(client.audit.list("elsewhere")) == []
    only = api.get(f"/v1/namespaces/whole/reviews?sha256={'2' * 64}")
    assert only.json()["items"] == []


def test_decisions_that_come_twice_under_a_key_have_one_answer(api: Api) -> None:
    for _ in range(2):
        answer = api.order("keyed/reviews", [body()], Idempotency_Key="decide-1")
        assert (answer.status_code, answer.json()) == (200, {"recorded": 1, "unchanged": 0})
    other = api.order("keyed/reviews", [body(item="b")], Idempotency_Key="decide-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(api.get("/v1/namespaces/keyed/audit").json()["items"]) == 1


def test_refusals_reach_the_client_with_the_place_of_each(api: Api) -> None:
    decision = NewDecision(
        sha256=SHA256, field="term", choice="correct", reviewer="anna", value="2 years", revision=0
    )
    other = NewDecision(sha256=SHA256, field="term", choice="absent", reviewer="otto", revision=0)
    bad = NewDecision(sha256=SHA256, field="term", choice="correct", reviewer="anna", value="soon")
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        with pytest.raises(RefusedDecisionsError) as invalid:
            client.reviews.decide("refused", [bad])
        (problem,) = invalid.value.problems
        assert (invalid.value.code, problem.index, problem.part) == ("review_invalid", 0, "value")
        assert client.reviews.decide("refused", [decision]).recorded == 1
        with pytest.raises(RefusedDecisionsError) as conflict:
            client.reviews.decide("refused", [other])
        assert conflict.value.code == "review_conflict"
        assert "anna" in conflict.value.problems[0].message
    assert post(api, "refused", [body(field="x y")]).status_code == 422


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[", 422),
        (b"\xff", 422),
        ({}, 422),
        ([body(choice=SECRET)], 422),
        ([body(**{SECRET: 1})], 422),
        ([body(revision=SECRET)], 422),
        ([body(field="term", item="", choice="correct", value=SECRET)], 422),
        ([body(comment=SECRET + "\0")], 422),
        ([body(sha256=SECRET)], 422),
        ([body()] * 20_001, 413),
    ],
)
def test_what_is_no_decision_is_refused_without_repeating_it(
    api: Api, content: object, status: int
) -> None:
    answer = post(api, "strict", content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert api.get("/v1/namespaces/strict/reviews").json()["items"] == []


@pytest.mark.parametrize("path", ["reviews", "audit"])
def test_nobody_reads_without_a_token(api: Api, path: str) -> None:
    assert api.get(f"/v1/namespaces/whole/{path}", token=None).status_code == 401
    assert post(api, "whole", [body()], token="wrong").status_code == 401
    assert api.get(f"/v1/namespaces/No%20Name/{path}").status_code == 422


def test_no_value_is_in_the_logs(api: Api) -> None:
    post(api, "quiet", [body(item="silberfuchs", value=SECRET, seen=["silberfuchs"])])
    post(api, "quiet", [body(item="x", value=SECRET, choice="correct", field="term")])
    assert not [line for line in api.process.lines() if "ilberfuchs" in json.dumps(line)]


# --- reviewers with identities of their own ---


def token_of(api: Api, namespace: str, name: str, role: str = "reviewer") -> str:
    answer = api.order(f"{namespace}/tokens", {"name": name, "roles": [role]})
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def put(api: Api, path: str, content: object, token: str, **headers: str) -> httpx.Response:
    given = {"Authorization": f"Bearer {token}"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return api.http.put(path, json=content, headers=given)


def test_the_reviewer_is_who_asks_whatever_the_body_says(api: Api) -> None:
    anna = token_of(api, "own", "anna")
    assert post(api, "own", [body(reviewer="somebody else")], anna).status_code == 200
    (item,) = api.get("/v1/namespaces/own/reviews").json()["items"]
    assert item["reviewer"] == "token:own/anna"
    (entry,) = api.get("/v1/namespaces/own/audit?actor=token:own/anna").json()["items"]
    assert json.loads(entry["entry"])["actor"] == "token:own/anna"
    assert api.get("/v1/namespaces/own/audit?actor=otto").json()["items"] == []


def test_two_reviewers_do_not_overwrite_each_other(api: Api) -> None:
    anna, otto = token_of(api, "two", "anna"), token_of(api, "two", "otto")
    assert post(api, "two", [body()], anna).json()["recorded"] == 1
    late = post(api, "two", [body(choice="reject")], otto)  # he knew of no decision
    assert (late.status_code, late.json()["code"]) == (409, "review_conflict")
    assert "token:two/anna" in late.json()["problems"][0]["message"]

    (item,) = api.get("/v1/namespaces/two/reviews").json()["items"]
    path = f"/v1/namespaces/two/reviews/{item['id']}"
    tag = api.get(path).headers["ETag"]
    assert put(api, path, {"choice": "reject"}, otto).status_code == 428
    answer = put(api, path, {"choice": "reject"}, otto, If_Match=tag)
    assert (answer.status_code, answer.json()["decision"]) == (200, "rejected")
    assert answer.json()["reviewer"] == "token:two/otto"
    refused = put(api, path, {"choice": "reopen"}, anna, If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    assert "token:two/otto has rejected" in refused.json()["detail"]
    now = answer.headers["ETag"]
    assert put(api, path, {"choice": "reopen"}, anna, If_Match=now).json()["revision"] == 3
    assert api.get(path).json()["decision"] == "reopened"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"choice": SECRET}, 422, "invalid_request"),
        ({"choice": "correct", SECRET: "x"}, 422, "invalid_request"),
        ({"choice": "correct", "value": ""}, 422, "review_invalid"),
        ({"choice": "correct", "value": SECRET + "\0"}, 422, "invalid_request"),
        ({"choice": "accept", "value": "x" * (1 << 20)}, 413, "request_too_large"),
    ],
)
def test_a_change_that_is_none(api: Api, content: object, status: int, code: str) -> None:
    post(api, "changes", [body()])
    (item,) = api.get("/v1/namespaces/changes/reviews").json()["items"]
    path = f"/v1/namespaces/changes/reviews/{item['id']}"
    answer = put(api, path, content, TOKEN, If_Match="*")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SECRET not in answer.text
    assert api.get(path).json()["revision"] == 1


@pytest.mark.parametrize("review", ["999999999", "0", "x", str(2**63)])
def test_a_review_that_is_not_there(api: Api, review: str) -> None:
    status = 404 if review == "999999999" else 422
    path = f"/v1/namespaces/whole/reviews/{review}"
    assert api.get(path).status_code == status
    assert put(api, path, {"choice": "reopen"}, TOKEN, If_Match="*").status_code == status


@pytest.mark.parametrize("role", ["reader", "submitter"])
def test_only_reviewers_decide(api: Api, role: str) -> None:
    token = token_of(api, "roles", role, role)
    assert post(api, "roles", [body()], token).status_code == 403
    path = "/v1/namespaces/roles/reviews/1"
    assert put(api, path, {"choice": "reopen"}, token, If_Match="*").status_code == 403
    unknown = "/v1/namespaces/roles/documents/7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2/recheck"
    headers = {"Authorization": f"Bearer {token}"}
    assert api.http.post(unknown, headers=headers).status_code == 403
    assert api.get("/v1/namespaces/roles/reviews", token=token).status_code == 200
