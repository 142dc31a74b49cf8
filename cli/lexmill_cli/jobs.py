"""`lexmill jobs`: what an installation has to do, and changing that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from lexmill.client.jobs import Jobs, Owner, State
from lexmill.jobs.schemas import JobProgress, ResultFile
from lexmill_cli.connecting import Installation
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command, moment
from lexmill_cli.showing import (
    AsJson,
    Cut,
    counted,
    say,
    show_json,
    show_list,
    show_one,
    write_pieces,
)
from lexmill_cli.watching import watch_jobs

app = typer.Typer(
    no_args_is_help=True, help="Declare jobs, follow them, stop them, take their files."
)

Name = Annotated[str, typer.Argument(help="Name of the job.")]
Run = Annotated[int | None, typer.Option(min=1, help="Of this run; default: the newest.")]


@dataclass(frozen=True)
class Ordered:
    name: Annotated[str, typer.Argument(help="Name of the job.")]
    if_version: Annotated[
        str | None,
        typer.Option(help="Only if it still is this `version` of `jobs get --json`."),
    ] = None
    as_json: AsJson = False


@command(app, "list")
def list_jobs(
    at: Installation,
    cut: Cut,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    owner: Annotated[Owner | None, typer.Option(help="Who declared them.")] = None,
    matter: Annotated[str | None, typer.Option(help="Of this matter.")] = None,
    declared_from: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Declared then or later.")
    ] = None,
    declared_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Declared before.")
    ] = None,
) -> None:
    """Jobs that were not deleted, the newest first."""
    with at.client() as client:
        show_list(
            client.jobs.list(
                at.namespace,
                sort=cut.sort,
                state=state,
                owner=owner,
                matter=matter,
                declared_from=declared_from,
                declared_before=declared_before,
            ),
            {
                "Name": lambda job: job.name,
                "State": lambda job: job.state,
                "Owner": lambda job: job.owner,
                "Matter": lambda job: job.matter,
                "Declared": lambda job: job.declared_at,
                "Message": lambda job: job.message,
            },
            cut,
            more={
                "Reason": lambda job: job.reason,
                "Ended": lambda job: job.ended_at,
                "Next run": lambda job: job.next_run_at,
                "Uid": lambda job: job.uid,
            },
            nothing="There is no such job.",
        )


@command(app)
def get(at: Installation, name: Name, as_json: AsJson = False) -> None:
    """How far a job is; exit code 1 where it failed, or documents of it did."""
    with at.client() as client:
        job = client.jobs.get(at.namespace, name)
    show_one(job, _fields(job), as_json=as_json)
    raise typer.Exit(ending(job))


@command(app)
def declaration(at: Installation, name: Name) -> None:
    """What was declared, as JSON."""
    with at.client() as client:
        show_json(client.jobs.declaration(at.namespace, name))


@command(app)
def declare(
    at: Installation,
    file: Annotated[Path, typer.Argument(help="LegalJob YAML; - is stdin.", readable=False)],
    as_json: AsJson = False,
) -> None:
    """Declare the LegalJobs of a file as jobs of the API's own, with the ConfigMaps beside them."""
    from lexmill_cli.declaring import jobs_for_api

    jobs = jobs_for_api(file, namespace=at.namespace)
    with at.client() as client:
        for job, config_maps in jobs:
            found = client.jobs.declare(
                at.namespace, name=job.metadata.name, spec=job.spec, config_maps=config_maps
            )
            show_one(found, _fields(found), as_json=as_json)


@command(app)
def watch(
    at: Installation,
    names: Annotated[list[str] | None, typer.Argument(help="Jobs; without, all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a change.")] = False,
) -> None:
    """Follow jobs as they go on, until they have ended; without names until Ctrl-C.

    Exit code 1 where one of them failed, or documents of it did.
    """
    with at.client() as client:
        for name in names or ():
            client.jobs.get(at.namespace, name)  # who waits for what is not there waits long
        ended = watch_jobs(client, at.namespace, names or (), as_json=as_json)
    raise typer.Exit(max((ending(job) for job in ended), default=Exit.OK))


@command(app)
def workers(
    at: Installation,
    name: Name,
    pool: Annotated[str, typer.Option(help="One of its pools.")] = "main",
    as_json: AsJson = False,
) -> None:
    """What waits for workers of a pool, and who is busy with how much."""
    with at.client() as client:
        backlog = client.jobs.backlog(at.namespace, name, pool=pool)
        busy = client.jobs.busy_workers(at.namespace, name, pool=pool)
    show_one(
        {"backlog": backlog, "busy": busy},
        {
            "Waiting": backlog.waiting,
            "Running": backlog.running,
            "Tried again later": backlog.delayed,
            **busy,
        },
        as_json=as_json,
    )


