"""Where a document's bytes and a job's own texts come from."""

import uuid
from pathlib import Path
from typing import Final

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.service import read_event_data
from lexmill.jobs.service import JobSpec
from lexmill.storage.sources import check_place, read_bytes
from lexmill.tasks.schemas import ClaimedTask
from lexmill_workers.runtime import Runtime

_PASSWORD_BYTES: Final = 65_536
_MOST_PASSWORDS: Final = 200


def read_source(runtime: Runtime, task: ClaimedTask, job: JobSpec) -> bytes:
    """The document's bytes, from wherever its ``source`` says. Raises LexmillError."""
    assert task.source is not None
    scheme, _, rest = task.source.partition(":")
    if scheme == "object":
        _check_own(task, rest)
        return runtime.objects.get(rest)
    if scheme == "configmap":
        name, _, key = rest.partition("/")
        return config_text(job, name, key).encode()
    if scheme == "event":
        with transaction(runtime.process.engine) as session:
            return read_event_data(session, event_id=uuid.UUID(rest))
    check_place(task.source, job.reads, verb="read")
    return read_bytes(
        task.source,
        roots=runtime.process.settings.storage.file_roots,
        limit=runtime.worker.max_document_bytes,
    )


def _check_own(task: ClaimedTask, key: str) -> None:
    """Keys of the object store begin with the namespace that they belong to."""
    if not key.startswith(f"{task.namespace}/") or ".." in key.split("/"):
        raise LexmillError(
            "foreign_object", "the document is an object of another namespace", ErrorClass.DOCUMENT
        )


def playbook_source(job: JobSpec) -> str | None:
    """The text of the job's playbook, or None when it has none."""
    reference = job.spec.get("playbook")
    if reference is None:
        return None
    return config_text(job, reference["configMap"]["name"], reference["configMap"].get("key"))


def read_passwords(folder: Path | None) -> tuple[str, ...]:
    """Those in the folder's files, one a line; read each time, for a Secret may change.

    Raises LexmillError where the folder cannot be read.
    """
    if folder is None:
        return ()
    lines: list[str] = []
    try:
        # a mounted Secret keeps its versions in hidden folders
        files = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
        for path in files:
            if path.is_file():
                with path.open("rb") as file:
                    lines += file.read(_PASSWORD_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise LexmillError(
            "passwords_unreadable",
            "the folder of passwords that the worker's settings name cannot be read",
            ErrorClass.OURS,
        ) from error
    return tuple(dict.fromkeys(filter(None, lines)))[:_MOST_PASSWORDS]


def config_text(job: JobSpec, name: str, key: str | None) -> str:
    entries = job.config_maps.get(name)
    if entries is None:
        raise LexmillError(
            "config_map_missing",
            f"the ConfigMap {name} that the job names was not found",
            ErrorClass.DOCUMENT,
        )
    if key is None and len(entries) == 1:
        return next(iter(entries.values()))
    if key is None or key not in entries:
        raise LexmillError(
            "config_map_key_missing",
            f"the ConfigMap {name} has no key {key}"
            if key
            else f"the ConfigMap {name} has several keys; name one in the job",
            ErrorClass.DOCUMENT,
        )
    return entries[key]
