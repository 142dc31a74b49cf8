"""What every pod of the chart has, and what NetworkPolicies let through."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.charts import (
    MATRIX,
    NAMESPACE,
    Helm,
    Manifest,
    containers,
    of_kind,
    one,
    pods,
    ports_out,
    worker_template,
)

USER = 10001

each_installation = pytest.mark.parametrize("values", MATRIX, ids=lambda file: file.stem)


@each_installation
def test_each_is_confined_and_bounded(helm: Helm, values: Path) -> None:
    """More than Pod Security asks for: a read-only root, and memory that ends."""
    for maker, pod in pods(helm.render(values)).items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsUser"] == USER, maker
        assert spec["securityContext"]["fsGroup"] == USER, maker
        assert spec["enableServiceLinks"] is False, maker
        for container in containers(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, maker
            assert "memory" in container["resources"]["limits"], maker
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), maker


@each_installation
def test_no_password_is_written_down(helm: Helm, values: Path) -> None:
    """Secrets have them, and the two renderings differ: none is a default."""
    first, second = helm.render(values), helm.render(values)
    for one_time, other_time in zip(first, second, strict=True):
        if one_time["kind"] != "Secret":
            assert one_time == other_time
    for name, value in generated(first).items():
        assert value != generated(second)[name], name
        assert len(value) >= 32
    text = yaml.safe_dump_all(each for each in first if each["kind"] != "Secret")
    for value in generated(first).values():
        assert value not in text


def generated(manifests: list[Manifest]) -> dict[str, str]:
    return {
        f"{each['metadata']['namespace']}/{each['metadata']['name']}/{key}": value
        for each in of_kind(manifests, "Secret")
        for key, value in each["stringData"].items()
        if not (key.endswith("__URL") and "@" not in value.removeprefix("redis"))
    }


def test_probes_ask_different_questions(helm: Helm) -> None:
    manifests = helm.render()
    makers = {
        **{
            each["metadata"]["name"]: each["spec"]["template"]
            for kind in ("Deployment", "StatefulSet")
            for each in of_kind(manifests, kind)
        },
        "workers": worker_template(manifests),
    }
    for maker, pod in makers.items():
        [container] = pod["spec"]["containers"]
        probes = [container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
        for probe in probes:
            named = [
                word for kind in ("httpGet", "tcpSocket") for word in [probe.get(kind)] if word
            ]
            for each in named:
                assert each["port"] in {port["name"] for port in container["ports"]}, maker
        _, readiness, liveness = probes
        asked = {"httpGet", "exec", "tcpSocket"}
        assert [readiness.get(kind) for kind in asked] != [liveness.get(kind) for kind in asked]


def test_the_api_goes_on_while_others_still_send_to_it(helm: Helm) -> None:
    spec = one(helm.render(), "Deployment", "lexmill-api")["spec"]
    pod = spec["template"]["spec"]
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    ends = 20  # timeout_graceful_shutdown of the process
    assert pod["terminationGracePeriodSeconds"] > pause + ends
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize(
    ("api", "operator", "names"),
    [
        ({"replicas": 1}, {"replicas": 1}, []),
        ({"replicas": 2}, {"replicas": 1}, ["lexmill-api"]),
        (
            {"replicas": 1, "autoscaling": {"enabled": True}},
            {},
            ["lexmill-api", "lexmill-operator"],
        ),
    ],
)
def test_a_budget_where_there_are_several(
    helm: Helm, api: dict[str, Any], operator: dict[str, Any], names: list[str]
) -> None:
    values = {"api": api, "operator": operator, "storage": {"uri": "s3://lexmill"}}
    budgets = of_kind(helm.render(values), "PodDisruptionBudget")
    assert [each["metadata"]["name"] for each in budgets] == names


def test_a_budget_is_for_replicas_only(helm: Helm) -> None:
    """A Job's pod in it, and Kubernetes no longer knows how many there should be."""
    manifests = helm.render({"storage": {"uri": "s3://lexmill"}})
    found = pods(manifests)
    for budget in of_kind(manifests, "PodDisruptionBudget"):
        selector = budget["spec"]["selector"]
        covered = [
            maker for maker, pod in found.items() if matches(selector, pod["metadata"]["labels"])
        ]
        assert covered == [f"Deployment {budget['metadata']['name']}"]


def test_an_autoscaler_is_not_overruled(helm: Helm) -> None:
    manifests = helm.render({"api": {"replicas": 7, "autoscaling": {"enabled": True}}})
    assert "replicas" not in one(manifests, "Deployment", "lexmill-api")["spec"]
    target = one(manifests, "HorizontalPodAutoscaler", "lexmill-api")["spec"]["scaleTargetRef"]
    assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "lexmill-api"}


