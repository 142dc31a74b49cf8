import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.listing.filters import Filter, of_job, period
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.records.models import LegalHold, Tombstone
from lexmill.records.schemas import HoldRow, TombstoneRow

HOLDS: Final = Listing(
    name="holds",
    query=select(*(getattr(LegalHold, name) for name in HoldRow.__struct_fields__)),
    record=HoldRow,
    namespace=LegalHold.namespace,
    sorts={"placed_at": (Key(LegalHold.placed_at, datetime), Key(LegalHold.id, uuid.UUID))},
    default_sort="-placed_at",
    filters={
        "job": of_job(LegalHold.job_uid, "on the job"),
        "document": Filter("uuid", "on this document", lambda id_: LegalHold.document_id == id_),
        "matter": Filter("text", "on this matter", lambda matter: LegalHold.matter == matter),
        "case": Filter("text", "for this case", lambda case: LegalHold.case_name == case),
        "state": Filter(
            "choice",
            "that hold, or are released",
            lambda state: (
                LegalHold.released_at.is_(None)
                if state == "held"
                else LegalHold.released_at.is_not(None)
            ),
            ("held", "released"),
        ),
        **period("placed", "placed", LegalHold.placed_at),
    },
)

TOMBSTONES: Final = Listing(
    name="tombstones",
    query=select(*(getattr(Tombstone, name) for name in TombstoneRow.__struct_fields__)),
    record=TombstoneRow,
    namespace=Tombstone.namespace,
    sorts={"purged_at": (Key(Tombstone.purged_at, datetime), Key(Tombstone.id, uuid.UUID))},
    default_sort="-purged_at",
    filters={
        "job": of_job(Tombstone.job_uid, "of the job"),
        "cause": Filter(
            "choice",
            "purged for this cause",
            lambda cause: Tombstone.cause == cause,
            ("retention", "request"),
        ),
        **period("purged", "purged", Tombstone.purged_at),
    },
)


def list_holds(session: Session, *, namespace: str, request: ListRequest) -> Page[HoldRow]:
    return read_page(session, listing=HOLDS, namespace=namespace, request=request)


def list_tombstones(
    session: Session, *, namespace: str, request: ListRequest
) -> Page[TombstoneRow]:
    return read_page(session, listing=TOMBSTONES, namespace=namespace, request=request)
