"""`lexmill run` and `up`: the whole system on this machine, for as long as the command runs."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from lexmill.jobs.schemas import STAGES, JobProgress
from lexmill_cli.declaring import (
    LocalJob,
    RedactionFiles,
    is_manifest,
    job_of_paths,
    jobs_of_yaml,
    last_name,
    path_of,
    roots_of,
)
from lexmill_cli.display import Display, show_summary
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.results import read_summary
from lexmill_cli.running import Outcome, run_jobs, serve_forever
from lexmill_cli.stores import Stores
from lexmill_cli.system import local_system

_PROBE_BYTES = 1 << 16


def run_here(
    paths: Sequence[str],
    *,
    playbook: Path | None,
    redaction: RedactionFiles,
    out: Path | None,
    max_workers: int | None,
    as_json: bool,
    home: Path,
) -> Exit:
    """How the documents ended. Raises CommandError."""
    display = Display(Console(stderr=True))
    with _interruptible():
        jobs = _jobs(paths, playbook, redaction, out, max_workers)
        for job in jobs:
            _check_out(job.out)
        stores = Stores(jobs, display)
        stores.check()
        display.say("Starting PostgreSQL, Valkey and the API ...")
        with local_system(home, roots=roots_of(jobs), port=None) as system:
            try:
                outcome = run_jobs(system, jobs, display=display, stores=stores)
            finally:
                display.close()
    return _report(display, jobs, outcome, as_json=as_json)


def serve_here(
    manifests: Sequence[Path],
    *,
    port: int,
    roots: Sequence[Path],
    max_workers: int | None,
    home: Path,
) -> None:
    """Until Ctrl-C. Raises CommandError."""
    display = Display(Console(stderr=True))
    with _interruptible():
        jobs = [
            job
            for path in manifests
            for job in jobs_of_yaml(
                path, playbook_file=None, out=Path("lexmill-results"), max_workers=max_workers
            )
        ]
        try:
            Stores(jobs, display).check()
        except CommandError as error:  # it listens for others all the same
            display.say(error.message)
        with local_system(home, roots=[*roots, *roots_of(jobs)], port=port) as system:
            display.say(
                f"Lexmill listens on {system.url} (token: {home / 'token'}). Ctrl-C stops it."
            )
            serve_forever(system, jobs, display=display)


def _jobs(
    paths: Sequence[str],
    playbook: Path | None,
    files: RedactionFiles,
    out: Path | None,
    max_workers: int | None,
) -> list[LocalJob]:
    workers = max_workers or os.cpu_count() or 2
    target = out or Path("lexmill-results")
    if any(is_manifest(Path(path)) for path in paths):
        if len(paths) > 1:
            raise CommandError(Exit.MISUSE, "Name one LegalJob YAML, or documents, not both.")
        jobs = jobs_of_yaml(
            Path(paths[0]),
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
        target /= last_name(paths[0]) or "root"
    return [
        job_of_paths(
            paths, playbook_file=playbook, out=target, max_workers=workers, redaction=files
        )
    ]


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
        has_reports = progress.finished_at is not None and progress.documents.total
        # Without reports of this run, those of an earlier one may lie there.
        if results is not None and has_reports and results.exists():
            show_summary(display.console, read_summary(results), out=job.out)
        if progress.state == "Failed":
            display.say(f"The job {job.declared.name} failed: {progress.message}")
        if progress.state == "Complete" and not progress.documents.total:
            display.say(
                f"There is no document in {_sources(job)}; names that begin with a dot are passed "
                "over."
            )
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


def _sources(job: LocalJob) -> str:
    """As the person named them."""
    return ", ".join(
        str(path_of(source.uri)) if source.uri.startswith("file:") else source.uri
        for source in job.declared.spec.documents or ()
        if source.uri is not None
    )


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
