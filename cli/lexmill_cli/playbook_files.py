"""Playbooks as files: what is wrong with them, and whether they do what their examples say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.showing import counted, shortened
from lexmill_legal import playbook
from lexmill_legal.errors import PlaybookError
from lexmill_legal.playbook import Playbook
from lexmill_legal.playbook.examples import Trial


@dataclass(frozen=True)
class Reading:
    """A playbook's file: what it holds, or what is wrong with it."""

    file: Path
    playbook: Playbook | None
    problems: tuple[PlaybookError, ...]

    def lines(self) -> list[str]:
        return [f"{self.file}:{each.line}:{each.column}: {each.message}" for each in self.problems]


def read_file(file: Path) -> Reading:
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(Exit.MISUSE, f"{file}: this is not UTF-8 text") from None
    except FileNotFoundError:
        raise CommandError(Exit.MISUSE, f"{file}: no such file") from None
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}") from error
    return Reading(file, *playbook.read(source))


def load_file(file: Path) -> Playbook:
    reading = read_file(file)
    if reading.playbook is None:
        raise CommandError(Exit.MISUSE, "\n".join(reading.lines()))
    return reading.playbook


def readings_as_object(readings: Sequence[Reading]) -> dict[str, Any]:
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


def trials_as_object(trials: Sequence[tuple[Path, Trial]]) -> dict[str, Any]:
    return {
        "ok": all(trial.ok for _, trial in trials),
        "examples": [
            {"file": str(file), "ok": trial.ok, **msgspec.to_builtins(trial)}
            for file, trial in trials
        ],
    }


def trial_lines(file: Path, rules: Playbook, trials: Sequence[Trial]) -> Iterator[str]:
    lines = {rule.id: rule.line for rule in rules.rules}
    for trial in trials:
        if not trial.ok:
            wanted = "must not fail" if trial.kind == "good" else "must fail"
            yield (
                f"{file}:{lines[trial.rule]}: {trial.rule}: the {trial.kind} example"
                f" {trial.number} {wanted}, but: {_outcome(trial)}"
            )
            yield f"    {shortened(trial.text)}"
    asked = [trial for trial in trials if trial.ok and trial.result == "unknown"]
    bare = [rule.id for rule in rules.rules if not (rule.examples.good and rule.examples.bad)]
    wrong = sum(not trial.ok for trial in trials)
    yield (
        f"{file}: {counted(len(rules.rules), 'rule')}, {counted(len(trials), 'example')}:"
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
