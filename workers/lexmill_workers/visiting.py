"""One visit of one document: its bytes, its stages in the sandbox, its outputs."""

import hashlib
import re
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
import structlog

from lexmill.database import transaction
from lexmill.documents.schemas import NewDocument, NewStageOutput
from lexmill.documents.service import count_beneath, find_stage_outputs
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.schemas import pool_of
from lexmill.jobs.service import JobSpec
from lexmill.results.rows import result_rows
from lexmill.results.schemas import NewResult
from lexmill.reviews.service import find_decisions
from lexmill.storage.bundles import decode_bundle
from lexmill.tasks.schemas import ClaimedTask, Visit
from lexmill.telemetry.metrics import STAGE_SECONDS, STAGES_REUSED
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import ParsedDocument
from lexmill_workers.converting import MISSING, convert_doc
from lexmill_workers.plan import VisitPlan, active_stages, plan_visit
from lexmill_workers.reading import (
    playbook_source,
    read_passwords,
    read_source,
    redaction_key,
    terms_source,
)
from lexmill_workers.recognising import recognise
from lexmill_workers.runtime import Runtime
from lexmill_workers.sandbox import CODES, SandboxError
from lexmill_workers.stages import (
    REDACT,
    VERSIONS,
    Readings,
    Reply,
    Request,
    redacted_copy,
    stage_keys,
    work_on,
)

log = structlog.get_logger(__name__)

BUNDLE = "bundle"
"""The object that holds what a visit made; its attachments lie beside it, by number."""

_OCR: Final = "ocr"
_NESTED: Final = re.compile(r"(?:#\d+)+$")
_DEEPEST: Final = 8
_NOBODYS_FAULT: Final = frozenset({CODES["died"], CODES["cancelled"]})
_TOO_MUCH: Final = (
    "Redacting the document takes more time or memory than a document may have, or broke down on"
    " it; split it and send it again, or redact it by hand."
)
_MOST_DESCENDANTS: Final = 20_000


def visit_document(
    runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event
) -> Visit:
    """Work on a document until another pool has to, or to its end.

    Stages whose output is known by the hash of its inputs are not repeated. What is made is
    written under a key that contains the claim, so a lost worker overwrites nothing. Raises
    LexmillError; ClaimLostError when somebody else has taken the task.
    """
    assert task.uri is not None
    assert task.name is not None
    playbook = playbook_source(job)
    stages = active_stages(job.spec, available=tuple(VERSIONS), has_playbook=playbook is not None)
    first = task.stage or "parse"
    plan = plan_visit(job.spec, stages=stages, first=first, passing=(_OCR,))
    data = read_source(runtime, task, job)
    passwords = read_passwords(runtime.worker.passwords_folder)
    terms, key = "", None
    if REDACT in plan.stages:
        terms, key = terms_source(job), redaction_key(job, runtime.worker.redaction_key)
    sha256 = hashlib.sha256(data).hexdigest()
    redline = "redline" in job.spec.get("output", {}).get("formats", ())
    keys_of = partial(
        stage_keys,
        sha256=sha256,
        name=task.name,
        playbook_sha256=None if playbook is None else hashlib.sha256(playbook.encode()).hexdigest(),
        stages=plan.stages,
        passwords=passwords,
        terms=terms,
        redaction_key=key,
        redline=redline,
    )
    with transaction(runtime.process.engine) as session:
        decisions = find_decisions(session, namespace=task.namespace, sha256=sha256)
        keys = keys_of(decisions=decisions)
        objects = find_stage_outputs(session, namespace=task.namespace, keys=list(keys.values()))
    cached = _read_cache(runtime, keys, objects)
    request = Request(
        uri=task.uri,
        parent=task.parent_uri,
        name=task.name,
        sha256=sha256,
        data=data,
        playbook=playbook,
        stages=tuple(stage for stage in plan.stages if stage not in cached),
        known={stage: each.output for stage, each in cached.items()},
        passwords=passwords,
        recognise=_OCR in stages,
        terms=terms,
        redaction_key=key,
        redline=redline,
        decisions=decisions,
    )
    reply = _work(runtime, request, lost)
    if reply.error is not None and reply.error[0] == "needs_converter":
        request, reply = _convert(runtime, request, lost)
    if reply.scans and _is_for_another_pool(runtime, job, stages, first):
        before = stages[: stages.index(_OCR)]
        plan = VisitPlan(tuple(before), pool_of(job.spec, _OCR), _OCR)
        request = msgspec.structs.replace(
            request, stages=tuple(stage for stage in before if stage in request.stages)
        )
        reply = _work(runtime, request, lost)
    elif reply.scans:
        reply = _recognise(
            runtime, request, reply, lost, here=pool_of(job.spec, _OCR) == runtime.worker.pool
        )
    seconds = _measured(plan.stages, reply)
    if reply.error is not None:
        return Visit(
            state="failed",
            error_code=reply.error[0],
            error_message=reply.error[1],
            sha256=sha256,
            stage_seconds=seconds,
        )
    folder = f"{task.namespace}/visits/{task.claim}"
    attached = _attached(reply, cached, folder)
    if attached:
        _refuse_bomb(runtime, task, len(attached))
    for number, file in enumerate(reply.attachments, 1):
        runtime.objects.put(f"{folder}/{number}", file.data)
    runtime.objects.put(f"{folder}/{BUNDLE}", reply.bundle)
    return Visit(
        state="succeeded",
        next_pool=plan.next_pool,
        next_stage=plan.next_stage,
        sha256=sha256,
        result_key=f"{folder}/{BUNDLE}",
        result=None if plan.next_stage is not None else rows_of(reply.bundle),
        children=_children(task, attached),
        children_pool=pool_of(job.spec, "parse"),
        stage_outputs=tuple(
            NewStageOutput(
                key=keys[stage], stage=stage, object_key=f"{folder}/{BUNDLE}", sha256=sha256
            )
            for stage in reply.made
        ),
        stage_seconds=seconds,
    )


