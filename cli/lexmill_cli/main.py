"""The command `lexmill`: parse what was typed, call one function, say how it ended."""

import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NoReturn

import typer

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
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command
from lexmill_cli.statistics import statistics

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
        list[str],
        typer.Argument(help="Files, folders, s3://bucket/folder/, or one LegalJob YAML."),
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
    from lexmill_cli.declaring import RedactionFiles
    from lexmill_cli.foreground import run_here

    ended = run_here(
        paths,
        playbook=playbook,
        redaction=RedactionFiles(redact, redaction_key),
        out=out,
        max_workers=max_workers,
        as_json=as_json,
        home=home,
    )
    raise typer.Exit(ended)


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
    from lexmill_cli.foreground import serve_here

    serve_here(
        manifests or [],
        port=port,
        roots=root or [Path.cwd()],
        max_workers=max_workers,
        home=home,
    )


@app.command("validate")
def validate_manifests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="LegalJob YAML; - is stdin.", readable=False)
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Option("--file", "-f", help="The same, as kubectl takes it.", readable=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object on stdout at the end.")
    ] = False,
) -> None:
    """Say what a cluster would say about LegalJobs, without one."""
    from lexmill_cli.validating import validate, verdict_lines, verdicts_json

    named = [*(files or ()), *(more or ())]
    if not named:
        raise CommandError(Exit.MISUSE, "Name a LegalJob YAML; - is stdin.")
    verdicts = validate(named)
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
    from lexmill_cli.validating import crd_text

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


def _end(code: Exit, message: str) -> NoReturn:
    sys.stderr.write(message + "\n")
    sys.exit(code)
