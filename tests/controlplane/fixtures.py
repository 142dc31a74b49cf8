"""A pytest plugin; `tests/conftest.py` names it."""

import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.controlplane.build import CONTROL_PLANE
from tests.controlplane.control_plane import ControlPlane, running_control_plane
from tests.goprograms import built_or_skipped
from tests.processes import until

CRDS = Path(__file__).parents[2] / "manifests" / "crds"


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "control_plane" in item.fixturenames:
            item.add_marker("controlplane")


@pytest.fixture(scope="session")
def control_plane_binaries(pytestconfig: pytest.Config) -> Path:
    return built_or_skipped(CONTROL_PLANE, pytestconfig)


@pytest.fixture(scope="session")
def control_plane(
    control_plane_binaries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ControlPlane]:
    """Shared: who stops a part of it starts that again. Writes are counted."""
    folder = tmp_path_factory.mktemp("control-plane")
    with running_control_plane(control_plane_binaries, folder, count_writes=True) as running:
        yield running


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A fresh one that pods can be made in; deleted afterwards, which nobody waits for."""
    name = f"test-{secrets.token_hex(4)}"
    http = control_plane.http
    http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
    account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
    until(lambda: http.get(account).is_success)
    yield name
    http.delete(f"/api/v1/namespaces/{name}").raise_for_status()


@pytest.fixture(scope="session")
def legaljob_crd(control_plane: ControlPlane) -> None:
    """LegalJobs can be made."""
    install_legaljobs(control_plane)


def install_legaljobs(control_plane: ControlPlane) -> None:
    file = CRDS / "legaljobs.yaml"
    crd = yaml.safe_load(file.read_text(encoding="utf-8"))
    control_plane.kubectl("apply", "--server-side", "--filename", str(file))
    spec = crd["spec"]
    paths = [
        f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
        for version in spec["versions"]
    ]
    # Not `kubectl wait`: it fails where the object has no conditions yet.
    until(lambda: is_established(control_plane, crd["metadata"]["name"]))
    until(lambda: all(control_plane.http.get(path).is_success for path in paths))
    # Garbage collection looks for new kinds every 30 seconds, and when it starts.
    control_plane.servers["controllers"].stop(signal.SIGKILL)
    control_plane.servers["controllers"].start()


def is_established(control_plane: ControlPlane, crd: str) -> bool:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd}"
    status = control_plane.http.get(path).raise_for_status().json().get("status", {})
    return any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in status.get("conditions") or []
    )
