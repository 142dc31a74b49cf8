"""What a person or another system orders of one job, by its name.

What Kubernetes or a command on somebody's machine declared is theirs: it would be declared anew
at their next word, so that such an order is refused with what to do there instead.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.service import taken_again
from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.models import Job
from lexmill.jobs.schemas import (
    CancelledJob,
    DeclaredJob,
    JobDeclaration,
    LegalJobSpec,
    ReplayedJob,
    job_version,
)
from lexmill.jobs.service import (
    cancel_job,
    declare_job,
    first_tick,
    replay_documents,
    replay_tasks,
)
from lexmill.queue.broker import queue_name
from lexmill.scaling.service import announce_job
from lexmill.tasks.models import Task
from lexmill.versions import check_version

MAX_REPLAYED: Final = 20_000
"""In one transaction, which has to end well within a statement's time."""

Verb = Literal["cancel", "suspend", "resume", "delete"]

_PATCH: Final = """kubectl patch legaljob {name} -n {namespace} --type merge -p '{patch}'"""
_COMMANDS: Final[Mapping[Verb, str]] = {
    "suspend": _PATCH.replace("{patch}", '{{"spec":{{"suspend":true}}}}'),
    "resume": _PATCH.replace("{patch}", '{{"spec":{{"suspend":false}}}}'),
    "cancel": "kubectl delete legaljob {name} -n {namespace}",
    "delete": "kubectl delete legaljob {name} -n {namespace}",
}

Expected = Collection[str] | None
"""Versions of the job that the caller is content with; None for any."""


def order_job(
    session: Session,
    *,
    namespace: str,
    name: str,
    spec: LegalJobSpec,
    config_maps: Mapping[str, Mapping[str, str]],
) -> dict[str, int]:
    """Declare a new job, owned by `api`. Gives the wake-ups to ring. Raises LexmillError.

    A name that is taken stays as it is: who means to replace that job deletes it first.
    """
    taken = LexmillError(
        "job_exists",
        "a job of this name is in this namespace; choose another name or delete that job first",
        ErrorClass.DOCUMENT,
    )
    if _find(session, namespace, name) is not None:
        raise taken
    declared = DeclaredJob(
        uid=uuid.uuid4(),
        name=name,
        owner="api",
        spec=spec,
        config_maps={name: dict(texts) for name, texts in config_maps.items()},
    )
    try:
        pools = declare_job(session, namespace=namespace, declared=declared)
    except IntegrityError as error:  # declared at the same moment
        raise taken from error
    return {queue_name(namespace, str(declared.uid), pool): 1 for pool in pools}


