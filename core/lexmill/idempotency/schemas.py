from collections.abc import Mapping

import msgspec


class RequestKey(msgspec.Struct, frozen=True, kw_only=True):
    """``request`` is a digest of all that was asked; the same key with another is a mistake."""

    caller: str
    key: str
    request: bytes


class StoredAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    headers: Mapping[str, str]
    body: bytes
