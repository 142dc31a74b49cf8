"""Kubernetes' API server says whose a token is (TokenReview) and what they may do
(SubjectAccessReview).
"""

import asyncio
import hashlib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import structlog

from lexmill.settings import TokenReviewSettings
from lexmill_api.identity.answers import Answer, Answers
from lexmill_api.identity.callers import Action, KubernetesUser, UndecidedError

log = structlog.get_logger(__name__)

_TOKEN_REVIEW = ("authentication.k8s.io/v1", "TokenReview", "tokenreviews")
_ACCESS_REVIEW = ("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews")


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: tuple[str, ...] | None = None


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct):
    allowed: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus


@dataclass
class KubernetesReviews:
    """Raises UndecidedError where the API server does not answer, or refuses to answer us.

    A token that has been revoked, or a right that has been taken, is good for ``cache_seconds`` at
    most. The certificate and our own token are read for each question: Kubernetes renews both in
    place.
    """

    settings: TokenReviewSettings
    clock: Callable[[], float] = time.monotonic
    _users: "Answers[bytes, KubernetesUser | None]" = field(init=False)
    _rights: "Answers[tuple[object, ...], bool]" = field(init=False)

    def __post_init__(self) -> None:
        self._users = Answers(self.clock)
        self._rights = Answers(self.clock)

    async def user(self, token: str) -> KubernetesUser | None:
        """None where it is no token of theirs, or none that was made for us."""
        key = hashlib.sha256(token.encode()).digest()
        return await self._users.get(key, lambda: self._review_token(token))

    async def may(self, user: KubernetesUser, action: Action, namespace: str) -> bool:
        extra = tuple(sorted(user.extra.items()))
        key = (user.username, user.uid, user.groups, extra, action.verb, namespace)
        return await self._rights.get(
            key, lambda: self._review_access(user, action.verb, namespace)
        )

    async def _review_token(self, token: str) -> Answer[KubernetesUser | None]:
        spec = {"token": token, "audiences": [self.settings.audience]}
        content = await self._ask(_TOKEN_REVIEW, spec)
        status = _decode(content, _TokenReview).status
        # A server that knows no audiences names none: the token might be for anybody.
        ours = status.authenticated and self.settings.audience in (status.audiences or ())
        if not ours:
            return Answer(None, self.settings.refusal_cache_seconds)
        user = KubernetesUser(
            status.user.username, status.user.uid, status.user.groups, status.user.extra
        )
        return Answer(user, self.settings.cache_seconds)

    async def _review_access(self, user: KubernetesUser, verb: str, namespace: str) -> Answer[bool]:
        asked = {
            "namespace": namespace,
            "verb": verb,
            "group": "lexmill.io",
            "resource": "legaljobs",
        }
        spec = {
            "user": user.username,
            "uid": user.uid,
            "groups": list(user.groups),
            "extra": user.extra,
            "resourceAttributes": asked,
        }
        content = await self._ask(_ACCESS_REVIEW, spec)
        allowed = _decode(content, _AccessReview).status.allowed
        settings = self.settings
        seconds = settings.cache_seconds if allowed else settings.refusal_cache_seconds
        return Answer(allowed, seconds)

    async def _ask(self, review: tuple[str, str, str], spec: Mapping[str, Any]) -> bytes:
        version, kind, plural = review
        try:
            context, own_token = await asyncio.to_thread(self._read_files)
            async with httpx.AsyncClient(
                base_url=self.settings.url,
                verify=context,
                timeout=self.settings.timeout_seconds,
                trust_env=False,
            ) as http:
                answer = await http.post(
                    f"/apis/{version}/{plural}",
                    json={"apiVersion": version, "kind": kind, "spec": spec},
                    headers={"Authorization": f"Bearer {own_token}"},
                )
            # Where our own token is refused we know nothing about theirs.
            answer.raise_for_status()
        except (httpx.HTTPError, OSError) as error:
            status = (
                error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
            )
            log.warning("review_failed", kind=kind, error=type(error).__name__, status=status)
            raise UndecidedError from error
        return answer.content

    def _read_files(self) -> tuple[ssl.SSLContext, str]:
        return (
            ssl.create_default_context(cafile=self.settings.ca_file),
            self.settings.token_file.read_text(encoding="ascii").strip(),
        )


def _decode(content: bytes, review: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=review)
    except msgspec.DecodeError as error:
        log.warning("review_unreadable", error=type(error).__name__)
        raise UndecidedError from error
