"""`lexmill dead`: what used up its limits, and trying it again."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.errors import CommandError, Exit

app = typer.Typer(no_args_is_help=True, help="List dead tasks and try them again.")


@app.command("list")
def list_dead(
    namespace: Namespace = "default",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array on stdout.")] = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Dead tasks with the reason of each."""
    with connected(url, token, home) as client:
        tasks = list(client.dead(namespace))
    if as_json:
        rows = [
            {
                "id": task.id,
                "kind": task.kind,
                "job": task.job,
                "document": task.document,
                "code": task.error_code,
                "message": task.error_message,
            }
            for task in tasks
        ]
        print(json.dumps(rows))  # noqa: T201 - the machine's answer
        return
    table = Table("Id", "Kind", "Job", "Document", "Reason", header_style="bold")
    for task in tasks:
        table.add_row(
            str(task.id),
            task.kind,
            Text(task.job),
            Text(task.document or ""),
            Text(task.error_message or ""),
        )
    console = Console(stderr=True)
    console.print(table if tasks else "Nothing is dead.")


@app.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids of `dead list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the namespace.")] = False,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Queue dead tasks again; a running system works on them at once, else the next one does."""
    if bool(ids) == everything:
        raise CommandError(Exit.MISUSE, "Name the ids of `lexmill dead list`, or --all.")
    with connected(url, token, home) as client:
        chosen = ids or [task.id for task in client.dead(namespace)]
        queued = client.replay(namespace, chosen) if chosen else 0
    Console(stderr=True).print(f"{queued} of {len(chosen)} tasks are queued again.")
    if queued < len(chosen):
        raise typer.Exit(Exit.UNFINISHED)
