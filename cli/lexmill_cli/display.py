"""What a person sees while a job runs and when it has ended. All of it goes to stderr."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from lexmill.jobs.schemas import STAGES, JobProgress
from lexmill_cli.results import Summary
from lexmill_cli.showing import counted

_PLAIN_SECONDS = 5.0
_REPORTS = (
    ("index.html", "Pages"),
    ("report.xlsx", "Table"),
    ("obligations.ics", "Calendar"),
    ("redlines", "Redlines"),
    ("results.jsonl", "Data"),
)
_ROWS = 40


@dataclass
class Display:
    """Live on a terminal, a line every few seconds elsewhere, silent with ``quiet``."""

    console: Console
    quiet: bool = False
    _live: Live | None = None
    _last_line: float = 0.0
    _started: float = field(default_factory=time.monotonic)
    _first_done: int | None = None

    def say(self, message: str) -> None:
        if not self.quiet:
            self.console.print(Text(message), soft_wrap=True)

    def show(self, progress: Sequence[JobProgress], *, workers: Mapping[str, int]) -> None:
        if self.quiet:
            return
        if not self.console.is_terminal:
            self._show_line(progress, workers)
            return
        if self._live is None:
            self._live = Live(console=self.console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(Group(*(self._render(each, workers) for each in progress)), refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show_line(self, progress: Sequence[JobProgress], workers: Mapping[str, int]) -> None:
        now = time.monotonic()
        if now - self._last_line < _PLAIN_SECONDS:
            return
        self._last_line = now
        for each in progress:
            counts = each.documents
            self.say(
                f"{each.name}: {ended(each)} of {counts.total} documents done, "
                f"{counts.running} running, {counted(sum(workers.values()), 'worker')}"
            )

    def _render(self, progress: JobProgress, workers: Mapping[str, int]) -> RenderableType:
        counts = progress.documents
        rate = self._rate(progress)
        left = (counts.total - ended(progress)) / rate if rate else None
        title = Text.assemble(
            (progress.name, "bold"),
            f"  {ended(progress)}/{counts.total}{'' if progress.listing_done else '+'} documents",
            f"  {rate:.1f}/s" if rate else "",
            "" if left is None else f"  {_duration(left)} left",
            f"  workers {', '.join(f'{pool} {count}' for pool, count in workers.items()) or 0}",
        )
        states = Text("  ").join(
            Text(f"{name} {value}", style)
            for name, value, style in (
                ("queued", counts.queued, "dim"),
                ("running", counts.running, "cyan"),
                ("succeeded", counts.succeeded, "green"),
                ("failed", counts.failed, "yellow" if counts.failed else "dim"),
                ("dead", counts.dead, "red" if counts.dead else "dim"),
            )
        )
        stages = Text("  ").join(
            Text(_stage_line(stage.stage, stage.visits, stage.seconds, stage.reused), "dim")
            for stage in sorted(progress.stages, key=lambda stage: STAGES.index(stage.stage))
        )
        bar = Table.grid()  # a bar alone does not end its line
        bar.add_row(ProgressBar(total=max(1, counts.total), completed=ended(progress), width=60))
        return Group(title, bar, states, stages)

    def _rate(self, progress: JobProgress) -> float:
        done = ended(progress)
        if self._first_done is None:
            self._first_done, self._started = done, time.monotonic()
        elapsed = time.monotonic() - self._started
        return (done - self._first_done) / elapsed if elapsed > 1 else 0.0


def ended(progress: JobProgress) -> int:
    counts = progress.documents
    return counts.succeeded + counts.failed + counts.dead


def show_summary(console: Console, summary: Summary, *, out: Path | None) -> None:
    """The table at the end: what needs a person's eye comes first."""
    table = Table(title="Documents", title_justify="left", header_style="bold")
    table.add_column("Document", overflow="fold")
    table.add_column("State")
    table.add_column("Type")
    table.add_column("Facts", justify="right")
    table.add_column("Findings", overflow="fold")
    for row in summary.documents[:_ROWS]:
        style = {"succeeded": "green", "failed": "yellow", "dead": "red"}[row.status]
        table.add_row(
            Text(row.uri),
            Text(row.status, style),
            Text(row.document_type or "unknown"),
            str(row.facts) if row.reason is None else "",
            Text(row.reason or row.findings),
        )
    console.print(table)
    if len(summary.documents) > _ROWS:
        console.print(f"... and {len(summary.documents) - _ROWS} more documents")
    if out is not None:
        for name, label in _REPORTS:
            if (out / name).exists():
                console.print(Text(f"{label + ':':<10}{out / name}"), soft_wrap=True)


def _stage_line(stage: str, visits: int, seconds: float, reused: int) -> str:
    if not visits:
        return f"{stage} reused {reused}"
    again = f" (+{reused} reused)" if reused else ""
    return f"{stage} {seconds / visits * 1000:.0f} ms{again}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
