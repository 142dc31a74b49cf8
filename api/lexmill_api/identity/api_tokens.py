"""Callers with a token of Lexmill's own, looked up by its hash."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lexmill.access.schemas import TokenRecord
from lexmill.access.service import PREFIX, find_token, hash_of
from lexmill_api.identity.answers import Answer, Answers
from lexmill_api.identity.callers import Caller, Role, UndecidedError

log = structlog.get_logger(__name__)

_SECONDS = 10.0
"""A token that has been revoked is good for so long at most, as each process remembers it."""


@dataclass
class ApiTokens:
    """Raises UndecidedError while the database is away."""

    session: Callable[[], AsyncSession]
    clock: Callable[[], float] = time.monotonic
    _known: "Answers[bytes, TokenRecord | None]" = field(init=False)

    def __post_init__(self) -> None:
        self._known = Answers(self.clock)

    @staticmethod
    def issued(token: str) -> bool:
        return token.startswith(PREFIX)

    async def caller(self, token: str) -> Caller | None:
        sha256 = hash_of(token)
        record = await self._known.get(sha256, lambda: self._find(sha256))
        if record is None:
            return None
        return Caller(
            name=f"token:{record.namespace}/{record.name}",
            roles={record.namespace: frozenset(map(Role, record.roles))},
        )

    async def _find(self, sha256: bytes) -> Answer[TokenRecord | None]:
        try:
            async with self.session() as session:
                found = await session.run_sync(lambda sync: find_token(sync, sha256=sha256))
        except SQLAlchemyError as error:
            log.warning("token_not_looked_up", error=type(error).__name__)
            raise UndecidedError from error
        left = _SECONDS if found is None else (found.expires_at - datetime.now(UTC)).total_seconds()
        return Answer(found, min(_SECONDS, left))
