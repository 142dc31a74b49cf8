"""What a caller read is what they change: versions of things that more than one may change."""

import hashlib
from collections.abc import Collection

import msgspec

from lexmill.errors import ErrorClass, LexmillError


def version_of(*parts: object) -> str:
    """16 hexadecimal digits, equal where all parts are equal."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]


def check_version(version: str, expected: Collection[str] | None) -> None:
    """Raises LexmillError unless the version is one of those expected; None expects nothing.

    The caller holds the row's lock, so that nobody changes it between this and the change.
    """
    if expected is not None and version not in expected:
        raise LexmillError(
            "changed_meanwhile",
            "somebody has changed it since you read it; read it again",
            ErrorClass.DOCUMENT,
        )
