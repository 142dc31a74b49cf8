"""The chart, as Helm sees it."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lexmill.jobs.schemas import LegalJobSpec, Workers
from lexmill_operator.deployments import WorkerTemplate, build_deployment
from lexmill_operator.kubernetes import Key

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "lexmill"
VALUES = Path(__file__).parent / "values"
MATRIX = sorted(VALUES.glob("*.yaml"))
"""An installation each; the first lines of a file say whose."""

NAMESPACE = "lexmill-system"
RELEASE = "lexmill"
OLDEST, NEWEST = "1.30.0", "1.36.0"

Manifest = dict[str, Any]
WITH_PODS = {"Deployment", "StatefulSet", "Job"}
LEGALJOB = {
    "documents": [{"uri": "s3://in/"}],
    "passwords": {"secret": {"name": "passwords"}},
    "pools": [{"name": "ocr", "stages": ["ocr"]}],
}


class RefusedError(Exception):
    """What Helm says."""


@dataclass(frozen=True)
class Helm:
    """Its caches and settings lie in ``home``, so that the user's own are of no effect."""

    program: Path
    home: Path

    def run(self, *words: str, kubeconfig: Path | None = None) -> str:
        run = subprocess.run(
            [str(self.program), *words],
            env={
                "PATH": os.defpath,
                "HOME": str(self.home),
                **({} if kubeconfig is None else {"KUBECONFIG": str(kubeconfig)}),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise RefusedError(run.stderr + run.stdout)
        return run.stdout

    def render(
        self, values: Path | Mapping[str, Any] | None = None, *, kubernetes: str = NEWEST
    ) -> list[Manifest]:
        """Hooks and tests too. ``values`` are a file's, or given here."""
        return documents(self.text(values, kubernetes=kubernetes))

    def text(
        self, values: Path | Mapping[str, Any] | None = None, *, kubernetes: str = NEWEST
    ) -> str:
        words = ["template", RELEASE, str(CHART), "--namespace", NAMESPACE]
        words += ["--kube-version", kubernetes, *self.values(values)]
        return self.run(*words)

    def values(self, values: Path | Mapping[str, Any] | None) -> Sequence[str]:
        if values is None:
            return ()
        if isinstance(values, Path):
            return "--values", str(values)
        file = self.home / "values.yaml"
        file.write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
        return "--values", str(file)


def documents(text: str) -> list[Manifest]:
    return [each for each in yaml.load_all(text, Loader=_loader()) if each]


@cache
def _loader() -> Any:
    """libyaml's is ten times as fast; some builds of PyYAML lack it."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def one(manifests: Sequence[Manifest], kind: str, name: str) -> Manifest:
    [found] = [
        each for each in manifests if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    return found


def of_kind(manifests: Sequence[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def pods(manifests: Sequence[Manifest]) -> dict[str, Manifest]:
    """Every pod that comes of the chart, by what makes it; workers by their template."""
    found: dict[str, Manifest] = {}
    for each in manifests:
        metadata = each["metadata"]
        name = f"{each['kind']} {metadata['name']}"
        if each["kind"] == "Pod":
            found[f"{name} in {metadata['namespace']}"] = each
        elif each["kind"] in WITH_PODS:
            found[name] = _with_claims(each["spec"])
    found["workers"] = worker_template(manifests)
    return found


def _with_claims(spec: Manifest) -> Manifest:
    """A StatefulSet's pods get the volumes of its claims."""
    template: Manifest = spec["template"]
    claims = [
        {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-0"}}
        for name in (each["metadata"]["name"] for each in spec.get("volumeClaimTemplates", ()))
    ]
    volumes = [*template["spec"].get("volumes", ()), *claims]
    return {**template, "spec": {**template["spec"], "volumes": volumes}}


def worker_template(manifests: Sequence[Manifest]) -> Manifest:
    [config] = [
        each
        for each in of_kind(manifests, "ConfigMap")
        if each["metadata"]["name"].endswith("-worker-template")
    ]
    template: Manifest = yaml.safe_load(config["data"]["pod-template.yaml"])
    return template


def worker_pod(manifests: Sequence[Manifest], *, namespace: str, pool: str) -> Manifest:
    """As the operator makes it of the mounted template."""
    deployment = build_deployment(
        Key(namespace, "nda"),
        "0b5b0ad4-8d4b-4f0a-9d9d-1f6a2c8f1c0e",
        LegalJobSpec.model_validate(LEGALJOB),
        pool=pool,
        workers=Workers(),
        replicas=1,
        template=WorkerTemplate(worker_template(manifests), "worker-ocr"),
    )
    pod: Manifest = deployment["spec"]["template"]
    return pod


def ports_out(manifests: list[Manifest], policy: str) -> dict[str, set[int]]:
    """To addresses outside of the cluster, by CIDR."""
    found: dict[str, set[int]] = {}
    [spec, *_] = [
        each["spec"]
        for each in of_kind(manifests, "NetworkPolicy")
        if each["metadata"]["name"] == policy
    ]
    for rule in spec["egress"]:
        for peer in rule["to"]:
            if "ipBlock" in peer:
                ports = {each["port"] for each in rule["ports"]}
                found.setdefault(peer["ipBlock"]["cidr"], set()).update(ports)
    return found


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]
