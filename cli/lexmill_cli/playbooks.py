"""`lexmill playbook`: is it valid, does it do what its examples say, what would it say of these."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill.playbooks.schemas import PlaybookRow
from lexmill_cli.connecting import Installation
from lexmill_cli.declaring import job_of_paths
from lexmill_cli.display import Display
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command
from lexmill_cli.running import run_jobs
from lexmill_cli.showing import Columns, Cut, Out, say, show_json, show_list, write_pieces
from lexmill_cli.system import local_system
from lexmill_legal import playbook
from lexmill_legal.errors import PlaybookError
from lexmill_legal.playbook import Playbook
from lexmill_legal.playbook.examples import Trial, try_examples
from lexmill_legal.playbook.schema import schema_text
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import (
    Classification,
    DocumentResult,
    Extraction,
    Finding,
)

app = typer.Typer(
    no_args_is_help=True, help="Playbooks: check, test and try them; keep them in an installation."
)

_RESULTS = "results.jsonl"
_VERDICTS = ("fail", "unknown", "pass")
_QUOTE = 160

Files = Annotated[list[Path], typer.Argument(help="Playbooks (YAML).", readable=False)]
Name = Annotated[str, typer.Argument(help="Name of the playbook.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout at the end.")]

_NONE = "There is no playbook in this namespace."
_VERSIONS: Columns[PlaybookRow] = {
    "Name": lambda row: row.name,
    "Version": lambda row: row.number,
    "Rules": lambda row: row.rules,
    "By": lambda row: row.created_by,
    "Sent": lambda row: row.created_at,
}
_MORE: Columns[PlaybookRow] = {"Hash": lambda row: row.sha256}


@dataclass(frozen=True)
class Reading:
    """A playbook's file: what it holds, or what is wrong with it."""

    file: Path
    playbook: Playbook | None
    problems: tuple[PlaybookError, ...]

    def lines(self) -> list[str]:
        return [f"{self.file}:{each.line}:{each.column}: {each.message}" for each in self.problems]


@app.command("check")
def check_files(files: Files, as_json: AsJson = False) -> None:
    """Say whether playbooks are valid; if not, where they are wrong: line and column."""
    readings = [_read(file) for file in files]
    if as_json:
        print(json.dumps(_checked(readings)))  # noqa: T201 - the machine's answer
    else:
        for reading in readings:
            for line in reading.lines():
                typer.echo(line, err=True)
            if reading.playbook is not None:
                typer.echo(f"{reading.file}: valid, {_count(len(reading.playbook.rules), 'rule')}")
    raise typer.Exit(Exit.MISUSE if any(reading.problems for reading in readings) else Exit.OK)


@app.command("test")
def run_examples(files: Files, as_json: AsJson = False) -> None:
    """Hold each rule to its own examples: a good one must not fail, a bad one must."""
    known = [(file, _loaded(file)) for file in files]
    trials = [(file, trial) for file, rules in known for trial in try_examples(rules)]
    wrong = sum(not trial.ok for _, trial in trials)
    if as_json:
        print(json.dumps(_tested(trials)))  # noqa: T201 - the machine's answer
    else:
        for file, rules in known:
            for line in _test_lines(file, rules, [trial for own, trial in trials if own == file]):
                typer.echo(line)
    raise typer.Exit(Exit.UNFINISHED if wrong else Exit.OK)


@app.command("dry-run")
def dry_run(
    file: Annotated[Path, typer.Argument(help="The playbook (YAML).", readable=False)],
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Documents, or an earlier run's results.jsonl or folder.", readable=False
        ),
    ],
    as_json: AsJson = False,
    home: Annotated[
        Path, typer.Option(envvar="LEXMILL_HOME", help="Folder of the system's own data.")
    ] = Path(".lexmill"),
) -> None:
    """Show what a playbook would say about documents, without writing reports.

    Results of an earlier run are only checked again; documents go through the whole system.
    """
    rules = _loaded(file)
    earlier = [_results_file(path) for path in paths]
    lines = [path for path in earlier if path is not None]
    if lines and len(lines) < len(paths):
        raise CommandError(Exit.MISUSE, "Name documents, or results of earlier runs, not both.")
    results = list(_earlier(lines)) if lines else _worked(file, paths, home)
    judged = [(result, _findings(rules, result)) for result in results]
    if as_json:
        print(json.dumps(_judged(rules, judged)))  # noqa: T201 - the machine's answer
    else:
        _show(Console(), rules, judged)
    unread = any(result.status != "succeeded" for result in results)
    raise typer.Exit(Exit.UNFINISHED if unread else Exit.OK)


