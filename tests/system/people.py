"""Other users of the machine: what root may, an ordinary person often may not."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

import pytest

from tests.system.commands import LEXMILL, Workplace

requires_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")

USER = 65534
"""nobody: the only ordinary user that every machine has."""

AS_USER = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--")


@contextmanager
def ordinary_user(readable: Path) -> Iterator[Workplace]:
    """A workplace of somebody who is not root, in a folder of their own; else of ourselves.

    ``readable`` gets open to them, as a folder in /tmp would be.
    """
    folder = Path(tempfile.mkdtemp(prefix="lexmill-person-"))
    try:
        if os.geteuid() != 0:
            yield Workplace(folder)
            return
        for parent in readable.parents:
            if not _is_open(parent):
                parent.chmod(parent.stat().st_mode | 0o011)
        readable.chmod(readable.stat().st_mode | 0o055)
        start = (*_opened(sys.base_prefix, sys.prefix, LEXMILL.parents[2], readable), *AS_USER)
        probe = [*start, sys.executable, "-c", "import lexmill_cli.main"]
        if subprocess.run(probe, check=False, capture_output=True, cwd=folder).returncode != 0:
            pytest.skip("no other user can be made to start this Python")
        os.chown(folder, USER, USER)
        yield Workplace(
            folder, (*start, str(LEXMILL)), {"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        )
    finally:
        name = hashlib.sha256(os.fsencode((folder / ".lexmill").resolve())).hexdigest()[:16]
        shutil.rmtree(f"/tmp/lexmill-{folder.stat().st_uid}-{name}", ignore_errors=True)
        shutil.rmtree(folder)


def _opened(*paths: str | Path) -> tuple[str, ...]:
    """What starts a command for which these folders can be reached, also those in root's home.

    In a mount name space of its own, a closed folder on the way has only them in it.
    """
    closed: dict[Path, list[Path]] = {}
    for path in map(Path, paths):
        gate = next((each for each in reversed(path.parents) if not _is_open(each)), None)
        if gate is not None:
            closed.setdefault(gate, []).append(path)
    if not closed:
        return ()
    script = ["set -e", "aside=$(mktemp -d)", 'mount -t tmpfs none "$aside"']
    for gate, wanted in closed.items():
        for number, path in enumerate(wanted):
            kept = f'"$aside"/{number}'
            script += [f"mkdir {kept}", f"mount --bind {quote(str(path))} {kept}"]
        script.append(f"mount -t tmpfs -o mode=755 none {quote(str(gate))}")
        for number, path in enumerate(wanted):
            there = quote(str(path))
            script += [f"mkdir -p {there}", f'mount --bind "$aside"/{number} {there}']
    script.append('exec "$@"')
    return ("unshare", "--mount", "sh", "-c", "\n".join(script), "sh")


def _is_open(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)
