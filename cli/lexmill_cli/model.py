"""`lexmill model clauses`: make the clause model again, and measure it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from lexmill_cli.errors import CommandError, Exit

app = typer.Typer(no_args_is_help=True, help="Make the clause model again, and measure it.")

T = TypeVar("T")

Data = Annotated[Path, typer.Option("--data", help="Folder with train.jsonl.gz.", readable=False)]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout at the end.")]


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of the model and its card.")] = Path(
        "lexmill-model"
    ),
    as_json: AsJson = False,
) -> None:
    """Make the model's file; the same contracts give the same bytes."""
    from lexmill_legal.clauses.model import FILE, shipped_bytes
    from lexmill_legal.clauses.training import making

    trained = _guarded(lambda: making.train(data, say=_say))
    try:
        out.mkdir(parents=True, exist_ok=True)
        trained.write(out)
    except OSError as error:
        raise CommandError(
            Exit.UNAVAILABLE, f"The model cannot be written to {out}: {error.strerror}."
        ) from error
    same = trained.sha256 == hashlib.sha256(shipped_bytes()).hexdigest()
    if as_json:
        written = {"out": str(out), "sha256": trained.sha256, "as_shipped": same}
        print(json.dumps(written))  # noqa: T201 - the machine's answer
    else:
        typer.echo(f"{out / FILE} sha256 {trained.sha256}")
        typer.echo("It is the model that is shipped." if same else "It differs from the shipped.")


@app.command("eval")
def evaluate(
    data: Data,
    write: Annotated[
        Path | None, typer.Option(help="Page to put the table into, such as docs/accuracy.md.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure it in five folds by company; no contract is scored by a model that knows it."""
    from lexmill_legal.clauses.training import making, table

    figures = _guarded(lambda: making.evaluate(data, say=_say))
    part = table.table(figures)
    if write is not None:
        table.write_part(write, part)
    if as_json:
        print(json.dumps(figures.as_json()))  # noqa: T201 - the machine's answer
    else:
        typer.echo(part)


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except ModuleNotFoundError as error:
        raise CommandError(Exit.UNAVAILABLE, str(error)) from None
    except FileNotFoundError as error:
        raise CommandError(Exit.MISUSE, f"{error}.") from None


def _say(sentence: str) -> None:
    typer.echo(f"{sentence} ...", err=True)
