"""What a document has: where its bytes, its text and its result are, and who belongs to it."""

import uuid
from typing import Final, Literal

import msgspec
from sqlalchemy import literal, select
from sqlalchemy.orm import Session, aliased

from lexmill.documents.models import Document
from lexmill.documents.schemas import Family, Relative
from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.bundles import decode_result, decode_text
from lexmill.storage.objects import Objects
from lexmill.tenancy.models import Tenant
from lexmill_legal.result_lines import results_line
from lexmill_legal.results import DocumentResult, ErrorRecord

MOST_RELATIVES: Final = 500
_LARGEST_BUNDLE: Final = 256 << 20


class DocumentPlace(msgspec.Struct, frozen=True, kw_only=True):
    namespace: str
    job_uid: uuid.UUID
    uri: str
    parent_uri: str | None
    source: str
    name: str
    state: Literal["queued", "succeeded", "failed", "dead"]
    error_code: str | None
    error_message: str | None
    sha256: str | None
    result_key: str | None
    has_tenant: bool
    reads: tuple[str, ...] | None


def find_place(session: Session, *, namespace: str, document: uuid.UUID) -> DocumentPlace | None:
    parent = aliased(Document)
    row = session.execute(
        select(Document, parent.uri.label("parent_uri"), Tenant)
        .outerjoin(parent, parent.id == Document.parent_id)
        .outerjoin(Tenant, Tenant.namespace == Document.namespace)
        .where(Document.namespace == namespace, Document.id == document)
    ).one_or_none()
    if row is None:
        return None
    found, tenant = row.Document, row.Tenant
    if found.purged_at is not None:
        raise purged()
    reads = None if tenant is None else tenant.reads
    return DocumentPlace(
        namespace=namespace,
        job_uid=found.job_uid,
        uri=found.uri,
        parent_uri=row.parent_uri,
        source=found.source,
        name=found.name,
        state=found.state,
        error_code=found.error_code,
        error_message=found.error_message,
        sha256=found.sha256,
        result_key=found.result_key,
        has_tenant=tenant is not None,
        reads=None if reads is None else tuple(reads),
    )


def read_text(place: DocumentPlace, objects: Objects) -> str:
    """The text layer. Raises LexmillError where there is none."""
    if place.state in {"failed", "dead"}:
        raise LexmillError(
            "no_text",
            f"the document has no text: it is {place.state} ({place.error_code}); its result says"
            " why",
            ErrorClass.DOCUMENT,
        )
    return decode_text(_bundle(place, objects))


def read_line(place: DocumentPlace, objects: Objects) -> bytes:
    """The document's line of `results.jsonl`, for those that failed, too."""
    if place.state in {"queued", "succeeded"}:
        return decode_result(_bundle(place, objects))
    error = ErrorRecord(
        code=place.error_code or "unknown",
        message=place.error_message or "No reason was recorded.",
    )
    return results_line(
        DocumentResult(
            uri=place.uri,
            status="failed" if place.state == "failed" else "dead",
            parent=place.parent_uri,
            sha256=place.sha256,
            error=error,
        )
    )


def read_family(session: Session, *, namespace: str, document: uuid.UUID) -> Family | None:
    """Everything that came out of the same file or mail, ancestors first; None if not there."""
    columns = (
        Document.id,
        Document.parent_id,
        Document.uri,
        Document.name,
        Document.state,
    )
    own = Document.namespace == namespace
    up = (
        select(*columns, literal(0).label("depth"))
        .where(own, Document.id == document)
        .cte("ancestor", recursive=True)
    )
    up = up.union_all(select(*columns, up.c.depth - 1).where(own, Document.id == up.c.parent_id))
    above = session.execute(select(up).order_by(up.c.depth)).mappings().all()
    if not above:
        return None
    root = above[0]
    down = (
        select(*columns, literal(root["depth"]).label("depth"))
        .where(own, Document.id == root["id"])
        .cte("descendant", recursive=True)
    )
    down = down.union_all(
        select(*columns, down.c.depth + 1).where(own, Document.parent_id == down.c.id)
    )
    # No order, so that PostgreSQL stops at the limit; it gives level after level.
    rows = session.execute(select(down).limit(MOST_RELATIVES + 1)).mappings().all()
    shown = sorted(rows[:MOST_RELATIVES], key=lambda row: (row["depth"], row["uri"]))
    members = {row["id"]: Relative(**row) for row in (*above, *shown)}
    return Family(members=tuple(members.values()), is_whole=len(rows) <= MOST_RELATIVES)


def purged() -> LexmillError:
    return LexmillError(
        "purged",
        "the document was purged; its tombstone says when and why",
        ErrorClass.DOCUMENT,
    )


def own_key(namespace: str, key: str) -> str:
    """Tenants' workers write keys: none of them leads out of the namespace. Raises LexmillError."""
    segments = key.split("/")
    if segments[0] != namespace or {"", ".", ".."} & set(segments):
        raise LexmillError(
            "foreign_object", "the document is an object of another namespace", ErrorClass.DOCUMENT
        )
    return key


def _bundle(place: DocumentPlace, objects: Objects) -> bytes:
    if place.state == "queued" or place.result_key is None:
        raise LexmillError(
            "not_ended",
            "the document is still queued or worked on; its progress says when it has ended",
            ErrorClass.DOCUMENT,
        )
    found = objects.get_within(own_key(place.namespace, place.result_key), _LARGEST_BUNDLE)
    if found is None:
        raise LexmillError(
            "result_too_large",
            "what was found in this document is too large to be shown; the reports have it",
            ErrorClass.DOCUMENT,
        )
    return found
