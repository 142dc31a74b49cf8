"""What a server keeps on the disk beside its data: its lock, its secret, its log."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import TextIO

from lexmill_cli.local.errors import LocalSystemError

MAX_LOG_BYTES = 10_000_000


def private_folder(path: Path) -> bool:
    """Make it, for us alone; True when it was not there. What is there is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
        return False
    return True


def hold(folder: Path) -> TextIO:
    """Take the folder's lock; it ends with ``close()`` or with this process, however it dies."""
    lock = (folder / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise LocalSystemError(
            "home_in_use",
            f"Another Lexmill (process {holder}) is using {folder.parent}: "
            "stop it first, or choose another folder for Lexmill's data with --home.",
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def secret(path: Path) -> str:
    """The random password in this file, which only we can read; made when it is not there."""
    if not path.exists() or not path.read_text(encoding="ascii"):  # empty: the power went
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
            file.write(secrets.token_hex(32))
        draft.replace(path)
    return path.read_text(encoding="ascii")


def bounded_log(path: Path) -> Path:
    """The log, emptied when it has grown too large; it is for looking at the last few starts."""
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        os.truncate(path, 0)
    return path
