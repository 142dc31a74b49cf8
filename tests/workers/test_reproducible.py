"""The same documents and versions give the same bytes, wherever and whenever they are worked on."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
YEAR_SECONDS = 366 * 86_400


def run(
    *arguments: str, folder: Path, umask: int, **environment: str
) -> tuple[dict[str, str], dt.datetime]:
    """What one process made of the samples, by name, as hashes; and its idea of the time."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH", "")])])
    ended = subprocess.run(
        [sys.executable, "-m", "tests.workers.elsewhere", *arguments],
        check=True,
        capture_output=True,
        cwd=folder,
        umask=umask,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
    )
    said = json.loads(ended.stdout)
    return said["hashes"], dt.datetime.fromisoformat(said["now"])


def test_nothing_of_the_machine_is_in_the_results(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "там и тут"
    here.mkdir()
    there.mkdir()
    first, today = run(
        "0",
        folder=here,
        umask=0o022,
        PYTHONHASHSEED="1",
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        PYTHONUTF8="0",
        HOME=str(here),
    )
    second, long_ago = run(
        str(-7 * YEAR_SECONDS - 12_345),
        "reversed",
        folder=there,
        umask=0o077,
        PYTHONHASHSEED="4242",
        TZ="America/Los_Angeles",
        LC_ALL="C.UTF-8",
        LANG="tr_TR.UTF-8",
        OMP_NUM_THREADS="1",
        TMPDIR=str(there),
    )
    assert today - long_ago > dt.timedelta(days=7 * 365)
    assert {"results.jsonl", "relations.jsonl", "report.xlsx", "index.html"} <= set(first)
    assert [name for name in first if first[name] != second.get(name)] == []
    assert set(first) == set(second)
