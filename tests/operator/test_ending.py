"""How LegalJobs stop, go on and end; real workers do the work."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.operator.legaljobs import (
    NAME,
    TEXTS,
    await_accepted,
    await_condition,
    change,
    condition,
    create,
    patch,
    share,
)
from tests.processes import until

pytestmark = pytest.mark.usefixtures("operator")

BROKEN = {**TEXTS, "broken.txt": "\x01\x02" * 50}


@pytest.fixture
def node(
    installation: Installation, control_plane: ControlPlane, namespace: str
) -> Iterator[TestNode]:
    with TestNode(control_plane, installation.worker_of, namespace=namespace) as node:
        yield node


def test_a_suspended_job_rests_and_goes_on_where_it_was(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    many = {f"{number:03}.txt": f"Agreement no. {number}.\n" for number in range(150)}
    share(installation, namespace, data=many)
    create(installation, namespace, workers={"maxReplicas": 1})
    until(lambda: ended(installation, namespace))
    change(installation, namespace, spec={"suspend": True})

    await_condition(installation, namespace, "Suspended", "True")
    until(lambda: replicas(installation, namespace) == 0)
    until(lambda: not node.processes)
    done = ended(installation, namespace)
    assert 0 < done < len(many)
    assert tasks(installation, namespace, "running") == 0
    assert "Suspended" in installation.events(namespace, NAME)
    assert installation.condition(namespace, NAME, "Complete") == ("False", "InProgress")

    change(installation, namespace, spec={"suspend": False})
    await_condition(installation, namespace, "Complete", "True")
    assert condition(installation, namespace, "Suspended")["status"] == "False"
    assert installation.status(namespace, NAME)["documents"]["succeeded"] == len(many)
    assert "Resumed" in installation.events(namespace, NAME)


def test_a_job_that_begins_suspended_has_no_workers(
    installation: Installation, namespace: str
) -> None:
    share(installation, namespace)
    create(installation, namespace, suspend=True, workers={"mode": "External", "replicas": 2})
    await_condition(installation, namespace, "Suspended", "True")
    await_accepted(installation, namespace)
    until(lambda: installation.deployment(namespace, f"{NAME}-main"))
    assert replicas(installation, namespace) == 0

    change(installation, namespace, spec={"suspend": False})
    until(lambda: replicas(installation, namespace) == 2)


def test_a_job_that_takes_too_long_fails_and_still_gets_its_reports(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace)
    out = installation.folder / namespace
    create(
        installation,
        namespace,
        activeDeadlineSeconds=0,
        ttlSecondsAfterFinished=3600,
        output={"uri": out.as_uri()},
    )
    failed = await_condition(installation, namespace, "Failed", "True", "DeadlineExceeded")
    assert "activeDeadlineSeconds" in failed["message"]
    until(lambda: list(out.rglob("results.jsonl")))
    until(lambda: installation.deployment(namespace, f"{NAME}-main") is None)
    until(lambda: installation.status(namespace, NAME)["workers"]["replicas"] == 0)
    assert installation.condition(namespace, NAME, "Failed") == ("True", "DeadlineExceeded")
    assert installation.condition(namespace, NAME, "Complete") == ("False", "Failed")
    assert installation.events(namespace, NAME).count("Failed") == 1
    assert installation.status(namespace, NAME)["completionTime"]


def test_too_many_failing_documents_fail_a_job_with_a_policy(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace, data=BROKEN)
    create(installation, namespace, failurePolicy={"maxFailedPercent": 10})
    await_condition(installation, namespace, "Failed", "True", "FailurePolicy")
    until(lambda: installation.deployment(namespace, f"{NAME}-main") is None)
    assert installation.events(namespace, NAME).count("Failed") == 1


def test_failing_documents_alone_do_not_fail_a_job(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace, data=BROKEN)
    create(installation, namespace)
    await_condition(installation, namespace, "Complete", "True")
    documents = installation.status(namespace, NAME)["documents"]
    assert (documents["total"], documents["succeeded"], documents["failed"]) == (3, 2, 1)
    assert installation.condition(namespace, NAME, "Failed") == ("False", "NotFailed")


@pytest.mark.parametrize("fields", [{}, {"activeDeadlineSeconds": 0}], ids=["complete", "failed"])
def test_an_ended_job_goes_after_its_time_and_its_results_stay(
    fields: dict[str, Any], installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace)
    out = installation.folder / namespace
    create(
        installation,
        namespace,
        ttlSecondsAfterFinished=0,
        output={"uri": out.as_uri()},
        **fields,
    )
    until(lambda: installation.legaljob(namespace, NAME) is None)
    assert list(out.rglob("results.jsonl"))
    until(lambda: installation.deployment(namespace, f"{NAME}-main") is None)


def test_what_an_ended_job_was_made_of_may_go(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace)
    create(installation, namespace)
    await_condition(installation, namespace, "Complete", "True")
    texts = f"/api/v1/namespaces/{namespace}/configmaps/texts"
    installation.http.delete(texts).raise_for_status()

    change(installation, namespace, spec={"ttlSecondsAfterFinished": 3600})
    await_condition(installation, namespace, "Complete", "True")
    change(installation, namespace, spec={"workers": {"maxReplicas": 3}})
    await_condition(installation, namespace, "Complete", "True")
    assert "NotAccepted" not in installation.events(namespace, NAME)


def test_a_scheduled_job_shows_its_runs_and_never_completes(
    installation: Installation, namespace: str, node: TestNode
) -> None:
    share(installation, namespace)
    create(installation, namespace, schedule={"cron": "0 0 1 1 *"})
    await_accepted(installation, namespace)
    assert installation.rows("SELECT id FROM task WHERE namespace = %s", namespace) == []

    tick(installation, namespace)
    until(lambda: finished_runs(installation, namespace) == [2])
    text = {"data": {"third.txt": "A third agreement.\n"}}
    patch(installation, f"/api/v1/namespaces/{namespace}/configmaps/texts", text)
    seen = (
        "SELECT config_maps ? 'texts' AND config_maps::text LIKE %s FROM job WHERE namespace = %s"
    )
    until(lambda: installation.rows(seen, "%third.txt%", namespace) == [(True,)])
    tick(installation, namespace)
    until(lambda: finished_runs(installation, namespace) == [1, 2])

    assert installation.condition(namespace, NAME, "Complete") == ("False", "NeverCompletes")
    assert "completionTime" not in installation.status(namespace, NAME)
    until(lambda: replicas(installation, namespace) == 0)


def tick(installation: Installation, namespace: str) -> None:
    installation.rows(
        "UPDATE job SET next_tick_at = now() WHERE namespace = %s RETURNING uid", namespace
    )


def finished_runs(installation: Installation, namespace: str) -> list[int]:
    """How many documents each had, the newest first."""
    runs = installation.status(namespace, NAME).get("runs", ())
    return [run["total"] for run in runs if "completionTime" in run]


def ended(installation: Installation, namespace: str) -> int:
    query = "SELECT count(*) FROM document WHERE namespace = %s AND ended_at IS NOT NULL"
    return int(installation.rows(query, namespace)[0][0])


def tasks(installation: Installation, namespace: str, state: str) -> int:
    query = "SELECT count(*) FROM task WHERE namespace = %s AND state = %s"
    return int(installation.rows(query, namespace, state)[0][0])


def replicas(installation: Installation, namespace: str) -> int:
    found = installation.deployment(namespace, f"{NAME}-main")
    return int(found["spec"]["replicas"]) if found else 0
