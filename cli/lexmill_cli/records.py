"""`lexmill holds`, `tombstones` and `matters`: what is kept, what is gone, and for whom."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

import typer

from lexmill.records.schemas import HoldRow
from lexmill_cli.connecting import Installation, job_uid
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command, identifier, moment
from lexmill_cli.showing import AsJson, Cut, show_list, show_one

holds_app = typer.Typer(no_args_is_help=True, help="Legal holds: place, list and release them.")
tombstones_app = typer.Typer(no_args_is_help=True, help="What was purged, when, why and by whom.")
matters_app = typer.Typer(no_args_is_help=True, help="What jobs name as their matter.")

Hold = Annotated[uuid.UUID, typer.Argument(parser=identifier, help="Id of `holds list`.")]


@command(holds_app, "list")
def list_holds(
    at: Installation,
    cut: Cut,
    job: Annotated[str | None, typer.Option(help="On the job with this name or uid.")] = None,
    document: Annotated[
        uuid.UUID | None, typer.Option(parser=identifier, help="On this document.")
    ] = None,
    matter: Annotated[str | None, typer.Option(help="On this matter.")] = None,
    case: Annotated[str | None, typer.Option(help="For this case.")] = None,
    state: Annotated[
        Literal["held", "released"] | None, typer.Option(help="That hold, or are released.")
    ] = None,
    placed_from: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Placed then or later."),
    ] = None,
    placed_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Placed before.")
    ] = None,
) -> None:
    """Legal holds, released ones too, the newest first."""
    with at.client() as client:
        show_list(
            client.holds.list(
                at.namespace,
                sort=cut.sort,
                job=job_uid(client, at.namespace, job),
                document=document,
                matter=matter,
                case=case,
                state=state,
                placed_from=placed_from,
                placed_before=placed_before,
            ),
            {
                "Id": lambda hold: hold.id,
                "On": _on,
                "Case": lambda hold: hold.case_name,
                "State": lambda hold: "released" if hold.released_at else "held",
            },
            cut,
            more={
                "Placed": lambda hold: hold.placed_at,
                "By": lambda hold: hold.placed_by,
                "Reason": lambda hold: hold.reason,
                "Released": lambda hold: hold.released_at,
            },
            nothing="There is no such hold.",
        )


@command(holds_app)
def get(at: Installation, hold: Hold, as_json: AsJson = False) -> None:
    """One legal hold."""
    with at.client() as client:
        _show(client.holds.get(at.namespace, hold), as_json=as_json)


@command(holds_app)
def place(
    at: Installation,
    case: Annotated[str, typer.Option(help="For which case.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    job: Annotated[str | None, typer.Option(help="On the job with this name or uid.")] = None,
    document: Annotated[
        uuid.UUID | None, typer.Option(parser=identifier, help="On this document.")
    ] = None,
    matter: Annotated[str | None, typer.Option(help="On this matter.")] = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold: what it is on is not purged until every hold on it is released."""
    if sum(each is not None for each in (job, document, matter)) != 1:
        raise CommandError(Exit.MISUSE, "Name one of --job, --document and --matter.")
    with at.client() as client:
        hold = client.holds.place(
            at.namespace,
            case=case,
            reason=reason,
            job=job_uid(client, at.namespace, job),
            document=document,
            matter=matter,
        )
    _show(hold, as_json=as_json)


@command(holds_app)
def release(
    at: Installation,
    hold: Hold,
    reason: Annotated[str, typer.Option(help="Why.")],
    as_json: AsJson = False,
) -> None:
    """Release it; it stays on record."""
    with at.client() as client:
        _show(client.holds.release(at.namespace, hold, reason=reason), as_json=as_json)


@command(tombstones_app, "list")
def list_tombstones(
    at: Installation,
    cut: Cut,
    job: Annotated[str | None, typer.Option(help="Name or uid of the job.")] = None,
    cause: Annotated[
        Literal["retention", "request"] | None, typer.Option(help="Purged for this cause.")
    ] = None,
    purged_from: Annotated[
        datetime | None,
        typer.Option(parser=moment, metavar="TIME", help="Purged then or later."),
    ] = None,
    purged_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Purged before.")
    ] = None,
) -> None:
    """What was purged, the newest first."""
    with at.client() as client:
        show_list(
            client.tombstones.list(
                at.namespace,
                sort=cut.sort,
                job=job_uid(client, at.namespace, job),
                cause=cause,
                purged_from=purged_from,
                purged_before=purged_before,
            ),
            {
                "Document": lambda stone: stone.document_id,
                "Purged": lambda stone: stone.purged_at,
                "Cause": lambda stone: stone.cause,
                "Reason": lambda stone: stone.reason,
            },
            cut,
            more={
                "By": lambda stone: stone.purged_by,
                "Objects gone": lambda stone: stone.removed_at,
                "Job": lambda stone: stone.job_uid,
                "Hash": lambda stone: stone.sha256,
            },
            nothing="Nothing was purged.",
        )


@command(matters_app, "list")
def list_matters(at: Installation, cut: Cut) -> None:
    """Matters with the counts of their documents."""
    with at.client() as client:
        show_list(
            client.matters.list(at.namespace, sort=cut.sort),
            {
                "Matter": lambda matter: matter.matter,
                "Jobs": lambda matter: matter.jobs,
                "Documents": lambda matter: matter.documents,
                "Failed": lambda matter: matter.failed + matter.dead,
                "Purged": lambda matter: matter.purged,
                "Holds": lambda matter: matter.holds,
                "Last declared": lambda matter: matter.last_declared_at,
            },
            cut,
            nothing="No job names a matter.",
        )


@command(matters_app, "get")
def get_matter(
    at: Installation,
    matter: Annotated[str, typer.Argument(help="As the jobs name it.")],
    as_json: AsJson = False,
) -> None:
    """One matter; `jobs list --matter` and `holds list --matter` go on from here."""
    with at.client() as client:
        found = client.matters.get(at.namespace, matter)
    show_one(
        found,
        {
            "Matter": found.matter,
            "Jobs": found.jobs,
            "Documents": f"{found.documents} in all: {found.queued} queued, {found.succeeded}"
            f" succeeded, {found.failed} failed, {found.dead} dead",
            "Purged": found.purged,
            "Holds": found.holds,
            "Last declared": found.last_declared_at,
        },
        as_json=as_json,
    )


def _on(hold: HoldRow) -> str:
    if hold.matter is not None:
        return f"matter {hold.matter}"
    if hold.job_uid is not None:
        return f"job {hold.job_uid}"
    return f"document {hold.document_id}"


def _show(hold: HoldRow, *, as_json: bool) -> None:
    show_one(
        hold,
        {
            "Id": hold.id,
            "On": _on(hold),
            "Case": hold.case_name,
            "Reason": hold.reason,
            "Placed": hold.placed_at,
            "By": hold.placed_by,
            "Released": hold.released_at,
            "Released by": hold.released_by,
            "Because": hold.release_reason,
        },
        as_json=as_json,
    )
