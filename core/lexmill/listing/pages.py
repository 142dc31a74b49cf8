"""The one contract of all lists: `limit`, an opaque `cursor`, filters, `sort`.

A page begins behind the last row of the one before, by the row's own values and on an index, so
that page 1,000 costs what page 1 does. Whatever was there when the reading began, and stays as it
is, comes exactly once; what is added meanwhile comes once or not at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, SQLColumnExpression, tuple_
from sqlalchemy.orm import Session

from lexmill.errors import ErrorClass, LexmillError
from lexmill.listing.cursors import list_digest, read_cursor, write_cursor
from lexmill.listing.filters import Filter, conditions
from lexmill.listing.schemas import MAX_LIMIT, ListRequest, Page

__all__ = ["MAX_LIMIT", "Key", "ListRequest", "Listing", "Page", "read_page"]

T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """A column of an order, never null; ``kind`` is its type in Python."""

    column: SQLColumnExpression[Any]
    kind: type


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that can be read: ``query`` has a column for each field of ``record``.

    The last key of each sort is unique, and an index has namespace and keys in this order.
    ``pins`` names for a sort the filter that says what its first key equals. ``finish`` makes of
    a record what its types say, where a column is JSON.
    """

    name: str
    query: "Select[*tuple[Any, ...]]"
    record: type[T]
    namespace: SQLColumnExpression[str]
    sorts: Mapping[str, tuple[Key, ...]]
    default_sort: str
    filters: Mapping[str, Filter]
    pins: Mapping[str, str] = field(default_factory=dict)
    finish: Callable[[T], T] | None = None


def read_page(
    session: Session, *, listing: Listing[T], namespace: str, request: ListRequest
) -> Page[T]:
    """Raises LexmillError, which says what of the request cannot be."""
    if not 1 <= request.limit <= MAX_LIMIT:
        raise LexmillError(
            "invalid_limit", f"limit is a number from 1 to {MAX_LIMIT}", ErrorClass.DOCUMENT
        )
    sort = listing.default_sort if request.sort is None else request.sort
    keys = listing.sorts.get(sort.removeprefix("-"))
    if keys is None:
        raise LexmillError(
            "invalid_sort",
            f"sort is one of {', '.join(sorted(listing.sorts))}, with - before it for the reverse",
            ErrorClass.DOCUMENT,
        )
    falling = sort.startswith("-")
    columns = [key.column for key in keys]
    query = (
        listing.query.add_columns(*(key.label(f"key_{at}") for at, key in enumerate(columns)))
        .where(
            listing.namespace == namespace,
            *conditions(listing.filters, request.filters, namespace=namespace),
        )
        .order_by(*(column.desc() if falling else column.asc() for column in columns))
        .limit(request.limit + 1)
    )
    digest = list_digest(listing.name, namespace, sort, request.filters)
    if request.cursor is not None:
        last = read_cursor(request.cursor, digest, [key.kind for key in keys])
        # Beside an equality PostgreSQL would not begin at a row comparison of the same column.
        begin = int(listing.pins.get(sort.removeprefix("-"), "") in request.filters)
        here, there = tuple_(*columns[begin:]), tuple_(*last[begin:])
        query = query.where(here < there if falling else here > there)
    rows = session.execute(query).mappings().all()
    shown = rows[: request.limit]
    names = [f"key_{at}" for at in range(len(keys))]
    records = (
        listing.record(**{name: row[name] for name in row if name not in names}) for row in shown
    )
    return Page(
        items=tuple(records if listing.finish is None else map(listing.finish, records)),
        next=write_cursor(digest, [shown[-1][name] for name in names])
        if len(rows) > request.limit
        else None,
    )
