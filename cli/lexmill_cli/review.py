"""`lexmill review`: what people decided in a report comes back; what they have decided so far."""

import getpass
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill.reviews.schemas import (
    Decided,
    Evidence,
    NewDecision,
    RefusedDecisionsError,
)
from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.decisions import refuse_reviewer
from lexmill_legal.reports import (
    CellProblem,
    RowDecision,
    UnreadableWorkbookError,
    read_workbook,
)

app = typer.Typer(no_args_is_help=True, help="Take decisions from a report, and list them.")

_MOST_SHOWN = 50


@app.command("import")
def import_report(
    report: Annotated[Path, typer.Argument(help="A report.xlsx with decisions.", readable=False)],
    reviewer: Annotated[
        str | None,
        typer.Option(help="Who decided, where the column Reviewer is empty; default: the user."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only read it; record nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object on stdout.")] = False,
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Record the decisions of a report, all of them or none; the next run follows them."""
    rows = _read(report, as_json=as_json)
    decisions = _decisions(rows, reviewer)
    decided = Decided(recorded=0, unchanged=0)
    if decisions and not check:
        with connected(url, token, home) as client:
            try:
                decided = client.review(namespace, decisions)
            except RefusedDecisionsError as error:
                problems = [
                    CellProblem(
                        rows[each.index].cells.get(each.part, rows[each.index].cells["choice"]),
                        each.message,
                    )
                    for each in error.problems
                ]
                _refuse(problems, as_json=as_json, conflict=error.code == "review_conflict")
    if as_json:
        answer = {"recorded": decided.recorded, "unchanged": decided.unchanged, "problems": []}
        print(json.dumps(answer))  # noqa: T201 - the machine's answer
    Console(stderr=True).print(_said(len(rows), decided, check=check))


@app.command("list")
def list_reviews(
    namespace: Namespace = "default",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array on stdout.")] = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """What people have decided, oldest items first."""
    with connected(url, token, home) as client:
        reviews = list(client.reviews(namespace))
    if as_json:
        print(msgspec.json.encode(reviews).decode())  # noqa: T201 - the machine's answer
        return
    table = Table("Document", "Field", "Decision", "Value", "Who", "When", header_style="bold")
    for one in reviews:
        table.add_row(
            one.sha256[:12],
            Text(one.field),
            one.decision,
            Text(one.value or ""),
            Text(one.reviewer),
            f"{one.decided_at:%Y-%m-%d %H:%M}",
        )
    Console(stderr=True).print(table if reviews else "Nobody has decided anything yet.")


def _read(report: Path, *, as_json: bool) -> Sequence[RowDecision]:
    try:
        with report.open("rb") as source:
            found = read_workbook(source)
    except UnreadableWorkbookError as error:
        raise CommandError(Exit.MISUSE, f"{report}: {error}.") from error
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{report}: {error.strerror}.") from error
    if found.problems:
        _refuse(found.problems, as_json=as_json, conflict=False)
    return found.decisions


def _decisions(rows: Sequence[RowDecision], reviewer: str | None) -> list[NewDecision]:
    name = _reviewer(reviewer) if any(row.reviewer is None for row in rows) else ""
    return [
        NewDecision(
            sha256=row.key.sha256,
            field=row.key.field,
            item=row.key.item,
            choice=row.choice,
            reviewer=row.reviewer or name,
            value=row.value,
            normalized=None if row.choice == "correct" else row.key.normalized,
            seen=row.key.seen,
            evidence=_evidence(row),
            comment=row.comment,
            revision=row.key.revision,
        )
        for row in rows
    ]


def _evidence(row: RowDecision) -> Evidence:
    """The engine's place is evidence only for the engine's value."""
    if row.choice == "accept":
        return Evidence(
            quote=row.quote, start=row.key.start, end=row.key.end, attributes=row.key.attributes
        )
    return Evidence(quote=row.quote)


def _reviewer(given: str | None) -> str:
    try:
        return refuse_reviewer(getpass.getuser() if given is None else given)
    except (OSError, KeyError) as error:  # nobody has a name in some containers
        raise CommandError(
            Exit.MISUSE, "Say who decided, with --reviewer or in the column Reviewer."
        ) from error
    except ValueError as error:
        raise CommandError(Exit.MISUSE, f"--reviewer: {error}.") from error


def _refuse(problems: Sequence[CellProblem], *, as_json: bool, conflict: bool) -> None:
    console = Console(stderr=True, soft_wrap=True)
    for problem in problems[:_MOST_SHOWN]:
        console.print(Text(f"{problem.cell}: {problem.message}."))
    if len(problems) > _MOST_SHOWN:
        console.print(f"... and {len(problems) - _MOST_SHOWN} more.")
    if as_json:
        listed = [{"cell": each.cell, "message": each.message} for each in problems]
        answer = {"recorded": 0, "unchanged": 0, "problems": listed}
        print(json.dumps(answer))  # noqa: T201 - the machine's answer
    what = "somebody else has decided since this report" if conflict else "it has mistakes"
    raise CommandError(
        Exit.UNFINISHED if conflict else Exit.MISUSE, f"Nothing was recorded: {what} (see above)."
    )


def _said(rows: int, decided: Decided, *, check: bool) -> str:
    if not rows:
        return "There is no decision in this report: choose in its column Decision."
    if check:
        return f"{rows} decisions can be read; nothing was recorded."
    known = f", {decided.unchanged} were known already" if decided.unchanged else ""
    then = " Run the documents again: the reports follow." if decided.recorded else ""
    return f"{decided.recorded} decisions were recorded{known}.{then}"
