"""Who guesses tokens is slowed down by address, and nobody who has a good one there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
import msgspec
import pytest

from tests.api.asking import STRUCTURED, Api, Serving, declaration, event
from tests.processes import TOKEN

LIMIT = 30
SECRET = f"whsec_{'QUJD' * 8}"
UID = "8d1b3e40-0000-4000-8000-000000000000"

hosts = count(2)


@pytest.fixture(scope="module")
def closed(serving: Serving) -> Iterator[Api]:
    more = {
        "LEXMILL_API__OPEN_INGEST": "false",
        "LEXMILL_API__REQUESTS_PER_MINUTE": str(LIMIT),
        "LEXMILL_API__WEBHOOK_SECRETS": msgspec.json.encode({"signed": [SECRET]}).decode(),
    }
    with serving(more) as api:
        api.declare("guarded")
        yield api


@pytest.fixture(scope="module")
def opened(serving: Serving) -> Iterator[Api]:
    with serving({"LEXMILL_API__REQUESTS_PER_MINUTE": str(LIMIT)}) as api:
        yield api


@contextmanager
def elsewhere(api: Api) -> Iterator[Api]:
    """The same process, from an address that nobody has used."""
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{next(hosts)}")
    with httpx.Client(base_url=api.process.url, timeout=40, transport=transport) as http:
        yield Api(api.process, api.settings, http)


def issued(api: Api, role: str) -> str:
    body = {"name": role, "roles": [role]}
    secret: str = api.order("guarded/tokens", body).json()["secret"]
    return secret


def data_event(api: Api, number: int) -> httpx.Response:
    return api.post(event(), path="/ns/guarded/events", token=f"lxm_{number}")


def control_event(api: Api, number: int) -> httpx.Response:
    return api.post(declaration(UID, "mine"), path="/ns/guarded/events", token=f"guess-{number}")


def token_in_the_address(api: Api, number: int) -> httpx.Response:
    return api.post(event(), path=f"/ns/guarded/events?access_token=guess-{number}")


def signature(api: Api, _: int) -> httpx.Response:
    headers = {"webhook-id": "m", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    return api.post(event(), path="/ns/signed/events", **headers)


def exhaust(api: Api, guess: Callable[[Api, int], httpx.Response], status: int = 401) -> None:
    """Guess until it is refused to look at more; some of the limit comes back meanwhile."""
    answers = [guess(api, number) for number in range(2 * LIMIT)]
    codes = [answer.status_code for answer in answers]
    assert codes[:LIMIT] == [status] * LIMIT
    assert set(codes) == {status, 429}
    assert answers[0].headers["RateLimit-Policy"] == f'"client";q={LIMIT};w=60'
    refused = answers[codes.index(429)]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_requests"
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["RateLimit"].startswith('"client";r=0;')


@pytest.mark.parametrize("guess", [data_event, control_event, token_in_the_address, signature])
def test_guessing_at_ingest_is_slow(
    closed: Api, guess: Callable[[Api, int], httpx.Response]
) -> None:
    with elsewhere(closed) as api:
        exhaust(api, guess)


def test_a_size_that_only_good_tokens_may_have_tells_no_more(closed: Api) -> None:
    large = declaration(UID, "mine", note="x" * (1 << 20))

    def guess(api: Api, number: int) -> httpx.Response:
        return api.post(large, path="/ns/guarded/events", token=f"guess-{number}")

    with elsewhere(closed) as api:
        exhaust(api, guess, status=413)


def test_whoever_has_a_good_token_at_that_address_goes_on(closed: Api) -> None:
    submitter = issued(closed, "submitter")
    with elsewhere(closed) as api:
        exhaust(api, control_event)
        for _ in range(2 * LIMIT):
            answer = api.post(event(), path="/ns/guarded/events", token=submitter)
            assert answer.status_code == 202
        api.declare("guarded-too")
        assert api.get("/v1/namespaces/guarded/dead", token=submitter).status_code == 200
        # So does whoever has the address of an upload, a secret too.
        assert api.http.put("/v1/uploads/none", content=b"A contract.").status_code == 404
    with elsewhere(closed) as api:
        assert control_event(api, 0).status_code == 401


def test_ingest_and_the_api_count_together(closed: Api) -> None:
    with elsewhere(closed) as api:
        exhaust(api, control_event)
        assert api.get("/v1/demand", token="guess").status_code == 429
    with elsewhere(closed) as api:
        exhaust(api, lambda api, number: api.get("/v1/demand", token=f"lxm_{number}"))
        assert control_event(api, 0).status_code == 429


def test_where_ingest_is_open_a_token_that_nobody_asks_for_is_no_guess(opened: Api) -> None:
    with elsewhere(opened) as api:
        sent: list[dict[str, Any]] = [event() for _ in range(2 * LIMIT)]
        codes = {api.post(each, token="of-another-system").status_code for each in sent}
        assert codes == {202}
        assert control_event(api, 0).status_code == 401
        assert api.post(event(), kind=STRUCTURED, token=TOKEN).status_code == 202
