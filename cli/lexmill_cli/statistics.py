"""`lexmill statistics`: how much, of which kinds, with which findings, and how fast."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import typer

from lexmill.statistics.schemas import Statistics
from lexmill_cli.connecting import Installation
from lexmill_cli.options import day
from lexmill_cli.showing import AsJson, cell, say, show_json, show_table

_MOST = 10


def statistics(
    at: Installation,
    since: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="DAY", help="The first day (UTC)."),
    ] = None,
    before: Annotated[
        date | None, typer.Option(parser=day, metavar="DAY", help="The day after the last.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Counts of a period; without days, of the newest ones."""
    with at.client() as client:
        found = client.statistics(at.namespace, since=since, before=before)
    if as_json:
        show_json(found)
        return
    if rows := _rows(found):
        show_table(("What", "Which", "How many"), rows)
    else:
        say("Nothing was counted.")
    say(
        f"{found.since} to before {found.before}, counted {cell(found.counted_at) or 'not yet'};"
        f" {found.read_last_hour} documents were read in the last hour."
    )
    if found.uncounted:
        say(f"{len(found.uncounted)} days are not counted yet: ask again.")


def _rows(found: Statistics) -> list[tuple[str, str, str]]:
    named = {
        "Documents": found.documents,
        "Types": found.document_types,
        "Languages": found.languages,
        "Events": found.events,
    }
    rows = [
        (what, which, str(count)) for what, counts in named.items() for which, count in _top(counts)
    ]
    worst = sorted(found.findings, key=lambda rule: (-rule.failed, -rule.unknown))
    for rule in worst[:_MOST]:
        counts = f"{rule.failed} failed, {rule.unknown} unknown, {rule.passed} passed"
        rows.append(("Rules", rule.rule, counts))
    rows += [
        ("Stages", stage.stage, f"{stage.median_seconds * 1000:.0f} ms, the median")
        for stage in found.stages
    ]
    return rows


def _top(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])[:_MOST]
