from collections.abc import Iterator

import pytest

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer
from tests.operator.installation import Installation, running_installation
from tests.processes import OurProcess
from tests.servers import temporary_database


@pytest.fixture(scope="module")
def installation(
    request: pytest.FixtureRequest,
    postgres: PostgresServer,
    valkey: ValkeyServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """API and accounts; each test has its own namespace."""
    control_plane = request.getfixturevalue("control_plane")
    request.getfixturevalue("legaljob_crd")
    folder = tmp_path_factory.mktemp("installation")
    with (
        temporary_database(postgres, template=template_database) as database,
        running_installation(control_plane, valkey, database=database, folder=folder) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def operator(installation: Installation) -> Iterator[OurProcess]:
    """Shared by tests that do not stop it; it watches all namespaces."""
    with installation.running_operator() as running:
        yield running
