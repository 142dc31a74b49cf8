"""`lexmill audit`: who decided what and when, and whether anybody has changed that since."""

import json
import re
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from lexmill.audit.chain import GENESIS, verify_chain
from lexmill.audit.schemas import AuditEntry, Head, Verdict
from lexmill_cli.connecting import Installation
from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.options import command
from lexmill_cli.showing import AsJson, Cut, say, show_json, show_list

app = typer.Typer(no_args_is_help=True, help="Read, verify and export the audit trail.")

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line of an export."""

    namespace: str
    entries: int
    head: Head


@command(app)
def verify(
    at: Installation,
    head: Annotated[
        str | None,
        typer.Option(help="NUMBER:HASH that was noted before: finds a chain that was cut off."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="An export instead of an installation.", readable=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the chain again, here, and name the first entry that does not hold."""
    noted = _noted(head)
    if file is not None:
        verdict = _verify_file(file, noted)
    else:
        with at.client() as client:
            entries = client.audit.list(at.namespace)
            verdict = verify_chain(entries, namespace=at.namespace, noted=noted)
    if as_json:
        show_json(verdict)
    if verdict.broken is not None:
        raise CommandError(
            Exit.UNFINISHED,
            f"The audit trail of {verdict.namespace} is broken at number"
            f" {verdict.broken.number}: {verdict.broken.reason}.",
        )
    say(
        f"The audit trail of {verdict.namespace} is whole: {verdict.entries} entries. Note its head"
        f" elsewhere: {verdict.head.number}:{verdict.head.hash}"
    )


@command(app)
def show(
    at: Installation,
    cut: Cut,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="About documents with this SHA-256.")
    ] = None,
    field: Annotated[str | None, typer.Option(help="About this field.")] = None,
    actor: Annotated[str | None, typer.Option(help="Who did it.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done, as review.corrected.")] = None,
) -> None:
    """Its entries, oldest first."""
    with at.client() as client:
        show_list(
            client.audit.list(
                at.namespace,
                sort=cut.sort,
                sha256=sha256,
                field=field,
                actor=actor,
                action=action,
            ),
            {
                "No.": lambda entry: entry.number,
                "When": lambda entry: datetime.fromisoformat(_said(entry)["at"]),
                "Who": lambda entry: _said(entry)["actor"],
                "What": lambda entry: _said(entry)["action"],
                "About": lambda entry: _about(_said(entry)["subject"]),
                "Before": lambda entry: _value(_said(entry)["before"]),
                "After": lambda entry: _value(_said(entry)["after"]),
            },
            cut,
            nothing="Nothing was recorded.",
            encode=lambda entry: entry.entry.encode(),
        )


@command(app)
def export(
    at: Installation,
    target: Annotated[Path, typer.Argument(help="The file to write.", writable=False)],
) -> None:
    """Write the whole chain with a manifest of its head; `verify --file` needs nothing else."""
    head, count = Head(number=0, hash=GENESIS), 0
    try:
        with at.client() as client, target.open("wb") as lines:
            for entry in client.audit.list(at.namespace):
                lines.write(msgspec.json.encode(entry) + b"\n")
                head, count = Head(number=entry.number, hash=entry.hash), count + 1
            lines.write(msgspec.json.encode(_Manifest(at.namespace, count, head)) + b"\n")
    except OSError as error:
        raise CommandError(Exit.UNAVAILABLE, f"{target}: {error.strerror}.") from error
    say(f"{count} entries; the head is {head.number}:{head.hash}")


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


@lru_cache(maxsize=1)  # each column of a row asks
def _said(entry: AuditEntry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(entry.entry)
    return content


def _about(subject: dict[str, Any]) -> str:
    """A field, a playbook, a hold: what it is, not the hashes beside it."""
    return ", ".join(str(each) for name, each in subject.items() if name != "sha256" and each)


def _value(content: dict[str, Any] | None) -> str:
    if content is None:
        return ""
    value = content.get("value")
    return str(content.get("decision", "")) if value is None else str(value)
