from typing import Any

import msgspec


class NewEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is about to be done: ``subject`` says to what, as names and hashes."""

    actor: str
    action: str
    subject: dict[str, Any]
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it is kept; hashes are hexadecimal."""

    namespace: str
    number: int
    entry: str
    previous: str
    hash: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The last link: who notes it elsewhere can tell later that nothing before it is gone."""

    number: int
    hash: str


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """The first link that does not hold, and a sentence about it."""

    number: int
    reason: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """``head`` is the last link that holds."""

    namespace: str
    entries: int
    head: Head
    broken: Break | None = None
