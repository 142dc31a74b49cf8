"""Tokens of Lexmill's own, for programs that have no identity elsewhere."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.api.asking import BEARER, Api
from tests.processes import TOKEN, until

pytestmark = pytest.mark.servers


def issue(api: Api, *, by: str = TOKEN, namespace: str = "team-a", **wanted: Any) -> httpx.Response:
    body = {"name": "nightly upload", "roles": ["submitter"], **wanted}
    return api.order(f"{namespace}/tokens", body, token=by)


def dead(api: Api, token: str, namespace: str = "team-a") -> int:
    return api.get(f"/v1/namespaces/{namespace}/dead", token=token).status_code


def test_a_token_is_good_for_its_roles_in_its_namespace(api: Api) -> None:
    secret = issue(api, roles=["reader"]).json()["secret"]
    assert dead(api, secret) == 200
    assert dead(api, secret, "team-b") == 403
    assert issue(api, by=secret).status_code == 403


def test_only_the_hash_is_kept_and_the_secret_is_shown_once(api: Api) -> None:
    issued = issue(api).json()
    secret = issued["secret"]
    stored = api.rows("SELECT * FROM api_token WHERE id = %s", issued["token"]["id"])[0]
    assert stored.sha256 == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(stored)
    assert secret not in api.get("/v1/namespaces/team-a/tokens").text
    assert secret not in api.process.log.read_text(encoding="utf-8")


def test_an_admin_of_a_namespace_gives_tokens_there_and_the_trail_says_who(api: Api) -> None:
    admin = issue(api, namespace="team-c", name="boss", roles=["admin"]).json()["secret"]
    issued = issue(api, namespace="team-c", by=admin).json()["token"]
    assert issued["created_by"] == "token:team-c/boss"
    assert issue(api, namespace="team-a", by=admin).status_code == 403


def test_a_revoked_token_ends_within_ten_seconds(api: Api) -> None:
    issued = issue(api, roles=["reader"]).json()
    assert dead(api, issued["secret"]) == 200
    revoked = api.http.delete(
        f"/v1/namespaces/team-a/tokens/{issued['token']['id']}",
        headers=BEARER,
    )
    assert revoked.json()["revoked_by"] == "control-token"
    until(lambda: dead(api, issued["secret"]) == 401, seconds=11)


def test_another_namespace_s_token_is_not_found(api: Api) -> None:
    issued = issue(api).json()
    answer = api.http.delete(
        f"/v1/namespaces/team-b/tokens/{issued['token']['id']}",
        headers=BEARER,
    )
    assert answer.status_code == 404


def test_an_expired_token_is_refused(api: Api) -> None:
    issued = issue(api, roles=["reader"]).json()
    api.rows(
        "UPDATE api_token SET expires_at = now() WHERE id = %s RETURNING 1", issued["token"]["id"]
    )
    assert dead(api, issued["secret"]) == 401


@pytest.mark.parametrize(
    "wanted",
    [
        {"roles": []},
        {"roles": ["owner"]},
        {"days": 0},
        {"days": 367},
        {"name": ""},
        {"name": "a\0"},
        {"more": 1},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(api: Api, wanted: dict[str, Any]) -> None:
    answer = issue(api, **wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_tokens_are_listed_in_pages(api: Api) -> None:
    ids = {issue(api, namespace="pages").json()["token"]["id"] for _ in range(3)}
    first = api.get("/v1/namespaces/pages/tokens?limit=2").json()
    rest = api.get(f"/v1/namespaces/pages/tokens?cursor={first['next']}").json()
    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert {token["id"] for token in [*first["items"], *rest["items"]]} == ids
    assert api.get("/v1/namespaces/pages/tokens?state=ended").json()["items"] == []


def test_who_asks_for_a_namespace_that_cannot_be_is_told_so(api: Api) -> None:
    assert api.get("/v1/namespaces/Not_One/tokens").status_code == 422
