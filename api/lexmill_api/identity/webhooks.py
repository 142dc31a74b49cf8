"""Senders who sign what they send with a shared secret: Standard Webhooks 1.0.0."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from lexmill.settings import webhook_key

_TOLERANCE_SECONDS = 300


def is_signed(
    body: bytes,
    *,
    id_: bytes,
    timestamp: bytes,
    signatures: bytes,
    secrets: Iterable[str],
    now: float,
) -> bool:
    """Whether one of the signatures is by one of the secrets, and not older than five minutes.

    During a rotation both sides may have two. Sending the same again in time is harmless: an event
    is taken once.
    """
    if not timestamp.isdigit() or abs(now - int(timestamp)) > _TOLERANCE_SECONDS:
        return False
    content = b".".join((id_, timestamp, body))
    expected = [
        hmac.new(webhook_key(secret), content, hashlib.sha256).digest() for secret in secrets
    ]
    given = [_decoded(each) for each in signatures.split() if each.startswith(b"v1,")]
    return any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in given)


def _decoded(signature: bytes) -> bytes:
    try:
        return base64.b64decode(signature.removeprefix(b"v1,"), validate=True)
    except binascii.Error:
        return b""
