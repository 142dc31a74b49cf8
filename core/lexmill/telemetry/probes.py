"""/metrics, /livez and /readyz of processes that serve nothing else."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from lexmill.settings import TelemetrySettings

log = structlog.get_logger(__name__)


@contextmanager
def serve_probes(
    settings: TelemetrySettings,
    *,
    silent: Callable[[], Sequence[str]],
    missing: Callable[[], Sequence[str]],
) -> Iterator[None]:
    """Answer on the configured port while inside; without a port nothing is served.

    ``silent`` names the parts of this process that have stopped working, ``missing`` what it needs
    and does not reach. Both are asked from a thread of their own.
    """
    if settings.metrics_port is None:
        yield
        return
    handler = _handler(silent, missing)
    with ThreadingHTTPServer((settings.metrics_host, settings.metrics_port), handler) as server:
        log.info("health_served", port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()


def _handler(
    silent: Callable[[], Sequence[str]], missing: Callable[[], Sequence[str]]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path == "/livez":
                self._judge("silent", silent())
            elif self.path == "/readyz":
                self._judge("missing", missing())
            else:
                self._answer(404, b"not found")

        def _judge(self, word: str, names: Sequence[str]) -> None:
            body = f"{word}: {', '.join(names)}" if names else "ok"
            self._answer(503 if names else 200, body.encode())

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes every few seconds are no news."""

    return Handler
