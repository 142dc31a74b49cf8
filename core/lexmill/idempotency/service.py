"""Requests that may come twice (draft-ietf-httpapi-idempotency-key-header) are done once."""

import hashlib

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lexmill.errors import ErrorClass, LexmillError
from lexmill.idempotency.models import IdempotencyKey
from lexmill.idempotency.schemas import RequestKey, StoredAnswer

_LOCK_NOT_AVAILABLE = "55P03"

_PATIENCE = text("SELECT set_config('lock_timeout', '1s', true)")
_NO_PATIENCE = text("SELECT set_config('lock_timeout', :timeout, true)")
# One that is too old is taken over as if it were not there.
_CLAIM = text("""
    INSERT INTO idempotency_key AS known (namespace, digest, request)
    VALUES (:namespace, :digest, :request)
    ON CONFLICT (namespace, digest) DO UPDATE SET
      request = excluded.request, status = NULL, headers = NULL, body = NULL, created_at = now()
    WHERE known.created_at < now() - interval '24 hours'
    RETURNING 1
""")
_FORGET = text("""
    DELETE FROM idempotency_key WHERE (namespace, digest) IN (
      SELECT namespace, digest FROM idempotency_key
      WHERE created_at < now() - interval '24 hours' LIMIT 5000
    ) RETURNING 1
""")


def claim_request(session: Session, *, namespace: str, key: RequestKey) -> StoredAnswer | None:
    """None: nobody did this yet, do it and `remember_answer` before the commit.

    Whoever asks for the same at the same moment waits a second for the answer. Raises LexmillError.
    """
    before = session.scalar(text("SHOW lock_timeout"))
    session.execute(_PATIENCE)
    given = {"namespace": namespace, "digest": _digest(key), "request": key.request}
    try:
        claimed = session.scalar(_CLAIM, given)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise LexmillError(
            "still_under_way",
            "the first request with this Idempotency-Key is under way; come again for its answer",
            ErrorClass.DOCUMENT,
        ) from error
    session.execute(_NO_PATIENCE, {"timeout": before})
    if claimed is not None:
        return None
    known = session.execute(
        select(
            IdempotencyKey.request,
            IdempotencyKey.status,
            IdempotencyKey.headers,
            IdempotencyKey.body,
        ).where(IdempotencyKey.namespace == namespace, IdempotencyKey.digest == _digest(key))
    ).one()
    if known.request != key.request:
        raise LexmillError(
            "idempotency_key_reused",
            "this Idempotency-Key was used for another request; use a new one",
            ErrorClass.DOCUMENT,
        )
    return StoredAnswer(status=known.status, headers=known.headers, body=known.body)


def remember_answer(
    session: Session, *, namespace: str, key: RequestKey, answer: StoredAnswer
) -> None:
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.namespace == namespace, IdempotencyKey.digest == _digest(key))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


def forget_requests(session: Session) -> int:
    """A batch a sweep keeps the transaction short."""
    return len(session.execute(_FORGET).all())


def _digest(key: RequestKey) -> bytes:
    return hashlib.sha256(msgspec.json.encode([key.caller, key.key])).digest()
