"""How lists and single things are shown: a table for people, JSON for machines."""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, TypeVar
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill.client.connection import Rows
from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.results import file_name

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Out = Annotated[Path | None, typer.Option(help="The file to write; default: stdout.")]

Columns = Mapping[str, Callable[[T], object]]

_WHOLE: Final = (UUID, date, int, float)
"""What is of no use in parts: columns of these are never folded, nor are those of short words."""
_SHORT: Final = 12
_UNBOUND: Final = 10_000
_LINE: Final = 160


@dataclass(frozen=True)
class Cut:
    """How much of a list is shown, and how."""

    limit: Annotated[int, typer.Option(min=1, help="Most rows that are shown.")] = 100
    everything: Annotated[bool, typer.Option("--all", help="All rows, however many.")] = False
    sort: Annotated[
        str | None, typer.Option(help="The order, as docs/api.md names them; - for the reverse.")
    ] = None
    wide: Annotated[
        bool, typer.Option("--wide", "-w", help="All columns, each row in one line.")
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False


def show_list(
    rows: Rows[T] | Iterable[T],
    columns: Columns[T],
    cut: Cut,
    *,
    nothing: str,
    more: Columns[T] | None = None,
    encode: Callable[[T], bytes] = msgspec.json.encode,
) -> None:
    """Machines get whole records, people the columns, and ``more`` if they want it wide."""
    most = None if cut.everything else cut.limit
    beyond = None if most is None else most + 1
    found = rows.first(beyond) if isinstance(rows, Rows) else iter(rows)
    shown = islice(found, most)
    if cut.as_json:
        for row in shown:
            _write_line(encode(row))
    elif table := list(shown):
        read = {**columns, **(more or {})} if cut.wide else columns
        values = [[each(row) for each in read.values()] for row in table]
        show_table(list(read), values, wide=cut.wide)
    else:
        say(nothing)
    if next(found, None) is not None:
        say(f"There are more than {most}: --limit or --all shows them.")


def show_table(
    names: Sequence[str], rows: Sequence[Sequence[object]], *, wide: bool = False
) -> None:
    """As wide as the terminal; ``wide``, or for another program, a row is a line, however long."""
    console = Console()
    fits = console.is_terminal and not wide
    table = _grid()
    # A terminal has no room for what is empty; programs count columns.
    shown = [at for at in range(len(names)) if not fits or any(cell(row[at]) for row in rows)]
    for at in shown:
        values = [row[at] for row in rows if row[at] is not None]
        number = bool(values) and all(type(value) in {int, float} for value in values)
        table.add_column(
            names[at],
            justify="right" if number else "left",
            no_wrap=not fits or all(map(_is_whole, values)),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell(row[at])) for at in shown))
    _print(table, console if fits else None)


def show_one(value: object, fields: Mapping[str, object], *, as_json: bool) -> None:
    """``fields`` is what people see of it."""
    if as_json:
        show_json(value)
        return
    table = _grid(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, field in fields.items():
        if field is not None and field != "":
            table.add_row(Text(name, "bold"), Text(cell(field)))
    console = Console()
    _print(table, console if console.is_terminal else None)


def show_json(value: Any) -> None:
    _write_line(msgspec.json.encode(value))


def say(sentence: str) -> None:
    """A word beside the answer, which machines do not read."""
    Console(stderr=True, soft_wrap=True).print(Text(printable(sentence)))


def cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone():%Y-%m-%d %H:%M}"
        case bool():
            return "yes" if value else "no"
        case _:
            return printable(str(value))


def printable(text: str) -> str:
    """In one line; what documents say is not to move a terminal's cursor or turn its text round."""
    kept = (
        letter if letter.isprintable() else "" if unicodedata.category(letter) == "Cf" else " "
        for letter in text
    )
    return " ".join("".join(kept).split())


def known_as(uri: str, name: str = "") -> str:
    """What a person knows a document by: what came inline in an event has that alone."""
    if name:
        return name
    return uri if uri.startswith("event:") else file_name(uri)


def shortened(text: str) -> str:
    """One line that is not too long to be read."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 1].rstrip()}…"


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def write_pieces(pieces: Iterable[bytes], out: Path | None, *, is_text: bool = False) -> None:
    """To a file, which is there whole or not at all, or to stdout."""
    if out is None:
        if not is_text and sys.stdout.isatty():
            raise CommandError(
                Exit.MISUSE, "A file is not for a terminal: name one with --out, or send it on."
            )
        _copy(pieces, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f".{out.name}.part")
    try:
        try:
            with part.open("wb") as file:
                _copy(pieces, file)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{out}: {error.strerror}.") from error


def _copy(pieces: Iterable[bytes], target: BinaryIO) -> None:
    target.writelines(pieces)


def _write_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")


def _is_whole(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT and " " not in value
    return isinstance(value, _WHOLE)


def _grid(*, show_header: bool = True) -> Table:
    return Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
        show_header=show_header,
    )


def _print(table: Table, console: Console | None) -> None:
    """Without a console as wide as it is."""
    if console is not None:
        console.print(table)
        return
    wide = Console(width=_UNBOUND, force_terminal=False)
    with wide.capture() as captured:
        wide.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())
