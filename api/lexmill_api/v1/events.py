import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from lexmill.events.explaining import explain_event
from lexmill.events.listing import EVENTS, list_events
from lexmill.events.schemas import EventDetails, EventDocument, EventRow, JobVerdict
from lexmill.listing.pages import ListRequest
from lexmill_api.access import Getter, Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import answers, json_answer, page_answer, page_answers, problems
from lexmill_api.v1.lists import list_request

router = APIRouter(prefix="/namespaces/{namespace}/events", tags=["events"])

_EVENT: Final = EventRow(
    id=uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04"),
    job_uid=uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2"),
    source="/mail/contracts",
    event_id="<20261122.4711@mail.example>",
    type="io.lexmill.document.received.v1",
    outcome="routed",
    documents=1,
    received_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
)

_DETAILS: Final = EventDetails(
    id=_EVENT.id,
    job_uid=None,
    source=_EVENT.source,
    event_id=_EVENT.event_id,
    type=_EVENT.type,
    outcome="routed",
    received_at=_EVENT.received_at,
    attributes={
        "specversion": "1.0",
        "id": _EVENT.event_id,
        "source": _EVENT.source,
        "type": _EVENT.type,
        "subject": "nda/acme.pdf",
        "datacontenttype": "application/pdf",
    },
    data_kind="binary",
    data_bytes=48_213,
    documents=(
        EventDocument(
            id=uuid.UUID("01935a7c-5a00-7000-8000-7b1d22c4a9e1"),
            job_uid=uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2"),
            uri=f"event:{_EVENT.source}#{_EVENT.event_id}",
            state="succeeded",
        ),
    ),
    verdicts=(
        JobVerdict(
            job="leases",
            verdict="filtered_out",
            reason="the event's attributes do not match the filters of its trigger",
        ),
        JobVerdict(
            job="nda-inbox",
            verdict="taken",
            reason="the filters match and a document was found",
        ),
    ),
)


@router.get("", responses=page_answers(EventRow, _EVENT))
async def get_events(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(EVENTS))],
) -> Response:
    """Events that were accepted, the newest first, with what became of each."""
    page = await database.run(
        lambda session: list_events(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.get(
    "/{event}",
    responses={
        **answers(EventDetails, _DETAILS, description="the event without its data"),
        **problems("not_found"),
    },
)
async def get_event(database: Database, _: Getter, event: uuid.UUID) -> Response:
    """What became of an event, and what each listening job makes of it."""
    details = await database.run(
        lambda session: explain_event(session, namespace=database.name, event=event)
    )
    if details is None:
        raise HTTPException(404, "no such event is kept in this namespace")
    return json_answer(details)
