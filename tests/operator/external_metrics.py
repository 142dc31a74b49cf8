"""A metric that HorizontalPodAutoscalers can ask the API server for: an aggregated API."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.controlplane.control_plane import ControlPlane
from tests.processes import until

GROUP = "external.metrics.k8s.io"
VERSION = f"{GROUP}/v1beta1"
API_SERVICE = f"v1beta1.{GROUP}"
SERVICE = "test-external-metrics"
SERVICES = "/api/v1/namespaces/default/services"
API_SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


@dataclass
class ExternalMetric:
    """The same for whatever name and namespace it is asked by; the test sets it."""

    value: int = 0

    def answer(self, path: str) -> dict[str, Any]:
        if "/namespaces/" not in path:
            return {
                "kind": "APIResourceList",
                "apiVersion": "v1",
                "groupVersion": VERSION,
                "resources": [],
            }
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        item = {"metricName": "any", "timestamp": now, "value": str(self.value)}
        return {
            "kind": "ExternalMetricValueList",
            "apiVersion": VERSION,
            "metadata": {},
            "items": [item],
        }


@contextmanager
def external_metric(control_plane: ControlPlane) -> Iterator[ExternalMetric]:
    metric = ExternalMetric()
    with _served(metric, control_plane) as port:
        http = control_plane.http
        http.post(SERVICES, json=_service(port)).raise_for_status()
        http.post(API_SERVICES, json=_api_service(port)).raise_for_status()
        try:
            until(lambda: http.get(f"/apis/{VERSION}").is_success)
            yield metric
        finally:
            http.delete(f"{API_SERVICES}/{API_SERVICE}").raise_for_status()
            http.delete(f"{SERVICES}/{SERVICE}").raise_for_status()


@contextmanager
def _served(metric: ExternalMetric, control_plane: ControlPlane) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(metric.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(control_plane.ca_file, control_plane.ca_file.with_suffix(".key"))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def _service(port: int) -> dict[str, Any]:
    """The API server resolves the name itself, so it needs no cluster network."""
    return {
        "metadata": {"name": SERVICE},
        "spec": {
            "type": "ExternalName",
            "externalName": "localhost",
            "ports": [{"port": port}],
        },
    }


def _api_service(port: int) -> dict[str, Any]:
    return {
        "metadata": {"name": API_SERVICE},
        "spec": {
            "group": GROUP,
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": True,
            "service": {"namespace": "default", "name": SERVICE, "port": port},
        },
    }
