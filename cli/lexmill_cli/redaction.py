"""`lexmill redaction`: the key of pseudonyms, terms to redact, and the way back."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.showing import say

app = typer.Typer(no_args_is_help=True, help="Keys of pseudonyms, and the way back from tokens.")


@app.command("key")
def make_key(
    file: Annotated[Path, typer.Argument(help="Where the key is written.", readable=False)],
) -> None:
    """Make a new key. Keep it: it alone leads back from tokens to names."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise CommandError(
            Exit.MISUSE, f"{file} exists; a key that was used once must not be lost."
        ) from error
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(48) + "\n")
    say(f"The key is in {file}, for your eyes only. Keep it.")


@app.command("check")
def check_terms(
    file: Annotated[Path, typer.Argument(help="YAML with terms to redact.", readable=False)],
) -> None:
    """Say whether terms to redact can be used, with line and column where not."""
    from lexmill_cli.declaring import read_terms

    read_terms(file)
    typer.echo(f"{file}: valid")


@app.command("reveal")
def reveal(
    file: Annotated[
        Path | None, typer.Argument(help="Redacted text or DOCX; - is stdin.", readable=False)
    ] = None,
    *,
    key: Annotated[Path, typer.Option(help="The key it was redacted with.", readable=False)],
    token: Annotated[
        str | None, typer.Option(help="Say what this token stands for, instead.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            help="The sealed table; default: pseudonyms.jsonl above the file.", readable=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write; default: stdout.", readable=False)
    ] = None,
) -> None:
    """Put the values back into a redacted copy, or look one token up."""
    if (file is None) == (token is None):
        raise CommandError(Exit.MISUSE, "Name a redacted file, or a token with --token.")
    from lexmill_cli.revealing import reveal_file, reveal_token

    if token is not None:
        for value in reveal_token(token, key=key, table=table):
            print(value)  # noqa: T201 - what was asked for
    elif file is not None:
        reveal_file(file, key=key, table=table, out=out)
