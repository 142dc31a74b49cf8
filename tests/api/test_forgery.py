"""Server-side request forgery, end to end: whoever writes a job's addresses reaches nothing by us.

The jobs are declared over REST, their documents end in the database as workers would end them, and
a real API process delivers what there is to tell.
"""

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest

from lexmill.database import transaction
from lexmill_api.egress import ForbiddenAddressError
from tests.api.asking import Api, Serving, event
from tests.api.test_egress import fetch
from tests.core import building
from tests.core.conftest import connect
from tests.processes import until

pytestmark = pytest.mark.servers

ALLOWED = "127.0.0.2"
"""The only address beside the public ones that may be called."""


@dataclass
class Listener:
    port: int
    heard: list[str] = field(default_factory=list)
    """At which of our addresses somebody asked."""


@contextmanager
def listening(redirect: str | None = None) -> Iterator[Listener]:
    """At all addresses of this machine; answers 202, or sends elsewhere."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listener.heard.append(self.connection.getsockname()[0])
            self.send_response(202 if redirect is None else 307)
            if redirect is not None:
                self.send_header("Location", redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - what the server looks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
        listener = Listener(server.server_port)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    with serving({"LEXMILL_EGRESS__ALLOWED_NETWORKS": f'["{ALLOWED}/32"]'}) as api:
        yield api


def told(api: Api, name: str, sink: str) -> str:
    """A job with this sink, and a document of it that has ended; gives the job's uid."""
    made = api.order(f"{name}/jobs", {"name": name, "spec": {"trigger": {}, "sink": {"uri": sink}}})
    assert made.status_code == 201, made.text
    uid: str = made.json()["uid"]
    assert api.post(event(), path=f"/ns/{name}/events").status_code == 202
    engine = connect(api.settings.database_url)
    with transaction(engine) as session:
        building.succeed(session, building.claimed(session, uuid.UUID(uid)))
    engine.dispose()
    return uid


def attempts(api: Api, uid: str) -> list[str]:
    """How each try to tell about this job's documents went, by the API's log."""
    ids = {row.id for row in api.rows("SELECT id FROM outgoing WHERE job_uid = %s", uid)}
    return [
        line["event"]
        for line in api.process.lines()
        if line.get("outgoing") in {*ids, *map(str, ids)}
    ]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "user:password@127.0.0.1",
        "127.0.0.2@127.0.0.1",
        "127.0.0.1.",
    ],
)
def test_a_sink_in_this_machine_hears_nothing(api: Api, host: str) -> None:
    name = f"sink-{uuid.uuid4().hex[:8]}"
    with listening() as listener:
        sink = f"http://{host}:{listener.port}/"
        made = api.order(
            f"{name}/jobs", {"name": name, "spec": {"trigger": {}, "sink": {"uri": sink}}}
        )
        if made.status_code == 422:
            return  # no address at all
        uid = told(api, f"{name}-again", sink)
        until(lambda: attempts(api, uid))
        assert set(attempts(api, uid)) <= {"sink_forbidden", "sink_away"}
        assert listener.heard == []


@pytest.mark.parametrize(
    "sink",
    ["http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/", "http://10.0.0.1/"],
)
def test_the_cloud_s_metadata_and_the_cluster_are_forbidden(api: Api, sink: str) -> None:
    uid = told(api, f"meta-{uuid.uuid4().hex[:8]}", sink)
    until(lambda: attempts(api, uid))
    assert set(attempts(api, uid)) == {"sink_forbidden"}


def test_a_sink_that_is_allowed_leads_nobody_elsewhere(api: Api) -> None:
    """A redirect is an answer like any other that is no success: nobody follows it."""
    with listening() as inner, listening(f"http://127.0.0.1:{inner.port}/") as outer:
        uid = told(api, "redirected", f"http://{ALLOWED}:{outer.port}/")
        until(lambda: attempts(api, uid))
        assert outer.heard[0] == ALLOWED
        assert inner.heard == []
        assert "sink_refused" in attempts(api, uid)


@pytest.mark.parametrize(
    "sink", ["file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://a/", "//a/", "a", ""]
)
def test_a_sink_is_an_http_address(api: Api, sink: str) -> None:
    body = {"name": "odd", "spec": {"trigger": {}, "sink": {"uri": sink}}}
    answer = api.order("odd/jobs", body)
    assert answer.status_code == 422, answer.text
    assert (answer.json()["code"], "sink.uri" in answer.json()["detail"]) == (
        "invalid_request",
        True,
    )


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:{port}/a.pdf",
        "http://169.254.169.254/latest/meta-data/iam",
        "gopher://127.0.0.1:{port}/_",
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
        "file:///proc/self/environ",
        "s3://../../etc",
    ],
)
def test_documents_from_elsewhere_are_fetched_by_nobody_here(api: Api, uri: str) -> None:
    """Neither when the job is declared, nor when an event names it, nor when it is asked for."""
    name = f"docs-{uuid.uuid4().hex[:8]}"
    with listening() as listener:
        address = uri.format(port=listener.port)
        spec = {"documents": [{"uri": address}]}
        declared = api.order(f"{name}/jobs", {"name": name, "spec": spec})
        # What is no URI of ours is refused; what is one waits for a worker, who asks again.
        assert declared.status_code in {201, 409, 422}
        api.order(f"{name}/jobs", {"name": "listens", "spec": {"trigger": {"document": "/uri"}}})
        sent = event(datacontenttype="application/json", data={"uri": address})
        assert api.post(sent, path=f"/ns/{name}/jobs/listens/events").status_code == 202
        found = api.get(f"/v1/namespaces/{name}/documents").json()["items"]
        for document in found:
            source = api.get(f"/v1/namespaces/{name}/documents/{document['id']}/source")
            assert source.status_code in {404, 409, 410}, source.text
            assert "root:" not in source.text
        assert listener.heard == []


def test_a_name_that_resolves_otherwise_the_next_time_gains_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: what was judged is what is called, and the name is asked for once."""
    answers = iter([ALLOWED, "127.0.0.1", "127.0.0.1"])
    asked: list[str] = []
    known = socket.getaddrinfo

    def rebinding(host: str, *rest: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return known(host, *rest, **more)
        asked.append(host)
        return known(next(answers), *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with listening() as listener:
        url = f"http://rebinding.example:{listener.port}/"
        assert fetch(url, [ip_network(f"{ALLOWED}/32")]).status_code == 202
        assert asked == ["rebinding.example"]
        with pytest.raises(ForbiddenAddressError):
            fetch(url, [ip_network(f"{ALLOWED}/32")])
        assert listener.heard == [ALLOWED]
