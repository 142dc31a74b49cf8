"""A deleted LegalJob stops its work and leaves no object, whoever was running then."""

import time

from lexmill_cli.local.processes import free_port
from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.operator.legaljobs import NAME, await_accepted, create, share
from tests.operator.probes import metric
from tests.processes import until


def test_the_work_of_a_deleted_job_ends_within_seconds(
    installation: Installation, control_plane: ControlPlane, namespace: str
) -> None:
    share_many(installation, namespace)
    with (
        installation.running_operator(),
        TestNode(control_plane, installation.worker_of, namespace=namespace) as node,
    ):
        create(installation, namespace, workers={"maxReplicas": 1})
        until(lambda: states(installation, namespace).get("done", 0) > 5)
        installation.delete(namespace, NAME)
        deleted = time.monotonic()
        until(lambda: states(installation, namespace).keys() == {"done", "dead"}, seconds=10)
        assert time.monotonic() - deleted < 10
        until(lambda: objects(control_plane, namespace) == [])
        until(lambda: not node.processes)
    assert reasons(installation, namespace) == {"job_deleted"}
    assert is_deleted(installation, namespace)


def test_a_deletion_that_nobody_saw_is_found_at_the_next_start(
    installation: Installation, control_plane: ControlPlane, namespace: str
) -> None:
    share_many(installation, namespace)
    with installation.running_operator() as first:
        create(installation, namespace)
        create(installation, namespace, "other", trigger={})
        for name in (NAME, "other"):
            await_accepted(installation, namespace, name)
        first.process.kill()
        first.process.wait()
    installation.delete(namespace, NAME)
    assert not is_deleted(installation, namespace)

    with installation.running_operator():
        until(lambda: is_deleted(installation, namespace))
        until(lambda: states(installation, namespace).keys() == {"dead"})
        until(lambda: objects(control_plane, namespace) == ["legaljob.lexmill.io/other"])
    alive = "SELECT name FROM job WHERE namespace = %s AND deleted_at IS NULL"
    assert installation.rows(alive, namespace) == [("other",)]


def test_a_job_deleted_just_after_it_was_made_leaves_nothing(
    installation: Installation, control_plane: ControlPlane, namespace: str
) -> None:
    share(installation, namespace)
    with installation.running_operator():
        for number in range(10):
            create(installation, namespace, f"{NAME}-{number}")
            installation.delete(namespace, f"{NAME}-{number}")
        create(installation, namespace, "last", trigger={})
        await_accepted(installation, namespace, "last")
        alive = "SELECT name FROM job WHERE namespace = %s AND deleted_at IS NULL"
        until(lambda: installation.rows(alive, namespace) == [("last",)])
        until(lambda: objects(control_plane, namespace) == ["legaljob.lexmill.io/last"])


def test_a_deletion_while_the_api_is_away_is_told_as_soon_as_it_is_back(
    installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    port = free_port()
    with installation.running_operator(
        LEXMILL_OPERATOR__API_URL=f"http://127.0.0.1:{port}"
    ) as operator:
        with installation.running_api("short-lived", port):
            create(installation, namespace)
            await_accepted(installation, namespace)
        installation.delete(namespace, NAME)
        until(lambda: metric(operator, 'lexmill_operator_reconciles_total{result="again"}') > 3)
        with installation.running_api("short-lived", port):
            until(lambda: is_deleted(installation, namespace), seconds=10)


def share_many(installation: Installation, namespace: str) -> None:
    many = {f"{number:03}.txt": f"Agreement no. {number}.\n" for number in range(200)}
    share(installation, namespace, data=many)


def states(installation: Installation, namespace: str) -> dict[str, int]:
    query = "SELECT state, count(*) FROM task WHERE namespace = %s GROUP BY state"
    return dict(installation.rows(query, namespace))


def reasons(installation: Installation, namespace: str) -> set[str]:
    query = "SELECT error_code FROM document WHERE namespace = %s AND state = 'dead'"
    return {code for (code,) in installation.rows(query, namespace)}


def is_deleted(installation: Installation, namespace: str) -> bool:
    query = "SELECT deleted_at IS NOT NULL FROM job WHERE namespace = %s AND name = %s"
    return installation.rows(query, namespace, NAME) == [(True,)]


def objects(control_plane: ControlPlane, namespace: str) -> list[str]:
    """LegalJobs, and what was made for those of our name."""
    kinds = "legaljobs,deployments,replicasets,pods"
    found = control_plane.kubectl("-n", namespace, "get", kinds, "-o", "name").stdout.split()
    return [each for each in found if each.startswith("legaljob") or NAME in each]
