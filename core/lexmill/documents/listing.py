import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.documents.schemas import DocumentRow
from lexmill.listing.filters import Filter, of_job, period
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page

_STATES = ("queued", "succeeded", "failed", "dead")


DOCUMENTS: Final = Listing(
    name="documents",
    query=select(
        Document.id,
        Document.job_uid,
        Document.parent_id,
        Document.uri,
        Document.name,
        Document.state,
        Document.error_code,
        Document.error_message,
        Document.sha256,
        Document.priority,
        Document.created_at,
        Document.ended_at,
        Document.purged_at,
    ),
    record=DocumentRow,
    namespace=Document.namespace,
    sorts={"created_at": (Key(Document.created_at, datetime), Key(Document.id, uuid.UUID))},
    default_sort="-created_at",
    filters={
        "job": of_job(Document.job_uid, "of the job"),
        "parent": Filter(
            "uuid", "that came out of this document", lambda id_: Document.parent_id == id_
        ),
        "state": Filter("choice", "in this state", lambda state: Document.state == state, _STATES),
        **period("created", "taken in", Document.created_at),
    },
)


def list_documents(session: Session, *, namespace: str, request: ListRequest) -> Page[DocumentRow]:
    return read_page(session, listing=DOCUMENTS, namespace=namespace, request=request)