# -- NetworkPolicies: the test node does not enforce them, so what they say is computed here -------


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", ()):
        assert each["operator"] == "In"
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True


class Network:
    """Who reaches whom, by the rules of one rendering."""

    def __init__(self, manifests: list[Manifest]) -> None:
        self.policies = of_kind(manifests, "NetworkPolicy")

    def of(self, pod: tuple[str, dict[str, str]], direction: str) -> list[Manifest]:
        namespace, labels = pod
        return [
            each["spec"]
            for each in self.policies
            if each["metadata"]["namespace"] == namespace
            and matches(each["spec"]["podSelector"], labels)
            and direction in each["spec"]["policyTypes"]
        ]

    def reaches(
        self, source: tuple[str, dict[str, str]], target: tuple[str, dict[str, str]], port: int
    ) -> bool:
        return self._lets(source, "Egress", "to", target, port) and self._lets(
            target, "Ingress", "from", source, port
        )

    def _lets(
        self,
        pod: tuple[str, dict[str, str]],
        direction: str,
        word: str,
        other: tuple[str, dict[str, str]],
        port: int,
    ) -> bool:
        policies = self.of(pod, direction)
        if not policies:
            return True
        return any(
            port in {each.get("port") for each in rule.get("ports", [{"port": port}])}
            and any(self._is(peer, other, pod[0]) for peer in rule[word])
            for policy in policies
            for rule in policy.get(direction.lower(), None) or ()
        )

    def _is(self, peer: Manifest, other: tuple[str, dict[str, str]], here: str) -> bool:
        namespace, labels = other
        if "ipBlock" in peer:
            return False
        if "namespaceSelector" not in peer and namespace != here:
            return False
        names = {"kubernetes.io/metadata.name": namespace}
        return matches(peer.get("namespaceSelector", {}), names) and matches(
            peer.get("podSelector", {}), labels
        )


def part(component: str) -> tuple[str, dict[str, str]]:
    return NAMESPACE, {
        "app.kubernetes.io/name": "lexmill",
        "app.kubernetes.io/instance": "lexmill",
        "app.kubernetes.io/component": component,
    }


def worker(namespace: str) -> tuple[str, dict[str, str]]:
    return namespace, {
        "app.kubernetes.io/name": "lexmill-worker",
        "app.kubernetes.io/instance": "lexmill",
    }


STRANGER = ("elsewhere", {"app": "stranger"})
NEIGHBOUR = (NAMESPACE, {"app": "neighbour"})
KNATIVE = ("knative-eventing", {"app": "broker"})
PROMETHEUS = ("monitoring", {"app": "prometheus"})
SENDER = ("contracts", {"app": "mail-gateway"})


def test_who_reaches_whom(helm: Helm) -> None:
    [buckets] = [file for file in MATRIX if file.stem == "buckets"]
    network = Network(helm.render(buckets))
    expected = {
        ("postgresql", 5432): ["api", "migrations", "worker"],
        ("valkey", 6379): ["api", "worker"],
        # The release's own namespace is a tenant here, so its pods may send as well.
        ("api", 8000): ["operator", "test", "knative", "prometheus", "sender", "neighbour"],
        ("operator", 8080): ["prometheus"],
        ("worker", 8080): ["prometheus"],
    }
    everybody = {
        **{
            name: part(name)
            for name in ("api", "operator", "migrations", "test", "postgresql", "valkey")
        },
        "worker": worker("contracts"),
        "stranger": STRANGER,
        "neighbour": NEIGHBOUR,
        "knative": KNATIVE,
        "prometheus": PROMETHEUS,
        "sender": SENDER,
    }
    found = {
        (target, port): [
            name
            for name, source in everybody.items()
            if network.reaches(source, everybody[target], port)
        ]
        for target, port in expected
    }
    assert {key: sorted(names) for key, names in found.items()} == {
        key: sorted(names) for key, names in expected.items()
    }


def test_helm_test_asks_the_api_and_nobody_else(helm: Helm) -> None:
    """That of a tenant's workers is one of their pods."""
    [production] = [file for file in MATRIX if file.stem == "production"]
    assert ports_out(helm.render(production), "lexmill-test") == {"169.254.0.0/16": {53}}


@each_installation
def test_every_pod_is_denied_what_it_is_not_allowed(helm: Helm, values: Path) -> None:
    manifests = helm.render(values)
    network = Network(manifests)
    if not network.policies:
        assert values.stem == "small"
        return
    for maker, pod in pods(manifests).items():
        place = pod["metadata"].get("namespace", NAMESPACE)
        if maker == "workers":
            continue
        for direction in ("Ingress", "Egress"):
            assert network.of((place, pod["metadata"]["labels"]), direction), maker
    given = yaml.safe_load(values.read_text(encoding="utf-8"))
    for tenant in given.get("tenants", [{"namespace": ""}]):
        namespace = tenant["namespace"] or NAMESPACE
        for direction in ("Ingress", "Egress"):
            assert network.of(worker(namespace), direction)


