"""Who may send control events and call /v1: the control token, or a service account of Kubernetes.

Kubernetes' API server says whose a token is, and for whom it was made (TokenReview).
"""

import asyncio
import hashlib
import hmac
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

import httpx
import msgspec
import structlog

from lexmill.settings import ApiSettings, TokenReviewSettings

log = structlog.get_logger(__name__)

# A token of any other form is none of Kubernetes': nobody is asked about it.
_JWT = re.compile(rb"[-_A-Za-z0-9]{1,4096}(\.[-_A-Za-z0-9]{1,4096}){2}")
_PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
_MAX_KNOWN = 1_000
_MAX_ASKING = 16
_PAUSE_SECONDS = 1.0

Reviewed = tuple[float, "Access"]


class Access(Enum):
    GRANTED = "granted"
    UNKNOWN = "unknown"
    """Whose token it is cannot be said."""
    FORBIDDEN = "forbidden"
    """It is known whose it is, and that is none of those who may."""
    UNDECIDED = "undecided"
    """Who could say it does not answer: the caller should come again."""


class _User(msgspec.Struct):
    username: str = ""


class _Status(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: tuple[str, ...] | None = None


class _Review(msgspec.Struct):
    status: _Status


@dataclass
class TokenReviewer:
    """Asks once about a token, however many come with it, and remembers the answer for a while.

    So a token that has been revoked is good for ``cache_seconds`` at most. The certificate and our
    own token are read for each question: Kubernetes renews both in place.
    """

    settings: TokenReviewSettings
    clock: Callable[[], float] = time.monotonic
    _known: dict[bytes, Reviewed] = field(default_factory=dict)
    _asking: "dict[bytes, asyncio.Task[Access]]" = field(default_factory=dict)
    _away_until: float = float("-inf")

    async def check(self, token: str) -> Access:
        key = hashlib.sha256(token.encode()).digest()
        until, access = self._known.get(key, (float("-inf"), Access.UNKNOWN))
        if self.clock() < until:
            return access
        question = self._asking.get(key)
        if question is None:
            if self.clock() < self._away_until or len(self._asking) >= _MAX_ASKING:
                return Access.UNDECIDED
            question = asyncio.create_task(self._decide(key, token), name="token-review")
            self._asking[key] = question
            question.add_done_callback(lambda _: self._asking.pop(key))
        # A sender that hangs up takes the answer from none of the others.
        return await asyncio.shield(question)

    async def _decide(self, key: bytes, token: str) -> Access:
        try:
            status = await self._ask(token)
        except (httpx.HTTPError, OSError, msgspec.DecodeError) as error:
            answer = (
                error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
            )
            log.warning("token_review_failed", error=type(error).__name__, status=answer)
            self._away_until = self.clock() + _PAUSE_SECONDS
            return Access.UNDECIDED
        access = self._judge(status)
        granted = access is Access.GRANTED
        seconds = self.settings.cache_seconds if granted else self.settings.refusal_cache_seconds
        self._known.pop(key, None)
        self._known[key] = (self.clock() + seconds, access)
        if len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return access

    async def _ask(self, token: str) -> _Status:
        context, own_token = await asyncio.to_thread(self._read_files)
        spec = {"token": token, "audiences": [self.settings.audience]}
        async with httpx.AsyncClient(
            base_url=self.settings.url,
            verify=context,
            timeout=self.settings.timeout_seconds,
            trust_env=False,
        ) as http:
            answer = await http.post(
                _PATH,
                json={
                    "apiVersion": "authentication.k8s.io/v1",
                    "kind": "TokenReview",
                    "spec": spec,
                },
                headers={"Authorization": f"Bearer {own_token}"},
            )
        # Where our own token is refused we know nothing about theirs.
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=_Review).status

    def _read_files(self) -> tuple[ssl.SSLContext, str]:
        return (
            ssl.create_default_context(cafile=self.settings.ca_file),
            self.settings.token_file.read_text(encoding="ascii").strip(),
        )

    def _judge(self, status: _Status) -> Access:
        # A server that knows no audiences names none: the token might be for anybody.
        if not status.authenticated or self.settings.audience not in (status.audiences or ()):
            return Access.UNKNOWN
        return Access.GRANTED if status.user.username in self.settings.allowed else Access.FORBIDDEN


@dataclass(frozen=True)
class Identities:
    control_token: bytes | None
    reviewer: TokenReviewer | None

    async def check(self, token: bytes) -> Access:
        if self.control_token is not None and hmac.compare_digest(token, self.control_token):
            return Access.GRANTED
        if self.reviewer is None or not _JWT.fullmatch(token):
            return Access.UNKNOWN
        return await self.reviewer.check(token.decode("ascii"))


def identities(settings: ApiSettings) -> Identities:
    control, review = settings.control_token, settings.token_review
    return Identities(
        control_token=None if control is None else control.get_secret_value().encode(),
        reviewer=None if review is None else TokenReviewer(review),
    )
