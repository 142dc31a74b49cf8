"""`lexmill model facts`: measure how often facts are right, and learn which candidates are."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lexmill_cli.errors import CommandError, Exit

app = typer.Typer(no_args_is_help=True, help="Facts: measure how often they are right.")

Data = Annotated[Path, typer.Option(help="Folder of CUAD's train.jsonl.gz.", readable=False)]
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
    from lexmill_cli.measuring import accuracy_table, as_object, measured

    contracts, accuracies = measured(data, shipped=shipped)
    if as_json:
        print(json.dumps(as_object(contracts, accuracies)))  # noqa: T201 - the machine's answer
    else:
        Console(width=_WIDTH).print(accuracy_table(accuracies))


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="File to write the weights to.")] = Path("ranking.json"),
) -> None:
    """Learn again which candidates are right; the same contracts give the same bytes."""
    from lexmill_cli.measuring import learned
    from lexmill_legal.extract.ranking import shipped_bytes

    written = learned(data)
    try:
        out.write_bytes(written)
    except OSError as error:
        raise CommandError(
            Exit.UNAVAILABLE, f"The weights cannot be written to {out}: {error.strerror}."
        ) from error
    same = written == shipped_bytes()
    typer.echo(f"{out} is as shipped." if same else f"{out} differs from what is shipped.")
