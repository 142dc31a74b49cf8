"""Wheels that one kind of test needs: in the user's cache folder, not in any environment."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Tell = Callable[[str], None]


class CannotInstallError(Exception):
    """pip's reason."""


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lexmill"


def installed(name: str, lock: Path, *, tell: Callable[[], None]) -> Path:
    """The folder with what ``lock`` names, with hashes; ``tell`` is called before it is fetched."""
    home = cache_folder() / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not home.exists():
        tell()
        unfinished = home.with_name(f"{home.name}.{os.getpid()}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _install(lock, unfinished)
        try:
            unfinished.rename(home)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return home


def _install(lock: Path, folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile"),
        *("--target", str(folder), "--requirement", str(lock)),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        reason = run.stderr.strip().splitlines()[-1:] or ["pip gave no reason"]
        raise CannotInstallError(reason[0])