@command(app, "list")
def list_playbooks(at: Installation, cut: Cut) -> None:
    """Playbooks of an installation, the newest version of each."""
    with at.client() as client:
        show_list(
            client.playbooks.list(at.namespace, sort=cut.sort),
            _VERSIONS,
            cut,
            more=_MORE,
            nothing=_NONE,
        )


@command(app)
def versions(at: Installation, name: Name, as_json: AsJson = False) -> None:
    """Every version of one, the newest first."""
    with at.client() as client:
        found = client.playbooks.versions(at.namespace, name)
    show_list(found, _VERSIONS, Cut(everything=True, as_json=as_json), nothing=_NONE)


@command(app)
def get(
    at: Installation,
    name: Name,
    number: Annotated[
        int | None, typer.Option("--version", min=1, help="Default: the newest.")
    ] = None,
    out: Out = None,
) -> None:
    """The text of one, as it was sent."""
    with at.client() as client:
        found = client.playbooks.get(at.namespace, name, number=number)
    write_pieces([found.text.encode()], out, is_text=True)


@command(app)
def put(
    at: Installation,
    name: Name,
    file: Annotated[Path, typer.Argument(help="The playbook (YAML).", readable=False)],
    as_json: AsJson = False,
) -> None:
    """Make it the next version of an installation's playbook; its own text changes nothing."""
    _loaded(file)
    with at.client() as client:
        row = client.playbooks.put(at.namespace, name, file.read_bytes())
    if as_json:
        show_json(row)
    say(f"{row.name} is version {row.number}, with {_count(row.rules, 'rule')}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of playbooks, for editors."""
    typer.echo(schema_text(), nl=False)


# --- check ---


def _read(file: Path) -> Reading:
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(Exit.MISUSE, f"{file}: this is not UTF-8 text") from None
    except FileNotFoundError:
        raise CommandError(Exit.MISUSE, f"{file}: no such file") from None
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}") from error
    return Reading(file, *playbook.read(source))


def _loaded(file: Path) -> Playbook:
    reading = _read(file)
    if reading.playbook is None:
        raise CommandError(Exit.MISUSE, "\n".join(reading.lines()))
    return reading.playbook


def _checked(readings: Sequence[Reading]) -> dict[str, Any]:
    return {
        "valid": not any(reading.problems for reading in readings),
        "playbooks": [
            {
                "file": str(reading.file),
                "valid": reading.playbook is not None,
                "name": reading.playbook and reading.playbook.name,
                "rules": len(reading.playbook.rules) if reading.playbook else None,
                "sha256": reading.playbook and reading.playbook.sha256,
                "problems": [
                    {"line": each.line, "column": each.column, "message": each.message}
                    for each in reading.problems
                ],
            }
            for reading in readings
        ],
    }


# --- test ---


def _tested(trials: Sequence[tuple[Path, Trial]]) -> dict[str, Any]:
    return {
        "ok": all(trial.ok for _, trial in trials),
        "examples": [
            {"file": str(file), "ok": trial.ok, **msgspec.to_builtins(trial)}
            for file, trial in trials
        ],
    }


def _test_lines(file: Path, rules: Playbook, trials: Sequence[Trial]) -> Iterator[str]:
    lines = {rule.id: rule.line for rule in rules.rules}
    for trial in trials:
        if not trial.ok:
            wanted = "must not fail" if trial.kind == "good" else "must fail"
            yield (
                f"{file}:{lines[trial.rule]}: {trial.rule}: the {trial.kind} example"
                f" {trial.number} {wanted}, but: {_outcome(trial)}"
            )
            yield f"    {_short(trial.text)}"
    asked = [trial for trial in trials if trial.ok and trial.result == "unknown"]
    bare = [rule.id for rule in rules.rules if not (rule.examples.good and rule.examples.bad)]
    wrong = sum(not trial.ok for trial in trials)
    yield (
        f"{file}: {_count(len(rules.rules), 'rule')}, {_count(len(trials), 'example')}:"
        f" {len(trials) - wrong} as they should be, {wrong} not."
    )
    if asked:
        named = ", ".join(dict.fromkeys(trial.rule for trial in asked))
        yield (
            f"    {len(asked)} of them are decided only once a person has looked"
            f" (unknown until then): {named}"
        )
    if bare:
        yield f"    Without a good or without a bad example: {', '.join(bare)}"


