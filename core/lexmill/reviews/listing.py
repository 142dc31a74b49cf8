from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lexmill.documents.models import Document
from lexmill.listing.filters import Filter, period
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.reviews.models import Review
from lexmill.reviews.schemas import Reviewed
from lexmill_legal.results import Normalized


def typed(row: Reviewed) -> Reviewed:
    """The column is JSON."""
    normalized: Normalized = msgspec.convert(row.normalized, Normalized)
    return msgspec.structs.replace(row, normalized=normalized)


REVIEWS: Final = Listing(
    name="reviews",
    query=select(*(getattr(Review, name) for name in Reviewed.__struct_fields__)),
    record=Reviewed,
    namespace=Review.namespace,
    sorts={
        "id": (Key(Review.id, int),),
        "decided_at": (Key(Review.decided_at, datetime), Key(Review.id, int)),
    },
    default_sort="id",
    finish=typed,
    filters={
        "sha256": Filter(
            "text", "about documents with this SHA-256", lambda hash_: Review.sha256 == hash_
        ),
        "document": Filter(
            "uuid",
            "about this document",
            lambda id_: Review.sha256.in_(
                select(Document.sha256).where(
                    Document.id == id_, Document.namespace == Review.namespace
                )
            ),
        ),
        "field": Filter(
            "text", "about this field, or clause:KIND", lambda field: Review.field == field
        ),
        "decision": Filter(
            "choice",
            "what was decided last",
            lambda decision: Review.decision == decision,
            ("accepted", "corrected", "rejected", "absent", "reopened"),
        ),
        "reviewer": Filter("text", "who decided last", lambda name: Review.reviewer == name),
        **period("decided", "decided", Review.decided_at),
    },
)


def list_reviews(session: Session, *, namespace: str, request: ListRequest) -> Page[Reviewed]:
    """The items that people have looked at, with what holds now."""
    return read_page(session, listing=REVIEWS, namespace=namespace, request=request)
