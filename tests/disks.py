"""Small disks, which a test can fill. Only root can mount them: `tests.system.people`."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(folder: Path, *, kibibytes: int = 1024) -> Iterator[Path]:
    """A real one, empty, at ``folder``; the test is skipped where nothing can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "none", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(full: Path, *, but: int = 0) -> Path:
    """The file that fills the disk, but for some bytes."""
    free = os.statvfs(full)
    filler = full / "filler"
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - but))
    return filler
