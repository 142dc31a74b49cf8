"""What others change of the operator's own is put right; what is others' is left alone."""

from typing import Any

from tests.operator.installation import Installation
from tests.operator.legaljobs import (
    NAME,
    await_accepted,
    await_condition,
    change,
    condition,
    create,
    patch,
    share,
)
from tests.processes import OurProcess, until

OWN = f"{NAME}-main"
IMAGE = "lexmill-worker:test"


def test_a_deployment_edited_by_hand_is_put_right(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    make_job(installation, namespace)
    deployment = await_deployment(installation, namespace)

    pod = {"containers": [{"name": "worker", "image": "elsewhere/worker:1"}]}
    edit(installation, namespace, {"spec": {"replicas": 7, "template": {"spec": pod}}})
    until(lambda: shown(installation, namespace) == (1, IMAGE))

    edit(installation, namespace, {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})
    until(lambda: labels(installation, namespace) == deployment["metadata"]["labels"])
    edit(installation, namespace, {"spec": {"replicas": 5}})
    until(lambda: shown(installation, namespace) == (1, IMAGE))


def test_a_deleted_deployment_is_made_again(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    make_job(installation, namespace)
    before = await_deployment(installation, namespace)["metadata"]["uid"]

    installation.http.delete(path(namespace)).raise_for_status()
    until(lambda: await_deployment(installation, namespace)["metadata"]["uid"] != before)
    assert shown(installation, namespace) == (1, IMAGE)


def test_a_foreign_deployment_of_the_same_name_is_left_alone(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    make_foreign(installation, namespace)
    before = await_deployment(installation, namespace)
    make_job(installation, namespace)
    refused = await_condition(
        installation, namespace, "WorkersReady", "False", "DeploymentNotOwned"
    )
    assert OWN in refused["message"]
    until(lambda: "WorkersNotReady" in installation.events(namespace, NAME))
    after = await_deployment(installation, namespace)
    assert after["spec"] == before["spec"]
    assert "ownerReferences" not in after["metadata"]

    installation.http.delete(path(namespace)).raise_for_status()
    until(lambda: installation.deployment(namespace, OWN) and shown(installation, namespace))
    assert shown(installation, namespace) == (1, IMAGE)


def test_a_pod_template_that_kubernetes_refuses_is_told(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    share(installation, namespace)
    create(
        installation,
        namespace,
        workers={"template": {"tolerations": [{"key": "a", "operator": "Sometimes"}]}},
    )
    refused = await_condition(installation, namespace, "WorkersReady", "False", "DeploymentRefused")
    assert "Sometimes" in refused["message"]
    assert condition(installation, namespace, "Accepted")["status"] == "True"

    change(installation, namespace, spec={"workers": {"template": {"tolerations": []}}})
    until(lambda: installation.deployment(namespace, OWN))


def test_a_status_that_somebody_else_wrote_is_put_right(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    make_job(installation, namespace)
    await_accepted(installation, namespace)
    until(lambda: "documents" in installation.status(namespace, NAME))
    before = installation.status(namespace, NAME)

    lies = {
        "documents": {"succeeded": 9},
        "workers": {"replicas": 9},
        "conditions": [{**before["conditions"][0], "status": "False", "reason": "Hacked"}],
        "completionTime": "2020-01-01T00:00:00Z",
        "observedGeneration": 99,
    }
    change(installation, namespace, subresource="/status", status=lies)

    def is_right() -> bool:
        now = installation.status(namespace, NAME)
        return timeless(now) == timeless(before)

    until(is_right)


def timeless(status: dict[str, Any]) -> dict[str, Any]:
    conditions = [{**each, "lastTransitionTime": ""} for each in status["conditions"]]
    return {**status, "conditions": conditions}


def test_while_a_job_is_paused_nothing_is_written_and_afterwards_everything_is(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    make_job(installation, namespace)
    await_deployment(installation, namespace)
    change(installation, namespace, annotations={"lexmill.io/paused": "true"})
    await_sight(installation, namespace, "first")
    writes = count_writes(installation, namespace)

    edit(installation, namespace, {"spec": {"replicas": 3}})
    change(installation, namespace, spec={"priority": 2, "workers": {"replicas": 4}})
    await_sight(installation, namespace, "second")
    assert count_writes(installation, namespace) == writes
    assert shown(installation, namespace) == (3, IMAGE)

    change(installation, namespace, annotations={"lexmill.io/paused": None})
    until(lambda: shown(installation, namespace) == (4, IMAGE))
    await_condition(installation, namespace, "Accepted", "True")


def test_a_job_that_comes_back_under_its_name_gets_workers_of_its_own(
    installation: Installation, operator: OurProcess, namespace: str
) -> None:
    first = make_job(installation, namespace)
    await_deployment(installation, namespace)
    installation.delete(namespace, NAME)
    second = make_job(installation, namespace)

    until(lambda: owners(installation, namespace) == [second])
    await_accepted(installation, namespace)
    alive = "SELECT uid::text, deleted_at IS NULL FROM job WHERE namespace = %s"
    until(lambda: dict(installation.rows(alive, namespace)) == {first: False, second: True})
    assert "WorkersNotReady" not in installation.events(namespace, NAME)


def make_job(installation: Installation, namespace: str) -> str:
    """It has one replica whatever its work."""
    if installation.http.get(f"/api/v1/namespaces/{namespace}/configmaps/texts").is_error:
        share(installation, namespace)
    return create(installation, namespace, workers={"mode": "External", "replicas": 1})


def make_foreign(installation: Installation, namespace: str) -> None:
    pod = {"containers": [{"name": "web", "image": "web:1"}]}
    spec = {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod},
    }
    made = installation.http.post(
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        json={"metadata": {"name": OWN}, "spec": spec},
    )
    assert made.is_success, made.text


def path(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/{OWN}"


def edit(installation: Installation, namespace: str, body: dict[str, Any]) -> None:
    patch(installation, path(namespace), body)


def await_deployment(installation: Installation, namespace: str) -> dict[str, Any]:
    return until(lambda: installation.deployment(namespace, OWN))


def shown(installation: Installation, namespace: str) -> tuple[int, str]:
    spec = await_deployment(installation, namespace)["spec"]
    return spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]


def labels(installation: Installation, namespace: str) -> dict[str, str]:
    found: dict[str, str] = await_deployment(installation, namespace)["metadata"]["labels"]
    return found


def owners(installation: Installation, namespace: str) -> list[str]:
    found = installation.deployment(namespace, OWN) or {"metadata": {}}
    return [owner["uid"] for owner in found["metadata"].get("ownerReferences", ())]


def count_writes(installation: Installation, namespace: str) -> int:
    """The operator's, about the job; each test has its own namespace."""
    operator = f"system:serviceaccount:{installation.system}:lexmill-operator"
    return sum(
        write.user == operator and write.namespace == namespace and write.name.startswith(NAME)
        for write in installation.control_plane.writes()
    )


def await_sight(installation: Installation, namespace: str, name: str) -> None:
    """Until the operator has taken a job that came behind everything else."""
    create(installation, namespace, name, trigger={})
    await_accepted(installation, namespace, name)
