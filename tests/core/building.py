"""Test data, made by the services themselves."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.schemas import NewDocument
from lexmill.errors import ErrorClass, LexmillError
from lexmill.events.cloudevents import Attribute, CloudEvent, DataKind
from lexmill.events.schemas import Accepted, Incoming
from lexmill.events.service import accept_events
from lexmill.jobs.models import Job, Run
from lexmill.jobs.schemas import CancelledJob, DeclaredJob, LegalJobSpec
from lexmill.jobs.service import cancel_job, declare_job
from lexmill.jobs.sweep import tick_schedules
from lexmill.listing.schemas import ListRequest
from lexmill.tasks.listing import list_dead_tasks
from lexmill.tasks.models import Task
from lexmill.tasks.schemas import ClaimedTask, DeadTaskRow, Retrying, Visit
from lexmill.tasks.service import (
    claim_task,
    complete_finalize,
    complete_visit,
    fail_task,
    record_page,
    start_finalize,
)

NAMESPACE = "acme"
LISTING = [{"uri": "file:///contracts"}]
LEASE_SECONDS = 15.0
RAN_OUT = -60.0
"""A lease length that makes a lease that ran out a minute ago."""


def declaration(**changes: Any) -> DeclaredJob:
    """A job with one source of documents, or with a trigger where one is given."""
    outer = {
        name: changes.pop(name)
        for name in ("uid", "name", "owner", "generation", "config_maps")
        if name in changes
    }
    if "trigger" not in changes:
        changes.setdefault("documents", LISTING)
    return DeclaredJob.model_validate(
        {
            "uid": uuid.uuid4(),
            "name": f"job-{uuid.uuid4()}",
            "owner": "local",
            "spec": LegalJobSpec.model_validate(changes),
            **outer,
        }
    )


def declare(session: Session, *, namespace: str = NAMESPACE, **changes: Any) -> uuid.UUID:
    declared = declaration(**changes)
    declare_job(session, namespace=namespace, declared=declared)
    return declared.uid


def dead_tasks(session: Session, *, namespace: str = NAMESPACE) -> tuple[DeadTaskRow, ...]:
    return list_dead_tasks(session, namespace=namespace, request=ListRequest()).items


def listen(session: Session, *, namespace: str = NAMESPACE, **changes: Any) -> uuid.UUID:
    """A job that takes every event of its namespace, unless ``trigger`` says otherwise."""
    return declare(session, namespace=namespace, **{"trigger": {}, **changes})


def declare_with_documents(
    session: Session, *uris: str, stage: str = "parse", **changes: Any
) -> uuid.UUID:
    """A job whose listing is done."""
    uid = declare(session, **changes)
    record_page(
        session,
        task=claimed(session, uid),
        documents=new_documents(*uris),
        pool="main",
        stage=stage,
        cursor={},
        last=True,
    )
    return uid


def new_documents(*uris: str, **fields: Any) -> list[NewDocument]:
    return [
        NewDocument(uri=uri, source=f"file:///contracts/{uri}", name=uri, **fields) for uri in uris
    ]


def cancel(
    session: Session, uid: uuid.UUID, reason: str = "cancelled", *, namespace: str = NAMESPACE
) -> int:
    return cancel_job(
        session,
        namespace=namespace,
        cancelled=CancelledJob.model_validate({"uid": uid, "reason": reason}),
    )


def claim(
    session: Session, uid: uuid.UUID, *, pool: str = "main", lease_seconds: float = LEASE_SECONDS
) -> ClaimedTask | None:
    return claim_task(
        session, job_uid=uid, pool=pool, worker="worker-1", lease_seconds=lease_seconds
    )


def claimed(session: Session, uid: uuid.UUID, **how: Any) -> ClaimedTask:
    """As `claim`, where something has to be due."""
    task = claim(session, uid, **how)
    assert task is not None
    return task


def succeed(session: Session, task: ClaimedTask, **visit: Any) -> int:
    return complete_visit(session, task=task, visit=Visit(**visit))


def fail_for_good(session: Session, task: ClaimedTask) -> None:
    error = LexmillError("internal_error", "Lexmill failed.", ErrorClass.OURS)
    fail_task(session, task=task, error=error, retrying=Retrying(limit=0))


def drain(session: Session, uid: uuid.UUID, *, pool: str = "main") -> int:
    """Do all due work, the reports included, as workers would; gives how many tasks there were."""
    done = 0
    while (task := claim(session, uid, pool=pool)) is not None:
        done += 1
        if task.kind == "finalize":
            complete_finalize(session, task=task)
            continue
        if task.kind == "process":
            succeed(session, task)
        else:
            record_page(
                session, task=task, documents=(), pool="main", stage="parse", cursor={}, last=True
            )
        start_finalize(session, run_id=task.run_id)
    return done


def redeclare(session: Session, uid: uuid.UUID, **spec: Any) -> None:
    """As somebody who has edited a job: the next generation, with the same documents."""
    job = job_row(session, uid)
    changed = declaration(
        uid=uid, name=job.name, owner=job.owner, generation=job.generation + 1, **spec
    )
    declare_job(session, namespace=job.namespace, declared=changed)


def tick(session: Session, uid: uuid.UUID) -> int:
    """Let the time pass until a job's next tick, and sweep; gives how many runs were begun."""
    passed = func.now() - timedelta(minutes=1)
    session.execute(update(Job).where(Job.uid == uid).values(next_tick_at=passed))
    return tick_schedules(session)


