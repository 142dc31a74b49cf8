"""The installation that a command talks to: one that is named, or the one of a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.system import local_system

Home = Annotated[
    Path, typer.Option(envvar="LEXMILL_HOME", help="Folder of a system on this machine.")
]
Url = Annotated[
    str | None, typer.Option(envvar="LEXMILL_URL", help="A running installation's API.")
]
Token = Annotated[
    str | None, typer.Option(envvar="LEXMILL_TOKEN", help="Its token; default: of --home.")
]
Namespace = Annotated[str, typer.Option("--namespace", "-n")]


@contextmanager
def connected(url: str | None, token: str | None, home: Path) -> Iterator[ApiClient]:
    """A client of the installation at ``url``, or of the one in ``home``.

    One that does not run there is started for this command alone.
    """
    try:
        if url is not None:
            with ApiClient(
                url, token=token or _read(home / "token"), source="/cli", tries=4
            ) as client:
                yield client
            return
        if (running := home / "url").exists():
            with ApiClient(_read(running), token=_read(home / "token"), source="/cli") as client:
                if client.is_ready():
                    yield client
                    return
        if not home.exists():
            raise CommandError(
                Exit.MISUSE, f"There is no system in {home}; name one with --home or --url."
            )
        with local_system(home, roots=[], port=None) as system, system.client() as client:
            yield client
    except LexmillError as error:
        exit_ = Exit.UNAVAILABLE if error.retryable else Exit.MISUSE
        raise CommandError(exit_, f"{error.message}.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise CommandError(
            Exit.MISUSE, f"{path}: {error.strerror}; give the installation's token with --token."
        ) from error
