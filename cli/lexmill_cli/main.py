"""The command `lexmill`: parse what was typed, call one function, say how it ended."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn
from urllib.parse import unquote, urlsplit

import typer
from rich.console import Console

from lexmill.jobs.schemas import STAGES, JobProgress
from lexmill_cli import (
    accuracy,
    audit,
    dead,
    documents,
    events,
    facts,
    jobs,
    model,
    playbooks,
    records,
    redaction,
    review,
    tokens,
)
from lexmill_cli.declaring import (
    LocalJob,
    RedactionFiles,
    is_manifest,
    job_of_paths,
    jobs_of_yaml,
)
from lexmill_cli.display import Display, show_summary
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command
from lexmill_cli.results import read_summary
from lexmill_cli.running import Outcome, run_jobs, serve_forever
from lexmill_cli.statistics import statistics
from lexmill_cli.system import local_system
from lexmill_cli.validating import crd_text, validate, verdict_lines, verdicts_json

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_PROBE_BYTES = 1 << 16
app.add_typer(jobs.app, name="jobs")
app.add_typer(documents.app, name="documents")
app.add_typer(events.app, name="events")
app.add_typer(dead.app, name="dead")
app.add_typer(review.app, name="review")
app.add_typer(audit.app, name="audit")
app.add_typer(facts.app, name="facts")
app.add_typer(facts.findings_app, name="findings")
app.add_typer(playbooks.app, name="playbook")
app.add_typer(records.matters_app, name="matters")
app.add_typer(records.holds_app, name="holds")
app.add_typer(records.tombstones_app, name="tombstones")
app.add_typer(tokens.app, name="tokens")
models = typer.Typer(no_args_is_help=True, help="Make models again, and measure them.")
models.add_typer(model.app, name="clauses")
models.add_typer(accuracy.app, name="facts")
app.add_typer(models, name="model")
app.add_typer(redaction.app, name="redaction")

Home = Annotated[Path, typer.Option(envvar="LEXMILL_HOME", help="Folder of the system's own data.")]
MaxWorkers = Annotated[
    int | None, typer.Option(min=1, max=1000, help="Most workers at once; default: the cores.")
]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        print(version("lexmill"))  # noqa: T201 - what was asked for
        raise typer.Exit


@app.callback()
def about(
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Turns legal documents into checked facts."""


