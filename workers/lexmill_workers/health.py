"""/metrics, /livez and /readyz of a worker."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lexmill.database import transaction
from lexmill_workers.runtime import Runtime

log = structlog.get_logger(__name__)

SILENT_SECONDS = 60
"""A worker that has not looked at its queue for so long no longer lives."""


@contextmanager
def serve_health(runtime: Runtime) -> Iterator[None]:
    """Answer on the configured port while inside; without a port nothing is served."""
    telemetry = runtime.process.settings.telemetry
    if telemetry.metrics_port is None:
        yield
        return
    handler = _handler(runtime)
    with ThreadingHTTPServer((telemetry.metrics_host, telemetry.metrics_port), handler) as server:
        log.info("health_served", port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()


def missing_parts(runtime: Runtime) -> list[str]:
    """What this worker needs and does not reach."""
    missing = []
    try:
        with transaction(runtime.process.engine) as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        missing.append("postgresql")
    try:
        runtime.process.broker.valkey.ping()
    except redis.RedisError:
        missing.append("valkey")
    return missing


def lives(runtime: Runtime) -> bool:
    return time.monotonic() - runtime.process.broker.fetched_at < SILENT_SECONDS


def _handler(runtime: Runtime) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path == "/livez":
                alive = lives(runtime)
                self._answer(200 if alive else 503, b"ok" if alive else b"no fetch lately")
            elif self.path == "/readyz":
                missing = missing_parts(runtime)
                body = f"missing: {', '.join(missing)}" if missing else "ok"
                self._answer(503 if missing else 200, body.encode())
            else:
                self._answer(404, b"not found")

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes every few seconds are no news."""

    return Handler
