"""The sink of the job: takes what Lexmill tells, refuses some of it at first."""

import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Told:
    """Event ids by what they tell of: a sink that is told twice sees it by the id."""

    url: str
    documents: dict[str, set[str]] = field(default_factory=dict)
    states: dict[str, set[str]] = field(default_factory=dict)
    runs: dict[str, set[str]] = field(default_factory=dict)
    requests: "Counter[int]" = field(default_factory=Counter)


@contextmanager
def listening_sink(seed: int) -> Iterator[Told]:
    rng = random.Random(seed + 2)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender was killed
            event = json.loads(body)
            with lock:
                status = 503 if rng.random() < 0.02 else 202
                told.requests[status] += 1
                # What is refused may have been seen, as with an answer that got lost.
                kind = told.documents if "document" in event["type"] else told.runs
                key = event["data"].get("document") or f"{event['data']['name']} {event['subject']}"
                kind.setdefault(key, set()).add(event["id"])
                if kind is told.documents:
                    told.states.setdefault(key, set()).add(event["data"]["state"])
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Thousands of lines that nobody reads."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256  # both APIs knock with a hundred connections at once

    with Server(("127.0.0.1", 0), Handler) as server:
        told = Told(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
