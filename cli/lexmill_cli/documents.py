"""`lexmill documents`: what was taken in, and what became of it."""

import sys
import uuid
from pathlib import Path
from typing import Annotated

import typer

from lexmill.client.documents import Part, State
from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.errors import Exit
from lexmill_cli.showing import AsJson, Everything, Limit, show_list, show_one

app = typer.Typer(no_args_is_help=True, help="List documents, and look at one.")

Document = Annotated[uuid.UUID, typer.Argument(help="Id of `documents list`.")]


@app.command("list")
def list_documents(
    job: Annotated[str | None, typer.Option(help="Name of their job.")] = None,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    limit: Limit = 100,
    everything: Everything = False,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Documents, the newest first."""
    with connected(url, token, home) as client:
        uid = None if job is None else uuid.UUID(client.jobs.get(namespace, job).uid)
        show_list(
            client.documents.list(namespace, job=uid, state=state),
            {
                "Id": lambda document: document.id,
                "Name": lambda document: document.name,
                "State": lambda document: document.state,
                "Taken in": lambda document: document.created_at,
                "Reason": lambda document: document.error_message,
            },
            limit=None if everything else limit,
            as_json=as_json,
            nothing="There is no such document.",
        )


@app.command()
def get(
    document: Document,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """One document; exit code 1 where it failed or is dead."""
    with connected(url, token, home) as client:
        found = client.documents.get(namespace, document)
    show_one(
        found,
        {
            "Id": found.id,
            "Name": found.name,
            "URI": found.uri,
            "Job": found.job,
            "Matter": found.matter,
            "State": found.state,
            "Reason": found.error_message,
            "Hash": found.sha256,
            "Taken in": found.created_at,
            "Ended": found.ended_at,
        },
        as_json=as_json,
    )
    if found.state in {"failed", "dead"}:
        raise typer.Exit(Exit.UNFINISHED)


@app.command()
def text(
    document: Document,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Its text, to whose characters the places of its facts refer, on stdout."""
    _write("text", document, namespace, url, token, home)


@app.command()
def result(
    document: Document,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Its line of results.jsonl, on stdout."""
    _write("result", document, namespace, url, token, home)


@app.command()
def source(
    document: Document,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """The file as it was read, on stdout: send it into a file."""
    _write("source", document, namespace, url, token, home)


def _write(
    part: Part, document: uuid.UUID, namespace: str, url: str | None, token: str | None, home: Path
) -> None:
    with (
        connected(url, token, home) as client,
        client.documents.part(namespace, document, part) as pieces,
    ):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
