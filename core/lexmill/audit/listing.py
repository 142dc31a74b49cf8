from typing import Any, Final

from sqlalchemy import ColumnElement, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from lexmill.audit.models import Audit
from lexmill.audit.schemas import AuditEntry
from lexmill.listing.filters import Filter
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page


def _says(value: Any, *path: str) -> ColumnElement[bool]:
    """Reads every entry of the chain: it is kept as it was hashed, and has no columns to index."""
    said: ColumnElement[bool] = cast(Audit.entry, JSONB)[path].astext == value
    return said


AUDIT: Final = Listing(
    name="audit",
    query=select(
        Audit.namespace,
        Audit.number,
        Audit.entry,
        func.encode(Audit.previous, "hex").label("previous"),
        func.encode(Audit.hash, "hex").label("hash"),
    ),
    record=AuditEntry,
    namespace=Audit.namespace,
    sorts={"number": (Key(Audit.number, int),)},
    default_sort="number",
    filters={
        "sha256": Filter(
            "text",
            "about documents with this SHA-256",
            lambda hash_: _says(hash_, "subject", "sha256"),
        ),
        "field": Filter("text", "about this field", lambda field: _says(field, "subject", "field")),
        "actor": Filter("text", "who did it", lambda actor: _says(actor, "actor")),
        "action": Filter(
            "text", "what was done, as review.corrected", lambda action: _says(action, "action")
        ),
    },
)


def list_trail(session: Session, *, namespace: str, request: ListRequest) -> Page[AuditEntry]:
    """The audit trail as it is kept."""
    return read_page(session, listing=AUDIT, namespace=namespace, request=request)
