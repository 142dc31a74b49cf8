"""`lexmill jobs`: what an installation has to do, and changing that."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lexmill.client.api import ApiClient
from lexmill.client.jobs import Owner, State
from lexmill.jobs.schemas import JobProgress
from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.errors import Exit
from lexmill_cli.showing import AsJson, Everything, Limit, show_json, show_list, show_one

app = typer.Typer(no_args_is_help=True, help="List jobs, look at one, stop it or try it again.")

Name = Annotated[str, typer.Argument(help="Name of the job.")]


@app.command("list")
def list_jobs(
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    owner: Annotated[Owner | None, typer.Option(help="Who declared them.")] = None,
    matter: Annotated[str | None, typer.Option(help="Of this matter.")] = None,
    limit: Limit = 100,
    everything: Everything = False,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Jobs that were not deleted, the newest first."""
    with connected(url, token, home) as client:
        show_list(
            client.jobs.list(namespace, state=state, owner=owner, matter=matter),
            {
                "Name": lambda job: job.name,
                "State": lambda job: job.state,
                "Owner": lambda job: job.owner,
                "Matter": lambda job: job.matter,
                "Declared": lambda job: job.declared_at,
                "Message": lambda job: job.message,
            },
            limit=None if everything else limit,
            as_json=as_json,
            nothing="There is no such job.",
        )


@app.command()
def get(
    name: Name,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """How far a job is; exit code 1 where it failed, or documents of it did."""
    with connected(url, token, home) as client:
        job = client.jobs.get(namespace, name)
    show_one(job, _fields(job), as_json=as_json)
    counts = job.documents
    if job.state == "Failed" or counts.failed or counts.dead:
        raise typer.Exit(Exit.UNFINISHED)


@app.command()
def declaration(
    name: Name,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """What was declared, as JSON."""
    with connected(url, token, home) as client:
        show_json(client.jobs.declaration(namespace, name))


@app.command()
def cancel(
    name: Name,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Stop it: documents that are not done end as dead and may be replayed."""
    _order(lambda client: client.jobs.cancel(namespace, name), url, token, home, as_json=as_json)


@app.command()
def suspend(
    name: Name,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Begin nothing new until it is resumed; what runs ends in order."""
    _order(lambda client: client.jobs.suspend(namespace, name), url, token, home, as_json=as_json)


@app.command()
def resume(
    name: Name,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Go on with a job that was suspended."""
    _order(lambda client: client.jobs.resume(namespace, name), url, token, home, as_json=as_json)


@app.command()
def replay(
    name: Name,
    failed: Annotated[bool, typer.Option("--failed", help="Failed documents too.")] = False,
    namespace: Namespace = "default",
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Try its dead documents again, in a new run."""
    states = frozenset({"dead", "failed"} if failed else {"dead"})
    with connected(url, token, home) as client:
        queued = client.jobs.replay(namespace, name, states=states)
    if as_json:
        show_json({"queued": queued})
    Console(stderr=True).print(f"{queued} documents are queued again.")


@app.command()
def delete(
    name: Name,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Free its name; what is open ends as dead, results stay."""
    with connected(url, token, home) as client:
        client.jobs.delete(namespace, name)
    Console(stderr=True).print(f"The job {name} is deleted; its results are not.")


def _order(
    order: Callable[[ApiClient], JobProgress],
    url: str | None,
    token: str | None,
    home: Path,
    *,
    as_json: bool,
) -> None:
    with connected(url, token, home) as client:
        job = order(client)
    show_one(job, _fields(job), as_json=as_json)


def _fields(job: JobProgress) -> dict[str, object]:
    counts = job.documents
    return {
        "Name": job.name,
        "State": job.state,
        "Reason": job.reason,
        "Message": job.message,
        "Matter": job.matter,
        "Declared": job.declared_at,
        "Finished": job.finished_at,
        "Next run": job.next_run_at,
        "Run": job.run,
        "Documents": f"{counts.total} in all: {counts.queued} queued, {counts.running} running, "
        f"{counts.succeeded} succeeded, {counts.failed} failed, {counts.dead} dead",
    }