def read_declaration(session: Session, *, namespace: str, name: str) -> JobDeclaration | None:
    """None when no such job is alive."""
    row = session.execute(
        select(
            Job.uid,
            Job.name,
            Job.owner,
            Job.generation,
            Job.spec,
            Job.config_maps,
            *_VERSIONED[1:],
        ).where(Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return JobDeclaration(
        uid=row.uid,
        name=row.name,
        owner=row.owner,
        generation=row.generation,
        spec=row.spec,
        config_maps=row.config_maps,
        version=_version(row),
    )


def order_cancel(session: Session, *, namespace: str, name: str, expected: Expected) -> int:
    """What is queued ends as `dead` and may be replayed. Gives how many tasks ended.

    A job that was cancelled before stays as it is.
    """
    job = _take(session, namespace, name, "cancel", expected)
    if job.outcome == "cancelled":
        return 0
    _check_alive(job)
    return cancel_job(session, namespace=namespace, cancelled=CancelledJob(uid=job.uid))


def order_suspend(session: Session, *, namespace: str, name: str, expected: Expected) -> None:
    """Nothing new is begun; what runs ends in order. A suspended job stays as it is."""
    job = _take(session, namespace, name, "suspend", expected)
    _check_alive(job)
    if not job.suspended:
        session.execute(update(Job).where(Job.uid == job.uid).values(suspended=True))
        announce_job(session, job_uid=job.uid)


def order_resume(session: Session, *, namespace: str, name: str, expected: Expected) -> None:
    """Deadlines begin anew, and a schedule goes on with its next tick from now."""
    job = _take(session, namespace, name, "resume", expected)
    _check_alive(job)
    if job.suspended:
        session.execute(
            update(Job)
            .where(Job.uid == job.uid)
            .values(
                suspended=False,
                resumed_at=func.now(),
                next_tick_at=first_tick(session, job.spec),
            )
        )
        announce_job(session, job_uid=job.uid)


def order_delete(session: Session, *, namespace: str, name: str, expected: Expected) -> None:
    """The name is free again and what is open ends as `dead`; results stay."""
    job = _take(session, namespace, name, "delete", expected)
    deleted = CancelledJob(uid=job.uid, reason="deleted")
    cancel_job(session, namespace=namespace, cancelled=deleted)


def order_replay(
    session: Session, *, namespace: str, name: str, states: Sequence[str]
) -> tuple[ReplayedJob, dict[str, int]]:
    """Queue a job's ended documents of these states once more, in a new run, whoever owns it.

    Where dead ones are asked for, listings and reports that are dead are tried again, too. Gives
    also the wake-ups to ring.
    """
    job = _find(session, namespace, name)
    if job is None:
        raise _absent()
    wake_ups: dict[str, int] = {}
    if "dead" in states:
        tasks = session.scalars(
            select(Task.id).where(
                Task.job_uid == job.uid, Task.state == "dead", Task.kind != "process"
            )
        )
        wake_ups = replay_tasks(session, namespace=namespace, task_ids=tasks.all())
    documents = session.scalars(
        select(Document.id)
        .where(Document.job_uid == job.uid, Document.state.in_(states), ~taken_again(Document))
        .order_by(Document.id)
        .limit(MAX_REPLAYED + 1)
    ).all()
    queued = replay_documents(session, document_ids=documents[:MAX_REPLAYED])
    for queue, count in queued.items():
        wake_ups[queue] = wake_ups.get(queue, 0) + count
    replayed = ReplayedJob(queued=sum(wake_ups.values()), more=len(documents) > MAX_REPLAYED)
    return replayed, wake_ups


_VERSIONED: Final = (Job.uid, Job.generation, Job.spec_hash, Job.suspended, Job.outcome)


def _find(session: Session, namespace: str, name: str) -> "Row[*tuple[Any, ...]] | None":
    """Until the commit nobody else changes the job."""
    return session.execute(
        select(*_VERSIONED, Job.owner, Job.spec)
        .where(Job.namespace == namespace, Job.name == name, Job.deleted_at.is_(None))
        .with_for_update(key_share=True)
    ).one_or_none()


def _take(
    session: Session, namespace: str, name: str, verb: Verb, expected: Expected
) -> "Row[*tuple[Any, ...]]":
    job = _find(session, namespace, name)
    if job is None:
        raise _absent()
    if job.owner == "kubernetes":
        command = _COMMANDS[verb].format(name=name, namespace=namespace)
        raise LexmillError(
            "owned_by_kubernetes",
            f"a LegalJob declares this job; {verb} it there: {command}",
            ErrorClass.DOCUMENT,
        )
    if job.owner == "local":
        raise LexmillError(
            "owned_by_command",
            f"a `lexmill` command declared this job on its own machine; to {verb} it stop that"
            " command",
            ErrorClass.DOCUMENT,
        )
    check_version(_version(job), expected)
    return job


def _version(job: "Row[*tuple[Any, ...]]") -> str:
    return job_version(
        uid=job.uid,
        generation=job.generation,
        spec_hash=job.spec_hash,
        suspended=job.suspended,
        outcome=job.outcome,
    )


def _check_alive(job: "Row[*tuple[Any, ...]]") -> None:
    if job.outcome is not None:
        raise LexmillError(
            "job_ended",
            "the job has ended; replay its documents or declare a new one",
            ErrorClass.DOCUMENT,
        )


def _absent() -> LexmillError:
    return LexmillError("not_found", "no such job is in this namespace", ErrorClass.DOCUMENT)
