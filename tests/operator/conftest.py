from collections.abc import Iterator
from pathlib import Path

import pytest

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer
from tests.controlplane.control_plane import ControlPlane
from tests.operator.installation import Installation, running_installation
from tests.processes import OurProcess


@pytest.fixture(scope="package")
def installation(
    control_plane: ControlPlane,
    legaljob_crd: None,
    postgres: PostgresServer,
    valkey: ValkeyServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """API and accounts; each test has its own namespace."""
    folder = tmp_path_factory.mktemp("installation")
    with running_installation(
        control_plane, postgres=postgres, valkey=valkey, database="", folder=folder
    ) as running:
        yield running


@pytest.fixture(scope="package")
def operator(installation: Installation) -> Iterator[OurProcess]:
    """Shared by tests that do not stop it; it watches all namespaces."""
    with installation.running_operator() as running:
        yield running
