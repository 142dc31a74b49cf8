"""What crosses a border of a list; the client has it without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

MAX_LIMIT = 500

T = TypeVar("T")


@dataclass(frozen=True)
class ListRequest:
    """As it comes from outside; ``sort`` is a name, with ``-`` before it for the reverse."""

    limit: int = 100
    cursor: str | None = None
    sort: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """``next`` is the cursor of the next page; None at the end."""

    items: tuple[T, ...]
    next: str | None
