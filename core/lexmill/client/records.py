"""Record keeping: legal holds, the tombstones of what was purged, matters."""

import uuid
from datetime import datetime
from typing import Literal, TypedDict, Unpack
from urllib.parse import quote

from lexmill.client.connection import Connection, Rows, address, decoded
from lexmill.records.schemas import HoldRow, MatterRow, TombstoneRow


class HoldFilters(TypedDict, total=False):
    job: uuid.UUID | None
    document: uuid.UUID | None
    matter: str | None
    case: str | None
    state: Literal["held", "released"] | None
    placed_from: datetime | None
    placed_before: datetime | None


class TombstoneFilters(TypedDict, total=False):
    job: uuid.UUID | None
    cause: Literal["retention", "request"] | None
    purged_from: datetime | None
    purged_before: datetime | None


class Holds:
    """While there is one nothing that it covers is purged; they are released, never deleted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[HoldFilters]
    ) -> Rows[HoldRow]:
        """Released ones too, the newest first."""
        return Rows(self._connection, _holds(namespace), HoldRow, {"sort": sort, **filters})

    def get(self, namespace: str, hold: uuid.UUID) -> HoldRow:
        return self._connection.read(_holds(namespace, hold), HoldRow)

    def place(
        self,
        namespace: str,
        *,
        case: str,
        reason: str,
        job: uuid.UUID | None = None,
        document: uuid.UUID | None = None,
        matter: str | None = None,
    ) -> HoldRow:
        """On exactly one of job, document and matter."""
        named = {"job": job, "document": document, "matter": matter}
        body = {"case": case, "reason": reason, **{k: v for k, v in named.items() if v is not None}}
        return decoded(self._connection.once(_holds(namespace), body), HoldRow)

    def release(self, namespace: str, hold: uuid.UUID, *, reason: str) -> HoldRow:
        path = _holds(namespace, hold, "release")
        return decoded(self._connection.once(path, {"reason": reason}), HoldRow)


class Tombstones:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[TombstoneFilters]
    ) -> Rows[TombstoneRow]:
        """What was purged last comes first."""
        path = address("namespaces", namespace, "tombstones")
        return Rows(self._connection, path, TombstoneRow, {"sort": sort, **filters})


class Matters:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, namespace: str, *, sort: str | None = None) -> Rows[MatterRow]:
        path = address("namespaces", namespace, "matters")
        return Rows(self._connection, path, MatterRow, {"sort": sort})

    def get(self, namespace: str, matter: str) -> MatterRow:
        # A matter's name may have slashes, which proxies do not leave encoded.
        path = f"{address('namespaces', namespace, 'matters')}/{quote(matter)}"
        return self._connection.read(path, MatterRow)


def _holds(namespace: str, *parts: str | uuid.UUID) -> str:
    return address("namespaces", namespace, "holds", *parts)
