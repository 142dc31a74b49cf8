"""Lexmill as it is in a cluster: API and operator with service accounts and the shipped roles,
workers as processes of a stand-in for the kubelet."""

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml

from lexmill_cli.local.processes import free_port
from lexmill_cli.local.valkey import ValkeyServer
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import environment
from tests.logins import api_environment, tenant_url
from tests.processes import TOKEN, OurProcess, Settings, running, until
from tests.servers import conninfo

RBAC = Path(__file__).parents[2] / "manifests" / "rbac" / "operator.yaml"
LEGALJOBS = "/apis/lexmill.io/v1alpha1"

POD_TEMPLATE = {
    "spec": {
        "terminationGracePeriodSeconds": 30,
        "automountServiceAccountToken": False,
        "containers": [
            {"name": "worker", "image": "lexmill-worker:test", "args": ["-m", "lexmill_workers"]}
        ],
    }
}


@dataclass
class Installation:
    """``settings`` are those of API and workers; ``system`` is the namespace it is installed in."""

    control_plane: ControlPlane
    settings: Settings
    system: str
    api_url: str
    folder: Path

    # -- the API -----------------------------------------------------------------------------

    @contextmanager
    def running_api(self, name: str, port: int) -> Iterator[OurProcess]:
        """A replica; one runs all the time, at `api_url`."""
        with running(
            self.settings,
            "lexmill_api",
            name,
            f"http://127.0.0.1:{port}",
            LEXMILL_API__PORT=str(port),
            LEXMILL_API__CONTROL_TOKEN=TOKEN,
            **api_environment(self.settings.database_url),
            LEXMILL_API__TOKEN_REVIEW__URL=self.control_plane.url,
            LEXMILL_API__TOKEN_REVIEW__CA_FILE=str(self.control_plane.ca_file),
            LEXMILL_API__TOKEN_REVIEW__TOKEN_FILE=str(self.folder / "api.token"),
            LEXMILL_API__TOKEN_REVIEW__ALLOWED=(
                f'["system:serviceaccount:{self.system}:lexmill-operator"]'
            ),
        ) as api:
            until(lambda: api.is_ready)
            yield api

    # -- the operator ------------------------------------------------------------------------

    @contextmanager
    def running_operator(self, name: str = "operator", **more: str) -> Iterator[OurProcess]:
        """Started; it leads when `leads` says so."""
        token = self.folder / f"{name}.token"
        token.write_text(self._token("lexmill-operator", "lexmill"), encoding="ascii")
        template = self.folder / "pod-template.yaml"
        template.write_text(yaml.safe_dump(POD_TEMPLATE), encoding="utf-8")
        port = free_port()
        kubeconfig = self.control_plane.kubeconfig_for(self._token("lexmill-operator"))
        settings = {
            "KUBECONFIG": str(kubeconfig),
            "LEXMILL_OPERATOR__API_URL": self.api_url,
            "LEXMILL_OPERATOR__TOKEN_FILE": str(token),
            "LEXMILL_OPERATOR__POD_TEMPLATE": str(template),
            "LEXMILL_OPERATOR__LEASE_NAMESPACE": self.system,
            "LEXMILL_OPERATOR__LEASE_SECONDS": "3",
            "LEXMILL_OPERATOR__IDENTITY": name,
            "LEXMILL_OPERATOR__COUNTERS_SECONDS": "0.5",
            "LEXMILL_OPERATOR__STABILIZATION_SECONDS": "1",
            "LEXMILL_OPERATOR__COOLDOWN_SECONDS": "1",
            "LEXMILL_TELEMETRY__METRICS_PORT": str(port),
        }
        with running(
            Settings("", "", self.folder, {}),
            "lexmill_operator",
            name,
            f"http://127.0.0.1:{port}",
            **{**settings, **more},
        ) as operator:
            until(lambda: operator.is_ready)
            yield operator

    def _token(self, account: str, audience: str | None = None) -> str:
        return self.control_plane.token_for(self.system, account, audience)

    # -- workers -----------------------------------------------------------------------------

    def worker_of(self, pod: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
        """What the test node starts for a pod."""
        given = environment(pod)
        login = tenant_url(self.settings.database_url, given["LEXMILL_WORKER__NAMESPACE"])
        return (
            [sys.executable, "-m", "lexmill_workers"],
            {**self.settings.environment, "LEXMILL_DATABASE__URL": login, **given},
        )

    # -- looking -----------------------------------------------------------------------------

    @property
    def http(self) -> httpx.Client:
        return self.control_plane.http

    def apply(self, *objects: Mapping[str, Any]) -> None:
        text = yaml.safe_dump_all(objects)
        self.control_plane.kubectl("apply", "--server-side", "--filename", "-", stdin=text)

    def legaljob(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self._get(f"{LEGALJOBS}/namespaces/{namespace}/legaljobs/{name}")

    def deployment(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self._get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")

    def delete(self, namespace: str, name: str) -> None:
        path = f"{LEGALJOBS}/namespaces/{namespace}/legaljobs/{name}"
        self.http.delete(path).raise_for_status()

    def status(self, namespace: str, name: str) -> dict[str, Any]:
        found = self.legaljob(namespace, name) or {}
        status: dict[str, Any] = found.get("status", {})
        return status

    def condition(self, namespace: str, name: str, kind: str) -> tuple[str, str]:
        """Status and reason; empty while there is no such condition."""
        for each in self.status(namespace, name).get("conditions", ()):
            if each["type"] == kind:
                return each["status"], each["reason"]
        return "", ""

    def events(self, namespace: str, name: str) -> list[str]:
        """The reasons of the Kubernetes Events about a LegalJob, oldest first."""
        answer = self.http.get(f"/api/v1/namespaces/{namespace}/events").raise_for_status().json()
        mine = [
            event
            for event in answer["items"]
            if event["involvedObject"]["name"] == name
            and event["involvedObject"]["kind"] == "LegalJob"
        ]
        mine.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [event["reason"] for event in mine]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(conninfo(self.settings.database_url), autocommit=True) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def _get(self, path: str) -> dict[str, Any] | None:
        answer = self.http.get(path)
        if answer.status_code == 404:
            return None
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@contextmanager
def running_installation(
    control_plane: ControlPlane,
    valkey: ValkeyServer,
    *,
    database: str,
    folder: Path,
) -> Iterator[Installation]:
    """Everything but the operator itself, which tests start, kill and start again."""
    system = f"lexmill-{secrets.token_hex(4)}"
    _make_accounts(control_plane, system)
    own = folder / "api.token"
    own.write_text(control_plane.token_for(system, "lexmill-api"), encoding="ascii")
    port = free_port()
    settings = Settings(database, f"{valkey.url}?db=3", folder, {})
    url = f"http://127.0.0.1:{port}"
    installation = Installation(control_plane, settings, system, url, folder)
    with installation.running_api("api", port):
        yield installation


def _make_accounts(control_plane: ControlPlane, system: str) -> None:
    control_plane.kubectl("apply", "--filename", str(RBAC))
    account = {"kind": "ServiceAccount", "apiVersion": "v1"}
    objects: list[dict[str, Any]] = [
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": system}},
        *(
            {**account, "metadata": {"name": name, "namespace": system}}
            for name in ("lexmill-operator", "lexmill-api")
        ),
        binding("ClusterRoleBinding", system, "lexmill-operator", "lexmill-operator"),
        binding("ClusterRoleBinding", system, "lexmill-api", "lexmill-api"),
        binding("RoleBinding", system, "lexmill-operator-lease", "lexmill-operator"),
    ]
    control_plane.kubectl("apply", "--filename", "-", stdin=yaml.safe_dump_all(objects))


def binding(kind: str, system: str, role: str, account: str) -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    name = {"name": f"{role}-{system}"}
    return {
        "kind": kind,
        "apiVersion": f"{group}/v1",
        "metadata": {**name, "namespace": system} if kind == "RoleBinding" else name,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": system}],
    }
