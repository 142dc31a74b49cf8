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
        first, second = client.reviews("whole")
        assert (first.item, first.reviewer, first.decision) == ("acme ltd", "anna", "accepted")
        assert client.reviews("whole", after=first.id) == [second]
        assert client.reviews("elsewhere") == []
        entries = client.audit("whole")
        verdict = verify_chain(entries, namespace="whole")
        assert (verdict.entries, verdict.broken) == (2, None)
        assert client.audit("whole", after=1) == entries[1:]
    only = api.get(f"/v1/namespaces/whole/reviews?sha256={'2' * 64}")
    assert only.json() == []


def test_refusals_reach_the_client_with_the_place_of_each(api: Api) -> None:
    decision = NewDecision(
        sha256=SHA256, field="term", choice="correct", reviewer="anna", value="2 years", revision=0
    )
    other = NewDecision(sha256=SHA256, field="term", choice="absent", reviewer="otto", revision=0)
    bad = NewDecision(sha256=SHA256, field="term", choice="correct", reviewer="anna", value="soon")
    with ApiClient(api.process.url, token=TOKEN, source="/tests") as client:
        with pytest.raises(RefusedDecisionsError) as invalid:
            client.review("refused", [bad])
        (problem,) = invalid.value.problems
        assert (invalid.value.code, problem.index, problem.part) == ("review_invalid", 0, "value")
        assert client.review("refused", [decision]).recorded == 1
        with pytest.raises(RefusedDecisionsError) as conflict:
            client.review("refused", [other])
        assert conflict.value.code == "review_conflict"
        assert "anna" in conflict.value.problems[0].message
    assert post(api, "refused", [body(field="x y")]).status_code == 422


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[", 400),
        (b"\xff", 400),
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
    assert api.get("/v1/namespaces/strict/reviews").json() == []


@pytest.mark.parametrize("path", ["reviews", "audit"])
def test_nobody_reads_without_a_token(api: Api, path: str) -> None:
    assert api.get(f"/v1/namespaces/whole/{path}", token=None).status_code == 401
    assert post(api, "whole", [body()], token="wrong").status_code == 401
    assert api.get(f"/v1/namespaces/No%20Name/{path}").status_code == 422


def test_no_value_is_in_the_logs(api: Api) -> None:
    post(api, "quiet", [body(item="silberfuchs", value=SECRET, seen=["silberfuchs"])])
    post(api, "quiet", [body(item="x", value=SECRET, choice="correct", field="term")])
    assert not [line for line in api.process.lines() if "ilberfuchs" in json.dumps(line)]
