"""Cursors: where the next page begins, as a text that says nothing to the caller.

Not signed, since there is nothing to gain: who makes one up gets a page of what may be read
anyway, beginning somewhere else. It is bound to the list that it came from all the same, because
a cursor under other filters or another order is a mistake that would silently leave rows out.
"""

import hashlib
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from lexmill.errors import ErrorClass, LexmillError

_LONGEST: Final = 4_096


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    version: Literal[1]
    list: bytes
    key: tuple[str | int, ...]


def list_digest(name: str, namespace: str, sort: str, filters: Mapping[str, str]) -> bytes:
    """Of everything that decides which rows come in which order; the page's size does not."""
    parts = [name, namespace, sort, *(f"{key}={filters[key]}" for key in sorted(filters))]
    return hashlib.sha256(msgspec.json.encode(parts)).digest()[:8]


def write_cursor(digest: bytes, key: Sequence[Any]) -> str:
    cursor = _Cursor(1, digest, tuple(_plain(part) for part in key))
    return urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def read_cursor(text: str, digest: bytes, types: Sequence[type]) -> tuple[Any, ...]:
    """The key of the last row before the page. Raises LexmillError."""
    try:
        raw = urlsafe_b64decode(text[:_LONGEST].encode("ascii") + b"=" * (-len(text) % 4))
        cursor = msgspec.msgpack.decode(raw, type=_Cursor)
        if cursor.list == digest:
            return tuple(_typed(part, kind) for part, kind in zip(cursor.key, types, strict=True))
    except (ValueError, Base64Error, msgspec.DecodeError) as error:
        raise LexmillError(
            "invalid_cursor",
            "this is no cursor of this version; begin again without one",
            ErrorClass.DOCUMENT,
        ) from error
    raise LexmillError(
        "invalid_cursor",
        "this cursor belongs to a list with other filters or another order; begin again without",
        ErrorClass.DOCUMENT,
    )


def _plain(part: Any) -> str | int:
    if isinstance(part, datetime):
        return part.isoformat()
    return part if isinstance(part, int) else str(part)


def _typed(part: str | int, kind: type) -> Any:
    """Raises ValueError."""
    if kind is int:
        if not isinstance(part, int) or not 0 <= part < 2**63:
            raise ValueError
        return part
    if not isinstance(part, str) or "\0" in part:
        raise ValueError
    if kind is datetime:
        time = datetime.fromisoformat(part)
        if time.tzinfo is None:
            raise ValueError
        return time
    return uuid.UUID(part) if kind is uuid.UUID else part
