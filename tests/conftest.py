from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import hypothesis
import pytest

from lexmill_cli.local.postgres import PostgresServer
from lexmill_cli.local.valkey import ValkeyServer, running_valkey
from tests.api.asking import Api, Serving, connected
from tests.processes import Place, Settings, running_api
from tests.servers import database_name, temporary_database, temporary_postgres

pytest_plugins = [
    "tests.controlplane.fixtures",
    "tests.identityserver.fixtures",
    "tests.objectserver.fixtures",
]

SERVERS = {"postgres", "valkey"}

# How fast a shared machine is says nothing about what is tested.
hypothesis.settings.register_profile(
    "shared_machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared_machine")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and SERVERS.intersection(item.fixturenames):
            item.add_marker("servers")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Shared: who stops or kills a server takes one of their own (`temporary_postgres`)."""
    with temporary_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """Shared: use names of your own in it."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def template_database(postgres: PostgresServer) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    import lexmill_migrations  # noqa: PLC0415 - Alembic is not for tests without a database

    with temporary_database(postgres) as url:
        lexmill_migrations.upgrade(url)
        yield database_name(url)


@pytest.fixture
def database(postgres: PostgresServer, template_database: str) -> Iterator[str]:
    """The URL of a fresh migrated database, for the role that is no superuser."""
    with temporary_database(postgres, template=template_database) as url:
        yield url


@pytest.fixture(scope="session")
def serving(
    postgres: PostgresServer,
    valkey: ValkeyServer,
    template_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Serving:
    """`with serving({"LEXMILL_…": "…"}) as api`: each has a database and a folder of its own."""

    @contextmanager
    def serve(more: Mapping[str, str] | None = None, place: Place | None = None) -> Iterator[Api]:
        with temporary_database(postgres, template=template_database) as url:
            folder = tmp_path_factory.mktemp("api")
            settings = Settings(url, valkey.url, folder, more or {}, place)
            with running_api(settings) as process, connected(process, settings) as api:
                yield api

    return serve
