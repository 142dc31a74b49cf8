"""Replicas follow the work, or whoever writes /scale."""

from typing import Any

import msgspec
import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.operator.listening import ListeningJob
from tests.processes import OurProcess, until

COST = "controller.kubernetes.io/pod-deletion-cost"


@pytest.fixture
def job(installation: Installation, operator: OurProcess, namespace: str) -> ListeningJob:
    return ListeningJob(installation, namespace)


def test_replicas_follow_the_backlog_up_to_the_maximum(job: ListeningJob) -> None:
    job.apply(workers={"backlogPerReplica": 2, "maxReplicas": 2})
    job.await_replicas(0)
    job.send(5)
    job.await_replicas(2)
    until(lambda: job.condition("ScalingLimited") == ("True", "AtMaximum"))

    job.apply(workers={"backlogPerReplica": 2, "maxReplicas": 4})
    job.await_replicas(3)
    until(lambda: job.condition("ScalingLimited") == ("False", "WithinLimits"))
    last = job.status["lastScaling"]
    assert (last["pool"], last["from"], last["to"], last["reason"]) == (
        *("main", 2, 3),
        "BacklogGrew",
    )
    assert "5 waiting" in last["message"]
    assert job.status["workers"]["replicas"] == 3


def test_the_minimum_stays_without_work_and_goes_when_it_is_none(job: ListeningJob) -> None:
    job.apply(workers={"minReplicas": 2})
    job.await_replicas(2)
    until(lambda: job.status.get("lastScaling", {}).get("reason") == "AtMinimum")
    job.apply()
    job.await_replicas(0)
    until(lambda: job.told("lastScaling", "reason") == "ScaledToZero")


def test_scale_is_obeyed_in_external_and_ignored_in_backlog(
    job: ListeningJob, control_plane: ControlPlane
) -> None:
    def scale(count: int) -> None:
        control_plane.kubectl(
            "--namespace", job.namespace, "scale", "legaljob", job.name, f"--replicas={count}"
        )

    job.apply(workers={"mode": "External"})
    job.await_replicas(1)
    scale(3)
    job.await_replicas(3)
    until(lambda: job.told("lastScaling", "reason") == "ExternalReplicas")

    switch(job, "Backlog")
    job.await_replicas(0)
    until(lambda: job.condition("ScalingLimited") == ("False", "ReplicasIgnored"))
    scale(5)
    until(lambda: job.told("observedGeneration") == generation(job))
    assert job.replicas() == 0

    switch(job, "External")
    job.await_replicas(5)
    until(lambda: job.condition("ScalingLimited") == ("False", "WithinLimits"))


def test_busy_pods_stay_when_others_go(job: ListeningJob, control_plane: ControlPlane) -> None:
    job.apply(workers={"mode": "External", "replicas": 3})
    job.send()
    with TestNode(control_plane):
        until(lambda: job.told("workers", "ready") == 3)
        # The newest would go first.
        busy = max(pods(job), key=lambda pod: pod["metadata"]["creationTimestamp"])["metadata"]
        job.claim(busy["name"])
        job.apply(workers={"mode": "External", "replicas": 1})
        until(lambda: len(pods(job)) == 1)
        [left] = pods(job)
    assert left["metadata"]["name"] == busy["name"]
    assert left["metadata"]["annotations"][COST] == "1"


def test_a_pool_comes_and_goes_with_the_spec(job: ListeningJob) -> None:
    pool = {"name": "ocr", "stages": ["ocr"], "workers": {"minReplicas": 1}}
    job.apply(pools=[pool])
    job.await_replicas(1, "ocr")
    job.await_replicas(0)
    until(lambda: [each["name"] for each in job.told("pools") or ()] == ["main", "ocr"])
    assert job.status["workers"]["replicas"] == 0, "the main pool's only"

    job.apply()
    until(lambda: job.deployment("ocr") is None)
    until(lambda: [each["name"] for each in job.told("pools") or ()] == ["main"])
    assert job.replicas() == 0


def test_a_pool_that_never_had_work_follows_its_job(job: ListeningJob) -> None:
    pool = {"name": "ocr", "stages": ["ocr"], "workers": {"minReplicas": 1}}
    job.apply(pools=[pool])
    job.await_replicas(1, "ocr")

    job.apply(pools=[pool], suspend=True)
    job.await_replicas(0, "ocr")


def test_replicas_are_added_to_meet_the_time(job: ListeningJob) -> None:
    job.apply(completeWithinSeconds=1, workers={"maxReplicas": 3})
    job.await_accepted()
    job.send(20)
    job.await_replicas(2)  # one for each 16
    job.end_document(seconds=30)
    job.await_replicas(3)
    until(lambda: job.condition("ScalingLimited") == ("True", "AtMaximum"))


def test_resources_and_scheduling_reach_the_pods(job: ListeningJob) -> None:
    job.apply(workers={"resources": {"requests": {"cpu": "250m"}}})
    until(job.deployment)
    assert container(job)["resources"] == {"requests": {"cpu": "250m"}}

    template = {"nodeSelector": {"disk": "ssd"}, "labels": {"team": "legal"}}
    job.apply(workers={"resources": {"limits": {"memory": "1Gi"}}, "template": template})
    until(lambda: container(job)["resources"] == {"limits": {"memory": "1Gi"}})
    pod = pod_template(job)
    assert pod["spec"]["nodeSelector"] == {"disk": "ssd"}
    assert pod["metadata"]["labels"]["team"] == "legal"

    job.apply()
    until(lambda: not container(job)["resources"])
    assert "nodeSelector" not in pod_template(job)["spec"]
    assert "team" not in pod_template(job)["metadata"]["labels"]


def switch(job: ListeningJob, mode: str) -> None:
    """As another tool does, that leaves what it does not know as it is."""
    job.installation.http.patch(
        job.path,
        content=msgspec.json.encode({"spec": {"workers": {"mode": mode}}}),
        headers={"content-type": "application/merge-patch+json"},
    ).raise_for_status()


def generation(job: ListeningJob) -> int:
    found = job.installation.legaljob(job.namespace, job.name)
    assert found is not None
    number: int = found["metadata"]["generation"]
    return number


def pods(job: ListeningJob) -> list[dict[str, Any]]:
    answer = job.installation.http.get(f"/api/v1/namespaces/{job.namespace}/pods")
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def pod_template(job: ListeningJob) -> dict[str, Any]:
    found = job.deployment()
    assert found is not None
    template: dict[str, Any] = found["spec"]["template"]
    return template


def container(job: ListeningJob) -> dict[str, Any]:
    first: dict[str, Any] = pod_template(job)["spec"]["containers"][0]
    return first
