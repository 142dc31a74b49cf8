"""What an uninstalled release leaves behind, with work in flight: nothing of ours."""

from tests.cluster.cluster import Cluster
from tests.cluster.corpus import config_maps, legaljob
from tests.cluster.images import Images
from tests.cluster.release import LEGALJOB, Release
from tests.processes import until

JOB = "in-flight"


def test_only_legaljobs_and_their_definition_stay(
    cluster: Cluster, images: Images, legaljobs: None
) -> None:
    outside = cluster.names()
    with cluster.new_namespace("lexmill-gone") as namespace:
        release = Release(cluster, images, namespace)
        before = cluster.names(namespace=namespace)
        release.install("--take-ownership", crds={"install": True, "keep": True})
        maps = config_maps(JOB, 40, times=3)
        cluster.apply(*maps, legaljob(JOB, maps, workers={"maxReplicas": 1}), namespace=namespace)
        until(lambda: release.documents(JOB).get("succeeded", 0) > 0, seconds=120)
        assert release.workers(JOB)

        release.uninstall()

        mine = {f"ConfigMap/{each['metadata']['name']}" for each in maps}
        left = cluster.names(namespace=namespace) - before - mine
        assert left == {f"LegalJob.lexmill.io/{JOB}"}
        assert cluster.names() - outside <= {f"Namespace/{namespace}"}
        assert release.legaljob(JOB)["spec"]["documents"], "as it was"

        # Who installs again goes on with it: the same LegalJob, a new database.
        release.install("--take-ownership", crds={"install": True, "keep": True})
        until(lambda: release.is_true(JOB, "Complete"), seconds=240)
        release.kubectl("delete", LEGALJOB, JOB)
        release.uninstall()
        assert cluster.names(namespace=namespace) - before == mine
