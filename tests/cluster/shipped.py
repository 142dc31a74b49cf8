"""The files of manifests/ for a release elsewhere than in the namespace `lexmill`."""

import yaml

from tests.cluster.addons import PROMETHEUS
from tests.cluster.cluster import Object
from tests.cluster.images import ROOT
from tests.cluster.release import Release

MANIFESTS = ROOT / "manifests"


def shipped(release: Release, file: str) -> list[Object]:
    return _moved(release, (MANIFESTS / file).read_text(encoding="utf-8"))


def kustomized(release: Release, folder: str) -> list[Object]:
    return _moved(release, release.cluster.kubectl("kustomize", str(MANIFESTS / folder)))


def _moved(release: Release, text: str) -> list[Object]:
    """With what docs/events.md and docs/scaling.md say is to be changed."""
    for old, new in (
        ("http://lexmill-api.lexmill.svc", release.api_url),
        ("http://prometheus-operated.monitoring.svc:9090", PROMETHEUS),
        ("/namespaces/lexmill/", f"/namespaces/{release.namespace}/"),
        ("/ns/lexmill/", f"/ns/{release.namespace}/"),
        ('legaljob_namespace="lexmill"', f'legaljob_namespace="{release.namespace}"'),
        ("namespace: lexmill\n", f"namespace: {release.namespace}\n"),
    ):
        text = text.replace(old, new)
    return [each for each in yaml.safe_load_all(text) if each]


def by_kind(manifests: list[Object], kind: str) -> Object:
    (found,) = [each for each in manifests if each["kind"] == kind]
    return found
