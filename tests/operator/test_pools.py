"""What becomes of the work of a pool that is taken away, and of workers that do not come."""

from typing import NoReturn

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import NotStartedError, Pod, TestNode
from tests.operator.installation import Installation
from tests.operator.legaljobs import NAME, await_condition, change, create, share
from tests.operator.listening import ListeningJob
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


def test_workers_that_do_not_come_say_why(
    installation: Installation, operator: OurProcess, control_plane: ControlPlane, namespace: str
) -> None:
    def has_no_image(_: Pod) -> NoReturn:
        raise NotStartedError("ErrImagePull", "no such image: lexmill-worker:test")

    job = ListeningJob(installation, namespace, NAME)
    job.apply(workers={"minReplicas": 1})
    lonely = await_condition(installation, namespace, "WorkersReady", "False", "Unschedulable")
    assert "no nodes available" in lonely["message"]

    with TestNode(control_plane, has_no_image, namespace=namespace):
        late = await_condition(installation, namespace, "WorkersReady", "False", "ImagePullBackOff")
        assert "no such image: lexmill-worker:test" in late["message"]
    assert installation.events(namespace, NAME).count("WorkersNotReady") == 2

    with TestNode(control_plane, installation.worker_of, namespace=namespace):
        job.apply(workers={"minReplicas": 1, "threads": 2})  # a new pod
        await_condition(installation, namespace, "WorkersReady", "True", "AllReady")


def waiting(installation: Installation, namespace: str) -> int:
    query = "SELECT count(*) FROM task WHERE namespace = %s AND pool = 'reading'"
    return int(installation.rows(query, namespace)[0][0])
