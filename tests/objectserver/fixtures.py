"""A pytest plugin; `tests/conftest.py` names it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.goprograms import built_or_skipped
from tests.objectserver.versitygw import VERSITYGW, ObjectServer, running_object_server
from tests.processes import Place


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and (
            "object_server" in item.fixturenames or _is_on_s3(item)
        ):
            item.add_marker("servers")


def _is_on_s3(item: pytest.Function) -> bool:
    return hasattr(item, "callspec") and item.callspec.params.get("store") == "s3"


@pytest.fixture(scope="session")
def object_server_binaries(pytestconfig: pytest.Config) -> Path:
    return built_or_skipped(VERSITYGW, pytestconfig)


@pytest.fixture(scope="session")
def object_server(
    object_server_binaries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectServer]:
    """Shared, a bucket for each test; who stops it takes one of their own.

    Its settings are in this process's environment from now on.
    """
    folder = tmp_path_factory.mktemp("object-server")
    with (
        running_object_server(object_server_binaries, folder) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="session", params=["file", "s3"])
def store(request: pytest.FixtureRequest) -> str:
    """Which kind of place `place` is: what asks for it runs on each."""
    kind: str = request.param
    return kind


@pytest.fixture
def place(
    store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    return new_place(store, request, tmp_path_factory)


@pytest.fixture(scope="module")
def module_place(
    store: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Place:
    """For fixtures of a module; otherwise as `place`."""
    return new_place(store, request, tmp_path_factory)


def new_place(store: str, request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Place:
    if store == "file":
        folder = folders.mktemp("objects")
        return Place(folder.as_uri(), folder, {})
    server: ObjectServer = request.getfixturevalue("object_server")
    return server.place()
