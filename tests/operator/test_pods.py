"""What pods that are not ready say for themselves: pure, as the Kubernetes API gives them."""

from typing import Any

import pytest

from lexmill_operator.pods import why_not_ready

READY = {"type": "Ready", "status": "True"}
NOT_READY = {"type": "Ready", "status": "False"}
UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient memory.",
}


def pod(name: str, *conditions: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "team", **more.pop("metadata", {})},
        "spec": {"containers": []},
        "status": {"conditions": list(conditions), **more},
    }


def container(*, ready: bool = False, **more: Any) -> dict[str, Any]:
    return {"name": "worker", "ready": ready, "restartCount": 0, "lastState": {}, **more}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": message}})


def ended(code: int, reason: str) -> dict[str, Any]:
    return {
        "terminated": {"exitCode": code, "reason": reason, "finishedAt": "2026-11-22T10:00:00Z"}
    }


def told(*pods: dict[str, Any]) -> tuple[str, str]:
    finding = why_not_ready(pods)
    assert finding is not None
    assert finding.answer == "False"
    return finding.reason, finding.message


@pytest.mark.parametrize(
    "pods",
    [
        [],
        [pod("a", READY, containerStatuses=[container(ready=True)])],
        [pod("a", NOT_READY, metadata={"deletionTimestamp": "2026-11-22T10:00:00Z"})],
    ],
    ids=["none", "ready", "on its way out"],
)
def test_nothing_is_said_of(pods: list[dict[str, Any]]) -> None:
    assert why_not_ready(pods) is None


def test_a_pod_without_a_node_says_what_the_scheduler_misses() -> None:
    assert told(pod("a", UNSCHEDULABLE)) == (
        "Unschedulable",
        "No node for pod a: 0/3 nodes are available: 3 Insufficient memory.",
    )


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff"])
def test_an_image_that_cannot_be_had_has_one_name(reason: str) -> None:
    late = pod("a", NOT_READY, containerStatuses=[waiting(reason, "no such image: worker:2")])
    assert told(late) == ("ImagePullBackOff", "Pod a: no such image: worker:2")


@pytest.mark.parametrize(
    "state",
    [{"waiting": {"reason": "CrashLoopBackOff"}}, {"running": {}}],
    ids=["between two starts", "started again"],
)
def test_a_worker_that_ends_again_and_again_says_how_it_ended(state: dict[str, Any]) -> None:
    status = container(state=state, lastState=ended(137, "OOMKilled"))
    assert told(pod("a", NOT_READY, containerStatuses=[status])) == (
        "CrashLoopBackOff",
        "Pod a ends again and again (OOMKilled, exit code 137): kubectl -n team logs a --previous",
    )


def test_what_keeps_an_init_container_is_told_too() -> None:
    late = pod(
        "a",
        NOT_READY,
        initContainerStatuses=[waiting("CreateContainerConfigError", 'secret "x" not found')],
        containerStatuses=[waiting("PodInitializing")],
    )
    assert told(late) == ("CreateContainerConfigError", 'Pod a: secret "x" not found')


def test_who_only_takes_its_time_is_told_with_where_to_look() -> None:
    creating = pod("b", NOT_READY, containerStatuses=[waiting("ContainerCreating")])
    assert told(creating) == (
        "WorkersStarting",
        "Pod b takes its time: kubectl -n team describe pod b",
    )
    assert told(pod("a", NOT_READY), creating, pod("c", UNSCHEDULABLE))[0] == "Unschedulable"
