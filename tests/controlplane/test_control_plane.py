"""What the operator's tests rely on holds."""

import os
import signal
import sys
from typing import Any

import httpx

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import NotStartedError, Pod, TestNode, as_declared
from tests.processes import until

COST = "controller.kubernetes.io/pod-deletion-cost"
# Prints a line at its end, so that a test knows by what it ended.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("asked to stop")))
print("started", flush=True)
signal.pause()
"""


def deployment(name: str, *, replicas: int = 0) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "none",
        "command": [sys.executable, "-c", PROGRAM],
        "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
    }
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [container]},
            },
        },
    }


class Cluster:
    """One namespace, asked as briefly as tests like to."""

    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self.http = control_plane.http
        self.core = f"/api/v1/namespaces/{namespace}"
        self.apps = f"/apis/apps/v1/namespaces/{namespace}"

    def deploy(self, name: str = "workers", *, replicas: int = 0) -> None:
        body = deployment(name, replicas=replicas)
        self.http.post(f"{self.apps}/deployments", json=body).raise_for_status()

    def scale(self, replicas: int, name: str = "workers") -> None:
        self.patch(f"{self.apps}/deployments/{name}/scale", {"spec": {"replicas": replicas}})

    def patch(self, path: str, body: dict[str, Any]) -> None:
        headers = {"content-type": "application/merge-patch+json"}
        self.http.patch(path, json=body, headers=headers).raise_for_status()

    def pods(self) -> list[Pod]:
        pods: list[Pod] = self.http.get(f"{self.core}/pods").raise_for_status().json()["items"]
        return pods

    def ready(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.pods() if is_ready(pod)]

    def await_ready(self, count: int) -> list[str]:
        """The names of the pods, once exactly these are there and ready."""
        until(lambda: len(self.pods()) == count == len(self.ready()))
        return self.ready()


def is_ready(pod: Pod) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def container_status(pod: Pod) -> dict[str, Any]:
    status: dict[str, Any] = pod["status"].get("containerStatuses", [{}])[0]
    return status


def test_a_deployment_runs_processes_and_stops_them(
    control_plane: ControlPlane, namespace: str
) -> None:
    cluster = Cluster(control_plane, namespace)
    cluster.deploy()
    with TestNode(control_plane, as_declared, namespace=namespace) as node:
        cluster.scale(2)
        pods = cluster.await_ready(2)
        until(lambda: all(node.log(pod).read_text() == "started\n" for pod in pods))
        cluster.scale(0)
        cluster.await_ready(0)
        assert not node.processes
        assert {node.log(pod).read_text() for pod in pods} == {"started\nasked to stop\n"}


def test_the_cheapest_pod_goes_first(control_plane: ControlPlane, namespace: str) -> None:
    cluster = Cluster(control_plane, namespace)
    cluster.deploy(replicas=3)
    with TestNode(control_plane):
        pods = cluster.await_ready(3)
        for cost, pod in zip(("2", "1", "3"), pods, strict=True):
            cluster.patch(f"{cluster.core}/pods/{pod}", {"metadata": {"annotations": {COST: cost}}})
        cluster.scale(2)
        assert set(cluster.await_ready(2)) == {pods[0], pods[2]}


def test_a_process_that_ends_is_started_again(control_plane: ControlPlane, namespace: str) -> None:
    cluster = Cluster(control_plane, namespace)
    cluster.deploy(replicas=1)
    with TestNode(control_plane, as_declared, namespace=namespace) as node:
        [pod] = cluster.await_ready(1)
        os.kill(node.processes[pod], signal.SIGKILL)
        until(lambda: container_status(cluster.pods()[0])["restartCount"] == 1)
        cluster.await_ready(1)
        status = container_status(cluster.pods()[0])
        assert status["lastState"]["terminated"]["exitCode"] == 128 + signal.SIGKILL


def test_a_pod_that_cannot_start_says_why(control_plane: ControlPlane, namespace: str) -> None:
    def refuse(pod: Pod) -> tuple[list[str], dict[str, str]]:
        raise NotStartedError("ImagePullBackOff", "no such image")

    cluster = Cluster(control_plane, namespace)
    cluster.deploy(replicas=1)
    with TestNode(control_plane, refuse, namespace=namespace):
        until(lambda: cluster.pods() and container_status(cluster.pods()[0]))
        waiting = container_status(cluster.pods()[0])["state"]["waiting"]
        assert waiting == {"reason": "ImagePullBackOff", "message": "no such image"}
        cluster.scale(0)
        cluster.await_ready(0)


def test_accounts_may_only_what_roles_allow(control_plane: ControlPlane, namespace: str) -> None:
    token = control_plane.token_for(namespace, "default")
    with control_plane.client(token) as account:
        answer = account.get(f"/api/v1/namespaces/{namespace}/pods")
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert f"system:serviceaccount:{namespace}:default" in answer.json()["message"]


def test_tokens_are_for_their_audience(control_plane: ControlPlane, namespace: str) -> None:
    token = control_plane.token_for(namespace, "default", audience="lexmill")
    with control_plane.client(token) as account:
        assert account.get("/api").status_code == httpx.codes.UNAUTHORIZED
    review = control_plane.http.post(
        "/apis/authentication.k8s.io/v1/tokenreviews",
        json={"spec": {"token": token, "audiences": ["lexmill"]}},
    )
    assert review.raise_for_status().json()["status"]["authenticated"]


def test_everything_goes_on_after_restarts(control_plane: ControlPlane, namespace: str) -> None:
    cluster = Cluster(control_plane, namespace)
    cluster.deploy(replicas=1)
    with TestNode(control_plane, as_declared, namespace=namespace) as node:
        [pod] = cluster.await_ready(1)
        pid = node.processes[pod]
        control_plane.restart_etcd()
        control_plane.restart_apiserver()
        cluster.scale(2)
        cluster.await_ready(2)
        assert node.processes[pod] == pid, "a running pod is left alone"


def test_writes_are_counted(control_plane: ControlPlane, namespace: str) -> None:
    headers = {"user-agent": "counted"}
    control_plane.http.get(f"/api/v1/namespaces/{namespace}/pods", headers=headers)
    control_plane.http.put(
        f"/api/v1/namespaces/{namespace}/pods/none/status", headers=headers, json={}
    )
    [write] = until(
        lambda: [each for each in control_plane.writes() if each.user_agent == "counted"]
    )
    assert (write.verb, write.resource, write.subresource) == ("update", "pods", "status")
    assert (write.namespace, write.name) == (namespace, "none")
    assert write.code >= httpx.codes.BAD_REQUEST


def test_kubectl_works(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl(
        "apply",
        "-f",
        "-",
        stdin='{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "some"}}',
    )
