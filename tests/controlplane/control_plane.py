"""etcd, the API server, the controllers and the scheduler of Kubernetes on loopback ports.

Real ones, no doubles: schema, CEL, conflicts, garbage collection, scaling and RBAC are as in any
cluster. There is no kubelet; `TestNode` stands in for one.
"""

import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
from base64 import encodebytes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from lexmill_cli.local.processes import exit_code, free_port, send, spawn
from tests.processes import until

ISSUER = "https://kubernetes.default.svc"
ADMIN = "test-admin"
# They would see that no kubelet renews its lease and take our nodes' pods away; the stand-in
# tells the node's state itself.
WITHOUT = ("node-lifecycle-controller", "taint-eviction-controller")
CONTROLLERS = ("controllers", "scheduler")
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
READING = ["get", "list", "watch"]
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # Kubernetes' own programs are administrators here; what they read would fill the log.
        {"level": "Metadata", "verbs": READING, "userGroups": ["system:serviceaccounts"]},
        {"level": "None", "verbs": READING},
        # Questions that are asked with POST.
        {"level": "None", "resources": [{"group": "authentication.k8s.io"}]},
        {"level": "None", "resources": [{"group": "authorization.k8s.io"}]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class Request:
    """To the API server, as its audit log has it."""

    user: str
    user_agent: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int


@dataclass
class Server:
    """One program that can be stopped and started again."""

    command: list[str]
    folder: Path
    pid: int | None = None

    @property
    def log(self) -> Path:
        return self.folder / f"{Path(self.command[0]).name}.log"

    def start(self) -> None:
        assert self.pid is None
        self.pid = spawn(
            *self.command, folder=self.folder, log=self.log, death_signal=signal.SIGKILL
        )

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """In order, or as if the machine had lost it (SIGKILL); returns when it is gone."""
        if self.pid is None:
            return
        send({self.pid}, number)
        until(lambda: self.has_ended)
        self.pid = None

    @property
    def has_ended(self) -> bool:
        return self.pid is None or exit_code(self.pid) is not None

    def require_running(self) -> None:
        assert not self.has_ended, self.log.read_text(encoding="utf-8")[-3000:]


@dataclass
class ControlPlane:
    """Started by `running_control_plane`.

    Start parts of it from the main thread: only then do they end whenever pytest does (`spawn`).
    """

    binaries: Path
    folder: Path
    count_writes: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    url: str = field(default_factory=lambda: f"https://127.0.0.1:{free_port()}")
    etcd_url: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    servers: dict[str, Server] = field(default_factory=dict, repr=False)

    @property
    def ca_file(self) -> Path:
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "admin.kubeconfig"

    # -- asking it ---------------------------------------------------------------------------

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)

    @cached_property
    def http(self) -> httpx.Client:
        """The administrator's: ``http.get("/api/v1/namespaces/…")``. Much faster than kubectl."""
        return self.client(self.token)

    def client(self, token: str) -> httpx.Client:
        """Acts as whom the token names; close it yourself."""
        return httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {token}", "user-agent": "lexmill-tests"},
            verify=self.ssl_context,
            timeout=30,
        )

    def kubectl(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """As the administrator; what it says on stderr is in the failure's text."""
        run = subprocess.run(
            [self.binaries / "kubectl", *arguments],
            env={
                "PATH": os.defpath,
                "HOME": str(self.folder),
                "KUBECONFIG": str(self.kubeconfig),
            },
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0 or not check, f"kubectl {' '.join(arguments)}: {run.stderr}"
        return run

    def token_for(
        self,
        namespace: str,
        service_account: str,
        audience: str | None = None,
        seconds: int = 3600,
    ) -> str:
        """As a pod of the account gets one; Kubernetes gives none for less than 600 seconds."""
        spec = {"expirationSeconds": seconds, "audiences": [audience] if audience else []}
        answer = self.http.post(
            f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token",
            json={"spec": spec},
        )
        token: str = answer.raise_for_status().json()["status"]["token"]
        return token

    def kubeconfig_for(self, token: str, namespace: str = "default") -> Path:
        """A new file for whom the token names."""
        file = self.folder / f"{secrets.token_hex(6)}.kubeconfig"
        write_secret(file, json.dumps(kubeconfig(self.url, self.ca_file, token, namespace)))
        return file

    def writes(self) -> list[Request]:
        """All since the start, refused ones too; one appears just after its answer did."""
        return [each for each in self.requests() if each.verb not in READING]

    def requests(self) -> list[Request]:
        """Writes, and what service accounts have read."""
        assert self.count_writes
        with suppress(FileNotFoundError):
            lines = (self.folder / "audit.log").read_text(encoding="utf-8").splitlines()
            return [as_request(json.loads(line)) for line in lines]
        return []

    # -- breaking it -------------------------------------------------------------------------

    def start(self) -> None:
        """All of it; returns when objects can be made and controllers run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_files()
        commands = {
            "etcd": self._etcd(),
            "apiserver": self._apiserver(),
            "controllers": self._controllers(),
            "scheduler": self._scheduler(),
        }
        self.servers = {
            name: Server([str(self.binaries / command[0]), *command[1:]], self.folder)
            for name, command in commands.items()
        }
        self.servers["etcd"].start()
        self.start_apiserver()

    def stop(self) -> None:
        """Nobody needs the data: killed, not asked."""
        for server in reversed(self.servers.values()):
            server.stop(signal.SIGKILL)
        if "http" in self.__dict__:
            self.http.close()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)

    def start_apiserver(self) -> None:
        """Returns when it is ready and tells of all kinds.

        Controllers start anew, and only then: old ones would back off for 10 seconds, and whoever
        empties a namespace before a kind is told of leaves its objects behind for ever.
        """
        for name in CONTROLLERS:
            self.servers[name].stop(signal.SIGKILL)
        self.servers["apiserver"].start()
        self.await_ready()
        until(lambda: self.declared_groups() <= self.told_groups())
        for name in CONTROLLERS:
            self.servers[name].start()

    def stop_apiserver(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.servers["apiserver"].stop(number)

    def restart_apiserver(self, number: signal.Signals = signal.SIGTERM) -> None:
        """With SIGKILL: its clients' connections break in the middle of an answer."""
        self.stop_apiserver(number)
        self.start_apiserver()

    def restart_etcd(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Asked to stop, it waits 7 seconds for the API server, which holds on to it."""
        self.servers["etcd"].stop(number)
        self.servers["etcd"].start()
        until(self._is_etcd_healthy)
        self.await_ready()

    def await_ready(self) -> None:
        until(self._is_ready)

    def declared_groups(self) -> set[str]:
        """Of the CustomResourceDefinitions that there are."""
        path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        found = self.http.get(path).raise_for_status().json()["items"]
        return {each["spec"]["group"] for each in found}

    def told_groups(self) -> set[str]:
        """Those that clients find when they ask what there is, as controllers do."""
        found = self.http.get("/apis", headers={"accept": DISCOVERY}).raise_for_status().json()
        return {each["metadata"]["name"] for each in found["items"]}

    def _is_ready(self) -> bool:
        for name in ("etcd", "apiserver"):
            self.servers[name].require_running()
        if not self.ca_file.exists():  # written by the API server's first start
            return False
        try:
            return self.http.get("/readyz", timeout=5).text == "ok"
        except (httpx.HTTPError, ssl.SSLError):
            return False

    def _is_etcd_healthy(self) -> bool:
        self.servers["etcd"].require_running()
        try:
            return httpx.get(f"{self.etcd_url}/health", timeout=5, verify=False).is_success
        except httpx.HTTPError:
            return False

    # -- how it is started -------------------------------------------------------------------

    def _write_files(self) -> None:
        write_secret(self.folder / "tokens.csv", f'{self.token},{ADMIN},{ADMIN},"system:masters"\n')
        write_secret(self.folder / "accounts.key", elliptic_key())
        config = kubeconfig(self.url, self.ca_file, self.token, "default")
        write_secret(self.kubeconfig, json.dumps(config))
        (self.folder / "audit.json").write_text(json.dumps(AUDIT_POLICY), encoding="utf-8")

    def _etcd(self) -> list[str]:
        peer_url = f"http://127.0.0.1:{free_port()}"
        return [
            *("etcd", "--name=test", "--data-dir=etcd", "--unsafe-no-fsync", "--log-level=error"),
            *(f"--listen-client-urls={self.etcd_url}", f"--advertise-client-urls={self.etcd_url}"),
            *(f"--listen-peer-urls={peer_url}", f"--initial-advertise-peer-urls={peer_url}"),
            f"--initial-cluster=test={peer_url}",
        ]

    def _apiserver(self) -> list[str]:
        audit = [
            "--audit-policy-file=audit.json",
            "--audit-log-path=audit.log",
            "--audit-log-maxsize=10000",  # MiB: `writes` reads one file
        ]
        return [
            *("kube-apiserver", f"--etcd-servers={self.etcd_url}"),
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"),
            *(f"--secure-port={self.url.rpartition(':')[2]}", "--cert-dir=certificates"),
            *("--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none"),
            *("--authorization-mode=RBAC", "--token-auth-file=tokens.csv"),
            *(f"--service-account-issuer={ISSUER}", "--service-account-key-file=accounts.key"),
            "--service-account-signing-key-file=accounts.key",
            # Else a stop waits a minute for watches by HTTP/1.1, which do not end by themselves.
            "--shutdown-watch-termination-grace-period=1s",
            *(audit if self.count_writes else []),
        ]

    def _controllers(self) -> list[str]:
        return [
            *("kube-controller-manager", f"--kubeconfig={self.kubeconfig}"),
            *("--secure-port=0", "--authentication-skip-lookup", "--leader-elect=false"),
            "--service-account-private-key-file=accounts.key",
            f"--controllers=*,{','.join(f'-{name}' for name in WITHOUT)}",
            # The default of 20 requests a second would be what a benchmark of ours measures.
            *("--kube-api-qps=1000", "--kube-api-burst=2000"),
            "--horizontal-pod-autoscaler-sync-period=1s",
        ]

    def _scheduler(self) -> list[str]:
        return [
            *("kube-scheduler", f"--kubeconfig={self.kubeconfig}"),
            *("--secure-port=0", "--authentication-skip-lookup", "--leader-elect=false"),
            *("--kube-api-qps=1000", "--kube-api-burst=2000"),
        ]


@contextmanager
def running_control_plane(
    binaries: Path, folder: Path, *, count_writes: bool = False
) -> Iterator[ControlPlane]:
    """Its logs are in the folder; ``binaries`` is what `build.binaries` gives."""
    control_plane = ControlPlane(binaries, folder, count_writes=count_writes)
    try:
        control_plane.start()
        yield control_plane
    finally:
        control_plane.stop()


def kubeconfig(url: str, ca_file: Path, token: str, namespace: str) -> dict[str, Any]:
    """JSON is YAML too."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "test", "cluster": {"server": url, "certificate-authority": str(ca_file)}}
        ],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [
            {
                "name": "test",
                "context": {"cluster": "test", "user": "test", "namespace": namespace},
            }
        ],
        "current-context": "test",
    }


def elliptic_key() -> str:
    """A new P-256 key as Go reads it (RFC 5915), with which tokens of accounts are signed.

    The public part may be left out: it follows from the private one, any number below the
    curve's order. So neither openssl nor a library is needed.
    """
    number = (secrets.randbits(255) or 1).to_bytes(32)
    curve = bytes.fromhex("a00a06082a8648ce3d030107")
    sequence = b"\x02\x01\x01" + b"\x04\x20" + number + curve
    body = encodebytes(b"\x30" + bytes([len(sequence)]) + sequence).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{body}-----END EC PRIVATE KEY-----\n"


def as_request(event: dict[str, Any]) -> Request:
    target = event.get("objectRef", {})
    return Request(
        user=event["user"]["username"],
        user_agent=event.get("userAgent", ""),
        verb=event["verb"],
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=event.get("responseStatus", {}).get("code", 0),
    )


def write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
