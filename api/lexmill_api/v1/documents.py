import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from lexmill.documents.details import read_document
from lexmill.documents.listing import DOCUMENTS, list_documents
from lexmill.documents.schemas import DocumentDetails, DocumentRow, DocumentTask
from lexmill.listing.schemas import ListRequest
from lexmill.versions import version_of
from lexmill_api.access import Getter, Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, page_answer, page_answers, problems
from lexmill_api.v1.etags import IfNoneMatch, tagged_answer
from lexmill_api.v1.lists import list_request

router = APIRouter(prefix="/namespaces/{namespace}/documents", tags=["documents"])

_ID: Final = uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04")
_PARENT: Final = uuid.UUID("01935a7c-5a00-7000-8000-7b1d22c4a9e1")
_JOB: Final = uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2")
_TIME: Final = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_HASH: Final = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
_ROW: Final = DocumentRow(
    id=_ID,
    job_uid=_JOB,
    parent_id=_PARENT,
    uri="2026/offer.eml#1",
    name="nda.pdf",
    state="succeeded",
    error_code=None,
    error_message=None,
    sha256=_HASH,
    priority=0,
    created_at=_TIME,
    ended_at=_TIME,
    purged_at=None,
)


def _links(namespace: str, document: DocumentDetails) -> dict[str, str]:
    base = f"/v1/namespaces/{namespace}"
    own = f"{base}/documents/{document.id}"
    links = {
        "self": own,
        "job": None if document.job_deleted else f"{base}/jobs/{document.job}",
        "event": None if document.event_id is None else f"{base}/events/{document.event_id}",
        "parent": None if document.parent_id is None else f"{base}/documents/{document.parent_id}",
        "children": f"{base}/documents?parent={document.id}" if document.children else None,
        "family": f"{own}/family",
        "source": f"{own}/source",
        "text": f"{own}/text" if document.has_result else None,
        "result": f"{own}/result" if document.has_result else None,
    }
    return {name: link for name, link in links.items() if link is not None}


_DOCUMENT: Final = DocumentDetails(
    id=_ID,
    job="nda-2026",
    job_uid=_JOB,
    job_deleted=False,
    matter="ACME-2026-14",
    run=1,
    parent_id=_PARENT,
    children=0,
    event_id=None,
    uri="2026/offer.eml#1",
    name="nda.pdf",
    state="succeeded",
    error_code=None,
    error_message=None,
    sha256=_HASH,
    has_result=True,
    priority=0,
    created_at=_TIME,
    ended_at=_TIME,
    task=DocumentTask(
        state="done",
        pool="main",
        stage="parse",
        failures=0,
        crashes=0,
        error_code=None,
        error_message=None,
        due_at=_TIME,
        started_at=_TIME,
    ),
)


@router.get("", responses=page_answers(DocumentRow, _ROW))
async def get_documents(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(DOCUMENTS))],
) -> Response:
    """Documents, the newest first; those that came out of others are among them."""
    page = await database.run(
        lambda session: list_documents(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.get(
    "/{document}",
    responses={
        **answers(
            DocumentDetails,
            msgspec.structs.replace(_DOCUMENT, links=_links("legal", _DOCUMENT)),
            description="what is known of it",
            headers={"ETag": "for If-None-Match"},
        ),
        **problems("not_found"),
    },
)
async def get_document(
    database: Database, _: Getter, document: uuid.UUID, if_none_match: IfNoneMatch = None
) -> Response:
    """How far a document is, why it failed or waits, and where what it has is."""
    details = await database.run(
        lambda session: read_document(session, namespace=database.name, document=document)
    )
    if details is None:
        raise HTTPException(404, "no such document is in this namespace")
    return tagged_answer(
        msgspec.structs.replace(details, links=_links(database.name, details)),
        version=version_of(details.id, details.run, details.state),
        if_none_match=if_none_match,
    )
