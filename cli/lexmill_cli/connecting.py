"""The installation that a command talks to: one that is named, or the one of a folder."""

import ipaddress
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill_cli.errors import CommandError, Exit

_ADVICE: Final = {
    "api_away": "Is it running, and is --url right?",
    "database_away": "Try again in a moment.",
    "forbidden": "An administrator of the namespace can give you a role (docs/access.md).",
    "identity_away": "Try again in a moment.",
    "not_found": "Lists show what there is; --namespace says where.",
    "overloaded": "Try again in a moment.",
    "too_many_requests": "Try again in a minute.",
    "unauthorised": "Name a good token by --token-file or LEXMILL_TOKEN (docs/access.md).",
    "untrusted": "Name a file with its authority's certificate by --ca-file.",
}


_NAMESPACE: Final = re.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PANEL: Final = "Installation"


@dataclass(frozen=True)
class Installation:
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace",
            "-n",
            envvar="LEXMILL_NAMESPACE",
            help="Whose things.",
            rich_help_panel=_PANEL,
        ),
    ] = "default"
    url: Annotated[
        str | None,
        typer.Option(
            envvar="LEXMILL_URL", help="A running installation's API.", rich_help_panel=_PANEL
        ),
    ] = None
    token: Annotated[
        str | None,
        typer.Option(
            envvar="LEXMILL_TOKEN",
            help="Its token; others on this machine see what is typed here.",
            rich_help_panel=_PANEL,
        ),
    ] = field(default=None, repr=False)
    token_file: Annotated[
        Path | None,
        typer.Option(
            envvar="LEXMILL_TOKEN_FILE", help="A file with its token.", rich_help_panel=_PANEL
        ),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option(
            envvar="LEXMILL_CA_FILE",
            help="PEM of its own certificate authority.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    home: Annotated[
        Path,
        typer.Option(
            envvar="LEXMILL_HOME",
            help="Without --url: the system in this folder.",
            rich_help_panel=_PANEL,
        ),
    ] = Path(".lexmill")

    @contextmanager
    def client(self) -> Iterator[ApiClient]:
        """A system of a folder that does not run is started for this command alone."""
        if not _NAMESPACE.fullmatch(self.namespace):
            raise CommandError(
                Exit.MISUSE,
                "--namespace: a namespace is written as team-a, with small letters, digits and -.",
            )
        try:
            if self.url is not None:
                with self._named(self.url) as client:
                    yield client
                return
            if (running := self.home / "url").exists():
                with ApiClient(
                    _read(running), token=_read(self.home / "token"), source="/cli"
                ) as client:
                    if client.is_ready():
                        yield client
                        return
            if not self.home.exists():
                raise CommandError(
                    Exit.MISUSE,
                    f"There is no system in {self.home}; name one with --home or --url.",
                )
            from lexmill_cli.system import local_system

            with local_system(self.home, roots=[], port=None) as system, system.client() as client:
                yield client
        except LexmillError as error:
            exit_ = Exit.UNAVAILABLE if error.retryable else Exit.MISUSE
            raise CommandError(exit_, _sentence(error)) from error

    def _named(self, url: str) -> ApiClient:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(
                Exit.MISUSE, "--url is an address such as https://lexmill.example.com."
            )
        return ApiClient(
            url, token=self._token(parts.hostname), source="/cli", tries=4, ca_file=self.ca_file
        )

    def _token(self, host: str) -> str | Callable[[], str]:
        """What somebody typed, or put into the environment, goes before a file of the machine."""
        if self.token:
            return self.token
        if self.token_file is not None:
            file = self.token_file
            _read(file)  # a sentence now, instead of tries later
            return lambda: file.read_text(encoding="ascii")
        # That of this folder is for this machine: no other host is to see it.
        if _is_local(host) and (self.home / "token").exists():
            return _read(self.home / "token")
        raise CommandError(
            Exit.MISUSE,
            f"{host} wants a token: name one by --token-file or LEXMILL_TOKEN (docs/access.md).",
        )


def job_uid(client: ApiClient, namespace: str, job: str | None) -> uuid.UUID | None:
    """Of a job by its name; a uid is one already, also of a job that was deleted."""
    if job is None:
        return None
    try:
        return uuid.UUID(job)
    except ValueError:
        return uuid.UUID(client.jobs.get(namespace, job).uid)


def _sentence(error: LexmillError) -> str:
    said = f"{error.message.rstrip('.')}."
    return f"{said} {_ADVICE[error.code]}" if error.code in _ADVICE else said


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(Exit.MISUSE, f"{path}: this is no token.") from error