@command(app)
def cancel(at: Installation, ordered: Ordered) -> None:
    """Stop it: documents that are not done end as dead and may be replayed."""
    _order(at, ordered, Jobs.cancel)


@command(app)
def suspend(at: Installation, ordered: Ordered) -> None:
    """Begin nothing new until it is resumed; what runs ends in order."""
    _order(at, ordered, Jobs.suspend)


@command(app)
def resume(at: Installation, ordered: Ordered) -> None:
    """Go on with a job that was suspended."""
    _order(at, ordered, Jobs.resume)


@command(app)
def replay(
    at: Installation,
    name: Name,
    failed: Annotated[bool, typer.Option("--failed", help="Failed documents too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try its dead documents again, in a new run."""
    states = frozenset({"dead", "failed"} if failed else {"dead"})
    with at.client() as client:
        queued = client.jobs.replay(at.namespace, name, states=states)
    if as_json:
        show_json({"queued": queued})
    if queued:
        say(f"{counted(queued, 'document')} will be tried again.")
    else:
        say("No document of it is dead." if failed else "No document of it is dead; see --failed.")


@command(app)
def delete(
    at: Installation,
    name: Name,
    if_version: Annotated[
        str | None, typer.Option(help="Only if it still is this `version` of `jobs get --json`.")
    ] = None,
) -> None:
    """Free its name; what is open ends as dead, results stay."""
    with at.client() as client:
        client.jobs.delete(at.namespace, name, if_match=if_version)
    say(f"The job {name} is deleted; its results are not.")


@command(app)
def results(at: Installation, name: Name, as_json: AsJson = False) -> None:
    """The report files of its finished runs, the newest run first."""
    with at.client() as client:
        found = client.jobs.results(at.namespace, name)
    show_list(
        found.files,
        {
            "Run": lambda file: file.run,
            "File": lambda file: file.name,
            "Bytes": lambda file: file.bytes,
        },
        Cut(everything=True, as_json=as_json),
        nothing=_no_files(found.uri),
    )
    if not found.is_whole:
        say("There are more files than these.")


@command(app)
def download(
    at: Installation,
    name: Name,
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("lexmill-results"),
    file: Annotated[
        str | None, typer.Option(help="Only this one of `jobs results`, to stdout with --out -.")
    ] = None,
    run: Run = None,
) -> None:
    """Take the report files of a run."""
    with at.client() as client:
        found = client.jobs.results(at.namespace, name)
        newest = max((each.run for each in found.files), default=None)
        wanted = [each for each in found.files if each.run == (run or newest)]
        if file is not None:
            wanted = [each for each in wanted if each.name == file]
        if found.files and not wanted:
            raise CommandError(
                Exit.MISUSE, f"There is no such file; `lexmill jobs results {name}` lists them."
            )
        if not wanted:
            raise CommandError(Exit.MISUSE, _no_files(found.uri))
        for each in wanted:
            target = None if out == Path("-") else out / _inside(each)
            if target is not None:
                _make_folder(target.parent)
            with client.jobs.result_file(
                at.namespace, name, run=each.run, file=each.name
            ) as pieces:
                write_pieces(pieces, target)
    if out != Path("-"):
        say(f"Run {wanted[0].run}: {counted(len(wanted), 'file')} written to {out}.")


def ending(job: JobProgress) -> Exit:
    counts = job.documents
    is_bad = job.state == "Failed" or counts.failed or counts.dead
    return Exit.UNFINISHED if is_bad else Exit.OK


def _order(at: Installation, ordered: Ordered, order: Callable[..., JobProgress]) -> None:
    with at.client() as client:
        job = order(client.jobs, at.namespace, ordered.name, if_match=ordered.if_version)
    show_one(job, _fields(job), as_json=ordered.as_json)


def _no_files(uri: str | None) -> str:
    if uri is not None:
        return f"The job writes its reports to {uri}, as its output says."
    return "There is no such file: reports are written when a run has ended."


def _inside(file: ResultFile) -> Path:
    """What an installation answers does not lead out of the folder."""
    path = PurePosixPath(file.name)
    if path.is_absolute() or ".." in path.parts:
        raise CommandError(Exit.MISUSE, "The installation names a file that lies elsewhere.")
    return Path(path)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{folder}: {error.strerror}.") from error


def _fields(job: JobProgress) -> dict[str, object]:
    counts = job.documents
    return {
        "Name": job.name,
        "State": job.state,
        "Reason": job.reason,
        "Message": job.message,
        "Matter": job.matter,
        "Declared": job.declared_at,
        "Run ended": job.finished_at,
        "Next run": job.next_run_at,
        "Run": job.run,
        "Documents": f"{counts.total} in all: {counts.queued} queued, {counts.running} running, "
        f"{counts.succeeded} succeeded, {counts.failed} failed, {counts.dead} dead",
    }
