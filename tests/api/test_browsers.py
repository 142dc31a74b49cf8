"""What browsers are told, and whom they may call us for."""

from collections.abc import Iterator

import pytest

from tests.api.asking import BEARER, Api, Serving

PAGE = "https://review.example"


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    more = {
        "LEXMILL_API__ALLOWED_ORIGINS": f'["{PAGE}"]',
        "LEXMILL_API__REQUESTS_PER_MINUTE": "30",
    }
    with serving(more) as api:
        yield api


@pytest.mark.parametrize("path", ["/v1/demand", "/v1/nothing", "/livez", "/events/types"])
def test_every_answer_says_that_it_is_only_data(api: Api, path: str) -> None:
    headers = api.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers


def test_a_page_that_is_allowed_may_call_and_no_other(api: Api) -> None:
    for origin, expected in ((PAGE, PAGE), ("https://evil.example", None), ("null", None)):
        preflight = api.http.options(
            "/v1/namespaces/team-a/jobs",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "GET",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        assert preflight.headers.get("Access-Control-Allow-Origin") == expected
        answer = api.http.get("/v1/demand", headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") == expected
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_client_is_told_its_limit_and_the_operator_has_none(api: Api) -> None:
    answer = api.http.post(
        "/v1/namespaces/team-a/tokens",
        json={"name": "busy", "roles": ["reader"]},
        headers=BEARER,
    )
    secret = answer.json()["secret"]
    answers = [api.get("/v1/namespaces/team-a/dead", token=secret) for _ in range(35)]
    codes = [each.status_code for each in answers]
    assert codes[:30] == [200] * 30
    assert 429 in codes
    assert answers[0].headers["RateLimit-Policy"] == '"client";q=30;w=60'
    refused = answers[codes.index(429)]
    assert refused.json()["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert {api.get("/v1/demand").status_code for _ in range(60)} == {200}


def test_guessing_tokens_is_slow(api: Api) -> None:
    codes = {api.get("/v1/demand", token=f"lxm_{n}").status_code for n in range(60)}
    assert codes == {401, 429}
