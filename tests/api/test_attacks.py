"""What somebody sends who means no good, at the real server; forged signatures: test_oidc.py."""

import base64
import json
import re
import socket
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.api.asking import BEARER, Api, Serving, declaration, event
from tests.api.test_matrix import ROUTES, ROWS
from tests.identityserver.hydra import Hydra
from tests.processes import TOKEN, until

pytestmark = pytest.mark.servers

OURS, THEIRS = "ours", "theirs"
NASTY = {
    "dots": "..%2f..%2fdemand",
    "dots in plain": "../../demand",
    "double encoded": "%252e%252e%252fdemand",
    "NUL": "a%00b",
    "line": "a%0d%0aX-Injected:%20yes",
    "overlong dot": "%c0%ae%c0%ae",
    "no UTF-8": "%ff%fe",
    "very long": "a" * 3_000,
    "a quote": "%27%20OR%20%271%27=%271",
    "a template": "{{7*7}}${7*7}",
    "a surrogate": "%ed%a0%80",
    "right to left": "%e2%80%ae",
}


def refused(answer: httpx.Response) -> dict[str, Any]:
    """4xx, with a problem document that does not quote what was sent."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert "X-Injected" not in answer.headers
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    return problem


def raw(api: Api, request: bytes, *, parts: Iterable[bytes] = ()) -> bytes:
    """As no client library would send it; what came until the server hung up or was silent."""
    at = urlsplit(api.process.url)
    assert at.hostname is not None
    assert at.port is not None
    with socket.create_connection((at.hostname, at.port), timeout=20) as connection:
        answer = b""
        try:
            connection.sendall(request)
            for part in parts:
                connection.sendall(part)
            connection.settimeout(3)
            while piece := connection.recv(1 << 16):
                answer += piece
        except (TimeoutError, ConnectionError):
            pass
        return answer


def statuses(answer: bytes) -> list[int]:
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


# Paths, names, headers


@pytest.mark.parametrize("route", [each for each in ROUTES if "{" in each[1]], ids=" ".join)
def test_nothing_in_a_path_leads_elsewhere(api: Api, route: tuple[str, str]) -> None:
    method, path = route
    row = ROWS[route]
    names = re.findall(r"{(\w+)}", path)
    good = {**row.values, "namespace": OURS}
    for name in names:
        for nasty in NASTY.values():
            url = f"{api.process.url}/v1" + path.format_map({**good, name: nasty})
            answer = api.http.request(method, url, json=row.json, headers=BEARER)
            refused(answer)
            assert "49" not in answer.text


@pytest.mark.parametrize(
    "name", ["a\r\nX-Injected: yes", "a\x00", "\ud800", "../../x", "a" * 5_000]
)
def test_a_name_with_a_line_end_reaches_no_header(api: Api, name: str) -> None:
    answer = api.http.post(
        f"/v1/namespaces/{OURS}/jobs",
        content=json.dumps({"name": name, "spec": {"trigger": {}}}),
        headers={**BEARER, "Content-Type": "application/json"},
    )
    refused(answer)


@pytest.mark.parametrize("id_", ["a b", "x" * 65, "a;b", "ä", ""])
def test_a_request_id_that_is_none_is_replaced(api: Api, id_: str) -> None:
    answer = api.http.get("/livez", headers=[(b"X-Request-Id", id_.encode())])
    assert answer.headers["X-Request-Id"] != id_
    assert len(answer.headers["X-Request-Id"]) == 32


# Too much of everything


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_body_that_is_too_large_is_refused_before_it_has_come(
    api: Api, token: str | None
) -> None:
    """Nobody fills the memory, with or without a token, with or without a Content-Length."""
    head = (
        b"POST /v1/namespaces/ours/dead/replay HTTP/1.1\r\nHost: a\r\n"
        b"Content-Type: application/json\r\n"
    )
    if token is not None:
        head += f"Authorization: Bearer {token}\r\n".encode()
    declared = raw(api, head + b"Content-Length: 10000000000\r\n\r\n[1")
    assert statuses(declared) == [413]
    piece = b"100000\r\n" + b"1" * (1 << 20) + b"\r\n"
    chunked = raw(
        api,
        head + b"Transfer-Encoding: chunked\r\n\r\n",
        parts=[piece] * 64,
    )
    assert statuses(chunked) in ([413], [])
    assert api.get("/livez", token=None).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[" + b"9" * 5_000 + b"]",
        b"[1e999999]",
        b"[NaN]",
        b"[" + b"1," * 2_000 + b"1]",
        b"",
        b"null",
        b"\xff\xfe",
    ],
    ids=[
        "deep",
        "deep objects",
        "long number",
        "huge",
        "NaN",
        "many",
        "none",
        "null",
        "no UTF-8",
    ],
)
def test_json_that_is_too_much_is_refused(api: Api, body: bytes) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    answer = api.http.post("/v1/namespaces/ours/dead/replay", content=body, headers=headers)
    refused(answer)
    answer = api.http.post("/v1/namespaces/ours/jobs", content=body, headers=headers)
    refused(answer)


def test_headers_and_queries_that_are_too_long_are_refused(api: Api) -> None:
    address = "/v1/namespaces/ours/documents"
    assert api.http.get(f"{address}?state=dead&{'x' * 60_000}", headers=BEARER).status_code < 500
    many = "&".join(f"f{n}=1" for n in range(2_000))
    refused(api.http.get(f"{address}?{many}", headers=BEARER))
    refused(api.http.get(f"{address}?cursor={'A' * 20_000}", headers=BEARER))
    refused(api.http.get(address, headers={"Authorization": f"Bearer {'a' * 20_000}"}))
    refused(
        api.http.post(
            "/v1/namespaces/ours/dead/replay",
            json=[1],
            headers={**BEARER, "Idempotency-Key": "k" * 20_000},
        )
    )
    long = b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 3_000_000 + b"\r\n\r\n"
    assert set(statuses(raw(api, long))) <= {400, 431}
    assert api.get("/livez", token=None).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "TRACE", "CONNECT", "PROPFIND", "DELETE", "get"])
def test_a_method_that_is_none_of_the_address_is_refused(api: Api, method: str) -> None:
    answer = raw(
        api,
        f"{method} /v1/namespaces/ours/documents HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n".encode(),
    )
    assert statuses(answer)[0] in {400, 405}


# The server itself

HEAD = b"POST /v1/namespaces/ours/dead/replay HTTP/1.1\r\nHost: a\r\n"
HIDDEN = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        HEAD + b"Content-Length: 3\r\nContent-Length: 40\r\n\r\n[1]" + HIDDEN,
        HEAD + b"Content-Length: +3\r\n\r\n[1]" + HIDDEN,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + HIDDEN,
        HEAD + b" Folded: header\r\n\r\n" + HIDDEN,
        HEAD + b"Bad\x00Name: 1\r\n\r\n" + HIDDEN,
    ],
    ids=["CL and TE", "two CL", "signed CL", "odd TE", "TE with space", "bad chunk", "fold", "NUL"],
)
def test_a_request_whose_end_is_in_doubt_hides_no_second_one(api: Api, request_: bytes) -> None:
    """A proxy in front may see its end elsewhere: then what comes behind it must not be served."""
    answer = raw(api, request_)
    assert 200 not in statuses(answer), answer
    assert len(statuses(answer)) <= 1


# Tokens


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    [
        "lxm_" + "a" * 20_000,
        "lxm_'; DROP TABLE api_token; --",
        "a.b.c",
        "..",
        f"{_part({'alg': 'none'})}.{_part({'sub': 'x'})}.",
        f"{_part({'alg': 'RS256', 'kid': '../../../../dev/null'})}.{_part({'sub': 'x'})}.AAAA",
        f"{_part({'alg': 'RS256', 'crit': ['exp']})}.{_part({'sub': 'x'})}.AAAA",
        f"{_part({'alg': 'RS256', 'kid': 'a' * 100_00})}.{_part({'sub': 'x'})}.AAAA",
    ],
    ids=["long", "SQL", "letters", "dots", "none", "kid is a path", "crit", "long kid"],
)
def test_what_only_looks_like_a_token_is_nobody_s(api: Api, token: str) -> None:
    answer = api.get("/v1/namespaces/ours/documents", token=token)
    assert answer.status_code == 401
    refused(answer)


@pytest.fixture(scope="module")
def oidc_api(serving: Serving, hydra: Hydra) -> Iterator[Api]:
    with serving({"LEXMILL_API__OIDC__ISSUER": hydra.issuer}) as api:
        good = hydra.token(f"{OURS}:reader")
        until(lambda: api.get("/v1/namespaces/ours/documents", token=good).status_code == 200)
        yield api


def test_a_token_brings_no_keys_of_its_own(oidc_api: Api, hydra: Hydra) -> None:
    """jwk, jku, x5u and x5c in a header say where a key is; nobody listens (RFC 8725, 3.10)."""
    claims = jwt.decode(hydra.token(f"{OURS}:admin"), options={"verify_signature": False})
    known = httpx.get(f"{hydra.url}/.well-known/jwks.json").json()["keys"][0]["kid"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    for kid in (known, "own", None):
        for more in (
            {},
            {"jwk": own},
            {"jku": "http://127.0.0.1:9/keys"},
            {"x5u": "http://127.0.0.1:9/cert"},
            {"x5c": ["AAAA"]},
        ):
            headers = {**more, **({} if kid is None else {"kid": kid})}
            token = jwt.encode(claims, key, algorithm="RS256", headers=headers)
            assert oidc_api.get("/v1/namespaces/ours/documents", token=token).status_code == 401


def test_a_token_in_a_token_and_one_of_another_issuer_are_nobody_s(
    oidc_api: Api, hydra: Hydra
) -> None:
    inner = hydra.token(f"{OURS}:admin")
    header, body, signature = inner.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    for token in (
        f"{_part({'alg': 'RS256', 'cty': 'JWT'})}.{_part(inner)}.{signature}",
        f"{header}.{_part({**claims, 'iss': 'https://evil.example'})}.{signature}",
        f"{header}.{body}.{signature}.{signature}",
        f"{inner}=",
        f"{inner},{inner}",
    ):
        answer = oidc_api.get("/v1/namespaces/ours/documents", token=token)
        assert answer.status_code == 401, token


# Two tenants who know everything of each other but the tokens


@pytest.fixture(scope="module")
def two(api: Api) -> dict[str, str]:
    """Each has a job of the same name and a document; gives the tokens of both."""
    tokens = {}
    for namespace in (OURS, THEIRS):
        job = declaration(str(uuid.uuid4()), "same")
        answer = api.post(job, path=f"/ns/{namespace}/events", token=TOKEN)
        assert answer.status_code == 202, answer.text
        for at in range(2):
            sent = api.post(event(id=f"the-same-{at}"), path=f"/ns/{namespace}/events")
            assert sent.status_code == 202
        issued = api.order(f"{namespace}/tokens", {"name": "admin", "roles": ["admin"]})
        tokens[namespace] = issued.json()["secret"]
    return tokens


def items(api: Api, what: str, namespace: str, token: str) -> list[dict[str, Any]]:
    answer = api.get(f"/v1/namespaces/{namespace}/{what}", token=token)
    found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return found


@pytest.mark.parametrize("what", ["documents", "events"])
def test_an_id_of_theirs_is_answered_as_one_that_is_not(
    api: Api, two: dict[str, str], what: str
) -> None:
    theirs = items(api, what, THEIRS, two[THEIRS])[0]["id"]
    known = api.get(f"/v1/namespaces/{OURS}/{what}/{theirs}", token=two[OURS])
    unknown = api.get(f"/v1/namespaces/{OURS}/{what}/{uuid.uuid4()}", token=two[OURS])
    assert (known.status_code, known.text) == (404, unknown.text)


def test_filters_by_ids_of_theirs_find_nothing(api: Api, two: dict[str, str]) -> None:
    job = items(api, "jobs", THEIRS, two[THEIRS])[0]["uid"]
    document = items(api, "documents", THEIRS, two[THEIRS])[0]["id"]
    for query in (f"documents?job={job}", f"documents?parent={document}", f"events?job={job}"):
        assert items(api, query, OURS, two[OURS]) == []


def test_a_cursor_of_theirs_is_none(api: Api, two: dict[str, str]) -> None:
    theirs = api.get(f"/v1/namespaces/{THEIRS}/documents?limit=1", token=two[THEIRS]).json()["next"]
    answer = api.get(f"/v1/namespaces/{OURS}/documents?limit=1&cursor={theirs}", token=two[OURS])
    assert refused(answer)["code"] == "invalid_cursor"


def test_an_etag_of_theirs_tells_nothing(api: Api, two: dict[str, str]) -> None:
    path = "jobs/same"
    theirs = api.get(f"/v1/namespaces/{THEIRS}/{path}", token=two[THEIRS]).headers["ETag"]
    headers = {"Authorization": f"Bearer {two[OURS]}", "If-None-Match": theirs}
    assert api.http.get(f"/v1/namespaces/{OURS}/{path}", headers=headers).status_code == 200
    changed = api.order(f"{OURS}/{path}/suspend", token=two[OURS], If_Match=theirs)
    assert changed.status_code == 412


def test_an_idempotency_key_of_theirs_is_free(api: Api, two: dict[str, str]) -> None:
    for namespace in (OURS, THEIRS):
        body = {"name": f"made-by-{namespace}", "spec": {"trigger": {}}}
        key = "the-same"
        answer = api.order(f"{namespace}/jobs", body, token=two[namespace], Idempotency_Key=key)
        assert (answer.status_code, answer.json()["name"]) == (201, f"made-by-{namespace}")


def test_what_is_dead_of_theirs_is_not_replayed(api: Api, two: dict[str, str]) -> None:
    tasks = [
        row.id
        for row in api.rows(
            "UPDATE task SET state = 'dead', ended_at = now() WHERE namespace = %s RETURNING id",
            THEIRS,
        )
    ]
    assert tasks
    answer = api.order(f"{OURS}/dead/replay", tasks, token=two[OURS])
    assert (answer.status_code, answer.json()) == (202, {"queued": 0})


@pytest.mark.parametrize("what", ["jobs", "documents", "events", "dead", "tokens", "progress"])
def test_their_namespace_is_closed_whatever_is_in_it(
    api: Api, two: dict[str, str], what: str
) -> None:
    theirs = api.get(f"/v1/namespaces/{THEIRS}/{what}", token=two[OURS])
    nowhere = api.get(f"/v1/namespaces/nowhere/{what}", token=two[OURS])
    assert theirs.status_code == nowhere.status_code == 403
    assert theirs.text.replace(THEIRS, "") == nowhere.text.replace("nowhere", "")