def make_due(session: Session) -> None:
    """Let the time pass until the next tries are due."""
    session.execute(update(Task).where(Task.state == "waiting").values(due_at=func.now()))


def documents_of(session: Session, uid: uuid.UUID) -> dict[str, str]:
    """States by URI."""
    rows = session.execute(
        select(Document.uri, Document.state).where(Document.job_uid == uid).order_by(Document.uri)
    )
    return {row.uri: row.state for row in rows}


def document_row(session: Session, uid: uuid.UUID) -> Any:
    """All columns of a job's one document."""
    return session.execute(select(Document.__table__).where(Document.job_uid == uid)).one()


def document_rows(session: Session, uid: uuid.UUID) -> Sequence[Any]:
    query = select(Document.__table__).where(Document.job_uid == uid).order_by(Document.uri)
    return session.execute(query).all()


def document_ids(session: Session, uid: uuid.UUID) -> list[uuid.UUID]:
    return list(session.scalars(select(Document.id).where(Document.job_uid == uid)))


def tasks_of(session: Session, uid: uuid.UUID) -> "Counter[tuple[str, str]]":
    """How many tasks there are of each kind and state."""
    rows = session.execute(select(Task.kind, Task.state).where(Task.job_uid == uid))
    return Counter((row.kind, row.state) for row in rows)


def task_row(session: Session, task_id: int) -> Any:
    return session.execute(select(Task.__table__).where(Task.id == task_id)).one()


def job_row(session: Session, uid: uuid.UUID) -> Any:
    return session.execute(select(Job.__table__).where(Job.uid == uid)).one()


def runs_of(session: Session, uid: uuid.UUID) -> Sequence[Any]:
    return session.execute(
        select(Run.__table__).where(Run.job_uid == uid).order_by(Run.number)
    ).all()


def event(**fields: Any) -> CloudEvent:
    """An event with a text of its own as data; further names are extensions."""
    known = {
        name: fields.pop(name) for name in list(fields) if name in CloudEvent.__struct_fields__
    }
    extensions: dict[str, Attribute] = fields
    return CloudEvent(
        **{
            "id": str(uuid.uuid4()),
            "source": "/mail",
            "type": "com.example.received",
            "datacontenttype": "text/plain",
            "data_kind": DataKind.TEXT,
            "data": b"a contract",
            "extensions": extensions,
            **known,
        }
    )


def json_event(data: object, **fields: Any) -> CloudEvent:
    return event(
        data=msgspec.json.encode(data),
        data_kind=DataKind.JSON,
        datacontenttype="application/json",
        **fields,
    )


def accept(
    session: Session, *events: CloudEvent, namespace: str = NAMESPACE, job: str | None = None
) -> Accepted:
    return accept_events(
        session,
        incoming=[Incoming(namespace=namespace, job=job, event=each) for each in events],
    )


def fill(session: Session, uid: uuid.UUID, *, done: int, waiting: int) -> None:
    """Many tasks with their documents, straight into the tables."""
    run_id = runs_of(session, uid)[-1].id
    for state, count in (("done", done), ("waiting", waiting)):
        session.execute(
            text("""
                WITH made AS (
                  INSERT INTO document
                    (namespace, job_uid, run_id, uri, source, name, state, ended_at)
                  SELECT :namespace, :uid, :run, :state || n, 'file:///x', 'x',
                    CASE :state WHEN 'done' THEN 'succeeded' ELSE 'queued' END,
                    CASE :state WHEN 'done' THEN now() END
                  FROM generate_series(1, :count) AS n
                  RETURNING id
                )
                INSERT INTO task (kind, namespace, job_uid, run_id, document_id, pool, stage, state)
                SELECT 'process', :namespace, :uid, :run, id, 'main', 'parse', :state FROM made
            """),
            {"namespace": NAMESPACE, "uid": uid, "run": run_id, "state": state, "count": count},
        )
