"""One storm in `make test`; `make chaos SEEDS=20` has more."""

import os
import sys
from pathlib import Path

import pytest

from tests.chaos.scenario import run_seed

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("chaos")]


def test_nothing_is_lost_nor_done_twice_in_a_storm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run_seed(int(os.environ.get("CHAOS_SEED", "1")), tmp_path / "home")
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert not report.wrong, str(report)
