from dataclasses import dataclass
from typing import Literal

from lexmill_workers.sandbox.limits import MIB, Limits

Kind = Literal["timeout", "cpu", "memory", "output", "crashed", "cancelled", "died", "error"]

CODES: dict[Kind, str] = {
    "timeout": "time_limit",
    "cpu": "time_limit",
    "memory": "memory_limit",
    "output": "result_too_large",
    "crashed": "parser_crashed",
    "cancelled": "cancelled",
    "died": "interrupted",
    "error": "internal_error",
}
"""The stable code that a document's error carries, by what happened to its child."""


@dataclass(eq=False)  # not frozen: Python sets an exception's traceback on its way
class SandboxError(Exception):
    """A call that gave no result.

    ``code`` and ``message`` are for the document's error: they say nothing of its content.
    ``retryable`` is False where another try would end the same: the document's own fault.
    ``detail`` is for our logs: a signal, an exit code, or an exception's type. ``locations`` are
    places in code, innermost last, without any variable's value.
    """

    kind: Kind
    message: str
    retryable: bool
    detail: str = ""
    locations: tuple[str, ...] = ()
    signal: int | None = None
    cpu_seconds: float | None = None

    @property
    def code(self) -> str:
        return CODES[self.kind]

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


class SandboxUnavailableError(Exception):
    """Nothing can be sandboxed here: the kernel lacks a part, or the template does not start."""


_MESSAGES: dict[Kind, str] = {
    "timeout": (
        "The document could not be read within {wall_seconds:g} seconds; it may be damaged or very "
        "large. Save it anew or split it, and send it again."
    ),
    "cpu": (
        "Reading the document takes more than {cpu_seconds} seconds of computing; it may be "
        "damaged or very large. Save it anew or split it, and send it again."
    ),
    "memory": (
        "Reading the document takes more than {memory_mib} MiB of memory; it may be damaged or "
        "very large. Save it anew or split it, and send it again."
    ),
    "output": ("The document unpacks to more than {result_mib} MiB; split it, and send it again."),
    "crashed": (
        "The program that reads such files broke down on this document, which is probably damaged. "
        "Open it, save it anew, and send it again."
    ),
    "cancelled": "The work on the document was cancelled.",
    "died": "The work on the document was interrupted from outside; it can be tried again.",
    "error": "Lexmill made an error while it worked on the document; its log has the details.",
}


def public_message(kind: Kind, limits: Limits) -> str:
    """What the document's owner reads."""
    return _MESSAGES[kind].format(
        wall_seconds=limits.wall_seconds,
        cpu_seconds=limits.cpu_seconds,
        memory_mib=limits.memory_bytes // MIB,
        result_mib=limits.result_bytes // MIB,
    )
