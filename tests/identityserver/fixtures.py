"""A pytest plugin; `tests/conftest.py` names it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lexmill_cli.local.postgres import PostgresServer
from tests.goprograms import built_or_skipped
from tests.identityserver.hydra import HYDRA, Hydra, running_hydra
from tests.servers import conninfo, temporary_database


@pytest.fixture(scope="session")
def hydra_binaries(pytestconfig: pytest.Config) -> Path:
    return built_or_skipped(HYDRA, pytestconfig)


@pytest.fixture(scope="session")
def hydra(
    hydra_binaries: Path, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hydra]:
    """Shared: its clients are made by each test; who stops it takes one of their own."""
    with (
        temporary_database(postgres) as url,
        running_hydra(hydra_binaries, tmp_path_factory.mktemp("hydra"), conninfo(url)) as running,
    ):
        yield running
