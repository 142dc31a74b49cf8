"""What a cluster may have beside Kubernetes. Tests that miss something say its name and skip."""

import json

import pytest

from tests.cluster.cluster import Cluster, CommandError

KNATIVE = "knative"
KEDA = "keda"
PROMETHEUS_ADAPTER = "prometheus-adapter"

PROMETHEUS = "http://prometheus.monitoring.svc:9090"
"""As the addon names it; it scrapes pods that are annotated prometheus.io/scrape: "true"."""

_SIGNS = {
    KNATIVE: ("get", "crd", "brokers.eventing.knative.dev", "apiserversources.sources.knative.dev"),
    KEDA: ("get", "crd", "scaledobjects.keda.sh"),
    PROMETHEUS_ADAPTER: ("get", "apiservice", "v1beta1.custom.metrics.k8s.io"),
}
_NAMESPACES = {KNATIVE: "knative-eventing", KEDA: "keda", PROMETHEUS_ADAPTER: "monitoring"}


def need(cluster: Cluster, addon: str) -> None:
    try:
        cluster.kubectl(*_SIGNS[addon])
    except CommandError:
        pytest.skip(f"the cluster has no {addon}: .ci/addons {addon}")
    deployments = json.loads(
        cluster.kubectl("get", "deployments", "-n", _NAMESPACES[addon], "--output=json")
    )["items"]
    assert deployments, f"{addon} is not in the namespace {_NAMESPACES[addon]}"
    for deployment in deployments:
        name = deployment["metadata"]["name"]
        cluster.kubectl(
            *("rollout", "status", f"deployment/{name}", "-n", _NAMESPACES[addon]),
            "--timeout=120s",
            seconds=130,
        )
