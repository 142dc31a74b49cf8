"""A cluster that may be broken, by kubectl and the KUBECONFIG that is given."""

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import yaml

Object = dict[str, Any]  # as Kubernetes has it

ASKED_FOR = "LEXMILL_TEST_CLUSTER"
"""Set by `make test-cluster`: no test touches a cluster because somebody has a KUBECONFIG."""

OPT_IN = "LEXMILL_DISPOSABLE_CONTEXT"
"""Names the context of a cluster that may be broken though its name does not say so."""

# Tools that make clusters to throw away name their contexts so; `lexmill` is our single node.
_DISPOSABLE = re.compile(r"kind-.+|k3d-.+|minikube|lexmill")
_PROGRAMS = ("kubectl", "helm")

# Left for people to read, or made and removed by Kubernetes in its own time.
_FLEETING = frozenset(
    {
        "events",
        "events.events.k8s.io",
        "endpoints",
        "endpointslices.discovery.k8s.io",
        "componentstatuses",
        "ipaddresses.networking.k8s.io",
        "persistentvolumes",
        "volumeattachments.storage.k8s.io",
        "pods.metrics.k8s.io",
        "nodes.metrics.k8s.io",
    }
)

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
"""A namespace's labels; a pod in it has these two, for itself and for each container."""
RESTRICTED_POD = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RESTRICTED_CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


class NoClusterError(Exception):
    """Why there is none to be used; a sentence for people."""


class CommandError(AssertionError):
    """What kubectl or helm said; in a test that is a failure."""


@dataclass(frozen=True)
class Cluster:
    context: str

    def kubectl(self, *words: str, stdin: str | None = None, seconds: float = 120) -> str:
        """Its output. Raises CommandError."""
        return run("kubectl", "--context", self.context, *words, stdin=stdin, seconds=seconds)

    def helm(self, *words: str, stdin: str | None = None, seconds: float = 120) -> str:
        """Its output. Raises CommandError."""
        return run("helm", "--kube-context", self.context, *words, stdin=stdin, seconds=seconds)

    def apply(self, *objects: Mapping[str, Any], namespace: str | None = None) -> None:
        where = () if namespace is None else ("--namespace", namespace)
        # The server's own apply: the other kind copies large objects into an annotation.
        words = ("apply", "--server-side", "--force-conflicts", "--filename", "-")
        self.kubectl(*where, *words, stdin=yaml.safe_dump_all(objects))

    def find(self, kind: str, name: str, *, namespace: str = "default") -> Object | None:
        text = self.kubectl(
            *("get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output=json")
        )
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, *, namespace: str | None = None, selector: str = "") -> list[Object]:
        """Of all namespaces, where none is named."""
        where = ("--all-namespaces",) if namespace is None else ("--namespace", namespace)
        text = self.kubectl("get", kind, *where, f"--selector={selector}", "--output=json")
        found: list[Object] = json.loads(text)["items"]
        return found

    def names(self, *, namespace: str | None = None) -> set[str]:
        """`kind/name` of everything in a namespace, or of all that is in none."""
        namespaced = namespace is not None
        kinds = self.kubectl(
            *(
                "api-resources",
                "--verbs=list",
                "--output=name",
                f"--namespaced={namespaced}".lower(),
            )
        ).split()
        where = () if namespace is None else ("--namespace", namespace)
        found = self.kubectl("get", ",".join(set(kinds) - _FLEETING), *where, "--output=json")
        return {
            f"{_resource(each)}/{each['metadata']['name']}" for each in json.loads(found)["items"]
        }

    @contextmanager
    def new_namespace(
        self, prefix: str, *, labels: Mapping[str, str] | None = None
    ) -> Iterator[str]:
        """One in which every pod has to keep to Pod Security "restricted"; deleted at the end."""
        name = f"{prefix}-{secrets.token_hex(3)}"
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name, "labels": {**RESTRICTED, **(labels or {})}},
            }
        )
        try:
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false")


def _resource(found: Object) -> str:
    """`Job.batch`, as kubectl takes it."""
    group, _, _version = found["apiVersion"].rpartition("/")
    return f"{found['kind']}.{group}" if group else found["kind"]


def given_cluster() -> Cluster:
    """The one of KUBECONFIG. Raises NoClusterError where it must not be used."""
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            raise NoClusterError(f"{program} is not on the PATH")
    if not os.environ.get("KUBECONFIG"):
        raise NoClusterError("KUBECONFIG is not set: name the file of a cluster that may be broken")
    context = run("kubectl", "config", "current-context").strip()
    if (why := refusal(context)) is not None:
        raise NoClusterError(why)
    cluster = Cluster(context)
    try:
        cluster.kubectl("get", "--raw", "/readyz", seconds=20)
    except CommandError as error:
        raise NoClusterError(f"the cluster of the context {context} does not answer") from error
    return cluster


def refusal(context: str) -> str | None:
    """Why this context is not touched."""
    if _DISPOSABLE.fullmatch(context) or os.environ.get(OPT_IN) == context:
        return None
    return (
        f"the context {context} does not look like a cluster to throw away (kind-…, k3d-…,"
        f" minikube, lexmill): set {OPT_IN}={context} if these tests may break it"
    )


def run(*words: str, stdin: str | None = None, seconds: float = 120) -> str:
    done = subprocess.run(
        words, input=stdin, capture_output=True, check=False, text=True, timeout=seconds
    )
    if done.returncode != 0:
        raise CommandError(f"{' '.join(words)[:300]}\n{done.stderr[-3000:]}")
    return done.stdout
