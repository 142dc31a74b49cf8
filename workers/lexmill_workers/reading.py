"""Where a document's bytes and a job's own texts come from."""

import uuid
from functools import lru_cache
from pathlib import Path
from typing import Final

from lexmill.database import transaction
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.service import read_event_data
from lexmill.jobs.service import JobSpec
from lexmill.storage.sources import check_place, read_bytes
from lexmill.tasks.schemas import ClaimedTask
from lexmill_legal.errors import TermsError
from lexmill_legal.redaction import load_terms
from lexmill_legal.redaction.pseudonyms import RedactionKeyError, derive
from lexmill_workers.runtime import Runtime

_PASSWORD_BYTES: Final = 65_536
_MOST_PASSWORDS: Final = 200
_KEY_BYTES: Final = 4096


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


def terms_source(job: JobSpec) -> str:
    """The text of the job's own terms to redact; empty when it has none.

    Raises LexmillError for terms that cannot be used: a copy without them would show too much.
    """
    reference = (job.spec.get("redaction") or {}).get("configMap")
    if reference is None:
        return ""
    source = config_text(job, reference["name"], reference.get("key"))
    try:
        load_terms(source)
    except TermsError as error:
        raise LexmillError(
            "redaction_terms_invalid",
            f"the terms to redact in the ConfigMap {reference['name']}, line {error.line}, column"
            f" {error.column}: {error.message}",
            ErrorClass.DOCUMENT,
        ) from error
    return source


def redaction_key(job: JobSpec, place: Path | None) -> bytes | None:
    """Derived from the customer's key, in a file or as the only file of a folder.

    None where the job names no key; raises LexmillError where it does and there is none.
    """
    if (job.spec.get("redaction") or {}).get("keySecret") is None:
        return None
    try:
        if place is None:
            raise FileNotFoundError
        # a mounted Secret keeps its versions in hidden folders
        files = [p for p in place.iterdir() if not p.name.startswith(".")] if place.is_dir() else []
        (file,) = files or [place]
        with file.open("rb") as opened:
            return _derived(opened.read(_KEY_BYTES))
    except (OSError, ValueError) as error:
        reason = (
            str(error)
            if isinstance(error, RedactionKeyError)
            else (
                "the job names a key of pseudonyms, which is not where the worker's settings say"
                " (one file, or a folder with one file in it)"
            )
        )
        raise LexmillError("redaction_key_unreadable", reason, ErrorClass.OURS) from error


@lru_cache(maxsize=4)
def _derived(secret: bytes) -> bytes:
    return derive(secret)


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
