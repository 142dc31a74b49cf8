"""What becomes of the work of a pool that is taken away."""

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.operator.legaljobs import NAME, await_condition, change, create, share
from tests.processes import OurProcess, until

READING = {"name": "reading", "stages": ["parse"]}


def test_the_work_of_a_pool_that_is_taken_away_is_done_nevertheless(
    installation: Installation, operator: OurProcess, control_plane: ControlPlane, namespace: str
) -> None:
    share(installation, namespace)
    nobody = {**READING, "workers": {"mode": "External", "replicas": 0}}
    with TestNode(control_plane, installation.worker_of, namespace=namespace):
        create(installation, namespace, pools=[nobody])
        until(lambda: waiting(installation, namespace) == 2)
        change(installation, namespace, spec={"pools": []})
        await_condition(installation, namespace, "Complete", "True")
        until(lambda: installation.deployment(namespace, f"{NAME}-reading") is None)
    assert [pool["name"] for pool in installation.status(namespace, NAME)["pools"]] == ["main"]


def waiting(installation: Installation, namespace: str) -> int:
    query = "SELECT count(*) FROM task WHERE namespace = %s AND pool = 'reading'"
    return int(installation.rows(query, namespace)[0][0])
