"""Writing the reports of a finished run, streamed from the documents' results."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lexmill.database import transaction
from lexmill.documents.schemas import EndedDocument
from lexmill.documents.service import list_ended
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.service import JobSpec
from lexmill.storage.bundles import decode_bundle
from lexmill.storage.objects import Objects
from lexmill.storage.sources import check_place, local_path
from lexmill_legal.redaction import RedactedCopy
from lexmill_legal.reports import write_reports
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult, ErrorRecord
from lexmill_workers.redacted import RedactedFiles
from lexmill_workers.runtime import Runtime
from lexmill_workers.stages import redacted_copy

PAGE = 500


def finalize_run(runtime: Runtime, job: JobSpec, lost: threading.Event) -> None:
    """Write the run's reports where the job's ``output`` says, else into the object store.

    Writing them again gives the same files, so a lost worker's half is simply overwritten.
    """
    output = job.spec.get("output", {})
    try:
        _write(runtime, job, lost, output)
    except LexmillError as error:
        if error.code == "no_space" and "uri" in output:
            # Of the place that the job itself names: who did is told, and waits no longer.
            raise replace(error, error_class=ErrorClass.PASSING) from error
        raise


def _write(
    runtime: Runtime, job: JobSpec, lost: threading.Event, output: Mapping[str, Any]
) -> None:
    target, prefix = _target(runtime, job, output.get("uri"))
    formats = tuple(output.get("formats", ("json", "xlsx", "html")))
    text, redline = "", b""

    redacted = RedactedFiles(target, prefix) if "redaction" in job.spec else None

    def results() -> Iterator[DocumentResult]:
        nonlocal text, redline
        for document in _ended(runtime, job, lost):
            result, text, redline, copy = _read(runtime, document)
            if redacted is not None:
                result = redacted.add(result, copy)
            yield result

    files = _Files(target, prefix)
    write_reports(
        results(),
        text_of=lambda _: text,
        sink=files.add,
        formats=formats,
        redline_of=lambda _: redline,
    )
    files.flush()
    if redacted is not None:
        redacted.finish()


@dataclass
class _Files:
    """A large file comes in pieces, one right after the other, and is put as a whole."""

    target: Objects
    prefix: str
    _name: str = ""
    _pieces: list[bytes] = field(default_factory=list)

    def add(self, name: str, piece: bytes) -> None:
        if name != self._name:
            self.flush()
            self._name = name
        self._pieces.append(piece)

    def has_begun(self, name: str) -> bool:
        return self._name == name

    def flush(self) -> None:
        if self._pieces:
            self.target.put(f"{self.prefix}{self._name}", b"".join(self._pieces))
            self._pieces.clear()


def _target(runtime: Runtime, job: JobSpec, uri: str | None) -> tuple[Objects, str]:
    if uri is None:
        return runtime.objects, f"{job.namespace}/jobs/{job.uid}/{job.run_number}/"
    check_place(uri, job.writes, verb="write")
    if uri.startswith("file:"):
        local_path(uri, roots=runtime.process.settings.storage.file_roots)
    # Only a plain job's reports are about all its documents; a run must not erase the one before.
    plain = "documents" in job.spec and "schedule" not in job.spec
    return Objects(uri), "" if plain else f"{job.run_number}/"


def _ended(runtime: Runtime, job: JobSpec, lost: threading.Event) -> Iterator[EndedDocument]:
    after: EndedDocument | None = None
    while True:
        if lost.is_set():
            raise ClaimLostError
        with transaction(runtime.process.engine) as session:
            page = list_ended(session, run_ids=job.run_ids, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]


def _read(
    runtime: Runtime, document: EndedDocument
) -> tuple[DocumentResult, str, bytes, RedactedCopy | None]:
    """The result, text layer, redline and redacted copy; one without them gets its reason."""
    if document.state == "succeeded" and document.result_key is not None:
        bundle = decode_bundle(runtime.objects.get(document.result_key))
        return read_result(bundle.result), bundle.text, bundle.redline, redacted_copy(bundle)
    result = DocumentResult(
        uri=document.uri,
        status="failed" if document.state == "failed" else "dead",
        parent=document.parent_uri,
        sha256=document.sha256,
    )
    error = ErrorRecord(
        code=document.error_code or "unknown",
        message=document.error_message or "No reason was recorded.",
    )
    return replace(result, error=error), "", b"", None
