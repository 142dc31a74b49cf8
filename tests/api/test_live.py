"""Progress as it happens: server-sent events and the WebSocket."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.asking import BEARER, Api, Serving, event
from tests.processes import PATIENCE_SECONDS, TOKEN, until

pytestmark = pytest.mark.servers


@dataclass
class Listener:
    """One stream, read by a thread of its own."""

    headers: httpx.Headers
    messages: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    has_ended: bool = False

    def jobs(self, name: str) -> list[dict[str, Any]]:
        return [
            each["data"]
            for each in tuple(self.messages)
            if each["event"] == "job" and each["data"]["name"] == name
        ]


@contextmanager
def listening(api: Api, path: str, *, last_id: int | None = None) -> Iterator[Listener]:
    seen = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    with api.http.stream("GET", path, headers={**BEARER, **seen}) as answer:
        assert answer.status_code == 200, answer.read()
        listener = Listener(answer.headers)

        def read() -> None:
            message: dict[str, Any] = {}
            try:
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if line.startswith(":"):
                        listener.comments.append(line)
                    elif line:
                        message[name] = json.loads(value) if name == "data" else value
                    elif "data" in message:
                        listener.messages.append(message)
                        message = {}
            except httpx.TransportError:
                pass
            listener.has_ended = True

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield listener
        finally:
            network = answer.extensions["network_stream"].get_extra_info("socket")
            with suppress(OSError):  # it may have ended by itself
                network.shutdown(SHUT_RDWR)  # wakes the thread up
            thread.join()


def test_a_stream_begins_with_how_things_are_and_tells_what_changes(api: Api) -> None:
    api.declare("live")
    with listening(api, "/v1/namespaces/live/progress?job=live") as listener:
        assert listener.headers["Content-Type"].startswith("text/event-stream")
        until(lambda: listener.jobs("live"))
        assert listener.jobs("live")[0]["documents"]["total"] == 0
        sent = time.monotonic()
        api.post(event(), path="/ns/live/events")
        until(lambda: listener.jobs("live")[-1]["documents"]["total"] == 1)
        assert time.monotonic() - sent < 1.0
    assert api.get("/v1/namespaces/live/jobs/live").json() == listener.jobs("live")[-1]


def test_numbers_that_change_without_news_of_demand_are_told_as_well(api: Api) -> None:
    """One document ends and another comes: as many wait as before."""
    api.declare("steady")
    api.post(event(), path="/ns/steady/events")
    until(lambda: _is_folded(api, "steady"))  # its demand is told before anybody listens
    with listening(api, "/v1/namespaces/steady/progress") as listener:
        until(lambda: listener.jobs("steady"))
        api.rows(
            "UPDATE document SET state = 'failed', ended_at = now() WHERE namespace = 'steady'"
            " RETURNING 1"
        )
        changed = time.monotonic()
        until(lambda: listener.jobs("steady")[-1]["documents"]["failed"] == 1)
        assert time.monotonic() - changed < 1.0


def _is_folded(api: Api, namespace: str) -> bool:
    swept = api.rows(
        "SELECT FROM pool_demand JOIN job ON job.uid = job_uid WHERE namespace = %s"
        " AND waiting = 1 AND changed_at < now() - interval '2 s'",
        namespace,
    )
    return bool(swept)


def test_without_names_every_job_of_the_namespace_is_told_and_no_other(api: Api) -> None:
    api.declare("mine")
    api.declare("theirs")
    with listening(api, "/v1/namespaces/mine/progress") as listener:
        api.post(event(), path="/ns/theirs/events")
        api.post(event(), path="/ns/mine/events")
        until(lambda: [job for job in listener.jobs("mine") if job["documents"]["total"] == 1])
        assert not listener.jobs("theirs")


def test_a_document_is_followed_to_its_end(api: Api) -> None:
    api.declare("followed")
    api.post(event(), path="/ns/followed/events")
    id_ = str(api.rows("SELECT id FROM document WHERE namespace = 'followed'")[0].id)
    strange = uuid.uuid4()
    path = f"/v1/namespaces/followed/progress?document={id_}&document={strange}"
    with listening(api, path) as listener:
        until(lambda: listener.messages)
        assert listener.messages[0]["event"] == "document"
        assert listener.messages[0]["data"]["state"] == "queued"
        api.rows(
            "UPDATE document SET state = 'failed', error_code = 'encrypted', ended_at = now()"
            " WHERE id = %s RETURNING 1",
            id_,
        )
        until(lambda: listener.messages[-1]["data"]["state"] == "failed")
        assert listener.messages[-1]["data"]["error_code"] == "encrypted"
        assert {each["data"]["id"] for each in listener.messages} == {id_}


def test_another_namespace_s_document_is_not_told(api: Api) -> None:
    api.declare("secret")
    api.post(event(), path="/ns/secret/events")
    id_ = api.rows("SELECT id FROM document WHERE namespace = 'secret'")[0].id
    api.declare("curious")
    path = f"/v1/namespaces/curious/progress?document={id_}&job=curious&job=secret"
    with listening(api, path) as listener:
        until(lambda: listener.jobs("curious"))
        assert len({each["event"] for each in listener.messages}) == 1
        assert not listener.jobs("secret")


def test_who_comes_back_is_told_only_what_changed(api: Api) -> None:
    for name in ("first", "second"):
        api.declare(name)
    with listening(api, "/v1/namespaces/first/progress?job=first") as listener:
        until(lambda: listener.jobs("first"))
        last_id = int(listener.messages[-1]["id"])
    path = "/v1/namespaces/first/progress?job=first"
    with listening(api, path, last_id=last_id) as idle:
        api.post(event(), path="/ns/first/events")
        until(lambda: idle.jobs("first"))
        assert idle.jobs("first")[0]["documents"]["total"] == 1
    with listening(api, path, last_id=last_id) as returned:
        until(lambda: returned.jobs("first"))
    # A cursor that this database never gave is none.
    with listening(api, path, last_id=10**15) as foreign:
        until(lambda: foreign.jobs("first"))


def test_a_slow_client_gets_the_newest_state_and_no_backlog() -> None:
    """What it has not read yet is replaced, however often things change."""
    from lexmill_api.live.subscriptions import Message, Subscription  # noqa: PLC0415

    subscription = Subscription()
    for number in range(1_000):
        subscription.put(("a", "job"), Message(number, "job", b"%d" % number))
        subscription.put(("a", "other"), Message(number, "job", b"%d" % number))
    assert [message.id for message in subscription._pending.values()] == [999, 999]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/namespaces/live/progress?document=none", 422),
        ("/v1/namespaces/live/progress?" + "&".join(["job=a"] * 201), 422),
        ("/v1/namespaces/No/progress", 422),
    ],
)
def test_what_cannot_be_watched_is_refused(api: Api, path: str, status: int) -> None:
    assert api.get(path).status_code == status


def socket(api: Api, *, token: str | None = TOKEN, **more: Any) -> ClientConnection:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    url = f"{api.process.url.replace('http', 'ws', 1)}/v1/ws"
    connection: ClientConnection = connect(url, additional_headers=headers, **more)
    return connection


def told(connection: ClientConnection, **expected: Any) -> dict[str, Any]:
    """The next message that has these members; heartbeats do not prolong the wait."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        rest = deadline - time.monotonic()
        message: dict[str, Any] = json.loads(connection.recv(timeout=rest))
        if all(message.get(name) == value for name, value in expected.items()):
            return message


