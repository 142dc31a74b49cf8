import uuid
from collections.abc import Collection
from typing import Literal, TypedDict, Unpack

from lexmill.access.schemas import IssuedToken, TokenRecord
from lexmill.client.connection import Connection, Rows, address, decoded


class TokenFilters(TypedDict, total=False):
    state: Literal["good", "ended"] | None
    name: str | None


class Tokens:
    """Lexmill's own, of programs without an identity."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[TokenFilters]
    ) -> Rows[TokenRecord]:
        """Without their secrets; revoked and expired ones too."""
        return Rows(self._connection, _path(namespace), TokenRecord, {"sort": sort, **filters})

    def issue(
        self, namespace: str, *, name: str, roles: Collection[str], days: int = 90
    ) -> IssuedToken:
        """Sent once, whatever comes of it: its secret is shown in the answer alone."""
        body = {"name": name, "roles": sorted(roles), "days": days}
        return decoded(self._connection.send("POST", _path(namespace), body), IssuedToken)

    def revoke(self, namespace: str, token: uuid.UUID) -> TokenRecord:
        answer = self._connection.send("DELETE", _path(namespace, token))
        return decoded(answer, TokenRecord)


def _path(namespace: str, *parts: uuid.UUID) -> str:
    return address("namespaces", namespace, "tokens", *parts)
