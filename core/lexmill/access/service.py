"""API tokens: hashed, bound to a namespace and to roles, expiring, revocable."""

import hashlib
import secrets
import uuid
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lexmill.access.models import ApiToken
from lexmill.access.schemas import IssuedToken, TokenRecord
from lexmill.errors import ErrorClass, LexmillError

PREFIX = "lxm_"
"""So that secret scanners, and we, know one when they see it."""
MAX_DAYS = 366
_MAX_ALIVE = 1_000


def issue_token(
    session: Session, *, namespace: str, name: str, roles: Collection[str], days: int, by: str
) -> IssuedToken:
    """256 random bits need no slow hash: nobody can guess on from what is stored."""
    alive = select(func.count()).where(
        ApiToken.namespace == namespace,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > func.now(),
    )
    if (session.scalar(alive) or 0) >= _MAX_ALIVE:
        raise LexmillError(
            "too_many_tokens",
            f"this namespace has {_MAX_ALIVE} tokens that are good; revoke what is not needed",
            ErrorClass.DOCUMENT,
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=uuid.uuid4(),
        namespace=namespace,
        name=name,
        roles=sorted(roles),
        sha256=hash_of(secret),
        created_by=by,
        expires_at=func.now() + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    session.refresh(token)
    return IssuedToken(token=_record(token), secret=secret)


def revoke_token(
    session: Session, *, namespace: str, token: uuid.UUID, by: str
) -> TokenRecord | None:
    """None where there is no such token; who revoked it first stays."""
    revoked = session.scalars(
        update(ApiToken)
        .where(ApiToken.namespace == namespace, ApiToken.id == token)
        .values(
            revoked_at=func.coalesce(ApiToken.revoked_at, func.now()),
            revoked_by=func.coalesce(ApiToken.revoked_by, by),
        )
        .returning(ApiToken)
    ).one_or_none()
    return None if revoked is None else _record(revoked)


def find_token(session: Session, *, sha256: bytes) -> TokenRecord | None:
    """One that is good now, by the database's clock."""
    found = session.scalars(
        select(ApiToken).where(
            ApiToken.sha256 == sha256,
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at > func.now(),
        )
    ).one_or_none()
    return None if found is None else _record(found)


def hash_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _record(token: ApiToken) -> TokenRecord:
    return TokenRecord(
        id=token.id,
        namespace=token.namespace,
        name=token.name,
        roles=tuple(token.roles),
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        revoked_by=token.revoked_by,
    )
