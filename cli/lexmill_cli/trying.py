"""`lexmill playbook dry-run`: what a playbook would say of documents, or of earlier results."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill_cli.declaring import job_of_paths, roots_of
from lexmill_cli.display import Display
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.running import run_jobs
from lexmill_cli.showing import shortened
from lexmill_cli.stores import Stores
from lexmill_cli.system import local_system
from lexmill_legal import playbook
from lexmill_legal.playbook import Playbook
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import Classification, DocumentResult, Extraction, Finding

_RESULTS = "results.jsonl"
_VERDICTS = ("fail", "unknown", "pass")

Judged = Sequence[tuple[DocumentResult, tuple[Finding, ...]]]
"""Documents with what the playbook says of each."""


def judge(file: Path, rules: Playbook, paths: Sequence[str], *, home: Path) -> Judged:
    """Results of an earlier run are only checked again; documents go through the whole system."""
    earlier = [_results_file(Path(path)) for path in paths]
    lines = [path for path in earlier if path is not None]
    if lines and len(lines) < len(paths):
        raise CommandError(Exit.MISUSE, "Name documents, or results of earlier runs, not both.")
    results = list(_earlier(lines)) if lines else _worked(file, paths, home)
    return [(result, _findings(rules, result)) for result in results]


def judged_as_object(rules: Playbook, judged: Judged) -> dict[str, Any]:
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


def show_judged(console: Console, rules: Playbook, judged: Judged) -> None:
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
            console.print(Text(f"{rule.id}: {shortened(failed[0][1].message)}", style="bold"))
        for result, finding in failed:
            quote = f": “{shortened(finding.quote)}”" if finding.quote else ""
            console.print(Text(f"  {result.uri}{quote}"))


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


def _worked(file: Path, paths: Sequence[str], home: Path) -> list[DocumentResult]:
    """Documents are hostile until they are parsed: the system's sandbox does that."""
    display = Display(Console(stderr=True))
    with tempfile.TemporaryDirectory(prefix="lexmill-dry-run-") as folder:
        out = Path(folder).resolve()
        job = job_of_paths(paths, playbook_file=file, out=out, max_workers=2)
        stores = Stores([job], display)
        stores.check()
        with local_system(home, roots=roots_of([job]), port=None) as system:
            try:
                run_jobs(system, [job], display=display, stores=stores)
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


def _counts(rule: str, judged: Judged) -> Counter[str]:
    return Counter(
        finding.result for _, found in judged for finding in found if finding.rule == rule
    )
