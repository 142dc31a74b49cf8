"""What is left in a cluster when the operator is taken away, with the shipped roles."""

import subprocess
import sys
from typing import Any

import pytest

from tests.operator.installation import Installation, binding
from tests.operator.listening import ListeningJob
from tests.processes import until

OWN = "lexmill-operator"


@pytest.fixture
def elsewhere(installation: Installation, namespace: str) -> ListeningJob:
    return ListeningJob(installation, namespace)


def test_workers_operator_and_lease_go_legaljobs_and_strangers_stay(
    installation: Installation, elsewhere: ListeningJob
) -> None:
    job = elsewhere
    with installation.running_operator("leaving", LEXMILL_OPERATOR__LEASE_NAME=OWN):
        job.apply(workers={"minReplicas": 1}, pools=[{"name": "ocr", "stages": ["ocr"]}])
        until(lambda: job.deployment() and job.deployment("ocr"))
    installation.apply(deployment(installation.system, OWN), deployment(job.namespace, "stranger"))
    run = uninstall(installation)
    assert run.returncode == 0, run.stderr
    assert '"still_ending":0' in run.stdout.replace(" ", "") + run.stderr.replace(" ", "")
    assert job.deployment() is None
    assert job.deployment("ocr") is None
    assert installation.deployment(installation.system, OWN) is None
    assert installation.http.get(lease(installation)).status_code == 404
    assert installation.legaljob(job.namespace, job.name) is not None
    assert installation.deployment(job.namespace, "stranger") is not None


def test_it_may_be_run_where_nothing_is(installation: Installation) -> None:
    run = uninstall(installation)
    assert run.returncode == 0, run.stderr


def test_a_right_that_is_missing_is_told(installation: Installation) -> None:
    installation.apply(deployment(installation.system, OWN))
    run = uninstall(installation, bound=False)
    assert run.returncode == 1
    assert 'cannot delete resource "deployments"' in run.stderr or "forbidden" in run.stderr
    assert installation.deployment(installation.system, OWN) is not None


def uninstall(
    installation: Installation, *, bound: bool = True
) -> "subprocess.CompletedProcess[str]":
    role = "lexmill-operator-uninstall"
    account = OWN if bound else "lexmill-api"
    if bound:
        installation.apply(binding("RoleBinding", installation.system, role, account))
    cluster = installation.control_plane
    token = cluster.token_for(installation.system, account)
    environment = {
        "KUBECONFIG": str(cluster.kubeconfig_for(token)),
        "LEXMILL_OPERATOR__API_URL": installation.api_url,
        "LEXMILL_OPERATOR__TOKEN_FILE": "/nowhere",
        "LEXMILL_OPERATOR__POD_TEMPLATE": "/nowhere",
        "LEXMILL_OPERATOR__LEASE_NAMESPACE": installation.system,
        "LEXMILL_OPERATOR__LEASE_NAME": OWN,
    }
    command = [sys.executable, "-m", "lexmill_operator", "uninstall", "--deployment", OWN]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def lease(installation: Installation) -> str:
    group = "/apis/coordination.k8s.io/v1"
    return f"{group}/namespaces/{installation.system}/leases/{OWN}"


def deployment(namespace: str, name: str) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "nothing"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
