"""The dead-letter sink keeps what it answered 202 to, tells reasons, and sends again."""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import PIPE, Popen, run
from threading import Thread

import httpx
import pytest

from lexmill_cli.local.processes import free_port
from tests.manifests.shipped import MANIFESTS
from tests.processes import until

PROGRAM = MANIFESTS / "knative" / "dead_letters.py"
REASON = '{"code": "invalid_json", "detail": "data is not JSON"}'
LETTER = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": "7",
    "ce-source": "/mail",
    "ce-type": "com.example.contract.received",
    "ce-knativeerrorcode": "400",
    "ce-knativeerrordata": base64.b64encode(REASON.encode()).decode(),
    "authorization": "Bearer secret",
}
TOKEN = "a-token"
SECRET = b'{"party": "Acme Ltd"'


@dataclass(frozen=True)
class Sink:
    url: str
    folder: Path
    log: Path

    def post(self, content: object = SECRET, **headers: str) -> int:
        given = {**LETTER, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return httpx.post(self.url, content=content, headers=given).status_code  # type: ignore[arg-type] # bytes, or an iterator of them

    def resend(self, url: str, *token_file: str, stdin: str = "") -> tuple[int, str]:
        done = run(
            [sys.executable, PROGRAM, "resend", url, *token_file],
            env={"FOLDER": str(self.folder)},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    folder, log = tmp_path / "letters", tmp_path / "log"
    folder.mkdir()
    port = free_port()
    environment = {"FOLDER": str(folder), "PORT": str(port)}
    with (
        log.open("wb") as output,
        Popen([sys.executable, "-u", PROGRAM, "serve"], env=environment, stdout=output) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        until(lambda: answers(url))
        yield Sink(url, folder, log)
        process.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Receiver:
    """Takes what has JSON in it, and refuses the rest as Lexmill does.

    To its path ``/closed`` only those who have a token are let in.
    """

    url: str
    taken: list[tuple[dict[str, str], bytes]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    taken: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/closed" and self.headers["authorization"] != f"Bearer {TOKEN}":
                self.send_error(401, "unauthenticated")
                return
            good = body.endswith(b"}")
            if good:
                taken.append(({n.lower(): v for n, v in self.headers.items()}, body))
            self.send_response(202 if good else 400)
            self.end_headers()
            self.wfile.write(b"" if good else b"invalid_json")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Receiver(f"http://127.0.0.1:{server.server_port}", taken)
        server.shutdown()
        thread.join()


def test_the_reason_is_told_and_the_content_is_not(sink: Sink) -> None:
    assert sink.post() == 202
    (line,) = sink.log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "id": "7",
        "source": "/mail",
        "type": "com.example.contract.received",
        "knativeerrorcode": "400",
        "reason": REASON,
    }
    (file,) = sink.folder.glob("*.event")
    assert SECRET in file.read_bytes()
    assert b"Bearer" not in file.read_bytes()


def test_a_body_in_chunks_is_kept_whole_and_the_same_event_once(sink: Sink) -> None:
    assert sink.post(iter([b'{"a": ', b"1}"])) == 202
    assert sink.post(b'{"a": 1}') == 202
    assert sink.post(b'{"a": 1}', ce_source="/elsewhere") == 202
    contents = [file.read_bytes().partition(b"\n")[2] for file in sink.folder.glob("*.event")]
    assert contents == [b'{"a": 1}', b'{"a": 1}']


def test_what_is_taken_the_second_time_is_forgotten_the_rest_stays(
    sink: Sink, receiver: Receiver
) -> None:
    sink.post(b'{"a": 1}', ce_id="good")
    sink.post(SECRET, ce_id="bad")
    code, told = sink.resend(receiver.url)
    assert code == 1
    assert "400 invalid_json" in told
    ((headers, body),) = receiver.taken
    assert body == b'{"a": 1}'
    assert headers["ce-id"] == "good"
    assert headers["ce-knativeerrorcode"] == "400"  # by which Lexmill takes up what failed
    assert len(list(sink.folder.glob("*.event"))) == 1


def test_nothing_is_forgotten_while_nobody_answers(sink: Sink) -> None:
    sink.post()
    code, _ = sink.resend(f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert list(sink.folder.glob("*.event"))


def test_who_needs_a_token_is_sent_one(sink: Sink, receiver: Receiver, tmp_path: Path) -> None:
    """By a file, or by stdin: a token on a command line is seen by whoever lists processes."""
    closed = f"{receiver.url}/closed"
    sink.post(b'{"a": 1}')
    code, told = sink.resend(closed)
    assert (code, "401" in told) == (1, True)
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="ascii")
    code, told = sink.resend(closed, str(file))
    assert code == 0, told
    sink.post(b'{"a": 1}')
    code, told = sink.resend(closed, "-", stdin=f"{TOKEN}\n")
    assert code == 0, told
    assert len(receiver.taken) == 2
    assert not list(sink.folder.glob("*.event"))


def test_a_token_that_is_not_there_is_told_before_anything_is_sent(
    sink: Sink, receiver: Receiver, tmp_path: Path
) -> None:
    sink.post(b'{"a": 1}')
    missing = str(tmp_path / "none")
    for file, stdin, complaint in (
        (missing, "", "No such file or directory"),
        ("-", "", "it has to hold one token and nothing else"),
        ("-", f"{TOKEN}\nnotes: none", "it has to hold one token and nothing else"),
        ("-", "clé", "it has to hold one token and nothing else"),
    ):
        code, told = sink.resend(receiver.url, file, stdin=stdin)
        assert (code, told) == (1, f"TOKEN_FILE {file}: {complaint}\n")
    assert receiver.taken == []


def test_a_command_that_it_does_not_know_is_answered_by_its_usage() -> None:
    with Popen([sys.executable, PROGRAM, "send"], stderr=PIPE, text=True) as process:
        assert "serve | resend URL [TOKEN_FILE]" in process.communicate()[1]
    assert process.returncode == 1
