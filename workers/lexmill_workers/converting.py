"""Formats that only another program reads: Word 97 (.doc) by antiword."""

from threading import Event
from typing import Final

from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill_workers.sandbox import Limits, SandboxError, is_installed, run_program
from lexmill_workers.sandbox.limits import MIB

ANTIWORD: Final = "antiword"
MISSING: Final = (
    "This is a Word 97 document (.doc). To read it the program antiword is needed where the workers"
    " run (the package antiword); or save the document as .docx or PDF."
)
_LIMITS: Final = Limits(
    memory_bytes=512 * MIB,
    file_bytes=256 * MIB,
    result_bytes=64 * MIB,
    cpu_seconds=60,
    wall_seconds=120,
)


def convert_doc(data: bytes, *, lost: Event, allow_without_seccomp: bool) -> bytes | None:
    """The document's text as antiword writes it; None where antiword is not installed.

    Raises LexmillError for a document that it cannot read.
    """
    if not is_installed(ANTIWORD):
        return None
    try:
        result = run_program(
            [ANTIWORD, "-m", "UTF-8.txt", "-w", "0", "document.doc"],
            input_files={"document.doc": data},
            limits=_LIMITS,
            cancelled=lost.is_set,
            allow_without_seccomp=allow_without_seccomp,
        )
    except SandboxError as error:
        if lost.is_set():
            raise ClaimLostError from error
        kind = ErrorClass.OURS if error.retryable else ErrorClass.DOCUMENT
        raise LexmillError(error.code, error.message, kind) from error
    if result.exit_code != 0 or not result.stdout.strip():
        raise LexmillError(
            "corrupt",
            "The Word 97 document is damaged, protected or older than Word 6; save it as .docx"
            " or PDF.",
            ErrorClass.DOCUMENT,
        )
    return result.stdout
