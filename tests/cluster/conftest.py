"""These tests install Lexmill in a real cluster: `make test-cluster` with a KUBECONFIG."""

import os
from collections.abc import Generator, Iterator

import pytest

from tests.cluster.cluster import ASKED_FOR, Cluster, NoClusterError, given_cluster
from tests.cluster.images import ROOT, Images, images_in
from tests.cluster.release import Release, installed

CRD = ROOT / "manifests" / "crds" / "legaljobs.yaml"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    if not os.environ.get(ASKED_FOR):
        pytest.skip("needs a cluster: KUBECONFIG=… make test-cluster")
    try:
        return given_cluster()
    except NoClusterError as error:
        pytest.exit(f"make test-cluster: {error}", returncode=3)


@pytest.fixture(scope="session")
def images(cluster: Cluster, pytestconfig: pytest.Config) -> Images:
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():  # it takes minutes: it is seen
            return images_in(cluster.context)
    except NoClusterError as error:
        pytest.exit(f"make test-cluster: {error}", returncode=3)


@pytest.fixture(scope="session")
def legaljobs(cluster: Cluster) -> None:
    """LegalJobs can be made. They stay: other releases may have some."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--filename", str(CRD))
    cluster.kubectl("wait", "--for=condition=Established", "--filename", str(CRD))


@pytest.fixture(scope="session")
def lexmill(cluster: Cluster, images: Images, legaljobs: None) -> Iterator[Release]:
    """The chart installed, shared: use names of your own in it, and leave it as it was."""
    with installed(cluster, images) as release:
        yield release


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows the pods and the events of the moment."""
    report = yield
    release = getattr(item, "funcargs", {}).get("lexmill")
    if report.failed and isinstance(release, Release):
        report.sections.append(("cluster", release.diagnosis()))
    return report
