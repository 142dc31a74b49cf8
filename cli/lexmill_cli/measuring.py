"""The figures of `lexmill model facts`: measured, and written for people and machines."""

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.table import Table

from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.accuracy import Contract, Counts, FieldAccuracy, measure, read_contracts
from lexmill_legal.accuracy.crossing import Crossed, cross, train
from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.results import Fact, ParsedDocument
from lexmill_legal.segment import segment

_FILE = "train.jsonl.gz"


def measured(data: Path, *, shipped: bool) -> tuple[int, Sequence[FieldAccuracy]]:
    """How many contracts there are, and how often the facts of their fields are right."""
    contracts = _contracts(data / _FILE)
    facts_of = _facts_of if shipped else _crossed(data, contracts).facts_of
    return len(contracts), measure(contracts, facts_of)


def learned(data: Path) -> bytes:
    """The weights that say which candidates are right."""
    return train(_crossed(data, _contracts(data / _FILE)))


def _crossed(data: Path, contracts: list[Contract]) -> Crossed:
    try:
        return cross(data, contracts, say=lambda step: typer.echo(f"{step} ...", err=True))
    except ModuleNotFoundError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{error} Or measure with --shipped.") from None


def _contracts(path: Path) -> list[Contract]:
    try:
        return list(read_contracts(path.read_bytes()))
    except FileNotFoundError:
        raise CommandError(Exit.MISUSE, f"{path.parent} has no {_FILE}") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            Exit.MISUSE, f"{path} is no gzipped file of labelled contracts: {type(error).__name__}"
        ) from None


def _facts_of(contract: Contract) -> Sequence[Fact]:
    parsed = ParsedDocument("text/plain", contract.text)
    return extract(parsed, classify(parsed), segment(parsed)).facts


def as_object(contracts: int, accuracies: Sequence[FieldAccuracy]) -> dict[str, object]:
    return {
        "contracts": contracts,
        "fields": {
            accuracy.field: {
                **_figures(accuracy.total),
                "folds": [_figures(fold) for fold in accuracy.folds],
            }
            for accuracy in accuracies
        },
    }


def _figures(counts: Counts) -> dict[str, float | int | None]:
    return {
        "labelled": counts.labelled,
        "recall": _rounded(counts.recall),
        "firm": counts.firm,
        "precision": _rounded(counts.precision),
        "open": counts.open,
        "among_first_three": _rounded(counts.candidates),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def accuracy_table(accuracies: Sequence[FieldAccuracy]) -> Table:
    table = Table("field", "labelled", "recall", "firm", "precision", "not firm", "in first three")
    folds = len(accuracies[0].folds) if accuracies else 0
    for fold in range(1, folds + 1):
        table.add_column(f"fold {fold}")
    for accuracy in accuracies:
        total = accuracy.total
        table.add_row(
            accuracy.field,
            str(total.labelled),
            _written(total.recall),
            str(total.firm),
            _written(total.precision),
            str(total.open),
            _written(total.candidates),
            *(f"{_written(fold.recall)}/{_written(fold.precision)}" for fold in accuracy.folds),
        )
    return table


def _written(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}".removeprefix("0")
