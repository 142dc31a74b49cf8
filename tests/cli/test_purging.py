"""`lexmill documents purge` asks for what it needs, and only for that."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from typer.testing import CliRunner

from lexmill_cli.main import app

DOCUMENT = "01935a7c-5a00-7000-8000-3f2c5b9e1d04"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """The address of an API that has nothing, and what it is asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(f"{self.command} {self.path}")
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - as the library calls them

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def test_who_is_not_asked_needs_no_name() -> None:
    with listening() as (url, asked):
        words = ("documents", "purge", DOCUMENT, "--reason", "over", "--url", url, "--token", "t")
        CliRunner().invoke(app, [*words, "--yes"])
        assert [each.partition(" ")[0] for each in asked] == ["DELETE"]
        CliRunner().invoke(app, words, input="y\n")
        assert [each.partition(" ")[0] for each in asked] == ["DELETE", "GET"]
