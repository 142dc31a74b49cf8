"""One visit of one document: its bytes, its stages in the sandbox, its outputs."""

import hashlib
import threading
from collections.abc import Mapping

import msgspec
import structlog

from lexmill.database import transaction
from lexmill.documents.schemas import NewDocument, NewStageOutput
from lexmill.documents.service import find_stage_outputs
from lexmill.errors import ClaimLostError, ErrorClass, LexmillError
from lexmill.jobs.schemas import pool_of
from lexmill.jobs.service import JobSpec
from lexmill.tasks.schemas import ClaimedTask, Visit
from lexmill.telemetry.metrics import STAGE_SECONDS, STAGES_REUSED
from lexmill_legal.results import ParsedDocument
from lexmill_workers.plan import active_stages, plan_visit
from lexmill_workers.reading import playbook_source, read_source
from lexmill_workers.runtime import Runtime
from lexmill_workers.sandbox import SandboxError
from lexmill_workers.stages import VERSIONS, Reply, Request, assemble, stage_keys

log = structlog.get_logger(__name__)


def visit_document(
    runtime: Runtime, task: ClaimedTask, job: JobSpec, lost: threading.Event
) -> Visit:
    """Work on a document until another pool has to, or to its end.

    Stages whose output is known by the hash of its inputs are not repeated. Raises LexmillError;
    ClaimLostError when somebody else has taken the task.
    """
    assert task.uri is not None
    assert task.name is not None
    playbook = playbook_source(job)
    stages = active_stages(job.spec, available=tuple(VERSIONS), has_playbook=playbook is not None)
    plan = plan_visit(job.spec, stages=stages, first=task.stage or "parse")
    data = read_source(runtime, task, job)
    sha256 = hashlib.sha256(data).hexdigest()
    keys = stage_keys(
        sha256=sha256,
        name=task.name,
        playbook_sha256=None if playbook is None else hashlib.sha256(playbook.encode()).hexdigest(),
        stages=plan.stages,
    )
    with transaction(runtime.process.engine) as session:
        objects = find_stage_outputs(session, namespace=task.namespace, keys=list(keys.values()))
    known = _load(runtime, {stage: objects[key] for stage, key in keys.items() if key in objects})
    missing = tuple(stage for stage in plan.stages if stage not in known)
    if missing:
        reply = _work(
            runtime,
            Request(
                uri=task.uri,
                parent=task.parent_uri,
                name=task.name,
                sha256=sha256,
                data=data,
                playbook=playbook,
                stages=missing,
                known=known,
            ),
            lost,
        )
    else:
        result, text = assemble(uri=task.uri, parent=task.parent_uri, sha256=sha256, outputs=known)
        reply = Reply(result=result, text=text)
    seconds = _measured(plan.stages, reply)
    if reply.error is not None:
        return Visit(
            state="failed",
            error_code=reply.error[0],
            error_message=reply.error[1],
            sha256=sha256,
            stage_seconds=seconds,
        )
    return _keep(
        runtime,
        task,
        job,
        plan_next=(plan.next_pool, plan.next_stage),
        keys=keys,
        objects=objects,
        reply=reply,
        known=known,
        sha256=sha256,
        seconds=seconds,
    )


def _keep(
    runtime: Runtime,
    task: ClaimedTask,
    job: JobSpec,
    *,
    plan_next: tuple[str | None, str | None],
    keys: Mapping[str, bytes],
    objects: Mapping[bytes, str],
    reply: Reply,
    known: Mapping[str, bytes],
    sha256: str,
    seconds: dict[str, float | None],
) -> Visit:
    """Write what the visit made under keys that contain the claim: nothing is overwritten."""
    prefix = f"{task.namespace}/visits/{task.claim}"
    outputs: tuple[NewStageOutput, ...] = ()
    if reply.outputs:
        bundle = f"{prefix}/outputs"
        for number, file in enumerate(reply.attachments, 1):
            runtime.objects.put(f"{prefix}/{number}", file.data)
        runtime.objects.put(bundle, msgspec.msgpack.encode(reply.outputs))
        outputs = tuple(
            NewStageOutput(key=keys[stage], stage=stage, object_key=bundle)
            for stage in reply.outputs
        )
    result_key = f"{prefix}/result"
    runtime.objects.put(result_key, reply.result)
    parsed_in = f"{prefix}/outputs" if "parse" in reply.outputs else objects[keys["parse"]]
    runtime.objects.put(f"{prefix}/text", reply.text.encode())
    return Visit(
        state="succeeded",
        next_pool=plan_next[0],
        next_stage=plan_next[1],
        sha256=sha256,
        result_key=result_key,
        children=_children(task, reply.outputs.get("parse", known.get("parse")), parsed_in)
        if task.stage in (None, "parse")
        else (),
        children_pool=pool_of(job.spec, "parse"),
        stage_outputs=outputs,
        stage_seconds=seconds,
    )


def _children(task: ClaimedTask, parsed: bytes | None, bundle: str) -> tuple[NewDocument, ...]:
    """The attachments as documents; their bytes lie beside the bundle of the visit that parsed."""
    if parsed is None:
        return ()
    attachments = msgspec.msgpack.decode(parsed, type=ParsedDocument).attachments
    folder = bundle.rpartition("/")[0]
    return tuple(
        NewDocument(
            uri=f"{task.uri}#{number}",
            source=f"object:{folder}/{number}",
            name=attachment.name,
            parent_id=task.document_id,
            traceparent=task.traceparent,
        )
        for number, attachment in enumerate(attachments, 1)
    )


def _load(runtime: Runtime, objects: Mapping[str, str]) -> dict[str, bytes]:
    """Cached outputs by stage; what an object no longer holds is simply made again."""
    known: dict[str, bytes] = {}
    bundles: dict[str, dict[str, bytes]] = {}
    for stage, object_key in objects.items():
        if object_key not in bundles:
            try:
                bundles[object_key] = msgspec.msgpack.decode(
                    runtime.objects.get(object_key), type=dict[str, bytes]
                )
            except LexmillError as error:
                if error.code != "object_missing":
                    raise
                bundles[object_key] = {}
        if stage in bundles[object_key]:
            known[stage] = bundles[object_key][stage]
    return known


def _work(runtime: Runtime, request: Request, lost: threading.Event) -> Reply:
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
            log.error("stage_defect", error=error.detail, where=error.locations)
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
