"""Too much of everything that test_attacks.py has not: parts, names, messages, headers."""

import http.client
import json
from contextlib import closing

import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.asking import BEARER, Api, Serving
from tests.api.test_attacks import OURS, raw, refused, statuses
from tests.api.test_live import say, socket, told
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

LINE_END = "a\r\nX-Injected: yes"


def form(*parts: bytes, boundary: bytes = b"b") -> tuple[bytes, dict[str, str]]:
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    kind = f"multipart/form-data; boundary={boundary.decode()}"
    return body + b"--" + boundary + b"--\r\n", {**BEARER, "Content-Type": kind}


def file(name: bytes = b"a.txt", content: bytes = b"text", more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="file"; filename="' + name + b'"\r\n'
    return head + more + b"\r\n" + content


@pytest.fixture(scope="module")
def documents(api: Api) -> str:
    api.declare(OURS)
    return f"/v1/namespaces/{OURS}/jobs/{OURS}/documents"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([file()] * 2_000, "too_many_files"),
        ([b'Content-Disposition: form-data; name="a"\r\n\r\nvalue'] * 5_000, "invalid_multipart"),
        ([file(more=b"X-Long: " + b"a" * 100_000 + b"\r\n")], "invalid_multipart"),
        ([file(more=b"X-A: 1\r\n" * 5_000)], "invalid_multipart"),
        ([file(name=b"a" * 200_000)], "invalid_multipart"),
    ],
    ids=["files", "fields", "a long header", "many headers", "a long name"],
)
def test_forms_of_too_much_leave_nothing_behind(
    api: Api, documents: str, parts: list[bytes], code: str
) -> None:
    before = api.rows("SELECT count(*) FROM document WHERE namespace = %s", OURS)
    body, headers = form(*parts)
    answer = api.http.post(documents, content=body, headers=headers)
    assert refused(answer)["code"] == code
    assert api.rows("SELECT count(*) FROM document WHERE namespace = %s", OURS) == before
    assert api.rows("SELECT FROM upload WHERE namespace = %s AND document_id IS NULL", OURS) == []


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        (f"/ns/{OURS}/events", TOKEN, 413),
        (f"/v1/namespaces/{OURS}/jobs", TOKEN, 413),
        (f"/v1/namespaces/{OURS}/jobs/{OURS}/documents", "nobody", 401),
    ],
    ids=["event", "rest", "upload"],
)
def test_who_is_refused_in_the_middle_of_sending_hears_why(
    api: Api, path: str, token: str, status: int
) -> None:
    """Closing on bytes that nobody has read would reset the connection, with the answer."""
    host = api.process.url.removeprefix("http://")
    headers = {"Authorization": f"Bearer {token}", "Connection": "close", "ce-type": "a"}
    with closing(http.client.HTTPConnection(host, timeout=20)) as connection:
        connection.request("POST", path, b"a" * (20 << 20), headers)
        assert connection.getresponse().status == status


def test_a_line_end_in_words_reaches_no_header(api: Api) -> None:
    """Names of matters and of tokens are free, and come back in links, addresses and problems."""
    for number in range(2):
        body = {"name": f"lines-{number}", "spec": {"matter": LINE_END, "trigger": {}}}
        made = api.order("lines/jobs", body)
        if made.status_code == 422:
            break
        assert made.status_code == 201
    page = api.http.get(
        "/v1/namespaces/lines/jobs", params={"matter": LINE_END, "limit": "1"}, headers=BEARER
    )
    assert page.status_code == 200
    assert "X-Injected" not in page.headers
    issued = api.order("lines/tokens", {"name": LINE_END, "roles": ["reader"]})
    assert issued.status_code == 201
    forbidden = api.get("/v1/namespaces/elsewhere/jobs", token=issued.json()["secret"])
    assert refused(forbidden)["code"] == "forbidden"
    # And no line of the log is anybody's but ours: `lines` reads each as one JSON object.
    assert all("X-Injected" not in line for line in api.process.lines())


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"job=job-{n}" for n in range(201)),
        "&".join("document=01935a7c-5a00-7000-8000-3f2c5b9e1d04" for _ in range(201)),
        f"job={'a' * 254}",
        "job=a%00b",
        "job=a%0d%0ab",
        "job=A",
        "document=x",
    ],
    ids=["many jobs", "many documents", "long", "NUL", "line end", "capital", "no UUID"],
)
def test_a_stream_watches_what_can_be(api: Api, query: str) -> None:
    answer = api.get(f"/v1/namespaces/{OURS}/progress?{query}")
    assert refused(answer)["code"] == "invalid_request"