def test_workers_get_out_nowhere_but_to_the_bucket(helm: Helm) -> None:
    [production] = [file for file in MATRIX if file.stem == "production"]
    manifests = helm.render(production)
    assert ports_out(manifests, "lexmill-worker") == {
        "169.254.0.0/16": {53},
        "10.20.0.0/24": {5432},
        "10.20.1.0/24": {6380},
        "0.0.0.0/0": {443},
        "::/0": {443},
    }


@pytest.mark.parametrize(
    ("values", "queue", "storage"),
    [
        ({"queue": {"existingSecret": "queue"}}, 6379, 443),
        (
            {"queue": {"existingSecret": "queue"}, "networkPolicy": {"queuePort": 6380}},
            6380,
            443,
        ),
        ({"queue": {"url": "redis://valkey.example.com"}}, 6379, 443),
        ({"queue": {"url": "rediss://valkey.example.com:6380/0"}}, 6380, 443),
        ({"queue": {"url": "redis://[fd00::1]/0"}}, 6379, 443),
        ({"queue": {"url": "redis://[fd00::1]:6381/0"}}, 6381, 443),
        (
            {
                "queue": {"url": "redis://valkey:6380"},
                "storage": {"s3": {"endpoint": "https://minio.example.com:9000"}},
                "networkPolicy": {"queuePort": 26379, "storagePort": 9443},
            },
            26379,
            9443,
        ),
        ({"storage": {"s3": {"endpoint": "https://minio.example.com"}}}, 6379, 443),
        ({"storage": {"s3": {"endpoint": "http://minio.example.com/"}}}, 6379, 80),
        ({"storage": {"s3": {"endpoint": "http://s3:7070"}}}, 6379, 7070),
    ],
    ids=str,
)
def test_ports_are_those_of_the_addresses(
    helm: Helm, values: dict[str, Any], queue: int, storage: int
) -> None:
    """What processes are told to reach, policies let through; said by hand it is that."""
    where = {"queue": ["10.1.0.0/16"], "storage": ["10.2.0.0/16"]}
    given = {
        "queue": values.get("queue", {"existingSecret": "queue"}),
        "storage": {"uri": "s3://lexmill", **values.get("storage", {})},
        "networkPolicy": {"cidrs": where, **values.get("networkPolicy", {})},
    }
    manifests = helm.render(given)
    for policy in ("lexmill-api", "lexmill-worker"):
        found = ports_out(manifests, policy)
        assert (found["10.1.0.0/16"], found["10.2.0.0/16"]) == ({queue}, {storage})


def test_what_is_inside_of_the_cluster_is_found_by_its_labels(helm: Helm) -> None:
    """Some networks, Cilium's for one, match no pod by its address."""
    parts = {"database": 5432, "queue": 6380, "storage": 9000}
    manifests = helm.render(
        {
            "database": {"host": "db.data.svc", "owner": {"existingSecret": "owner"}},
            "queue": {"url": "redis://queue.data.svc:6380/0"},
            "storage": {"uri": "s3://lexmill", "s3": {"endpoint": "http://s3.data.svc:9000"}},
            "networkPolicy": {
                "peers": {
                    name: [
                        {
                            "namespaceSelector": {
                                "matchLabels": {"kubernetes.io/metadata.name": "data"}
                            },
                            "podSelector": {"matchLabels": {"app": name}},
                        }
                    ]
                    for name in parts
                }
            },
        }
    )
    network = Network(manifests)
    everybody = {name: part(name) for name in ("api", "operator", "migrations", "test")}
    everybody["worker"] = worker(NAMESPACE)
    found = {
        name: sorted(
            who
            for who, source in everybody.items()
            if network.reaches(source, ("data", {"app": name}), port)
        )
        for name, port in parts.items()
    }
    assert found == {
        "database": ["api", "migrations", "worker"],
        "queue": ["api", "worker"],
        "storage": ["api", "worker"],
    }


def test_the_api_of_kubernetes_may_be_at_another_port(helm: Helm) -> None:
    where = {"kubernetes": ["10.0.0.1/32"]}
    for ports in ([443, 6443], [8443]):
        policy: dict[str, Any] = {"cidrs": where}
        if ports == [8443]:
            policy["kubernetesPorts"] = ports
        manifests = helm.render({"networkPolicy": policy})
        for name in ("lexmill-api", "lexmill-operator"):
            assert ports_out(manifests, name)["10.0.0.1/32"] == set(ports)
