"""`lexmill review import`: the decisions of a workbook, and where they cannot be recorded."""

from collections.abc import Sequence
from pathlib import Path

from lexmill.reviews.schemas import Decided, Evidence, NewDecision, RefusedDecisionsError
from lexmill_cli.connecting import Installation
from lexmill_cli.deciding import reviewer_name
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.showing import say, show_json
from lexmill_legal.reports import (
    CellProblem,
    RowDecision,
    UnreadableWorkbookError,
    read_workbook,
)

_MOST_SHOWN = 50


def record_report(
    at: Installation, report: Path, *, reviewer: str | None, check: bool, as_json: bool
) -> None:
    """All of its decisions or none; only read, with ``check``. Raises CommandError."""
    rows = _read(report, as_json=as_json)
    decisions = _decisions(rows, reviewer)
    decided = Decided(recorded=0, unchanged=0)
    if decisions and not check:
        with at.client() as client:
            try:
                decided = client.reviews.decide(at.namespace, decisions)
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
        show_json({"recorded": decided.recorded, "unchanged": decided.unchanged, "problems": []})
    say(_said(len(rows), decided, check=check))


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
    name = reviewer_name(reviewer) if any(row.reviewer is None for row in rows) else ""
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


def _refuse(problems: Sequence[CellProblem], *, as_json: bool, conflict: bool) -> None:
    for problem in problems[:_MOST_SHOWN]:
        say(f"{problem.cell}: {problem.message}.")
    if len(problems) > _MOST_SHOWN:
        say(f"... and {len(problems) - _MOST_SHOWN} more.")
    if as_json:
        listed = [{"cell": each.cell, "message": each.message} for each in problems]
        show_json({"recorded": 0, "unchanged": 0, "problems": listed})
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
