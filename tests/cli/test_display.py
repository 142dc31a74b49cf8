"""What a person sees, on a terminal and elsewhere."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from lexmill.jobs.schemas import DocumentCounts
from lexmill_cli.display import Display, show_summary
from lexmill_cli.results import DocumentRow, Summary
from tests.cli.reporting import progress, stage


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


def row(uri: str, status: str = "succeeded", reason: str | None = None) -> DocumentRow:
    return DocumentRow(uri, status, "nda", 12, "1 fail", reason)


def test_elsewhere_it_is_a_line_now_and_then(screen: io.StringIO) -> None:
    display = Display(Console(file=screen, width=200))
    running = progress(
        state="Running", documents=DocumentCounts(total=9, succeeded=3, failed=1, running=2)
    )
    for _ in range(3):
        display.show([running], workers={"main": 2})
    display.close()
    assert screen.getvalue() == "job: 4 of 9 documents done, 2 running, 2 workers\n"


def test_on_a_terminal_it_shows_all_at_once(screen: io.StringIO) -> None:
    display = Display(Console(file=screen, force_terminal=True, width=200, color_system=None))
    display.show(
        [
            progress(
                state="Running",
                listing_done=False,
                documents=DocumentCounts(total=9, queued=4, running=2, succeeded=2, dead=1),
                stages=(stage("check", reused=2), stage("parse", visits=2, reused=1)),
            )
        ],
        workers={"main": 2, "ocr": 1},
    )
    display.close()
    shown = screen.getvalue()
    for part in (
        "3/9+ documents",
        "workers main 2, ocr 1",
        "queued 4  running 2  succeeded 2  failed 0  dead 1",
        "parse 100 ms (+1 reused)  check reused 2",
    ):
        assert part in shown


def test_the_bar_has_a_line_of_its_own(screen: io.StringIO) -> None:
    display = Display(Console(file=screen, force_terminal=True, width=200, color_system=None))
    display.show(
        [progress(state="Running", documents=DocumentCounts(total=9, succeeded=3))], workers={}
    )
    display.close()
    assert not [line for line in screen.getvalue().splitlines() if "━" in line and "queued" in line]


def test_quiet_means_quiet(screen: io.StringIO) -> None:
    display = Display(Console(file=screen), quiet=True)
    display.say("something")
    display.show([progress()], workers={})
    assert screen.getvalue() == ""


@pytest.mark.parametrize("name", ["[/red]", "[bold]x", ":smile:", "a" * 300])
def test_names_are_shown_as_they_are(screen: io.StringIO, name: str) -> None:
    console = Console(file=screen, width=1000)
    Display(console).say(f"The folder {name} is full.")
    assert screen.getvalue() == f"The folder {name} is full.\n"
    show_summary(console, Summary([row(name, "failed", f"No {name}.")]), out=None)
    assert name in screen.getvalue().splitlines()[-2]
    assert f"No {name}." in screen.getvalue()


def test_the_summary_leads_to_the_reports_that_are_there(
    screen: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "index.html").touch()
    rows = [row(f"{number}.pdf") for number in range(45)]
    show_summary(Console(file=screen, width=200), Summary(rows), out=tmp_path)
    shown = screen.getvalue()
    assert "39.pdf" in shown
    assert "40.pdf" not in shown
    assert "... and 5 more documents" in shown
    assert f"Pages:    {tmp_path / 'index.html'}" in shown
    assert "report.xlsx" not in shown
