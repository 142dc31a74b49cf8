"""Whatever the OpenAPI document allows or forbids, asked of the running API.

No 5xx, nothing that the document does not say: statuses, content types, headers, bodies. What it
takes is configured in schemathesis.toml, for people too, with LEXMILL_TEST_TOKEN set:

    schemathesis --config-file tests/api/schemathesis.toml run URL/v1/openapi.json
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.asking import Api, Serving, event
from tests.api.test_contents import ended, working
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

NAMESPACE = "schemathesis"
# Some are deleted on the way.
DOCUMENTS = 20
CONFIG = Path(__file__).with_name("schemathesis.toml")
# Far above what it takes: a loaded machine is no failure.
SECONDS = 1200


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    more = {"LEXMILL_API__REQUESTS_PER_MINUTE": "1000000"}
    with serving(more) as api:
        uid = api.declare(NAMESPACE)
        for _ in range(DOCUMENTS):
            assert api.post(event(), path=f"/ns/{NAMESPACE}/events").status_code == 202
        with working(
            api, NAMESPACE, uid, LEXMILL_API__CONTROL_TOKEN=TOKEN
        ):  # as it has the settings
            ended(api, uid)
        for number in range(DOCUMENTS):
            body = {"name": f"listens-{number}", "spec": {"trigger": {}}}
            assert api.order(f"{NAMESPACE}/jobs", body).status_code == 201
        yield api


def test_everything_is_as_the_document_says(api: Api, tmp_path: Path) -> None:
    # Not pytest's own plugin of schemathesis, which knows one operation at a time and no sequences.
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("--config-file", str(CONFIG)),
            *("run", f"{api.process.url}/v1/openapi.json"),
            *("--checks", "all", "--phases", "examples,coverage,fuzzing,stateful"),
        ],
        env={
            **os.environ,
            "LEXMILL_TEST_TOKEN": TOKEN,
            "SCHEMATHESIS_HOOKS": str(CONFIG.with_name("schemathesis_hooks.py")),
        },
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    assert api.process.is_ready
    defects = [line for line in api.process.lines() if line.get("level") in {"error", "critical"}]
    assert defects == []
