"""`lexmill review`: what people decide, here or in a report, and what they have decided so far."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from lexmill.reviews.schemas import Change, Choice, RefusedDecisionsError, Reviewed
from lexmill_cli.connecting import Installation
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command, identifier, moment
from lexmill_cli.showing import AsJson, Cut, say, show_json, show_list, show_one

app = typer.Typer(
    no_args_is_help=True, help="Decide what the engine is not sure of, here or in a report."
)


@dataclass(frozen=True)
class About:
    """An item of a document."""

    document: Annotated[
        uuid.UUID, typer.Argument(parser=identifier, help="Id of `documents list`.")
    ]
    field: Annotated[str, typer.Argument(help="As term, party, or clause:non_compete.")]
    item: Annotated[
        str, typer.Option(help="Of a field with several values: one, as `facts list -w` shows it.")
    ] = ""
    comment: Annotated[str | None, typer.Option(help="Why; the audit trail has it.")] = None
    reviewer: Annotated[
        str | None, typer.Option(help="Who decided, with the installation's own token only.")
    ] = None
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Check the document again at once.")
    ] = False
    as_json: AsJson = False


@command(app, "import")
def import_report(
    at: Installation,
    report: Annotated[Path, typer.Argument(help="A report.xlsx with decisions.", readable=False)],
    reviewer: Annotated[
        str | None,
        typer.Option(help="Who decided, where the column Reviewer is empty; default: the user."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only read it; record nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Record the decisions of a report, all of them or none; the next run follows them."""
    from lexmill_cli.report_decisions import record_report

    record_report(at, report, reviewer=reviewer, check=check, as_json=as_json)


@command(app, "list")
def list_reviews(
    at: Installation,
    cut: Cut,
    document: Annotated[
        uuid.UUID | None, typer.Option(parser=identifier, help="About this document.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="About documents with this SHA-256.")
    ] = None,
    field: Annotated[str | None, typer.Option(help="About this field, or clause:KIND.")] = None,
    decision: Annotated[
        Literal["accepted", "corrected", "rejected", "absent", "reopened"] | None,
        typer.Option(help="What was decided last."),
    ] = None,
    reviewer: Annotated[str | None, typer.Option(help="Who decided last.")] = None,
    decided_from: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Decided then or later.")
    ] = None,
    decided_before: Annotated[
        datetime | None, typer.Option(parser=moment, metavar="TIME", help="Decided before.")
    ] = None,
) -> None:
    """What people have decided, oldest items first."""
    with at.client() as client:
        show_list(
            client.reviews.list(
                at.namespace,
                sort=cut.sort,
                document=document,
                sha256=sha256,
                field=field,
                decision=decision,
                reviewer=reviewer,
                decided_from=decided_from,
                decided_before=decided_before,
            ),
            {
                "Id": lambda one: one.id,
                "Document": lambda one: one.sha256[:12],
                "Field": lambda one: one.field,
                "Decision": lambda one: one.decision,
                "Value": lambda one: one.value,
                "Who": lambda one: one.reviewer,
                "When": lambda one: one.decided_at,
            },
            cut,
            more={
                "Item": lambda one: one.item,
                "Comment": lambda one: one.comment,
                "Hash": lambda one: one.sha256,
            },
            nothing="Nobody has decided such a thing yet.",
        )


@command(app)
def get(
    at: Installation,
    review: Annotated[int, typer.Argument(help="Id of `review list`.")],
    as_json: AsJson = False,
) -> None:
    """One item, and what holds now."""
    with at.client() as client:
        _show(client.reviews.get(at.namespace, review), as_json=as_json)


@command(app)
def accept(at: Installation, about: About) -> None:
    """What the engine found is right; of several candidates the first."""
    _decide(at, about, "accept")


@command(app)
def correct(
    at: Installation,
    about: About,
    value: Annotated[str, typer.Option(help="The right one, as 2026-12-31, 30 days, US-DE.")],
    quote: Annotated[
        str | None, typer.Option(help="The document's words that say so, copied exactly.")
    ] = None,
) -> None:
    """Another value is right."""
    _decide(at, about, "correct", value, quote)


@command(app)
def reject(at: Installation, about: About) -> None:
    """What the engine found is not it."""
    _decide(at, about, "reject")


@command(app)
def absent(at: Installation, about: About) -> None:
    """The document has no such value."""
    _decide(at, about, "absent")


@command(app)
def reopen(
    at: Installation,
    review: Annotated[int, typer.Argument(help="Id of `review list`.")],
    comment: Annotated[str | None, typer.Option(help="Why; the audit trail has it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take a decision back: the engine's value counts again."""
    with at.client() as client:
        known = client.reviews.get(at.namespace, review)
        changed = client.reviews.change(
            at.namespace,
            review,
            Change(choice="reopen", comment=comment),
            revision=known.revision,
        )
    _show(changed, as_json=as_json)


def _decide(
    at: Installation,
    about: About,
    choice: Choice,
    value: str | None = None,
    quote: str | None = None,
) -> None:
    from lexmill_cli.deciding import Wanted, decision_about, reviewer_name

    wanted = Wanted(
        document=about.document,
        field=about.field,
        choice=choice,
        item=about.item,
        reviewer=reviewer_name(about.reviewer),
        comment=about.comment,
        value=value,
        quote=quote,
    )
    with at.client() as client:
        decision = decision_about(client, at.namespace, wanted)
        try:
            decided = client.reviews.decide(at.namespace, [decision])
        except RefusedDecisionsError as error:
            conflict = error.code == "review_conflict"
            raise CommandError(
                Exit.UNFINISHED if conflict else Exit.MISUSE,
                f"Nothing was recorded: {error.problems[0].message}.",
            ) from error
        if about.recheck:
            client.documents.recheck(at.namespace, about.document)
    if about.as_json:
        show_json(decided)
    then = "" if about.recheck else " `lexmill documents recheck` makes its results follow."
    say(f"It is recorded.{then}" if decided.recorded else "It was known already.")


def _show(review: Reviewed, *, as_json: bool) -> None:
    show_one(
        review,
        {
            "Id": review.id,
            "Document": review.sha256,
            "Field": review.field,
            "Item": review.item,
            "Decision": review.decision,
            "Value": review.value,
            "Who": review.reviewer,
            "When": review.decided_at,
            "Comment": review.comment,
        },
        as_json=as_json,
    )
