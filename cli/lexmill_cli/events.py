"""`lexmill events`: what came in, and why it became no document."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from lexmill.client.events import Outcome
from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.showing import AsJson, Everything, Limit, show_list, show_one

app = typer.Typer(no_args_is_help=True, help="List the events that were accepted, and look at one.")


@app.command("list")
def list_events(
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Of this type.")] = None,
    source: Annotated[str | None, typer.Option(help="From this source.")] = None,
    job: Annotated[str | None, typer.Option(help="Name of the job they are for.")] = None,
    limit: Limit = 100,
    everything: Everything = False,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Events, the newest first: unmatched and unroutable ones made no document."""
    with connected(url, token, home) as client:
        uid = None if job is None else uuid.UUID(client.jobs.get(namespace, job).uid)
        show_list(
            client.events.list(namespace, outcome=outcome, type=type_, source=source, job=uid),
            {
                "Id": lambda event: event.id,
                "Received": lambda event: event.received_at,
                "Source": lambda event: event.source,
                "Type": lambda event: event.type,
                "Outcome": lambda event: event.outcome,
                "Documents": lambda event: event.documents,
            },
            limit=None if everything else limit,
            as_json=as_json,
            nothing="There is no such event.",
        )


@app.command()
def get(
    event: Annotated[uuid.UUID, typer.Argument(help="Id of `events list`.")],
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """One event, and what each listening job makes of it: why it made no document."""
    with connected(url, token, home) as client:
        found = client.events.get(namespace, event)
    show_one(
        found,
        {
            "Id": found.event_id,
            "Source": found.source,
            "Type": found.type,
            "Received": found.received_at,
            "Outcome": found.outcome,
            "Documents": ", ".join(str(document.id) for document in found.documents),
            **{f"Job {each.job}": f"{each.verdict}: {each.reason}" for each in found.verdicts},
        },
        as_json=as_json,
    )
