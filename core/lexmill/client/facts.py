"""What was found in all documents of a namespace: of each document in its newest result."""

import uuid
from datetime import date
from typing import TypedDict, Unpack

from lexmill.client.connection import Connection, Rows, address
from lexmill.results.schemas import FactRow, FindingRow, Method, Outcome, Severity


class _OfDocuments(TypedDict, total=False):
    document: uuid.UUID | None
    job: uuid.UUID | None
    matter: str | None
    sha256: str | None


class FactFilters(_OfDocuments, total=False):
    """``since`` and ``before`` are about dates, ``min`` and ``max`` about amounts in their
    ``currency``, percentages, and the days of durations.
    """

    field: str | None
    value: str | None
    value_prefix: str | None
    role: str | None
    currency: str | None
    since: date | None
    before: date | None
    min: float | None
    max: float | None
    firm: bool | None
    method: Method | None


class FindingFilters(_OfDocuments, total=False):
    rule: str | None
    result: Outcome | None
    severity: Severity | None
    playbook_sha256: str | None


class Facts:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[FactFilters]
    ) -> Rows[FactRow]:
        """By field and value."""
        query = {"sort": sort, **filters}
        query["from"] = query.pop("since", None)  # a name that Python keeps to itself
        return Rows(
            self._connection, address("namespaces", namespace, "facts"), FactRow, _decimal(query)
        )


class Findings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, namespace: str, *, sort: str | None = None, **filters: Unpack[FindingFilters]
    ) -> Rows[FindingRow]:
        """What failed comes first."""
        path = address("namespaces", namespace, "findings")
        return Rows(self._connection, path, FindingRow, {"sort": sort, **filters})


def _decimal(query: dict[str, object]) -> dict[str, object]:
    """Python would write a large number with an exponent."""
    numbers = {name: f"{value:f}" for name, value in query.items() if isinstance(value, float)}
    return query | numbers
