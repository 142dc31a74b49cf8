"""A volume that one node has at a time: whoever mounts it is on that node."""

from typing import Any

import httpx
import pytest

from tests.charts.charts import NAMESPACE, Helm, Manifest, of_kind, pods, worker_pod
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.processes import until

MACHINE = {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100Gi", "pods": "20"}
"""Small enough for the scheduler to prefer the one on which less runs."""
HOST = "kubernetes.io/hostname"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
NVME = {
    REQUIRED: {
        "nodeSelectorTerms": [
            {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["nvme"]}]}
        ]
    }
}
NEAR_CACHE = {"topologyKey": HOST, "labelSelector": {"matchLabels": {"app": "cache"}}}


def mounting(manifests: list[Manifest]) -> dict[str, Manifest]:
    """Pods with the volume of the objects, by what makes them."""
    found = pods(manifests)
    del found["workers"]
    for pool in ("main", "ocr"):
        found[f"pool {pool}"] = worker_pod(manifests, namespace=NAMESPACE, pool=pool)
    return {
        maker: pod
        for maker, pod in found.items()
        if any(
            each.get("persistentVolumeClaim", {}).get("claimName") == "lexmill-objects"
            for each in pod["spec"].get("volumes", ())
        )
    }


def neighbours(pod: Manifest) -> list[dict[str, Any]]:
    """The terms by which it has to be where others are."""
    terms: list[dict[str, Any]] = (
        pod["spec"].get("affinity", {}).get("podAffinity", {}).get(REQUIRED, [])
    )
    return terms


def test_who_mounts_it_has_to_be_on_its_node(helm: Helm) -> None:
    """Each term fits each of these pods, its own too: so Kubernetes lets the first one start."""
    found = mounting(helm.render())
    assert found.keys() == {
        "Deployment lexmill-api",
        f"Pod lexmill-test-worker in {NAMESPACE}",
        "pool main",
        "pool ocr",
    }
    for maker, pod in found.items():
        [term] = neighbours(pod)
        assert term["topologyKey"] == HOST, maker
        wanted = term["labelSelector"]["matchLabels"].items()
        assert all(wanted <= other["metadata"]["labels"].items() for other in found.values())
    for maker, pod in pods(helm.render()).items():
        if maker not in {*found, "workers"}:
            assert not wanted <= pod["metadata"]["labels"].items(), maker
            assert neighbours(pod) == [], maker


def test_their_node_can_be_drained(helm: Helm) -> None:
    """All have to leave it: one that is kept until another is ready elsewhere waits forever."""
    names = {
        storage: [
            each["metadata"]["name"]
            for each in of_kind(helm.render({"storage": {"uri": storage}}), "PodDisruptionBudget")
        ]
        for storage in ("", "s3://lexmill")
    }
    assert names == {
        "": ["lexmill-operator"],
        "s3://lexmill": ["lexmill-api", "lexmill-operator"],
    }


@pytest.mark.parametrize(
    "storage",
    [{"uri": "s3://lexmill"}, {"volume": {"accessModes": ["ReadWriteMany"]}}],
    ids=["bucket", "shared"],
)
def test_elsewhere_they_are_spread(helm: Helm, storage: dict[str, Any]) -> None:
    manifests = helm.render({"storage": storage})
    found = pods(manifests)
    assert all(neighbours(pod) == [] for pod in found.values())
    spread = found["Deployment lexmill-api"]["spec"]["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in spread] == [HOST, "topology.kubernetes.io/zone"]


def test_what_else_is_said_of_their_nodes_holds(helm: Helm) -> None:
    affinity = {"nodeAffinity": NVME, "podAffinity": {REQUIRED: [NEAR_CACHE]}}
    [api, *_] = mounting(helm.render({"api": {"affinity": affinity}})).values()
    assert api["spec"]["affinity"]["nodeAffinity"] == NVME
    assert NEAR_CACHE in neighbours(api)
    assert len(neighbours(api)) == 2


def test_kubernetes_starts_them_on_one_of_two_nodes(
    helm: Helm, control_plane: ControlPlane, namespace: str
) -> None:
    """The real scheduler, which else would use both."""
    found = mounting(helm.render())
    wanted = [("api-0", "Deployment lexmill-api"), ("api-1", "Deployment lexmill-api")]
    wanted += [("main-0", "pool main"), ("main-1", "pool main"), ("ocr-0", "pool ocr")]
    path = f"/api/v1/namespaces/{namespace}/pods"
    with (
        TestNode(control_plane, capacity=MACHINE),
        TestNode(control_plane, capacity=MACHINE),
    ):
        for name, maker in wanted:
            body = schedulable(name, found[maker])
            control_plane.http.post(path, json=body).raise_for_status()
        until(lambda: len(nodes(control_plane.http, path)) == len(wanted))
        placed = nodes(control_plane.http, path)
    assert len(set(placed.values())) == 1, placed


def schedulable(name: str, pod: Manifest) -> Manifest:
    """Its volumes are empty ones here: nobody makes the real ones, or mounts them."""
    left_out = {"serviceAccountName", "volumes"}
    spec = {key: value for key, value in pod["spec"].items() if key not in left_out}
    spec["volumes"] = [{"name": each["name"], "emptyDir": {}} for each in pod["spec"]["volumes"]]
    return {"metadata": {"name": name, "labels": pod["metadata"]["labels"]}, "spec": spec}


def nodes(http: httpx.Client, path: str) -> dict[str, str]:
    """Of the pods that run."""
    listed = http.get(path).raise_for_status().json()["items"]
    return {
        each["metadata"]["name"]: each["spec"]["nodeName"]
        for each in listed
        if each["status"]["phase"] == "Running"
    }
