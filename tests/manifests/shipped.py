"""The files of manifests/, as a person applies them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane.control_plane import ControlPlane

MANIFESTS = Path(__file__).parents[2] / "manifests"
PLAIN = sorted(
    file
    for folder in ("samples", "keda", "prometheus")
    for file in (MANIFESTS / folder).glob("*.yaml")
    if file.name != "adapter-values.yaml"
)
KUSTOMIZED = ("knative", "base", "overlays/staging", "overlays/production")

Manifest = dict[str, Any]


def read(file: Path) -> list[Manifest]:
    return [each for each in yaml.safe_load_all(file.read_text(encoding="utf-8")) if each]


def kustomized(control_plane: ControlPlane, folder: str) -> list[Manifest]:
    """What `kubectl apply -k` would apply."""
    text = control_plane.kubectl("kustomize", str(MANIFESTS / folder)).stdout
    return list(yaml.safe_load_all(text))


def everything(control_plane: ControlPlane) -> Iterator[tuple[str, Manifest]]:
    """Each object with the file or folder it is from."""
    for file in PLAIN:
        for manifest in read(file):
            yield str(file.relative_to(MANIFESTS)), manifest
    for folder in KUSTOMIZED:
        for manifest in kustomized(control_plane, folder):
            yield folder, manifest


def in_namespace(manifests: list[Manifest], namespace: str) -> str:
    """As text for `kubectl -n`, which refuses objects that name another namespace."""
    moved = [
        {**each, "metadata": {k: v for k, v in each["metadata"].items() if k != "namespace"}}
        for each in manifests
    ]
    return yaml.safe_dump_all(moved)
