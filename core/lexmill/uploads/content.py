"""What may come in, by its content: nothing is parsed here, that is for the sandbox."""

import re
import unicodedata
from typing import Final

from lexmill.errors import ErrorClass, LexmillError
from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing.decoding import decode
from lexmill_legal.parsing.media import binary_format

HEAD_BYTES: Final = 65_536
_LONGEST_NAME: Final = 200
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9]{1,10}\Z")


def check_beginning(head: bytes) -> None:
    """Raises LexmillError where the first bytes are of no kind of file that Lexmill reads.

    The name and the declared type are not asked: neither says what a file is.
    """
    try:
        readable = binary_format(head) is not None or decode(head) is not None
    except DocumentError as error:
        raise LexmillError("unsupported_content", error.message, ErrorClass.DOCUMENT) from error
    if not readable:
        raise LexmillError(
            "unsupported_content",
            "The file is neither text nor in a format that Lexmill knows; save it as PDF.",
            ErrorClass.DOCUMENT,
        )


def check_checksum(found: str, announced: str | None) -> None:
    """Raises LexmillError where something else came than its sender meant to send."""
    if announced is not None and found != announced:
        raise LexmillError(
            "checksum_mismatch",
            f"the file that came has the SHA-256 {found}, not the one that was announced; send it"
            " again",
            ErrorClass.DOCUMENT,
        )


def cleaned_name(name: str) -> str:
    """The last part of a path, of whatever system, without what cannot be seen or is no name."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    cleaned = " ".join(seen.split()).strip(". ")
    if len(cleaned) > _LONGEST_NAME:
        suffix = _SUFFIX.search(cleaned)
        end = suffix[0] if suffix else ""
        cleaned = cleaned[: _LONGEST_NAME - len(end)] + end
    return cleaned or "document"