def _outcome(trial: Trial) -> str:
    if trial.result != "unknown":
        return f"{trial.result}. {trial.message}"
    leaning = {
        "pass": "and what was found is in order",
        "fail": "and what was found is against the rule",
        "unknown": "and nothing was found that could be compared",
    }[trial.leans]
    return f"unknown, {leaning}. {trial.message}"


# --- dry-run ---


def _results_file(path: Path) -> Path | None:
    """The results of an earlier run, where ``path`` names some."""
    if path.is_dir():
        return path / _RESULTS if (path / _RESULTS).is_file() else None
    return path if path.suffix == ".jsonl" else None


def _earlier(files: Sequence[Path]) -> Iterator[DocumentResult]:
    for file in files:
        try:
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    try:
                        yield read_result(line)
                    except (msgspec.DecodeError, UnicodeDecodeError):
                        raise CommandError(
                            Exit.MISUSE, f"{file}:{number}: this is no line of Lexmill's results"
                        ) from None
        except OSError as error:
            raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}") from error


def _worked(file: Path, paths: Sequence[Path], home: Path) -> list[DocumentResult]:
    """Documents are hostile until they are parsed: the system's sandbox does that."""
    display = Display(Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix="lexmill-dry-run-") as folder:
        out = Path(folder).resolve()
        job = job_of_paths(paths, playbook_file=file, out=out, max_workers=2)
        roots = [*(path.resolve() for path in paths), out]
        with local_system(home, roots=roots, port=None) as system:
            try:
                run_jobs(system, [job], display=display)
            finally:
                display.close()
        results = out / _RESULTS
        if not results.is_file():
            raise CommandError(Exit.UNAVAILABLE, "The run ended without results.")
        return list(_earlier([results]))


def _findings(rules: Playbook, result: DocumentResult) -> tuple[Finding, ...]:
    if result.status != "succeeded":
        return ()
    types = [fact for fact in result.facts if fact.field == "document_type"]
    return playbook.check(
        rules,
        extraction=Extraction(result.facts, result.not_found, result.clauses),
        clauses=result.clauses,
        classification=Classification(result.languages, types[0] if types else None),
        warnings=result.warnings,
    )


_Judged = Sequence[tuple[DocumentResult, tuple[Finding, ...]]]


def _judged(rules: Playbook, judged: _Judged) -> dict[str, Any]:
    return {
        "documents": len(judged),
        "unread": [result.uri for result, _ in judged if result.status != "succeeded"],
        "rules": [
            {
                "rule": rule.id,
                "severity": rule.severity,
                **{verdict: counts[verdict] for verdict in _VERDICTS},
            }
            for rule in rules.rules
            for counts in (_counts(rule.id, judged),)
        ],
        "findings": [
            {"uri": result.uri, **msgspec.to_builtins(finding)}
            for result, found in judged
            for finding in found
        ],
    }


def _counts(rule: str, judged: _Judged) -> Counter[str]:
    return Counter(
        finding.result for _, found in judged for finding in found if finding.rule == rule
    )


def _show(console: Console, rules: Playbook, judged: _Judged) -> None:
    unread = [result for result, _ in judged if result.status != "succeeded"]
    for result in unread:
        reason = result.error.message if result.error else "No reason was recorded."
        console.print(Text(f"Not read: {result.uri}: {reason}", style="red"))
    table = Table("rule", "severity", *_VERDICTS, "not for it", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    read = len(judged) - len(unread)
    for rule in rules.rules:
        counts = _counts(rule.id, judged)
        table.add_row(
            Text(rule.id),
            rule.severity,
            *(str(counts[verdict] or "–") for verdict in _VERDICTS),
            str(read - counts.total() or "–"),
        )
    console.print(table)
    for rule in rules.rules:
        failed = [
            (result, finding)
            for result, found in judged
            for finding in found
            if finding.rule == rule.id and finding.result == "fail"
        ]
        if failed:
            console.print()
            console.print(Text(f"{rule.id}: {_short(failed[0][1].message)}", style="bold"))
        for result, finding in failed:
            quote = f": “{_short(finding.quote)}”" if finding.quote else ""
            console.print(Text(f"  {result.uri}{quote}"))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE else f"{line[: _QUOTE - 1].rstrip()}…"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
