"""The kinds of Knative and KEDA, from the Go modules that their releases are made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.fixtures import is_established
from tests.goprograms import GoPrograms, downloaded_module
from tests.processes import until

MODULES = {
    "knative.dev/eventing@v0.47.0": "config/core/resources",
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases",
}
KINDS = {
    *("Broker", "Trigger", "PingSource", "ApiServerSource", "SinkBinding"),
    *("ScaledObject", "TriggerAuthentication"),
}
_SOURCES = GoPrograms("kinds of Knative and KEDA", Path(__file__).parent, {})


def definitions() -> list[dict[str, Any]]:
    """Raises CannotBuildError where the modules are not to be had."""
    files = [
        file
        for module, folder in MODULES.items()
        for file in sorted((downloaded_module(_SOURCES, module).folder / folder).glob("*.yaml"))
    ]
    found = [
        each
        for file in files
        for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))
        if each and each["kind"] == "CustomResourceDefinition"
        if each["spec"]["names"]["kind"] in KINDS
    ]
    assert {each["spec"]["names"]["kind"] for each in found} == KINDS
    return found


@contextmanager
def installed(control_plane: ControlPlane, crds: list[dict[str, Any]]) -> Iterator[None]:
    """Without what they have beside their schema: no webhook of theirs runs here."""
    for crd in crds:
        crd["spec"].pop("conversion", None)
        if len(crd["spec"]["versions"]) > 1:
            crd["spec"]["versions"] = [v for v in crd["spec"]["versions"] if v["storage"]]
    text = yaml.safe_dump_all(crds)
    control_plane.kubectl("apply", "--server-side", "--filename", "-", stdin=text)
    for crd in crds:
        until(partial(is_established, control_plane, crd["metadata"]["name"]))
    try:
        yield
    finally:
        control_plane.kubectl("delete", "--wait=false", "--filename", "-", stdin=text)
