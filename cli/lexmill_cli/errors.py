"""What ends a command, with the exit code that says so to a machine."""

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    UNFINISHED = 1
    """Something ended `failed` or `dead`."""
    MISUSE = 2
    """The command, a path, a job or a playbook is wrong."""
    UNAVAILABLE = 3
    """The system cannot run here and now: a port in use, no space."""
    INTERRUPTED = 130


@dataclass(eq=False)
class CommandError(Exception):
    """One sentence for the person who typed the command."""

    exit: Exit
    message: str

    def __str__(self) -> str:
        return self.message