def rows_of(bundle: bytes) -> NewResult:
    """What a document's last bundle brings into the database.

    It is decoded whole, as reports will do: where a document that took its child over has spoilt
    it, its own visit fails, not the reports of all.
    """
    decoded = decode_bundle(bundle)
    redacted_copy(decoded)
    return result_rows(read_result(decoded.result))


def _is_for_another_pool(runtime: Runtime, job: JobSpec, stages: Sequence[str], first: str) -> bool:
    """Pages have to be recognised, elsewhere, and the document has not been there yet."""
    returned = first in stages and stages.index(first) > stages.index(_OCR)
    return not returned and pool_of(job.spec, _OCR) != runtime.worker.pool


def _recognise(
    runtime: Runtime, request: Request, reply: Reply, lost: threading.Event, *, here: bool
) -> Reply:
    """Go on with what the OCR program reads; without where there is none."""
    started = time.perf_counter()
    readings = Readings(engine=None)
    if here:
        readings = recognise(
            runtime.sandbox,
            settings=runtime.process.settings.sandbox,
            processes=runtime.worker.ocr_processes,
            data=request.data,
            pages=reply.scans,
            passwords=request.passwords,
            lost=lost,
        )
    spent = time.perf_counter() - started
    reply = _work(runtime, msgspec.structs.replace(request, readings=readings), lost)
    seconds = reply.seconds | {_OCR: reply.seconds.get(_OCR, 0.0) + spent}
    return msgspec.structs.replace(reply, seconds=seconds)


def _convert(runtime: Runtime, request: Request, lost: threading.Event) -> tuple[Request, Reply]:
    converted = convert_doc(
        request.data,
        lost=lost,
        allow_without_seccomp=runtime.process.settings.sandbox.allow_without_seccomp,
    )
    if converted is None:
        return request, Reply(error=("needs_converter", MISSING))
    request = msgspec.structs.replace(request, converted=converted)
    return request, _work(runtime, request, lost)


