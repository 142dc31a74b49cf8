"""CRDs of others whose objects the chart makes: the files of their Go modules."""

from dataclasses import dataclass
from pathlib import Path

from tests.charts.programs import HELM
from tests.goprograms import downloaded_module


@dataclass(frozen=True)
class Module:
    """``files`` are in ``folder`` of the module, which is taken only with this ``sum``."""

    path: str
    sum: str
    folder: str
    files: tuple[str, ...]

    def crds(self) -> list[Path]:
        """Raises CannotBuildError where the module is not to be had."""
        found = downloaded_module(HELM, self.path)
        assert found.sum == self.sum, f"{self.path} is another one than it was"
        return [found.folder / self.folder / file for file in self.files]


OTHERS = (
    Module(
        "sigs.k8s.io/gateway-api@v1.5.1",
        "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0=",
        "config/crd/standard",
        ("gateway.networking.k8s.io_httproutes.yaml",),
    ),
    Module(
        "github.com/prometheus-operator/prometheus-operator@v0.88.0",
        "h1:3T/dCQdk7CUVRqVfwRHoC5g66fC/ML6XQQLtQVL6Q5o=",
        "example/prometheus-operator-crd",
        (
            "monitoring.coreos.com_servicemonitors.yaml",
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
        ),
    ),
)
