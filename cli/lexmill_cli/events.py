"""`lexmill events`: what came in, and why it became no document."""

import uuid
from datetime import datetime
from typing import Annotated

import typer

from lexmill.client.events import Outcome
from lexmill_cli.connecting import Installation, job_uid
from lexmill_cli.options import command, identifier, moment
from lexmill_cli.showing import AsJson, Cut, show_list, show_one

app = typer.Typer(no_args_is_help=True, help="List the events that were accepted, and look at one.")


@command(app, "list")
def list_events(
    at: Installation,
    cut: Cut,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Of this type.")] = None,
    source: Annotated[str | None, typer.Option(help="From this source.")] = None,
    event_id: Annotated[str | None, typer.Option(help="With this id of its source.")] = None,
    job: Annotated[str | None, typer.Option(help="Name or uid of the job they are for.")] = None,
    received_from: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Received then or later.")
    ] = None,
    received_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Received before.")
    ] = None,
) -> None:
    """Events, the newest first: unmatched and unroutable ones made no document."""
    with at.client() as client:
        show_list(
            client.events.list(
                at.namespace,
                sort=cut.sort,
                outcome=outcome,
                type=type_,
                source=source,
                event_id=event_id,
                job=job_uid(client, at.namespace, job),
                received_from=received_from,
                received_before=received_before,
            ),
            {
                "Id": lambda event: event.id,
                "Outcome": lambda event: event.outcome,
                "Source": lambda event: event.source,
                "Type": lambda event: event.type,
            },
            cut,
            more={
                "Received": lambda event: event.received_at,
                "Documents": lambda event: event.documents,
                "Job": lambda event: event.job_uid,
                "Event": lambda event: event.event_id,
            },
            nothing="There is no such event.",
        )


@command(app)
def get(
    at: Installation,
    event: Annotated[uuid.UUID, typer.Argument(parser=identifier, help="Id of `events list`.")],
    as_json: AsJson = False,
) -> None:
    """One event, and what each listening job makes of it: why it made no document."""
    with at.client() as client:
        found = client.events.get(at.namespace, event)
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
