from collections.abc import Iterator

import pytest

from tests.api.asking import Api, Serving

HOUSEKEEPING = {"LEXMILL_TASKS__HOUSEKEEPING_SECONDS": "0.2"}


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    """A process of its own for the module: use names of your own in it."""
    with serving(HOUSEKEEPING) as api:
        yield api
