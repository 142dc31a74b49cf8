"""A HorizontalPodAutoscaler scales a LegalJob as it scales a Deployment."""

from typing import Any

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.external_metrics import external_metric
from tests.operator.installation import Installation
from tests.operator.listening import ListeningJob
from tests.processes import OurProcess, until


def test_an_autoscaler_moves_the_deployment_through_scale(
    installation: Installation, operator: OurProcess, control_plane: ControlPlane, namespace: str
) -> None:
    job = ListeningJob(installation, namespace)
    job.apply(workers={"mode": "External"})
    job.await_replicas(1)
    with external_metric(control_plane) as expected, TestNode(control_plane):
        expected.value = 4
        installation.apply(autoscaler(job))
        job.await_replicas(4)
        until(lambda: job.told("workers", "ready") == 4)
        assert job.status["workers"]["replicas"] == 4
        until(lambda: shown(job)[-2] == "4")
        assert shown(job)[:2] == ["inbox", "LegalJob/inbox"]

        expected.value = 2
        job.await_replicas(2)
        until(lambda: job.told("workers", "ready") == 2)


def test_an_autoscaler_keeps_its_minimum_when_it_knows_no_metric(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    job = ListeningJob(installation, namespace)
    job.apply(workers={"mode": "External"})
    job.await_replicas(1)
    installation.apply(autoscaler(job, minReplicas=3))
    job.await_replicas(3)


def autoscaler(job: ListeningJob, **more: Any) -> dict[str, Any]:
    metric = {
        "metric": {"name": "documents_expected"},
        "target": {"type": "AverageValue", "averageValue": "1"},
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": job.name, "namespace": job.namespace},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "lexmill.io/v1alpha1",
                "kind": "LegalJob",
                "name": job.name,
            },
            "maxReplicas": 5,
            "metrics": [{"type": "External", "external": metric}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
            **more,
        },
    }


def shown(job: ListeningJob) -> list[str]:
    """The columns of `kubectl get hpa`: … REPLICAS, AGE."""
    lines = job.installation.control_plane.kubectl("-n", job.namespace, "get", "hpa").stdout
    return lines.splitlines()[1].split()
