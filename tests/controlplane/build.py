"""The programs of a Kubernetes control plane.

``python -m tests.controlplane.build`` prints the folder they are in. A first build takes five
minutes on two cores.
"""

import re
import sys
from pathlib import Path

from tests.goprograms import CannotBuildError, GoPrograms

HERE = Path(__file__).parent


def linker_flags() -> str:
    """Kubernetes' own build sets these; without them the API server says it is v0.0.0."""
    modules = (HERE / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)", modules)
    assert found is not None
    version, major, minor = found.groups()
    values = {
        "gitVersion": f"v{version}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    settings = [f"-X {p}.{name}={value}" for p in packages for name, value in values.items()]
    return " ".join(["-s -w", *settings])


CONTROL_PLANE = GoPrograms(
    name="control plane",
    folder=HERE,
    packages={
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    },
    linker_flags=linker_flags(),
    given_by="KUBEBUILDER_ASSETS",  # as other Kubernetes projects' tests read it
)


def main() -> None:
    try:
        print(CONTROL_PLANE.binaries())  # noqa: T201 - the answer
    except CannotBuildError as error:
        sys.exit(f"control plane: {error}")


if __name__ == "__main__":
    main()
