"""Everything in manifests/ is taken by the real API server, and by Pod Security "restricted"."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.goprograms import CannotBuildError
from tests.manifests.foreign import definitions, installed
from tests.manifests.shipped import (
    KUSTOMIZED,
    MANIFESTS,
    PLAIN,
    Manifest,
    everything,
    in_namespace,
    kustomized,
    read,
)

OUR_OWN = {"LegalJob", "ConfigMap", "HorizontalPodAutoscaler"}


@pytest.fixture(scope="module")
def all_kinds(control_plane: ControlPlane, legaljob_crd: None) -> Iterator[None]:
    try:
        crds = definitions()
    except CannotBuildError as error:
        pytest.skip(str(error))
    with installed(control_plane, crds):
        yield


def dry_run(control_plane: ControlPlane, namespace: str, manifests: list[Manifest]) -> str:
    return control_plane.kubectl(
        *("-n", namespace, "apply", "--server-side", "--dry-run=server", "--filename", "-"),
        stdin=in_namespace(manifests, namespace),
    ).stderr


@pytest.mark.parametrize("file", PLAIN, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_each_file_is_taken(
    control_plane: ControlPlane, all_kinds: None, namespace: str, file: Path
) -> None:
    assert "Warning" not in dry_run(control_plane, namespace, read(file))


@pytest.mark.parametrize("folder", KUSTOMIZED)
def test_each_kustomization_is_taken(
    control_plane: ControlPlane, all_kinds: None, namespace: str, folder: str
) -> None:
    assert "Warning" not in dry_run(control_plane, namespace, kustomized(control_plane, folder))


def test_what_needs_no_other_software_is_taken_without_it(
    control_plane: ControlPlane, legaljob_crd: None, namespace: str
) -> None:
    ours = [each for _, each in everything(control_plane) if each["kind"] in OUR_OWN]
    assert len(ours) > 10
    for manifest in ours:
        dry_run(control_plane, namespace, [manifest])


def test_each_pod_passes_pod_security_restricted(
    control_plane: ControlPlane, namespace: str
) -> None:
    control_plane.kubectl(
        *("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
    )
    pods = dict(pods_of(control_plane))
    assert pods
    for name, spec in pods.items():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        control_plane.kubectl(
            *("-n", namespace, "create", "--dry-run=server", "--filename", "-"),
            stdin=yaml.safe_dump(pod),
        )


def pods_of(control_plane: ControlPlane) -> Iterator[tuple[str, Manifest]]:
    for _, manifest in everything(control_plane):
        spec = manifest.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            claims = [
                {"name": each["metadata"]["name"], "emptyDir": {}}
                for each in spec.get("volumeClaimTemplates", ())
            ]
            pod = template["spec"]
            yield manifest["metadata"]["name"], {**pod, "volumes": [*pod["volumes"], *claims]}


def test_the_playbook_of_the_base_is_the_samples() -> None:
    samples = MANIFESTS.parent / "samples"
    assert (MANIFESTS / "base" / "playbook.yaml").read_text(encoding="utf-8") == (
        samples / "playbook.yaml"
    ).read_text(encoding="utf-8")