@app.command()
def run(
    paths: Annotated[
        list[Path], typer.Argument(help="Files, folders, or one LegalJob YAML.", readable=False)
    ],
    playbook: Annotated[
        Path | None, typer.Option(help="Rules to check the facts by.", readable=False)
    ] = None,
    redact: Annotated[
        Path | None,
        typer.Option(help="What to redact in copies (YAML; may be empty).", readable=False),
    ] = None,
    redaction_key: Annotated[
        Path | None, typer.Option(help="Key of pseudonyms that stay yours.", readable=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the reports.")] = None,
    max_workers: MaxWorkers = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout at the end.")
    ] = False,
    home: Home = Path(".lexmill"),
) -> None:
    """Run documents through the whole system on this machine, and write their reports."""
    display = Display(Console(stderr=True))
    with _interruptible():
        files = RedactionFiles(redact, redaction_key)
        jobs = _jobs(paths, playbook, files, out, max_workers)
        for job in jobs:
            _check_out(job.out)
        display.say("Starting PostgreSQL, Valkey and the API ...")
        with local_system(home, roots=_roots(jobs), port=None) as system:
            try:
                outcome = run_jobs(system, jobs, display=display)
            finally:
                display.close()
    raise typer.Exit(_report(display, jobs, outcome, as_json=as_json))


@app.command()
def up(
    manifests: Annotated[
        list[Path] | None, typer.Argument(help="LegalJob YAMLs to declare.", readable=False)
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the API.")] = 8000,
    root: Annotated[
        list[Path] | None,
        typer.Option(help="Folder that jobs may read and write; default: this folder."),
    ] = None,
    max_workers: MaxWorkers = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Keep the system running on 127.0.0.1 until Ctrl-C, for events from outside."""
    display = Display(Console(stderr=True))
    with _interruptible():
        jobs = [
            job
            for path in manifests or []
            for job in jobs_of_yaml(
                path, playbook_file=None, out=Path("lexmill-results"), max_workers=max_workers
            )
        ]
        roots = [*(root or [Path.cwd()]), *_roots(jobs)]
        with local_system(home, roots=roots, port=port) as system:
            display.say(
                f"Lexmill listens on {system.url} (token: {home / 'token'}). Ctrl-C stops it."
            )
            serve_forever(system, jobs, display=display)


@app.command("validate")
def validate_manifests(
    files: Annotated[
        list[Path],
        typer.Option("--file", "-f", help="LegalJob YAML; - is stdin.", readable=False),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout at the end.")
    ] = False,
) -> None:
    """Say what a cluster would say about LegalJobs, without one."""
    verdicts = validate(files)
    refused = any(verdict.refusals for verdict in verdicts)
    if as_json:
        print(verdicts_json(verdicts))  # noqa: T201 - the machine's answer
    else:
        for verdict in verdicts:
            for line in verdict_lines(verdict):
                typer.echo(line, err=bool(verdict.refusals))
    raise typer.Exit(Exit.MISUSE if refused else Exit.OK)


@app.command()
def crd(
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of YAML.")] = False,
) -> None:
    """Print the CustomResourceDefinition, for `kubectl apply --server-side -f -`."""
    typer.echo(crd_text(as_json=as_json), nl=False)


command(app)(statistics)


def main() -> None:
    """Every end has an exit code and at most one sentence; a traceback reaches nobody."""
    try:
        app()
    except CommandError as error:
        _end(error.exit, f"lexmill: {error.message}")
    except Exception as error:  # noqa: BLE001 - a defect of ours; a message could quote a document
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        _end(
            Exit.UNAVAILABLE,
            f"lexmill: Lexmill itself failed ({type(error).__name__} at {place}); this is a defect "
            "to report. The same command goes on from here.",
        )


def _jobs(
    paths: Sequence[Path],
    playbook: Path | None,
    files: RedactionFiles,
    out: Path | None,
    max_workers: int | None,
) -> list[LocalJob]:
    workers = max_workers or os.cpu_count() or 2
    target = out or Path("lexmill-results")
    if any(is_manifest(path) for path in paths):
        if len(paths) > 1:
            raise CommandError(Exit.MISUSE, "Name one LegalJob YAML, or documents, not both.")
        jobs = jobs_of_yaml(
            paths[0],
            playbook_file=playbook,
            out=target,
            max_workers=max_workers,
            redaction=files,
        )
        for job in jobs:
            if job.declared.spec.suspend:
                raise CommandError(
                    Exit.MISUSE,
                    f"{paths[0]}: the job {job.declared.name} is suspended and would never end; "
                    "take spec.suspend out to run it.",
                )
            if job.declared.spec.documents is None or job.declared.spec.schedule is not None:
                raise CommandError(
                    Exit.MISUSE,
                    f"{paths[0]}: the job {job.declared.name} listens or has a schedule and never "
                    "ends; keep it running with `lexmill up`.",
                )
        return jobs
    if out is None:
        target /= paths[0].resolve().name or "root"
    return [
        job_of_paths(
            paths, playbook_file=playbook, out=target, max_workers=workers, redaction=files
        )
    ]


def _roots(jobs: Sequence[LocalJob]) -> list[Path]:
    """What the person named may be read, and the folders of the reports written."""
    sources = [
        Path(unquote(urlsplit(source.uri).path))
        for job in jobs
        for source in job.declared.spec.documents or ()
        if source.uri is not None and source.uri.startswith("file:")
    ]
    return [*sources, *(job.out for job in jobs if job.out is not None)]


def _check_out(out: Path | None) -> None:
    if out is None:
        return
    probe = out / ".lexmill-probe"
    try:
        out.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"\0" * _PROBE_BYTES)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(
            Exit.UNAVAILABLE, f"The reports cannot be written to {out}: {error.strerror}."
        ) from error


def _report(display: Display, jobs: Sequence[LocalJob], outcome: Outcome, *, as_json: bool) -> Exit:
    totals = {"total": 0, "succeeded": 0, "failed": 0, "dead": 0}
    for job, progress in zip(jobs, outcome.progress, strict=True):
        for name in totals:
            totals[name] += getattr(progress.documents, name)
        results = None if job.out is None else job.out / "results.jsonl"
        # Without reports of this run, those of an earlier one may lie there.
        if results is not None and progress.finished_at is not None and results.exists():
            show_summary(display.console, read_summary(results), out=job.out)
        if progress.state == "Failed":
            display.say(f"The job {job.declared.name} failed: {progress.message}")
        if progress.state == "Complete" and not progress.documents.total:
            display.say(f"There is no document in what {job.declared.name} names.")
        if sentence := _reuse(progress):
            display.say(sentence)
    if as_json:
        outs = [str(job.out) for job in jobs]
        print(  # noqa: T201 - the machine's answer
            json.dumps(
                {
                    "documents": totals,
                    "seconds": round(outcome.seconds, 3),
                    "out": outs[0] if len(outs) == 1 else outs,
                }
            )
        )
    return _exit(outcome, totals)


def _reuse(progress: JobProgress) -> str | None:
    """What earlier runs saved this one."""
    repeated = [stage.stage for stage in progress.stages if stage.visits]
    if not any(stage.reused for stage in progress.stages):
        return None
    if repeated:
        names = ", ".join(sorted(repeated, key=STAGES.index))
        return (
            f"Only what had changed or failed was repeated ({names}); the rest was taken from an "
            "earlier run."
        )
    if progress.documents.dead or progress.state == "Failed":
        return None
    return "Nothing had changed: every result was taken from an earlier run."


def _exit(outcome: Outcome, totals: dict[str, int]) -> Exit:
    if any(
        progress.state == "Failed" and progress.reason == "ReportsFailed"
        for progress in outcome.progress
    ):
        return Exit.UNAVAILABLE
    failed = any(progress.state == "Failed" for progress in outcome.progress)
    return Exit.UNFINISHED if failed or totals["failed"] or totals["dead"] else Exit.OK


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and the end of the terminal stop the command as Ctrl-C does: in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:  # here, because Typer would end without a word
        raise CommandError(
            Exit.INTERRUPTED, "Stopped. The same command goes on where it stopped."
        ) from None


def _end(code: Exit, message: str) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(code)
