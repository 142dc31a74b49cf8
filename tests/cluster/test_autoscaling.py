"""Workers from none or one to several and back: by our operator, by KEDA, by Kubernetes' own HPA.

Each test prints how long the first and the second worker took; docs/benchmarks.md has such figures.
"""

import json
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import yaml

from tests.cluster.addons import KEDA, PROMETHEUS_ADAPTER, need
from tests.cluster.cluster import Cluster, CommandError, Object
from tests.cluster.images import ROOT
from tests.cluster.reaching import proxied
from tests.cluster.release import Release
from tests.cluster.shipped import MANIFESTS, by_kind, shipped
from tests.processes import until

TEXT = (ROOT / "samples" / "contracts" / "office-lease.txt").read_text(encoding="utf-8")
MOST = 2
"""Workers; fewer than the manifests allow, as the machine of a test is small."""
ENOUGH = 48
"""Open documents that ask for more workers than that."""
METRIC = "lexmill_pool_backlog"


@dataclass
class Workers:
    """The pods of one LegalJob, watched; seconds are those since `begin`."""

    url: str
    namespace: str
    legaljob: str
    running: int = 0
    most: int = 0
    first_at: dict[int, float] = field(default_factory=dict)
    """When so many ran for the first time."""
    _since: float | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        self.most, self.first_at = 0, {}
        self._since = time.monotonic()

    def watch(self) -> None:
        labels = f"lexmill.io/legaljob={self.legaljob}"
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        with httpx.Client(base_url=self.url, timeout=30) as http:
            while not self._ended.wait(0.1):
                pods = http.get(path, params={"labelSelector": labels}).raise_for_status().json()
                self._saw(sum(is_running(pod) for pod in pods["items"]))

    def _saw(self, running: int) -> None:
        self.running = running
        self.most = max(self.most, running)
        if self._since is not None:
            for count in range(1, running + 1):
                self.first_at.setdefault(count, time.monotonic() - self._since)

    def stop(self) -> None:
        self._ended.set()


def is_running(pod: Object) -> bool:
    """Its worker has started, and it is not about to go."""
    states = pod["status"].get("containerStatuses", ())
    is_up = any(each["name"] == "worker" and "running" in each["state"] for each in states)
    return is_up and "deletionTimestamp" not in pod["metadata"]


@contextmanager
def watched(release: Release, legaljob: str) -> Iterator[Workers]:
    with proxied(release.cluster) as url:
        workers = Workers(url, release.namespace, legaljob)
        thread = threading.Thread(target=workers.watch, daemon=True)
        thread.start()
        try:
            yield workers
        finally:
            workers.stop()
            thread.join()


@contextmanager
def applied(release: Release, *manifests: Object) -> Iterator[None]:
    release.cluster.apply(*manifests, namespace=release.namespace)
    try:
        yield
    finally:
        text = yaml.safe_dump_all(list(reversed(manifests)))
        release.kubectl("delete", "--ignore-not-found", "--filename", "-", stdin=text)


@dataclass
class Sender:
    """Keeps work open until it is told to stop, so that slow and quick machines see the same."""

    http: httpx.Client
    release: Release
    legaljob: str
    sent: int = 0

    def send(self, count: int) -> None:
        """One request: all of it is there at once."""
        events = [
            {
                "specversion": "1.0",
                "id": str(uuid.uuid4()),
                "source": "/cluster-tests",
                "type": "com.example.contract.received",
                "datacontenttype": "text/plain",
                "data": f"{uuid.uuid4()}\n\n{TEXT}",
            }
            for _ in range(count)
        ]
        self.http.post(
            f"/ns/{self.release.namespace}/jobs/{self.legaljob}/events",
            content=json.dumps(events),
            headers={"content-type": "application/cloudevents-batch+json"},
        ).raise_for_status()
        self.sent += count

    def keep_busy(self) -> None:
        ended = self.release.state_counts(self.legaljob).get("succeeded", 0)
        if (lacking := ENOUGH - (self.sent - ended)) > 0:
            self.send(lacking)

    @property
    def is_done(self) -> bool:
        return self.release.state_counts(self.legaljob) == {"succeeded": self.sent}


@contextmanager
def sending(release: Release, legaljob: str) -> Iterator[Sender]:
    with (
        release.forwarded() as url,
        httpx.Client(base_url=url, timeout=60) as http,
    ):
        yield Sender(http, release, legaljob)


def drive(release: Release, legaljob: str, *, least: int, name: str) -> None:
    """Work comes, several workers run, all is done, only the least are left."""
    until(lambda: release.is_true(legaljob, "Accepted"))
    with watched(release, legaljob) as workers, sending(release, legaljob) as sender:
        until(lambda: workers.running == least, seconds=180)
        workers.begin()
        sender.send(ENOUGH)

        def are_enough() -> bool:
            sender.keep_busy()
            return workers.most >= MOST

        until(are_enough, seconds=180)
        until(lambda: sender.is_done, seconds=240)
        until(lambda: workers.running == least, seconds=240)
        assert workers.most == MOST
    first, second = workers.first_at[1], workers.first_at[2]
    shown = f"first worker {first:.1f} s, " if least == 0 else ""
    print(f"{name}: {shown}second worker {second:.1f} s", file=sys.stderr)  # noqa: T201 - figures


@pytest.fixture
def autoscaled(lexmill: Release) -> Iterator[str]:
    """The shipped LegalJob in mode External."""
    (job,) = shipped(lexmill, "samples/external.yaml")
    with applied(lexmill, job):
        yield job["metadata"]["name"]


