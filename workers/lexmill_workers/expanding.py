"""Listing a job's documents, a page at a time, each page committed with its cursor."""

import hashlib
import posixpath
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from lexmill.database import transaction
from lexmill.documents.schemas import NewDocument
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.schemas import pool_of
from lexmill.jobs.service import JobSpec
from lexmill.storage.sources import check_place, list_entries
from lexmill.tasks.schemas import ClaimedTask
from lexmill.tasks.service import record_page
from lexmill_legal import playbook
from lexmill_legal.errors import PlaybookError
from lexmill_workers.reading import playbook_source, redaction_key, terms_source
from lexmill_workers.runtime import Runtime

PAGE = 500


def expand_job(runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event) -> None:
    """List every source from where the cursor stands; the last page ends the task.

    Raises LexmillError for sources that are declared wrongly, ClaimLostError when the job was
    stopped or another worker has taken the task over.
    """
    _check_playbook(job)
    terms_source(job)  # wrong terms, or no key, fail the job once, too
    redaction_key(job, runtime.worker.redaction_key)
    cursor = task.cursor or {"source": 0, "after": None}
    documents = _documents(runtime, job, cursor)
    pool = pool_of(job.spec, "parse")
    page = list(islice(documents, PAGE))
    while True:
        following = list(islice(documents, PAGE))
        if lost.is_set():
            raise ClaimLostError
        with transaction(runtime.process.engine) as session:
            added = record_page(
                session,
                task=task,
                documents=[document for document, _ in page],
                pool=pool,
                stage="parse",
                cursor=page[-1][1] if page else cursor,
                last=not following,
            )
        runtime.ring(pool, added)
        if not following:
            return
        page = following


def uri_prefixes(uris: Sequence[str]) -> list[str]:
    """How the documents of each source are named: relative to the folder that all sources share.

    One source needs no prefix, since its documents are named relative to itself.
    """
    if len(uris) < 2:
        return [""] * len(uris)
    places = [(urlsplit(uri).scheme, urlsplit(uri).netloc) for uri in uris]
    paths = [unquote(urlsplit(uri).path).rstrip("/") or "/" for uri in uris]
    if len(set(places)) > 1:
        return [
            f"{netloc}{path}/".lstrip("/") for (_, netloc), path in zip(places, paths, strict=True)
        ]
    shared = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    return [f"{posixpath.relpath(path, shared)}/" for path in paths]


def _documents(
    runtime: Runtime, job: JobSpec, cursor: Mapping[str, Any]
) -> Iterator[tuple[NewDocument, dict[str, Any]]]:
    """Every document from the cursor on, each with the cursor behind it."""
    sources = job.spec.get("documents", [])
    prefixes = iter(uri_prefixes([source["uri"] for source in sources if "uri" in source]))
    named = [(source, next(prefixes) if "uri" in source else "") for source in sources]
    priority = job.spec.get("priority", 0)
    for number, (source, prefix) in enumerate(named):
        if number < cursor["source"]:
            continue
        after = cursor["after"] if number == cursor["source"] else None
        for path, uri, fingerprint in _entries(runtime, job, source, after):
            yield (
                NewDocument(
                    uri=_joined(prefix, path),
                    source=uri,
                    name=posixpath.basename(path),
                    priority=priority,
                    fingerprint=fingerprint,
                ),
                {"source": number, "after": path},
            )


def _joined(prefix: str, path: str) -> str:
    """A source that is a file itself is not named twice."""
    single = prefix.rstrip("/")
    return single if single and posixpath.basename(single) == path else f"{prefix}{path}"


def _entries(
    runtime: Runtime, job: JobSpec, source: Mapping[str, Any], after: str | None
) -> Iterator[tuple[str, str, str]]:
    if "uri" in source:
        check_place(source["uri"], job.reads, verb="read")
        for entry in list_entries(
            source["uri"],
            include=source.get("include", ()),
            roots=runtime.process.settings.storage.file_roots,
            after=after,
        ):
            yield entry.path, entry.uri, entry.fingerprint
        return
    name = source["configMap"]["name"]
    for key, content in sorted(job.config_maps.get(name, {}).items()):
        path = f"{name}/{key}"
        if after is None or path > after:
            yield path, f"configmap:{path}", hashlib.sha256(content.encode()).hexdigest()


def _check_playbook(job: JobSpec) -> None:
    """A wrong playbook fails the job once, not each document."""
    source = playbook_source(job)
    if source is None:
        return
    try:
        playbook.load(source)
    except PlaybookError as error:
        raise LexmillError(
            "playbook_invalid", f"the playbook cannot be used: {error}", ErrorClass.DOCUMENT
        ) from error
