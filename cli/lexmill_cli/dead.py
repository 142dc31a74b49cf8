"""`lexmill dead`: what used up its limits, and trying it again."""

from typing import Annotated

import typer

from lexmill.tasks.schemas import Kind
from lexmill_cli.connecting import Installation, job_uid
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command
from lexmill_cli.showing import AsJson, Cut, counted, say, show_json, show_list

app = typer.Typer(no_args_is_help=True, help="List dead tasks and try them again.")


@command(app, "list")
def list_dead(
    at: Installation,
    cut: Cut,
    job: Annotated[str | None, typer.Option(help="Name or uid of their job.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="What they were about to do.")] = None,
    error_code: Annotated[str | None, typer.Option(help="That ended with this code.")] = None,
) -> None:
    """Dead tasks with the reason of each, the oldest first."""
    with at.client() as client:
        show_list(
            client.dead.list(
                at.namespace,
                sort=cut.sort,
                job=job_uid(client, at.namespace, job),
                kind=kind,
                error_code=error_code,
            ),
            {
                "Id": lambda task: task.id,
                "Kind": lambda task: task.kind,
                "Job": lambda task: task.job,
                "Document": lambda task: task.document,
                "Reason": lambda task: task.error_message,
            },
            cut,
            more={
                "Code": lambda task: task.error_code,
                "Ended": lambda task: task.ended_at,
                "Document id": lambda task: task.document_id,
            },
            nothing="Nothing is dead.",
        )


@command(app)
def replay(
    at: Installation,
    ids: Annotated[list[int] | None, typer.Argument(help="Ids of `dead list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the namespace.")] = False,
    as_json: AsJson = False,
) -> None:
    """Queue dead tasks again; a running system works on them at once, else the next one does."""
    if bool(ids) == everything:
        raise CommandError(Exit.MISUSE, "Name the ids of `lexmill dead list`, or --all.")
    with at.client() as client:
        chosen = ids or [task.id for task in client.dead.list(at.namespace)]
        queued = client.dead.replay(at.namespace, chosen) if chosen else 0
    if as_json:
        show_json({"queued": queued})
    if not chosen:
        say("Nothing is dead.")
        return
    say(f"{queued} of {counted(len(chosen), 'task')} will be tried again.")
    if queued < len(chosen):
        say("The others are not dead: `lexmill dead list` shows what is.")
        raise typer.Exit(Exit.UNFINISHED)