@pytest.mark.parametrize("id_", ["-1", "x", str(2**63), "9" * 400])
def test_a_last_event_id_is_a_number_of_ours(api: Api, id_: str) -> None:
    answer = api.get(f"/v1/namespaces/{OURS}/progress", Last_Event_ID=id_)
    assert refused(answer)["code"] == "invalid_request"


@pytest.mark.parametrize(
    "message",
    [
        {"namespace": "a\0", "jobs": ["a"]},
        {"namespace": "a\n"},
        {"namespace": "A"},
        {"namespace": "a" * 64},
        {"namespace": "a", "jobs": ["\0"]},
        {"namespace": "a", "jobs": ["a\n"]},
        {"namespace": "a", "jobs": ["a" * 254]},
        {"namespace": "a", "last_id": 2**63},
        {"namespace": "a", "last_id": -1},
        {"namespace": "a", "last_id": 1e300},
    ],
    ids=str,
)
def test_a_socket_takes_no_name_that_is_none(api: Api, message: dict[str, object]) -> None:
    with socket(api) as connection:
        connection.send(json.dumps({"type": "subscribe", **message}))
        assert told(connection, type="problem")["code"] == "invalid_request"
        say(connection, type="subscribe", namespace="a")
        told(connection, type="subscribed")
    assert not [line for line in api.process.lines() if line.get("level") == "error"]


def test_a_socket_takes_bytes_as_words_and_no_more_than_it_has_room_for(api: Api) -> None:
    with socket(api) as connection:
        connection.send(b"\xff\xfe")
        assert told(connection)["code"] == "invalid_request"
        connection.send(b'{"type": "subscribe", "namespace": "a"}')
        told(connection, type="subscribed")
        connection.send(json.dumps({"type": "subscribe", "namespace": "a" * (1 << 18)}))
        with pytest.raises(ConnectionClosed) as closed:
            told(connection, type="never")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert api.get("/livez", token=None).status_code == 200


def test_thousands_of_headers_are_refused(api: Api) -> None:
    head = b"GET /v1/demand HTTP/1.1\r\nHost: a\r\n"
    many = head + b"".join(b"X-%d: a\r\n" % number for number in range(50_000)) + b"\r\n"
    assert set(statuses(raw(api, many))) <= {400, 431}
    assert api.get("/livez", token=None).status_code == 200


def test_guessing_tokens_is_as_slow_at_the_socket(serving: Serving) -> None:
    """And who cannot be told apart for now is told to come again, not that they are nobody."""
    more = {
        "LEXMILL_API__REQUESTS_PER_MINUTE": "20",
        "LEXMILL_API__OIDC__ISSUER": "http://127.0.0.1:9/",
    }
    with serving(more) as api:

        def status(token: str) -> int:
            with pytest.raises(InvalidStatus) as raised, socket(api, token=token):
                pass
            code: int = raised.value.response.status_code
            return code

        assert {status(f"lxm_{number}") for number in range(40)} == {401, 429}
        claims = {"iss": more["LEXMILL_API__OIDC__ISSUER"]}
        assert status(jwt.encode(claims, "a" * 64, headers={"kid": "a"})) == 503
        with socket(api, token=TOKEN) as connection:
            say(connection, type="subscribe", namespace="a")
            told(connection, type="subscribed")
