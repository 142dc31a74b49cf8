import errno
from dataclasses import dataclass
from pathlib import Path


# Not frozen, though nobody should write to it: contextlib sets ``__traceback__`` on an exception
# that passes a ``@contextmanager``, and a frozen one would turn into a FrozenInstanceError there.
@dataclass(eq=False)
class LocalSystemError(Exception):
    """This machine cannot run the system now; the message says in one sentence what to do."""

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


def from_os_error(error: OSError, folder: Path) -> LocalSystemError:
    """What the operating system refused, said so that a person can act on it."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return LocalSystemError(
            "no_space",
            f"No space is left on the disk that holds {folder}: free some and try again.",
        )
    refused = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
    if error.errno in refused:
        return LocalSystemError(
            "home_not_writable",
            f"{error.filename or folder} cannot be used ({error.strerror}): "
            "give yourself access to it or choose another folder for Lexmill's data.",
        )
    return LocalSystemError(
        "system_refused",
        f"The system refused something that Lexmill needs ({error.strerror or error}) "
        f"at {error.filename or folder}.",
    )
