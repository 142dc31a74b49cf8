"""How lists and single things are shown: a table for people, JSON for machines."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Limit = Annotated[int, typer.Option(min=1, help="Most rows that are shown.")]
Everything = Annotated[bool, typer.Option("--all", help="All rows, however many.")]

Columns = Mapping[str, Callable[[T], object]]


def show_list(
    rows: Iterable[T], columns: Columns[T], *, limit: int | None, as_json: bool, nothing: str
) -> None:
    """Machines get what people would see: an array, cut at the same row."""
    shown = list(rows if limit is None else islice(rows, limit + 1))
    more = limit is not None and len(shown) > limit
    shown = shown[:limit]
    if as_json:
        show_json(shown)
    console = Console(stderr=True)
    if not as_json:
        table = Table(*columns, header_style="bold")
        for row in shown:
            table.add_row(*(Text(_cell(read(row))) for read in columns.values()))
        console.print(table if shown else nothing)
    if more:
        console.print(f"There are more than {limit}: --limit or --all shows them.")


def show_one(value: object, fields: Mapping[str, object], *, as_json: bool) -> None:
    """``fields`` is what people see of it."""
    if as_json:
        show_json(value)
        return
    table = Table(show_header=False, box=None)
    for name, field in fields.items():
        if field not in {None, ""}:
            table.add_row(Text(name, "bold"), Text(_cell(field)))
    Console(stderr=True).print(table)


def show_json(value: Any) -> None:
    print(msgspec.json.encode(value).decode())  # noqa: T201 - the machine's answer


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)
