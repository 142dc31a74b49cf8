"""Writing the reports of a finished run, streamed from the documents' results."""

import threading
from collections.abc import Iterator
from dataclasses import replace

from lexmill.database import transaction
from lexmill.documents.schemas import EndedDocument
from lexmill.documents.service import list_ended
from lexmill.errors import ClaimLostError
from lexmill.jobs.service import JobSpec
from lexmill.storage.objects import Objects
from lexmill.storage.sources import local_path
from lexmill.tasks.schemas import ClaimedTask
from lexmill_legal.reports import read_result, write_reports
from lexmill_legal.results import DocumentResult, ErrorRecord
from lexmill_workers.runtime import Runtime

PAGE = 500


def finalize_run(runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event) -> None:
    """Write the run's reports where the job's ``output`` says, else into the object store.

    Writing them again gives the same files, so a lost worker's half is simply overwritten.
    """
    output = job.spec.get("output", {})
    target, prefix = _target(runtime, job, output.get("uri"))
    texts: dict[str, str] = {}

    def results() -> Iterator[DocumentResult]:
        for document in _ended(runtime, task, lost):
            result = _read(runtime, document)
            if result.text_sha256 is not None and document.result_key is not None:
                texts.clear()
                texts[result.text_sha256] = document.result_key.rpartition("/")[0] + "/text"
            yield result

    write_reports(
        results(),
        text_of=lambda sha256: runtime.objects.get(texts[sha256]).decode(),
        sink=lambda path, data: target.put(f"{prefix}{path}", data),
        formats=tuple(output.get("formats", ("json", "xlsx", "html"))),
    )


def _target(runtime: Runtime, job: JobSpec, uri: str | None) -> tuple[Objects, str]:
    if uri is None:
        return runtime.objects, f"{job.namespace}/jobs/{job.uid}/{job.run_number}/"
    if uri.startswith("file:"):
        local_path(uri, roots=runtime.process.settings.storage.file_roots)
    return Objects(uri), ""


def _ended(runtime: Runtime, task: ClaimedTask, lost: threading.Event) -> Iterator[EndedDocument]:
    after: EndedDocument | None = None
    while True:
        if lost.is_set():
            raise ClaimLostError
        with transaction(runtime.process.engine) as session:
            page = list_ended(session, run_id=task.run_id, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]


def _read(runtime: Runtime, document: EndedDocument) -> DocumentResult:
    if document.state == "succeeded" and document.result_key is not None:
        return read_result(runtime.objects.get(document.result_key))
    result = DocumentResult(
        uri=document.uri,
        status="failed" if document.state == "failed" else "dead",
        parent=document.parent_uri,
        sha256=document.sha256,
    )
    return replace(
        result,
        error=ErrorRecord(
            code=document.error_code or "unknown",
            message=document.error_message or "No reason was recorded.",
        ),
    )
