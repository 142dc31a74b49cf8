import uuid
from datetime import datetime

import msgspec


class TokenRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is shown: never the secret, nor its hash."""

    id: uuid.UUID
    namespace: str
    name: str
    roles: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """``secret`` is shown once, to whoever asked for the token."""

    token: TokenRecord
    secret: str
