"""A LegalJob from `kubectl apply` to its last object gone."""

import shutil
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.node import TestNode
from tests.operator.installation import Installation
from tests.processes import OurProcess, until

SAMPLES = Path(__file__).parents[2] / "samples"
NAME = "sample-contracts"


def test_the_sample_job_scales_workers_from_zero_and_back_and_leaves_only_its_results(
    installation: Installation,
    operator: OurProcess,
    control_plane: ControlPlane,
    namespace: str,
) -> None:
    results = installation.folder / "out"
    with TestNode(control_plane, installation.worker_of, namespace=namespace) as node:
        apply_the_sample(installation, namespace, results)
        until(lambda: status(installation, namespace).get("workers", {}).get("ready"))
        assert node.processes
        until(lambda: installation.condition(namespace, NAME, "Complete")[0] == "True", seconds=180)
        until(lambda: installation.deployment(namespace, f"{NAME}-main") is None)
        until(lambda: not node.processes)

    ended = status(installation, namespace)
    assert ended["documents"] == {
        "listed": 15,
        "total": 17,
        "queued": 0,
        "running": 0,
        "succeeded": 17,
        "failed": 0,
        "dead": 0,
    }
    assert ended["workers"]["replicas"] == 0
    assert ended["completionTime"] >= ended["startTime"]
    shown = control_plane.kubectl("-n", namespace, "get", "lj").stdout.splitlines()[1].split()
    assert shown[:3] == [NAME, "Complete", "17/17"]
    told = [each for each in installation.events(namespace, NAME) if each != "ScalingLimited"]
    assert told == ["Accepted", "Completed"]

    control_plane.kubectl("-n", namespace, "delete", "legaljob", NAME)
    until(lambda: objects(control_plane, namespace) == [])
    lines = next(results.rglob("results.jsonl")).read_bytes().splitlines()
    assert {msgspec.json.decode(line)["status"] for line in lines} == {"succeeded"}


def apply_the_sample(installation: Installation, namespace: str, results: Path) -> None:
    """As a person does, but for where its documents are and its results go."""
    documents = installation.folder / "contracts"
    shutil.copytree(SAMPLES / "contracts", documents)
    config_map, job = yaml.safe_load_all((SAMPLES / "legaljob.yaml").read_text(encoding="utf-8"))
    job["spec"]["documents"] = [{"uri": f"{documents.as_uri()}/"}]
    job["spec"]["output"] = {"uri": results.as_uri()}
    installation.control_plane.kubectl(
        *("-n", namespace, "apply", "--filename", "-"), stdin=yaml.safe_dump_all([config_map, job])
    )


def status(installation: Installation, namespace: str) -> dict[str, Any]:
    return installation.status(namespace, NAME)


def objects(control_plane: ControlPlane, namespace: str) -> list[str]:
    """What is left of our making."""
    kinds = "legaljobs,deployments,replicasets,pods"
    return control_plane.kubectl("-n", namespace, "get", kinds, "-o", "name").stdout.split()
