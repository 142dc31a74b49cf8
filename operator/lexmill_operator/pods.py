"""Why the pods of a pool are not ready, as they tell it themselves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from lexmill_operator.status import Finding

_CRASHED = "CrashLoopBackOff"
# Both alternate while an image cannot be had; one name keeps the condition still.
_SAME = {"ErrImagePull": "ImagePullBackOff"}
_ON_THE_WAY = frozenset({"", "ContainerCreating", "PodInitializing"})


class _Metadata(msgspec.Struct, rename="camel"):
    name: str
    namespace: str
    deletion_timestamp: str = ""


class _Condition(msgspec.Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Waiting(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Terminated(msgspec.Struct, rename="camel"):
    exit_code: int
    reason: str = ""


class _State(msgspec.Struct):
    waiting: _Waiting | None = None
    terminated: _Terminated | None = None


class _Container(msgspec.Struct, rename="camel"):
    ready: bool = False
    state: _State = msgspec.field(default_factory=_State)
    last_state: _State = msgspec.field(default_factory=_State)


class _Status(msgspec.Struct, rename="camel"):
    conditions: list[_Condition] = []
    init_container_statuses: list[_Container] = []
    container_statuses: list[_Container] = []


class _Pod(msgspec.Struct):
    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)


def why_not_ready(pods: Iterable[Mapping[str, Any]]) -> Finding | None:
    """The first reason that is more than "it starts"; else who still starts, and how to look.

    ``pods`` as the Kubernetes API gives them; None: all are ready, or none is there.
    """
    late = [each for each in msgspec.convert(list(pods), list[_Pod]) if _is_late(each)]
    late.sort(key=lambda pod: pod.metadata.name)
    told = (_trouble(pod) for pod in late)
    return next((each for each in told if each), None) or (_starting(late[0]) if late else None)


def _is_late(pod: _Pod) -> bool:
    is_ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)
    return not is_ready and not pod.metadata.deletion_timestamp


def _trouble(pod: _Pod) -> Finding | None:
    name = pod.metadata.name
    for condition in pod.status.conditions:
        if condition.type == "PodScheduled" and condition.status == "False":
            reason = condition.reason or "Unschedulable"
            return Finding("False", reason, f"No node for pod {name}: {condition.message}")
    containers = (*pod.status.init_container_statuses, *pod.status.container_statuses)
    ended = _ended(containers)
    if ended is not None:
        how = f"{ended.reason or 'Error'}, exit code {ended.exit_code}"
        look = f"kubectl -n {pod.metadata.namespace} logs {name} --previous"
        return Finding("False", _CRASHED, f"Pod {name} ends again and again ({how}): {look}")
    for container in containers:
        waiting = container.state.waiting
        if waiting is not None and waiting.reason not in _ON_THE_WAY:
            reason = _SAME.get(waiting.reason, waiting.reason)
            return Finding("False", reason, f"Pod {name}: {waiting.message or waiting.reason}")
    return None


def _ended(containers: Sequence[_Container]) -> _Terminated | None:
    """How the last run of a container ended, where it did not end well and is not ready again."""
    for container in containers:
        ended = container.last_state.terminated or container.state.terminated
        if not container.ready and ended is not None and ended.exit_code:
            return ended
    return None


def _starting(pod: _Pod) -> Finding:
    look = f"kubectl -n {pod.metadata.namespace} describe pod {pod.metadata.name}"
    return Finding("False", "WorkersStarting", f"Pod {pod.metadata.name} takes its time: {look}")
