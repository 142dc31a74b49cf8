from collections.abc import Iterator

import pytest

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer
from tests.api.asking import Api, connected
from tests.processes import Settings, running_api
from tests.servers import temporary_database

HOUSEKEEPING = {"LEXMILL_TASKS__HOUSEKEEPING_SECONDS": "0.2"}


@pytest.fixture(scope="module")
def api(
    postgres: PostgresServer,
    valkey: ValkeyServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Api]:
    """A process of its own for the module: use names of your own in it."""
    folder = tmp_path_factory.mktemp("api")
    with temporary_database(postgres, template=template_database) as url:
        settings = Settings(url, valkey.url, folder, HOUSEKEEPING)
        with running_api(settings) as process, connected(process, settings) as api:
            yield api
