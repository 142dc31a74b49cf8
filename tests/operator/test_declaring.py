"""Each desired state is declared once, whatever happens to the operator meanwhile."""

import signal

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import LEGALJOBS, Installation
from tests.operator.legaljobs import (
    NAME,
    await_accepted,
    await_condition,
    change,
    create,
    declarations,
    documents,
    patch,
    share,
)
from tests.processes import until


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_restart_declares_nothing_again(
    number: signal.Signals, installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    with installation.running_operator() as first:
        create(installation, namespace)
        until(lambda: declarations(installation, namespace))
        first.process.send_signal(number)
        first.process.wait()
    with installation.running_operator():
        await_accepted(installation, namespace)
        change(installation, namespace, annotations={"note": "seen"})
        await_sight(installation, namespace)

    assert declarations(installation, namespace) == 2  # of both jobs
    tasks = installation.rows("SELECT kind FROM task WHERE namespace = %s", namespace)
    assert tasks == [("expand",)]


def test_a_restart_behind_the_end_does_nothing_again(
    installation: Installation, control_plane: ControlPlane, namespace: str
) -> None:
    share(installation, namespace)
    with (
        TestNode(control_plane, installation.worker_of, namespace=namespace),
        installation.running_operator() as first,
    ):
        create(installation, namespace)
        await_condition(installation, namespace, "Complete", "True")
        until(lambda: installation.deployment(namespace, f"{NAME}-main") is None)
        until(lambda: installation.status(namespace, NAME)["workers"]["ready"] == 0)
        first.process.kill()
        before = installation.status(namespace, NAME)
    with installation.running_operator():
        await_sight(installation, namespace)

    assert installation.status(namespace, NAME) == before
    assert before["documents"]["succeeded"] == documents(installation, namespace) == 2
    assert declarations(installation, namespace) == 2  # of both jobs
    assert installation.events(namespace, NAME) == ["Accepted", "Completed"]


def test_what_the_api_need_not_know_is_not_declared(
    installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    with installation.running_operator():
        create(installation, namespace, workers={"mode": "External", "replicas": 1})
        await_accepted(installation, namespace)

        change(installation, namespace, annotations={"note": "mine"})
        labels = {"metadata": {"labels": {"team": "a"}}}
        patch(installation, f"{LEGALJOBS}/namespaces/{namespace}/legaljobs/{NAME}", labels)
        change(installation, namespace, spec={"workers": {"maxReplicas": 3}})
        change(installation, namespace, subresource="/scale", spec={"replicas": 2})
        until(lambda: replicas(installation, namespace) == 2)
        await_condition(installation, namespace, "Accepted", "True")
        assert declarations(installation, namespace) == 1

        change(installation, namespace, spec={"priority": 5})
        until(lambda: declarations(installation, namespace) == 2)
        await_condition(installation, namespace, "Accepted", "True")
        await_sight(installation, namespace)
        assert declarations(installation, namespace) == 3  # of both jobs


def replicas(installation: Installation, namespace: str) -> int:
    found = installation.deployment(namespace, f"{NAME}-main")
    return int(found["spec"]["replicas"]) if found else 0


def await_sight(installation: Installation, namespace: str) -> None:
    """Until the operator has taken a job that came behind everything else."""
    create(installation, namespace, "later", trigger={})
    await_accepted(installation, namespace, "later")
