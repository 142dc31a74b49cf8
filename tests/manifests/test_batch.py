"""The first thing a new user applies: it needs nothing else and is done in a minute."""

from pathlib import Path

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.processes import OurProcess, until

ROOT = Path(__file__).parents[2]
BATCH = ROOT / "manifests" / "samples" / "batch.yaml"
NAME = "sample-batch"
SHOWN = [NAME, "Complete", "4/4", "0"]


def test_the_batch_sample_is_complete_within_a_minute(
    installation: Installation,
    operator: OurProcess,
    control_plane: ControlPlane,
    namespace: str,
) -> None:
    with TestNode(control_plane, installation.worker_of, namespace=namespace) as node:
        control_plane.kubectl("-n", namespace, "apply", "--filename", str(BATCH))
        until(lambda: installation.condition(namespace, NAME, "Complete")[0] == "True", seconds=60)
        until(lambda: not node.processes)
    shown = control_plane.kubectl("-n", namespace, "get", "lj").stdout.splitlines()[1].split()
    assert shown[:4] == SHOWN


def test_the_readme_shows_what_is_shown() -> None:
    _, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("$ kubectl get lj\n")
    assert rest.splitlines()[1].split()[:4] == SHOWN


def test_its_documents_are_the_samples() -> None:
    documents = next(yaml.safe_load_all(BATCH.read_text(encoding="utf-8")))["data"]
    for name, text in documents.items():
        assert text == (ROOT / "samples" / "contracts" / name).read_text(encoding="utf-8")
