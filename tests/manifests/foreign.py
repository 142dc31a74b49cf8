"""The kinds of Knative and KEDA, from the Go modules that their releases are made of."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.controlplane.control_plane import ControlPlane
from tests.controlplane.fixtures import is_established
from tests.goprograms import GO_ENVIRONMENT, CannotBuildError, GoPrograms, go_program, tell
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
    go = go_program(_SOURCES, tell)
    files = [
        file
        for module, folder in MODULES.items()
        for file in sorted((_source(go, module) / folder).glob("*.yaml"))
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


def _source(go: Path, module: str) -> Path:
    run = subprocess.run(
        [go, "mod", "download", "-json", module],
        cwd="/",  # in no module, so the sum of each is compared with Go's checksum database
        env={**os.environ, **GO_ENVIRONMENT, "GOFLAGS": "-mod=mod"},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise CannotBuildError(f"{module} cannot be downloaded: {run.stdout}{run.stderr}")
    return Path(json.loads(run.stdout)["Dir"])


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
