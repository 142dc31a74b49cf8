"""The commands of docs/api.md do what they say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.asking import Api, event
from tests.processes import TOKEN

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(shutil.which("curl") is None, reason="the commands need curl"),
]

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


def commands() -> str:
    blocks = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 5
    return "\n".join(blocks)


def test_the_commands_run_in_this_order(api: Api, tmp_path: Path) -> None:
    for _ in range(3):
        assert api.post(event(), path="/ns/legal/events").status_code == 202
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", commands()],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "LEXMILL_URL": api.process.url, "LEXMILL_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert api.get("/v1/namespaces/legal/jobs/nda-2026").status_code == 404
    assert api.get("/v1/namespaces/legal/jobs/leases").json()["state"] == "Suspended"
    assert '"outcome":"unmatched"' in done.stdout
