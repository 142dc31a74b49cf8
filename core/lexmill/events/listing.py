import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.events.models import Event
from lexmill.events.schemas import EventRow
from lexmill.listing.filters import Filter, of_job, period
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page

_OUTCOMES = ("routed", "unmatched", "unroutable", "control")


EVENTS: Final = Listing(
    name="events",
    query=select(
        Event.id,
        Event.job_uid,
        Event.source,
        Event.event_id,
        Event.type,
        Event.outcome,
        Event.documents,
        Event.received_at,
    ),
    record=EventRow,
    namespace=Event.namespace,
    sorts={"received_at": (Key(Event.received_at, datetime), Key(Event.id, uuid.UUID))},
    default_sort="-received_at",
    filters={
        "outcome": Filter(
            "choice", "what became of it", lambda outcome: Event.outcome == outcome, _OUTCOMES
        ),
        "type": Filter("text", "of this type", lambda type_: Event.type == type_),
        "source": Filter("text", "from this source", lambda source: Event.source == source),
        "event_id": Filter(
            "text", "with this id of its source", lambda event_id: Event.event_id == event_id
        ),
        "job": of_job(Event.job_uid, "addressed to the job"),
        **period("received", "received", Event.received_at),
    },
)


def list_events(session: Session, *, namespace: str, request: ListRequest) -> Page[EventRow]:
    return read_page(session, listing=EVENTS, namespace=namespace, request=request)
