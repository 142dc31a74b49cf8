"""`lexmill documents`: what was taken in, what became of it, and sending more."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lexmill.client.documents import Part, State
from lexmill.documents.schemas import DocumentState
from lexmill_cli.connecting import Installation, job_uid
from lexmill_cli.errors import Exit
from lexmill_cli.options import command, identifier, moment
from lexmill_cli.showing import (
    AsJson,
    Cut,
    Out,
    counted,
    known_as,
    printable,
    say,
    show_json,
    show_list,
    show_one,
    write_pieces,
)
from lexmill_cli.uploading import Sender, files_beneath, upload_files
from lexmill_cli.watching import watch_documents

app = typer.Typer(
    no_args_is_help=True, help="Upload documents, list them, read them, keep or purge them."
)

Document = Annotated[uuid.UUID, typer.Argument(parser=identifier, help="Id of `documents list`.")]


@command(app, "list")
def list_documents(
    at: Installation,
    cut: Cut,
    job: Annotated[str | None, typer.Option(help="Name or uid of their job.")] = None,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    parent: Annotated[
        uuid.UUID | None, typer.Option(parser=identifier, help="That came out of this document.")
    ] = None,
    created_from: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Taken in then or later.")
    ] = None,
    created_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Taken in before.")
    ] = None,
) -> None:
    """Documents, the newest first."""
    with at.client() as client:
        show_list(
            client.documents.list(
                at.namespace,
                sort=cut.sort,
                job=job_uid(client, at.namespace, job),
                state=state,
                parent=parent,
                created_from=created_from,
                created_before=created_before,
            ),
            {
                "Id": lambda document: document.id,
                "Name": lambda document: known_as(document.uri, document.name),
                "State": lambda document: document.state,
                "Reason": lambda document: document.error_message,
            },
            cut,
            more={
                "Taken in": lambda document: document.created_at,
                "Ended": lambda document: document.ended_at,
                "Job": lambda document: document.job_uid,
                "Came out of": lambda document: document.parent_id,
                "Hash": lambda document: document.sha256,
                "URI": lambda document: document.uri,
            },
            nothing="There is no such document.",
        )


@command(app)
def get(at: Installation, document: Document, as_json: AsJson = False) -> None:
    """One document; exit code 1 where it failed or is dead."""
    with at.client() as client:
        found = client.documents.get(at.namespace, document)
    task = found.task
    show_one(
        found,
        {
            "Id": found.id,
            "Name": known_as(found.uri, found.name),
            "URI": found.uri,
            "Job": found.job,
            "Matter": found.matter,
            "State": found.state,
            "Reason": found.error_message,
            "Tried again": task.due_at if task and task.failures and not found.ended_at else None,
            "Last trouble": task.error_message if task and not found.ended_at else None,
            "Hash": found.sha256,
            "Came out of": found.parent_id,
            "Taken in": found.created_at,
            "Ended": found.ended_at,
        },
        as_json=as_json,
    )
    if found.state in {"failed", "dead"}:
        raise typer.Exit(Exit.UNFINISHED)


@command(app)
def text(at: Installation, document: Document, out: Out = None) -> None:
    """Its text, to whose characters the places of its facts refer."""
    _write(at, document, "text", out)


@command(app)
def result(at: Installation, document: Document, out: Out = None) -> None:
    """Its line of results.jsonl."""
    _write(at, document, "result", out)


@command(app)
def source(at: Installation, document: Document, out: Out = None) -> None:
    """The file as it was read."""
    _write(at, document, "source", out)


@command(app)
def page(
    at: Installation,
    document: Document,
    number: Annotated[int, typer.Argument(min=1, help="Of the page; the first is 1.")] = 1,
    out: Out = None,
) -> None:
    """The picture of a page of a PDF, as PNG."""
    with (
        at.client() as client,
        client.documents.page_image(at.namespace, document, number) as pieces,
    ):
        write_pieces(pieces, out)


@command(app)
def family(at: Installation, document: Document, as_json: AsJson = False) -> None:
    """What it came out of, and all that came out of the same mail or archive."""
    with at.client() as client:
        found = client.documents.family(at.namespace, document)
    top = min(each.depth for each in found.members)
    show_list(
        found.members,
        {
            "Id": lambda each: each.id,
            "Name": lambda each: f"{'· ' * (each.depth - top)}{known_as(each.uri, each.name)}",
            "State": lambda each: each.state,
        },
        Cut(everything=True, as_json=as_json),
        nothing="It has no family.",
    )
    if not found.is_whole:
        say("There are more; `documents list --parent` has them.")


@command(app)
def watch(
    at: Installation,
    documents: Annotated[
        list[uuid.UUID], typer.Argument(parser=identifier, help="Ids of `documents list`.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a change.")] = False,
) -> None:
    """Follow documents until all have ended; exit code 1 where one failed or is dead."""
    with at.client() as client:
        for document in documents:
            client.documents.get(at.namespace, document)
        ended = watch_documents(client, at.namespace, documents, as_json=as_json)
    raise typer.Exit(_ending(ended))


@command(app)
def upload(
    at: Installation,
    job: Annotated[str, typer.Argument(help="Name of a job that listens.")],
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.", readable=False)],
    presigned: Annotated[
        bool,
        typer.Option("--presigned", help="Each by an address of its own: large files, buckets."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what was sent before, as new documents.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until all of them have ended.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a file.")] = False,
) -> None:
    """Send files to a job. What was sent before is known again: the same command goes on.

    Exit code 1 where a file was refused, or, with --wait, failed.
    """
    files = files_beneath(paths)
    with at.client() as client:
        sender = Sender(client, at.namespace, job, presigned=presigned, again=again)
        sent = upload_files(sender, files, as_json=as_json)
        taken = [each.document.id for each in sent if each.document is not None]
        code = Exit.OK if len(taken) == len(files) else Exit.UNFINISHED
        if wait and taken:
            code = max(code, _ending(watch_documents(client, at.namespace, taken, as_json=as_json)))
    raise typer.Exit(code)


@command(app)
def address(
    at: Installation,
    job: Annotated[str, typer.Argument(help="Name of a job that listens.")],
    name: Annotated[str, typer.Argument(help="Name of the file that will come.")],
    as_json: AsJson = False,
) -> None:
    """An address that takes one file for a while, from somebody who has no token."""
    with at.client() as client:
        presigned = client.uploads.presign(at.namespace, job, name=name)
    show_one(
        presigned,
        {
            "Address": presigned.url,
            "Method": presigned.method,
            "Good until": presigned.expires_at,
            "Then": presigned.complete and f"lexmill documents complete {presigned.id}",
        },
        as_json=as_json,
    )


@command(app)
def complete(
    at: Installation,
    upload: Annotated[
        uuid.UUID, typer.Argument(parser=identifier, help="The `id` of `documents address`.")
    ],
    as_json: AsJson = False,
) -> None:
    """The file lies in the bucket: make it a document."""
    with at.client() as client:
        taken = client.uploads.complete(at.namespace, upload)
    show_one(
        taken,
        {"Id": taken.id, "Name": taken.name, "State": taken.state, "Bytes": taken.bytes},
        as_json=as_json,
    )


@command(app)
def keeping(at: Installation, document: Document, as_json: AsJson = False) -> None:
    """Until when it is kept, what holds it, and, once it is purged, its tombstone."""
    with at.client() as client:
        found = client.documents.keeping(at.namespace, document)
    stone = found.tombstone
    held = ", ".join(hold.case_name for hold in found.holds)
    show_one(
        found,
        {
            "Kept until": found.purge_after or (None if stone else "no end is set"),
            "Held for": held,
            "Purged": stone and stone.purged_at,
            "By": stone and stone.purged_by,
            "Why": stone and f"{stone.cause}: {stone.reason}",
            "Objects gone": stone and stone.removed_at,
        },
        as_json=as_json,
    )


@command(app)
def recheck(at: Installation, document: Document, as_json: AsJson = False) -> None:
    """Check it once more, so that results and reports follow the decisions about it."""
    with at.client() as client:
        queued = client.documents.recheck(at.namespace, document)
    if as_json:
        show_json({"queued": queued})
    say("It is queued." if queued else "It was queued already.")


@command(app)
def purge(
    at: Installation,
    document: Document,
    reason: Annotated[str, typer.Option(help="Why; the tombstone keeps it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Purge it and all that came out of it, for good; tombstones stay."""
    with at.client() as client:
        if not yes:
            found = client.documents.get(at.namespace, document)
            name = printable(known_as(found.uri, found.name))
            typer.confirm(
                f"Purge {name} of {found.job} and all that came out of it, for good?",
                abort=True,
                err=True,
            )
        stones = client.documents.purge(at.namespace, document, reason=reason)
    if as_json:
        show_json(stones)
    are = "is" if len(stones) == 1 else "are"
    say(f"{counted(len(stones), 'document')} {are} purged; `lexmill tombstones list` has them.")


def _ending(documents: Sequence[DocumentState]) -> Exit:
    bad = any(document.state in {"failed", "dead"} for document in documents)
    return Exit.UNFINISHED if bad else Exit.OK


def _write(at: Installation, document: uuid.UUID, part: Part, out: Path | None) -> None:
    with (
        at.client() as client,
        client.documents.part(at.namespace, document, part) as pieces,
    ):
        write_pieces(pieces, out, is_text=part != "source")
