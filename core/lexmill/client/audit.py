from typing import TypedDict, Unpack

from lexmill.audit.schemas import AuditEntry
from lexmill.client.connection import Connection, Rows, address


class AuditFilters(TypedDict, total=False):
    sha256: str | None
    field: str | None
    actor: str | None
    action: str | None


class Audit:
    """The audit trail; whoever verifies it reads it whole."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[AuditFilters]
    ) -> Rows[AuditEntry]:
        """From its beginning."""
        path = address("namespaces", namespace, "audit")
        return Rows(self._connection, path, AuditEntry, {"sort": sort, **filters})