def _refuse_bomb(runtime: Runtime, task: ClaimedTask, count: int) -> None:
    """Archives in archives may hold more documents than all others together."""
    assert task.uri is not None
    root = _NESTED.sub("", task.uri)
    depth = task.uri.count("#", len(root))
    if depth == 0:
        return
    with transaction(runtime.process.engine) as session:
        known = count_beneath(session, run_id=task.run_id, uri=root, limit=_MOST_DESCENDANTS)
    if depth >= _DEEPEST or known + count > _MOST_DESCENDANTS:
        raise LexmillError(
            "too_large",
            f"Archives and mails are nested more than {_DEEPEST} deep here, or hold more than"
            f" {_MOST_DESCENDANTS:,} documents; unpack them and add what is needed.",
            ErrorClass.DOCUMENT,
        )


class _Cached(NamedTuple):
    output: bytes
    folder: str


def _read_cache(
    runtime: Runtime, keys: Mapping[str, bytes], objects: Mapping[bytes, str]
) -> dict[str, _Cached]:
    """Known outputs by stage; what an object no longer holds is simply made again."""
    bundles = {key: _read_bundle(runtime, key) for key in set(objects.values())}
    return {
        stage: _Cached(bundles[objects[key]][stage], objects[key].rpartition("/")[0])
        for stage, key in keys.items()
        if key in objects and stage in bundles[objects[key]]
    }


def _read_bundle(runtime: Runtime, object_key: str) -> dict[str, bytes]:
    try:
        return decode_bundle(runtime.objects.get(object_key)).outputs
    except LexmillError as error:
        if error.code != "object_missing":
            raise
        return {}


def _attached(reply: Reply, cached: Mapping[str, _Cached], folder: str) -> list[tuple[str, str]]:
    """Name and object key of each attachment: of this visit, or of the one that parsed before."""
    if "parse" in cached:
        parsed = msgspec.msgpack.decode(cached["parse"].output, type=ParsedDocument)
        names, folder = [file.name for file in parsed.attachments], cached["parse"].folder
    else:
        names = [file.name for file in reply.attachments]
    return [(name, f"{folder}/{number}") for number, name in enumerate(names, 1)]


def _children(task: ClaimedTask, attached: list[tuple[str, str]]) -> tuple[NewDocument, ...]:
    """The attachments as documents of their own."""
    return tuple(
        NewDocument(
            uri=f"{task.uri}#{number}",
            source=f"object:{object_key}",
            name=name,
            parent_id=task.document_id,
            traceparent=task.traceparent,
        )
        for number, (name, object_key) in enumerate(attached, 1)
    )


def _work(runtime: Runtime, request: Request, lost: threading.Event) -> Reply:
    """A redaction that ends the sandbox's child costs the document its copy, not its result."""
    if not request.stages:
        return work_on(request)  # our own outputs need no sandbox to be put together
    try:
        return _call(runtime, request, lost)
    except LexmillError as error:
        if error.code in _NOBODYS_FAULT or REDACT not in request.stages:
            raise
        unredactable = (error.code, _TOO_MUCH)
        return _call(runtime, msgspec.structs.replace(request, unredactable=unredactable), lost)


def _call(runtime: Runtime, request: Request, lost: threading.Event) -> Reply:
    try:
        reply = runtime.sandbox.call(
            msgspec.msgpack.encode(request),
            wall_seconds=runtime.process.settings.sandbox.wall_seconds,
            cancelled=lost.is_set,
        )
    except SandboxError as error:
        if lost.is_set():
            raise ClaimLostError from error
        if error.kind == "error":
            log.error("stage_defect", error=error.detail, places=error.locations)
        raise LexmillError(
            error.code,
            error.message,
            ErrorClass.OURS if error.retryable else ErrorClass.DOCUMENT,
        ) from error
    return msgspec.msgpack.decode(reply, type=Reply)


def _measured(stages: tuple[str, ...], reply: Reply) -> dict[str, float | None]:
    seconds: dict[str, float | None] = {}
    for stage in stages:
        if stage in reply.seconds:
            seconds[stage] = reply.seconds[stage]
            STAGE_SECONDS.labels(stage).observe(reply.seconds[stage])
        elif reply.error is None:
            seconds[stage] = None
            STAGES_REUSED.labels(stage).inc()
    return seconds
