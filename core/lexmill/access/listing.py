import uuid
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lexmill.access.models import ApiToken
from lexmill.access.schemas import TokenRecord
from lexmill.listing.filters import Filter
from lexmill.listing.pages import Key, Listing, read_page
from lexmill.listing.schemas import ListRequest, Page

_STATES: Final = {
    "good": (ApiToken.revoked_at.is_(None)) & (ApiToken.expires_at > func.now()),
    "ended": (ApiToken.revoked_at.is_not(None)) | (ApiToken.expires_at <= func.now()),
}

TOKENS: Final = Listing(
    name="tokens",
    query=select(
        ApiToken.id,
        ApiToken.namespace,
        ApiToken.name,
        ApiToken.roles,
        ApiToken.created_by,
        ApiToken.created_at,
        ApiToken.expires_at,
        ApiToken.revoked_at,
        ApiToken.revoked_by,
    ),
    record=TokenRecord,
    namespace=ApiToken.namespace,
    sorts={"id": (Key(ApiToken.id, uuid.UUID),)},
    default_sort="id",
    filters={
        "state": Filter(
            "choice",
            "good, or revoked or expired",
            lambda state: _STATES[state],
            tuple(_STATES),
        ),
        "name": Filter("text", "with this name", lambda name: ApiToken.name == name),
    },
)


def list_tokens(session: Session, *, namespace: str, request: ListRequest) -> Page[TokenRecord]:
    return read_page(session, listing=TOKENS, namespace=namespace, request=request)