# -- our own operator, side by side ------------------------------------------------------------


def test_the_operator_drives_a_legaljob_from_none_to_several_and_back(lexmill: Release) -> None:
    (job,) = shipped(lexmill, "samples/listening.yaml")
    job["metadata"]["name"] = "measured"
    job["spec"]["workers"] |= {"maxReplicas": MOST, "backlogPerReplica": 16}
    with applied(lexmill, job):
        drive(lexmill, "measured", least=0, name="operator")


# -- KEDA ----------------------------------------------------------------------------------------


def keda(release: Release, file: str) -> list[Object]:
    """As shipped, but it goes up to fewer workers and does not wait so long until it goes down."""
    manifests = shipped(release, file)
    spec = by_kind(manifests, "ScaledObject")["spec"]
    spec |= {"maxReplicaCount": MOST, "cooldownPeriod": 10}
    spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"] = {
        "stabilizationWindowSeconds": 10
    }
    return manifests


def test_keda_drives_a_legaljob_by_asking_the_api(lexmill: Release, autoscaled: str) -> None:
    need(lexmill.cluster, KEDA)
    manifests = keda(lexmill, "keda/metrics-api.yaml")
    reference = by_kind(manifests, "TriggerAuthentication")["spec"]["secretTargetRef"][0]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": reference["name"]},
        "stringData": {reference["key"]: reader_token(lexmill)},
    }
    with applied(lexmill, secret, *manifests):
        drive(lexmill, autoscaled, least=0, name="KEDA, metrics-api")


def test_keda_drives_a_legaljob_by_prometheus(lexmill: Release, autoscaled: str) -> None:
    need(lexmill.cluster, KEDA)
    need(lexmill.cluster, PROMETHEUS_ADAPTER)  # which comes with a Prometheus
    with applied(lexmill, *keda(lexmill, "keda/prometheus.yaml")):
        drive(lexmill, autoscaled, least=0, name="KEDA, prometheus")


def reader_token(release: Release) -> str:
    """One of Lexmill's own, as docs/scaling.md makes it."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "token-maker"},
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}
    subject = {
        "kind": "ServiceAccount",
        "name": "token-maker",
        "namespace": release.namespace,
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "token-maker"},
        "roleRef": role,
        "subjects": [subject],
    }
    release.cluster.apply(account, binding, namespace=release.namespace)
    bearer = release.kubectl("create", "token", "token-maker", "--audience=lexmill").strip()
    with release.forwarded() as url:
        answer = httpx.post(
            f"{url}/v1/namespaces/{release.namespace}/tokens",
            json={"name": f"keda-{uuid.uuid4().hex[:6]}", "roles": ["reader"]},
            headers={"authorization": f"Bearer {bearer}"},
            timeout=30,
        )
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


# -- Kubernetes' own ------------------------------------------------------------------------------


@pytest.fixture
def adapter(lexmill: Release) -> Iterator[Cluster]:
    """prometheus-adapter, with the shipped rule besides its own."""
    need(lexmill.cluster, PROMETHEUS_ADAPTER)
    cluster = lexmill.cluster
    values = yaml.safe_load((MANIFESTS / "prometheus" / "adapter-values.yaml").read_text("utf-8"))
    before = adapter_config(cluster)
    rules = yaml.safe_load(before["data"]["config.yaml"])
    rules["rules"] = [*values["rules"]["custom"], *rules.get("rules", ())]
    configure(cluster, before, yaml.safe_dump(rules))
    yield cluster
    configure(cluster, before, before["data"]["config.yaml"])


def adapter_config(cluster: Cluster) -> Object:
    """The ConfigMap that has the adapter's rules, whoever has installed it."""
    (found,) = [
        each
        for each in cluster.list("configmap", namespace="monitoring")
        if "config.yaml" in each.get("data", {})
    ]
    return found


def configure(cluster: Cluster, config: Object, text: str) -> None:
    metadata = {key: config["metadata"][key] for key in ("name", "namespace")}
    patch = {"data": {"config.yaml": text}}
    where = ("--namespace", metadata["namespace"])
    cluster.kubectl("patch", "configmap", metadata["name"], *where, "--patch", json.dumps(patch))
    cluster.kubectl("rollout", "restart", "deployment/prometheus-adapter", *where)
    cluster.kubectl(
        *("rollout", "status", "deployment/prometheus-adapter", *where, "--timeout=120s"),
        seconds=130,
    )


def test_an_hpa_drives_a_legaljob_by_prometheus_adapter(
    lexmill: Release, autoscaled: str, adapter: Cluster
) -> None:
    (autoscaler,) = shipped(lexmill, "prometheus/hpa.yaml")
    autoscaler["spec"] |= {"maxReplicas": MOST}
    autoscaler["spec"]["behavior"]["scaleDown"] = {"stabilizationWindowSeconds": 10}
    until(lambda: served(lexmill, autoscaled) == 0, seconds=120)
    with applied(lexmill, autoscaler):
        drive(lexmill, autoscaled, least=1, name="HPA, prometheus-adapter")


def served(release: Release, legaljob: str) -> float | None:
    """The metric as the HPA will read it; None while there is none."""
    path = f"/apis/custom.metrics.k8s.io/v1beta1/namespaces/{release.namespace}"
    try:
        found: Any = release.kubectl(
            "get", "--raw", f"{path}/legaljobs.lexmill.io/{legaljob}/{METRIC}"
        )
    except CommandError:
        return None
    value: str = json.loads(found)["items"][0]["value"]
    return float(value.removesuffix("m")) / (1000 if value.endswith("m") else 1)
