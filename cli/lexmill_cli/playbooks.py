"""`lexmill playbook`: is it valid, does it do what its examples say, what would it say of these."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lexmill.playbooks.schemas import PlaybookRow
from lexmill_cli.connecting import Installation
from lexmill_cli.errors import Exit
from lexmill_cli.options import command
from lexmill_cli.showing import (
    Columns,
    Cut,
    Out,
    counted,
    say,
    show_json,
    show_list,
    write_pieces,
)

app = typer.Typer(
    no_args_is_help=True, help="Playbooks: check, test and try them; keep them in an installation."
)

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


@app.command("check")
def check_files(files: Files, as_json: AsJson = False) -> None:
    """Say whether playbooks are valid; if not, where they are wrong: line and column."""
    from lexmill_cli.playbook_files import read_file, readings_as_object

    readings = [read_file(file) for file in files]
    if as_json:
        print(json.dumps(readings_as_object(readings)))  # noqa: T201 - the machine's answer
    else:
        for reading in readings:
            for line in reading.lines():
                typer.echo(line, err=True)
            if reading.playbook is not None:
                typer.echo(f"{reading.file}: valid, {counted(len(reading.playbook.rules), 'rule')}")
    raise typer.Exit(Exit.MISUSE if any(reading.problems for reading in readings) else Exit.OK)


@app.command("test")
def run_examples(files: Files, as_json: AsJson = False) -> None:
    """Hold each rule to its own examples: a good one must not fail, a bad one must."""
    from lexmill_cli.playbook_files import load_file, trial_lines, trials_as_object
    from lexmill_legal.playbook.examples import try_examples

    known = [(file, load_file(file)) for file in files]
    trials = [(file, trial) for file, rules in known for trial in try_examples(rules)]
    wrong = sum(not trial.ok for _, trial in trials)
    if as_json:
        print(json.dumps(trials_as_object(trials)))  # noqa: T201 - the machine's answer
    else:
        for file, rules in known:
            for line in trial_lines(file, rules, [trial for own, trial in trials if own == file]):
                typer.echo(line)
    raise typer.Exit(Exit.UNFINISHED if wrong else Exit.OK)


@app.command("dry-run")
def dry_run(
    file: Annotated[Path, typer.Argument(help="The playbook (YAML).", readable=False)],
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Documents (files, folders, s3://bucket/folder/), or an earlier run's "
            "results.jsonl or folder."
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
    from lexmill_cli.playbook_files import load_file
    from lexmill_cli.trying import judge, judged_as_object, show_judged

    rules = load_file(file)
    judged = judge(file, rules, paths, home=home)
    if as_json:
        print(json.dumps(judged_as_object(rules, judged)))  # noqa: T201 - the machine's answer
    else:
        show_judged(Console(), rules, judged)
    unread = any(result.status != "succeeded" for result, _ in judged)
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
    from lexmill_cli.playbook_files import load_file

    load_file(file)
    with at.client() as client:
        row = client.playbooks.put(at.namespace, name, file.read_bytes())
    if as_json:
        show_json(row)
    say(f"{row.name} is version {row.number}, with {counted(row.rules, 'rule')}.")


@app.command()
def schema() -> None:
    """Print the JSON Schema of playbooks, for editors."""
    from lexmill_legal.playbook.schema import schema_text

    typer.echo(schema_text(), nl=False)
