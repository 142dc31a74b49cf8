"""`lexmill audit`: who decided what and when, and whether anybody has changed that since."""

import json
import re
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexmill.audit.chain import GENESIS, verify_chain
from lexmill.audit.schemas import AuditEntry, Head, Verdict
from lexmill_cli.connecting import Home, Namespace, Token, Url, connected
from lexmill_cli.errors import CommandError, Exit

app = typer.Typer(no_args_is_help=True, help="Read, verify and export the audit trail.")

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line of an export."""

    namespace: str
    entries: int
    head: Head


@app.command()
def verify(
    namespace: Namespace = "default",
    head: Annotated[
        str | None,
        typer.Option(help="NUMBER:HASH that was noted before: finds a chain that was cut off."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="An export instead of an installation.", readable=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Compute the chain again, here, and name the first entry that does not hold."""
    noted = _noted(head)
    if file is not None:
        verdict = _verify_file(file, noted)
    else:
        with connected(url, token, home) as client:
            verdict = verify_chain(client.audit(namespace), namespace=namespace, noted=noted)
    if as_json:
        print(msgspec.json.encode(verdict).decode())  # noqa: T201 - the machine's answer
    if verdict.broken is not None:
        raise CommandError(
            Exit.UNFINISHED,
            f"The audit trail of {verdict.namespace} is broken at number"
            f" {verdict.broken.number}: {verdict.broken.reason}.",
        )
    Console(stderr=True, soft_wrap=True).print(
        f"The audit trail of {verdict.namespace} is whole: {verdict.entries} entries. Note its head"
        f" elsewhere: {verdict.head.number}:{verdict.head.hash}"
    )


@app.command()
def show(
    namespace: Namespace = "default",
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Every entry, oldest first; with --json a JSON object a line."""
    table = Table("No.", "When", "Who", "What", "Field", "Before", "After", header_style="bold")
    with connected(url, token, home) as client:
        for entry in client.audit(namespace):
            if as_json:
                print(entry.entry)  # noqa: T201 - the machine's answer
                continue
            content = json.loads(entry.entry)
            table.add_row(
                str(entry.number),
                str(content["at"])[:16].replace("T", " "),
                Text(content["actor"]),
                Text(content["action"]),
                Text(str(content["subject"].get("field", ""))),
                Text(_value(content["before"])),
                Text(_value(content["after"])),
            )
    if not as_json:
        Console(stderr=True).print(table if table.row_count else "Nothing was recorded yet.")


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="The file to write.", writable=False)],
    namespace: Namespace = "default",
    url: Url = None,
    token: Token = None,
    home: Home = Path(".lexmill"),
) -> None:
    """Write the whole chain with a manifest of its head; `verify --file` needs nothing else."""
    head, count = Head(number=0, hash=GENESIS), 0
    try:
        with connected(url, token, home) as client, target.open("wb") as lines:
            for entry in client.audit(namespace):
                lines.write(msgspec.json.encode(entry) + b"\n")
                head, count = Head(number=entry.number, hash=entry.hash), count + 1
            lines.write(msgspec.json.encode(_Manifest(namespace, count, head)) + b"\n")
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{target}: {error.strerror}.") from error
    Console(stderr=True, soft_wrap=True).print(
        f"{count} entries; the head is {head.number}:{head.hash}"
    )


def _verify_file(file: Path, noted: Head | None) -> Verdict:
    """Against the manifest's head, and against one that was noted elsewhere."""
    try:
        manifest, count = _manifest(file)
        verdict = _verify_lines(file, manifest, count, manifest.head)
        if noted is not None and verdict.broken is None:
            verdict = _verify_lines(file, manifest, count, noted)
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise CommandError(
            Exit.UNFINISHED, f"{file}: this is no whole export of an audit trail."
        ) from error
    return verdict


def _verify_lines(file: Path, manifest: _Manifest, count: int, noted: Head) -> Verdict:
    with file.open("rb") as lines:
        entries = (msgspec.json.decode(line, type=AuditEntry) for line in islice(lines, count))
        return verify_chain(entries, namespace=manifest.namespace, noted=noted)


def _manifest(file: Path) -> tuple[_Manifest, int]:
    """The last line, and how many are before it."""
    last, count = b"", -1
    with file.open("rb") as lines:
        for line in lines:
            last, count = line, count + 1
    return msgspec.json.decode(last, type=_Manifest), count


def _noted(head: str | None) -> Head | None:
    if head is None:
        return None
    match = _HEAD.fullmatch(head.strip())
    if match is None:
        raise CommandError(
            Exit.MISUSE, "--head is NUMBER:HASH, as `lexmill audit verify` printed it."
        )
    return Head(number=int(match[1]), hash=match[2])


def _value(content: dict[str, Any] | None) -> str:
    if content is None:
        return ""
    value = content.get("value")
    return str(content.get("decision", "")) if value is None else str(value)
