"""A child process per call that can only compute: bytes in, bytes out (`Sandbox`); and external
programs on files of a private folder (`run_program`).

Documents come from outside and are read by large C libraries, so the reading is done where a
take-over gains nothing: no file, socket or process can be opened, the environment is empty, the
worker's memory is out of reach, and memory, time and answer are limited.
"""

from lexmill_workers.sandbox.errors import CODES, Kind, SandboxError, SandboxUnavailableError
from lexmill_workers.sandbox.forkserver import Sandbox
from lexmill_workers.sandbox.limits import Limits
from lexmill_workers.sandbox.programs import (
    PROGRAM_LIMITS,
    ProgramResult,
    is_installed,
    run_program,
)

__all__ = [
    "CODES",
    "PROGRAM_LIMITS",
    "Kind",
    "Limits",
    "ProgramResult",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailableError",
    "is_installed",
    "run_program",
]
