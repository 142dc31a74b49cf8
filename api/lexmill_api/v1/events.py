import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from lexmill.events.listing import EVENTS, list_events
from lexmill.events.schemas import EventRow
from lexmill.listing.pages import ListRequest
from lexmill_api.access import Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import page_answer, page_answers
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
