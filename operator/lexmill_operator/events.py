"""Kubernetes Events about LegalJobs, one for each transition of a condition."""

from datetime import datetime
from typing import Any

from lexmill.jobs.schemas import API_VERSION, KIND
from lexmill_operator.kubernetes import Key
from lexmill_operator.status import Transition

_COMPONENT = "legaljob-operator"


def build_event(
    key: Key, uid: str, transition: Transition, *, instance: str, now: datetime
) -> dict[str, Any]:
    time = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{key.name}.", "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "namespace": key.namespace,
            "name": key.name,
            "uid": uid,
        },
        "type": "Warning" if transition.is_warning else "Normal",
        "reason": transition.reason.value,
        "message": transition.message[:1024],
        "firstTimestamp": time,
        "lastTimestamp": time,
        "count": 1,
        "source": {"component": _COMPONENT},
        "reportingComponent": _COMPONENT,
        "reportingInstance": instance,
    }