def told_of(connection: ClientConnection, name: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = told(connection, type="job")["data"]
        if job["name"] == name:
            return job


def say(connection: ClientConnection, **message: Any) -> None:
    connection.send(msgspec.json.encode(message).decode())


def test_a_socket_changes_what_it_watches(api: Api) -> None:
    api.declare("one")
    api.declare("two")
    with socket(api) as connection:
        say(connection, type="subscribe", namespace="one", jobs=["one"])
        told(connection, type="subscribed", namespace="one")
        assert told_of(connection, "one")
        say(connection, type="subscribe", namespace="two")
        told(connection, type="subscribed", namespace="two")
        say(connection, type="unsubscribe", namespace="one", jobs=["one"])
        told(connection, type="unsubscribed", namespace="one")
        api.post(event(), path="/ns/one/events")
        api.post(event(), path="/ns/two/events")
        while True:
            job = told(connection, type="job")["data"]
            assert job["name"] == "two"
            if job["documents"]["total"] == 1:
                break


def test_a_socket_asks_for_a_token_and_takes_it_from_a_browser(api: Api) -> None:
    for token in (None, "wrong"):
        with pytest.raises(InvalidStatus) as raised:
            socket(api, token=token)
        assert raised.value.response.status_code == 401
    protocols = ["lexmill.v1", f"bearer.{TOKEN}"]
    with socket(api, token=None, subprotocols=protocols) as connection:
        assert connection.subprotocol == "lexmill.v1"


def test_a_socket_tells_only_whom_it_may(api: Api) -> None:
    api.declare("open")
    secret = api.http.post(
        "/v1/namespaces/open/tokens",
        json={"name": "reader", "roles": ["reader"]},
        headers=BEARER,
    ).json()["secret"]
    with socket(api, token=secret) as connection:
        say(connection, type="subscribe", namespace="closed")
        assert told(connection)["code"] == "forbidden"
        say(connection, type="subscribe", namespace="open")
        told(connection, type="subscribed")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        '{"type": "subscribe"}',
        '{"type": "order", "namespace": "a"}',
        '{"type": "subscribe", "namespace": "a", "documents": ["x"]}',
        '{"type": "subscribe", "namespace": "a", "more": 1}',
    ],
)
def test_a_socket_says_what_it_does_not_understand(api: Api, message: str) -> None:
    with socket(api) as connection:
        connection.send(message)
        assert told(connection)["code"] == "invalid_request"
        say(connection, type="subscribe", namespace="a")
        told(connection, type="subscribed")


def test_a_socket_watches_so_much_and_no_more(api: Api) -> None:
    with socket(api) as connection:
        say(connection, type="subscribe", namespace="a", jobs=[f"job-{n}" for n in range(201)])
        assert told(connection)["code"] == "too_many"


def test_when_the_process_ends_streams_are_told_to_come_again(serving: Serving) -> None:
    with serving() as own:
        own.declare("ending")
        with (
            listening(own, "/v1/namespaces/ending/progress") as listener,
            socket(own) as connection,
        ):
            own.post(event(), path="/ns/ending/events")
            until(lambda: listener.jobs("ending"))
            asked = time.monotonic()
            assert own.process.stop() == 0
            assert time.monotonic() - asked < 5
            assert listener.messages[-1]["event"] == "reconnect"
            with pytest.raises(ConnectionClosed) as closed:
                connection.recv(timeout=60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
