"""`lexmill model facts`: measure how often facts are right, and learn which candidates are."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.accuracy import Contract, Counts, FieldAccuracy, measure, read_contracts
from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.results import Fact, ParsedDocument
from lexmill_legal.segment import segment

if TYPE_CHECKING:
    from lexmill_legal.accuracy.crossing import Crossed

app = typer.Typer(no_args_is_help=True, help="Facts: measure how often they are right.")

_FILE = "train.jsonl.gz"
Data = Annotated[Path, typer.Option(help=f"Folder of CUAD's {_FILE}.", readable=False)]
_WIDTH = 140  # a narrower table would cut its figures


@app.callback()
def about() -> None:
    """Facts: measure how often they are right."""


@app.command("eval")
def evaluate(
    data: Data,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
    shipped: Annotated[
        bool,
        typer.Option(help="With the models as shipped: for contracts that they have not seen."),
    ] = False,
) -> None:
    """Recall of the first value and precision of firm values, per field and fold of companies.

    Models are made again for each fold from the other folds, which takes minutes.
    """
    contracts = _contracts(data / _FILE)
    if shipped:
        accuracies = measure(contracts, _facts_of)
    else:
        accuracies = measure(contracts, _crossed(data, contracts).facts_of)
    if as_json:
        print(json.dumps(as_object(len(contracts), accuracies)))  # noqa: T201 - the machine's answer
    else:
        Console(width=_WIDTH).print(_table(accuracies))


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="File to write the weights to.")] = Path("ranking.json"),
) -> None:
    """Learn again which candidates are right; the same contracts give the same bytes."""
    from lexmill_legal.accuracy.crossing import train as learn  # noqa: PLC0415 - numpy, for this only
    from lexmill_legal.extract.ranking import shipped_bytes  # noqa: PLC0415

    written = learn(_crossed(data, _contracts(data / _FILE)))
    try:
        out.write_bytes(written)
    except OSError as error:
        raise CommandError(
            Exit.UNAVAILABLE, f"The weights cannot be written to {out}: {error.strerror}."
        ) from error
    same = written == shipped_bytes()
    typer.echo(f"{out} is as shipped." if same else f"{out} differs from what is shipped.")


def _crossed(data: Path, contracts: list[Contract]) -> "Crossed":
    from lexmill_legal.accuracy.crossing import cross  # noqa: PLC0415 - numpy, for this only

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


def _table(accuracies: Sequence[FieldAccuracy]) -> Table:
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
