"""`lexmill dead`: what used up its limits, and trying it again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.tasks.schemas import DeadTask
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.system import local_system

app = typer.Typer(no_args_is_help=True, help="List dead tasks and try them again.")

Home = Annotated[
    Path, typer.Option(envvar="LEXMILL_HOME", help="Folder of a system on this machine.")
]
Url = Annotated[
    str | None, typer.Option(envvar="LEXMILL_URL", help="A running installation's API.")
]
Token = Annotated[
    str | None, typer.Option(envvar="LEXMILL_TOKEN", help="Its token; default: of --home.")
]
Namespace = Annotated[str, typer.Option("--namespace", "-n")]


@app.command("list")
def list_dead(
    namespace: Namespace = "default",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array on stdout.")] = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Dead tasks with the reason of each."""
    with _connected(url, token, home) as client:
        tasks = list(_all_dead(client, namespace))
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
    with _connected(url, token, home) as client:
        chosen = ids or [task.id for task in _all_dead(client, namespace)]
        queued = client.replay(namespace, chosen) if chosen else 0
    Console(stderr=True).print(f"{queued} of {len(chosen)} tasks are queued again.")
    if queued < len(chosen):
        raise typer.Exit(Exit.UNFINISHED)


def _all_dead(client: ApiClient, namespace: str) -> Iterator[DeadTask]:
    after = 0
    while page := client.dead(namespace, after=after):
        yield from page
        after = page[-1].id


@contextmanager
def _connected(url: str | None, token: str | None, home: Path) -> Iterator[ApiClient]:
    """A client of the installation at ``url``, or of the one in ``home``.

    One that does not run there is started for this command alone.
    """
    try:
        if url is not None:
            with ApiClient(url, token=token or _read(home / "token"), source="/cli") as client:
                yield client
            return
        if (running := home / "url").exists():
            with ApiClient(_read(running), token=_read(home / "token"), source="/cli") as client:
                if client.is_ready():
                    yield client
                    return
        if not home.exists():
            raise CommandError(
                Exit.MISUSE, f"There is no system in {home}; name one with --home or --url."
            )
        with local_system(home, roots=[], port=None) as system, system.client() as client:
            yield client
    except LexmillError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{error.message}.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise CommandError(
            Exit.MISUSE, f"{path}: {error.strerror}; give the installation's token with --token."
        ) from error
