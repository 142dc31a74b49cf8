"""Uninstalling with its definition takes all LegalJobs of the cluster along.

So this runs only where there are none, and its name has it run before the tests that make some.
"""

import json

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.images import Images
from tests.cluster.release import LEGALJOB, Release
from tests.cluster.test_sample import BATCH, NAME
from tests.processes import until

CRD = f"CustomResourceDefinition.apiextensions.k8s.io/{LEGALJOB}"


def test_without_keep_nothing_at_all_stays(cluster: Cluster, images: Images) -> None:
    if others := releases_of_others(cluster):
        pytest.skip(f"other releases of Lexmill use the cluster's LegalJobs: {', '.join(others)}")
    outside = cluster.names() - {CRD}
    with cluster.new_namespace("lexmill-gone") as namespace:
        release = Release(cluster, images, namespace)
        before = cluster.names(namespace=namespace)
        release.install("--take-ownership", crds={"install": True, "keep": False})
        release.kubectl("apply", "--filename", str(BATCH))
        until(lambda: release.is_true(NAME, "Complete"), seconds=120)
        release.uninstall()

        until(lambda: cluster.names() - outside <= {f"Namespace/{namespace}"})
        left = cluster.names(namespace=namespace) - before
        assert left == {"ConfigMap/sample-documents", "ConfigMap/sample-playbook"}


def releases_of_others(cluster: Cluster) -> list[str]:
    releases = json.loads(cluster.helm("list", "--all-namespaces", "--output=json"))
    return [each["namespace"] for each in releases if each["chart"].startswith("lexmill-")]
