"""``make cluster-demo``: the chart in the cluster of KUBECONFIG, and the sample Complete."""

import sys
import time

from tests.cluster.cluster import Cluster, CommandError, NoClusterError, given_cluster
from tests.cluster.images import ROOT, images_in
from tests.cluster.release import CHART, INSTALL_SECONDS, LEGALJOB, Release

NAMESPACE = "lexmill-demo"
SAMPLE = ROOT / "manifests" / "samples" / "batch.yaml"
JOB = "sample-batch"
SAMPLE_SECONDS = 60


def main() -> int:
    try:
        cluster = given_cluster()
        release = Release(cluster, images_in(cluster.context), NAMESPACE)
        install(cluster, release)
        seconds = run_the_sample(release)
    except (NoClusterError, CommandError) as error:
        sys.stderr.write(f"make cluster-demo: {error}\n")
        return 3 if isinstance(error, NoClusterError) else 1
    say(release.kubectl("get", LEGALJOB))
    say(
        f"The sample took {seconds:.0f} s. To end: helm uninstall lexmill --namespace {NAMESPACE}\n"
    )
    return 0 if seconds < SAMPLE_SECONDS else 1


def install(cluster: Cluster, release: Release) -> None:
    """As tests have it, with small requests; again to upgrade what is there."""
    begin = time.monotonic()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    say(
        release.helm(
            *("upgrade", release.name, str(CHART), "--install", "--take-ownership"),
            *("--wait", "--timeout", f"{INSTALL_SECONDS}s"),
            values={"crds": {"install": True}},
        )
    )
    say(f"Installed in {time.monotonic() - begin:.0f} s. The sample is applied.\n")


def run_the_sample(release: Release) -> float:
    release.kubectl("delete", LEGALJOB, JOB, "--ignore-not-found")  # that of the last time
    begin = time.monotonic()
    release.kubectl("apply", "--filename", str(SAMPLE))
    release.kubectl(
        *("wait", "--for=condition=Complete", f"{LEGALJOB}/{JOB}", "--timeout=300s"), seconds=310
    )
    return time.monotonic() - begin


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
