from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.service import taken_again
from lexmill.jobs.models import Job
from lexmill.listing.filters import Filter, of_job
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.tasks.models import Task
from lexmill.tasks.schemas import DeadTaskRow

DEAD_TASKS: Final = Listing(
    name="dead",
    query=select(
        Task.id,
        Task.kind,
        Job.name.label("job"),
        Task.job_uid,
        Task.document_id,
        Document.uri.label("document"),
        Task.error_code,
        Task.error_message,
        Task.ended_at,
    )
    .join(Job, Job.uid == Task.job_uid)
    .outerjoin(Document, Document.id == Task.document_id)
    .where(
        Task.state == "dead",
        Job.deleted_at.is_(None),
        or_(Task.document_id.is_(None), and_(Document.state == "dead", ~taken_again(Document))),
    ),
    record=DeadTaskRow,
    namespace=Task.namespace,
    sorts={"id": (Key(Task.id, int),)},
    default_sort="id",
    filters={
        "job": of_job(Task.job_uid, "of the job"),
        "kind": Filter(
            "choice",
            "what was to be done",
            lambda kind: Task.kind == kind,
            ("expand", "process", "finalize"),
        ),
        "error_code": Filter(
            "text", "that ended for this reason", lambda code: Task.error_code == code
        ),
    },
)


def list_dead_tasks(session: Session, *, namespace: str, request: ListRequest) -> Page[DeadTaskRow]:
    """Of living jobs, as far as they were not replayed and their documents not taken up anew."""
    return read_page(session, listing=DEAD_TASKS, namespace=namespace, request=request)
