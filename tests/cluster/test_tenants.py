"""Two tenants of one installation with an object store; then one of them is taken off the list."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.corpus import config_maps, legaljob
from tests.cluster.images import Images
from tests.cluster.objectstore import object_store_image, start_object_store
from tests.cluster.release import Release, installed_in
from tests.processes import until

DOCUMENTS = 5
LOGINS = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'tenant\\_%'"


@pytest.fixture
def namespaces(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    """The release's, which is no tenant, and two tenants'."""
    with (
        cluster.new_namespace("lexmill") as system,
        cluster.new_namespace("litigation") as first,
        cluster.new_namespace("mergers") as second,
    ):
        yield system, first, second


def test_a_tenant_works_for_itself_and_leaves_nothing_but_its_records(
    cluster: Cluster,
    images: Images,
    legaljobs: None,
    namespaces: tuple[str, str, str],
    object_server_binaries: Path,
) -> None:
    system, first, second = namespaces
    image = object_store_image(cluster.context, object_server_binaries / "versitygw")
    store = start_object_store(cluster, images, system, image=image)
    for each in (first, second):
        cluster.apply(store.secret(), namespace=each)
    values = {**store.values, "tenants": [tenant(first), tenant(second)]}
    with installed_in(Release(cluster, images, system, values=values)) as lexmill:
        for each in (first, second):
            run_a_job(Release(cluster, images, each), "before", output=f"s3://results/{each}/")
        elsewhere = Release(cluster, images, second)
        declare(elsewhere, "across", output=f"s3://results/{first}/")
        until(lambda: reason(elsewhere, "across", "Accepted") == "UriNotAllowed")

        before = {each["rolname"] for each in lexmill.rows(LOGINS)}
        lexmill.upgrade(tenants=[tenant(first)])
        left = cluster.names(namespace=second)
        assert not {name for name in left if "lexmill-worker" in name}, left
        run_a_job(Release(cluster, images, first), "after", output=f"s3://results/{first}/2/")

        assert {each["rolname"] for each in lexmill.rows(LOGINS)} == before, "its login stays"
        remove_login(lexmill, second)
        assert {each["rolname"] for each in lexmill.rows(LOGINS)} == {f"tenant_{first}"}
        kept = lexmill.rows(
            "SELECT document.namespace, count(*) FROM document"
            " WHERE document.state = 'succeeded' GROUP BY 1"
        )
        assert {each["namespace"]: each["count"] for each in kept} == {
            first: 2 * DOCUMENTS,
            second: DOCUMENTS,
        }


def tenant(namespace: str) -> dict[str, Any]:
    return {"namespace": namespace, "writes": [f"s3://results/{namespace}/"]}


def declare(release: Release, name: str, *, output: str) -> None:
    maps = config_maps(name, DOCUMENTS)
    job = legaljob(name, maps, output={"uri": output, "formats": ["json"]})
    release.cluster.apply(*maps, job, namespace=release.namespace)


def run_a_job(release: Release, name: str, *, output: str) -> None:
    declare(release, name, output=output)
    until(lambda: release.is_true(name, "Complete"), seconds=180)
    assert release.documents(name)["succeeded"] == DOCUMENTS


def reason(release: Release, name: str, condition: str) -> str:
    conditions = release.legaljob(name).get("status", {}).get("conditions", ())
    return next((each["reason"] for each in conditions if each["type"] == condition), "")


def remove_login(lexmill: Release, namespace: str) -> None:
    """As docs/tenancy.md says, with what the migrations' Job has: its pod, another command."""
    (job,) = lexmill.cluster.list(
        "jobs", namespace=lexmill.namespace, selector="app.kubernetes.io/component=migrations"
    )
    pod = job["spec"]["template"]["spec"]
    command = ["python", "-m", "lexmill_migrations", "tenant", "remove", namespace]
    pod["containers"][0].update(command=command, args=[])
    pod["restartPolicy"] = "Never"
    labels = {
        name: value
        for name, value in job["spec"]["template"]["metadata"]["labels"].items()
        if name.startswith("app.kubernetes.io/")  # the policies' way to PostgreSQL
    }
    lexmill.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "tenant-remove", "labels": labels},
            "spec": pod,
        },
        namespace=lexmill.namespace,
    )
    phase = "jsonpath={.status.phase}=Succeeded"
    lexmill.kubectl("wait", f"--for={phase}", "pod/tenant-remove", "--timeout=100s")
    lexmill.kubectl("delete", "pod", "tenant-remove")
