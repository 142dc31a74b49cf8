"""The operator with exactly the shipped role, in one namespace only."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import yaml

from tests.controlplane.control_plane import ControlPlane, Request
from tests.controlplane.node import TestNode
from tests.operator.installation import RBAC, Installation
from tests.operator.listening import ListeningJob
from tests.operator.probes import leads
from tests.processes import OurProcess, until


@pytest.fixture
def here(installation: Installation, namespace: str) -> ListeningJob:
    return ListeningJob(installation, namespace)


@pytest.fixture
def elsewhere(installation: Installation) -> Iterator[ListeningJob]:
    name = f"elsewhere-{secrets.token_hex(4)}"
    installation.apply({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
    yield ListeningJob(installation, name)
    installation.http.delete(f"/api/v1/namespaces/{name}").raise_for_status()


def test_it_works_where_it_is_bound_and_leaves_all_else_alone(
    installation: Installation, here: ListeningJob, elsewhere: ListeningJob
) -> None:
    bind(here, shipped_role())
    with operator_of_one(here):
        for job in (elsewhere, here):
            job.apply(workers={"minReplicas": 1})
        here.await_replicas(1)
        until(lambda: here.condition("Accepted")[0] == "True")
        here.delete()
    assert elsewhere.status == {}
    assert elsewhere.deployment() is None
    assert {each.namespace for each in requests(here)} == {
        *(here.namespace, installation.system),
        "",  # which APIs there are
    }


def test_it_asks_for_no_more_than_it_may_and_needs_all_of_it(
    installation: Installation, control_plane: ControlPlane, here: ListeningJob
) -> None:
    bind(here, shipped_role())
    texts = {"kind": "ConfigMap", "apiVersion": "v1", "data": {"one.txt": "An Agreement."}}
    labels = {"lexmill.io/legaljob-input": "true"}
    installation.apply(
        {**texts, "metadata": {"name": "texts", "namespace": here.namespace, "labels": labels}}
    )
    with operator_of_one(here), TestNode(control_plane):
        ended = ListeningJob(installation, here.namespace, "ended")
        ended.apply(
            documents=[{"configMap": {"name": "texts"}}],
            activeDeadlineSeconds=1,
            ttlSecondsAfterFinished=0,
        )
        ocr = {"name": "ocr", "stages": ["ocr"]}
        here.apply(workers={"mode": "External", "replicas": 2}, pools=[ocr])
        here.await_accepted()
        here.send()
        until(lambda: here.status.get("workers", {}).get("ready") == 2)
        here.claim(pods(here)[0])
        here.apply(workers={"mode": "External", "replicas": 1})
        until(lambda: here.deployment("ocr") is None)
        until(lambda: len(pods(here)) == 1)
        ended.end_run()
        until(lambda: installation.legaljob(here.namespace, "ended") is None)
    asked = requests(here)
    assert [each for each in asked if each.code == httpx.codes.FORBIDDEN] == []
    used = {(resource(each), each.verb) for each in asked}
    allowed = {
        (name, verb)
        for role in (shipped_role(), shipped_role("lexmill-operator-lease"))
        for rule in role["rules"]
        for name in rule["resources"]
        for verb in rule["verbs"]
    }
    # The audit log calls an apply that makes an object a patch, too; the next test shows it.
    assert allowed - used == {("deployments", "create")}


def test_a_right_that_is_missing_is_told_and_made_up_for(
    installation: Installation, here: ListeningJob
) -> None:
    role = shipped_role()
    [deployments] = [rule for rule in role["rules"] if "deployments" in rule["resources"]]
    deployments["verbs"].remove("create")
    bind(here, role)
    with operator_of_one(here):
        here.apply()
        until(lambda: here.condition("WorkersReady") == ("False", "DeploymentRefused"))
        assert here.deployment() is None
        bind(here, shipped_role())
        here.await_replicas(0)


@contextmanager
def operator_of_one(job: ListeningJob) -> Iterator[OurProcess]:
    """Kubernetes knows it by an account of the namespace's, Lexmill's API as always."""
    cluster = job.installation.control_plane
    token = cluster.token_for(job.installation.system, account(job))
    with job.installation.running_operator(
        account(job),
        KUBECONFIG=str(cluster.kubeconfig_for(token)),
        LEXMILL_OPERATOR__LEASE_NAME=account(job),
        LEXMILL_OPERATOR__NAMESPACES=f'["{job.namespace}"]',
    ) as operator:
        until(lambda: leads(operator))
        yield operator


def shipped_role(name: str = "lexmill-operator") -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [
        each
        for each in yaml.safe_load_all(RBAC.read_text(encoding="utf-8"))
        if each["metadata"]["name"] == name
    ]
    return found


def account(job: ListeningJob) -> str:
    return f"operator-of-{job.namespace}"


def bind(job: ListeningJob, role: dict[str, Any]) -> None:
    """The role as the namespace's own, so that a test may have another one."""
    system = job.installation.system
    subject = {"kind": "ServiceAccount", "name": account(job), "namespace": system}
    api = "rbac.authorization.k8s.io"
    bindings = [
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": account(job), "namespace": place},
            "roleRef": {"apiGroup": api, "kind": kind, "name": name},
            "subjects": [subject],
        }
        for kind, name, place in (
            ("Role", "lexmill-operator", job.namespace),
            ("ClusterRole", "lexmill-operator-lease", system),
        )
    ]
    own = {
        **role,
        "kind": "Role",
        "metadata": {"name": role["metadata"]["name"], "namespace": job.namespace},
    }
    made = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": account(job), "namespace": system},
    }
    job.installation.apply(made, own, *bindings)


def requests(job: ListeningJob) -> list[Request]:
    user = f"system:serviceaccount:{job.installation.system}:{account(job)}"
    return [each for each in job.installation.control_plane.requests() if each.user == user]


def resource(request: Request) -> str:
    """As roles name it."""
    return "/".join(part for part in (request.resource, request.subresource) if part)


def pods(job: ListeningJob) -> list[str]:
    selector = {"labelSelector": job.status["workers"]["selector"]}
    path = f"/api/v1/namespaces/{job.namespace}/pods"
    answer = job.installation.http.get(path, params=selector)
    return [pod["metadata"]["name"] for pod in answer.raise_for_status().json()["items"]]
