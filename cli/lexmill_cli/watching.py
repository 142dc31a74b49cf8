"""Following jobs and documents of an installation until they have ended."""

import sys
import uuid
from collections.abc import Collection, Sequence
from typing import Final
from urllib.parse import unquote

from rich.console import Console

from lexmill.client.api import ApiClient
from lexmill.documents.schemas import DocumentState
from lexmill.jobs.schemas import JobProgress
from lexmill_cli.display import Display, ended
from lexmill_cli.showing import known_as, printable, show_json

_OVER: Final = {"Complete", "Failed"}
_AT_ONCE: Final = 200
"""As many as the API lets one stream watch."""


def watch_jobs(
    client: ApiClient, namespace: str, names: Collection[str], *, as_json: bool
) -> Sequence[JobProgress]:
    """How they ended; of a whole namespace it has no end."""
    newest: dict[str, JobProgress] = {}
    said: dict[str, str] = {}
    display = Display(Console())
    try:
        for job in client.live.watch(namespace, jobs=names):
            if not isinstance(job, JobProgress):
                continue
            newest[job.name] = job
            if as_json:
                show_json(job)
                sys.stdout.flush()
            elif display.console.is_terminal:
                display.show(list(newest.values()), workers={})
            elif said.get(job.name) != (line := _line(job)):
                said[job.name] = line
                print(line, flush=True)  # noqa: T201 - what was asked for
            if names and all(name in newest and newest[name].state in _OVER for name in names):
                break
    finally:
        display.close()
    if display.console.is_terminal and not as_json:
        for job in newest.values():
            display.say(_line(job))
    return list(newest.values())


def watch_documents(
    client: ApiClient, namespace: str, ids: Sequence[uuid.UUID], *, as_json: bool
) -> Sequence[DocumentState]:
    """How they ended, each said when it has."""
    newest: dict[uuid.UUID, DocumentState] = {}
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at : at + _AT_ONCE]
        for document in client.live.watch(namespace, documents=some):
            if not isinstance(document, DocumentState):
                continue
            newest[document.id] = document
            if as_json:
                show_json(document)
                sys.stdout.flush()
            elif document.state != "queued":
                print(_end_of(document), flush=True)  # noqa: T201 - what was asked for
            if all(id_ in newest and newest[id_].state != "queued" for id_ in some):
                break
    return list(newest.values())


def _end_of(document: DocumentState) -> str:
    name = known_as(unquote(document.uri))
    why = f": {document.error_message}" if document.error_message else ""
    return f"{document.id} {document.state} {printable(name + why)}"


def _line(job: JobProgress) -> str:
    counts = job.documents
    bad = "".join(
        f", {count} {name}"
        for name, count in (("failed", counts.failed), ("dead", counts.dead))
        if count
    )
    why = f" ({job.message})" if job.message else ""
    return printable(
        f"{job.name}: {job.state}{why}, {ended(job)} of {counts.total} documents done,"
        f" {counts.running} running{bad}"
    )
