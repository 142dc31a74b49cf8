"""Who carries a token: each kind of token is asked about where it was issued."""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from lexmill.settings import ApiSettings
from lexmill_api.identity.api_tokens import ApiTokens
from lexmill_api.identity.callers import Access, Action, Caller, UndecidedError
from lexmill_api.identity.kubernetes import KubernetesReviews
from lexmill_api.identity.oidc import OidcVerifier

# A token of any other form is no signed one: nobody is asked about it.
_JWT = re.compile(r"[-_A-Za-z0-9]{1,4096}(\.[-_A-Za-z0-9]{1,4096}){2}")
_CONTROL = Caller(name="control-token", controls=True)


@dataclass(frozen=True)
class Identities:
    """Every question may raise UndecidedError: who could answer is away."""

    control_token: bytes | None
    controllers: frozenset[str]
    """Service accounts that may send control events and see all namespaces."""
    api_tokens: ApiTokens
    oidc: OidcVerifier | None
    kubernetes: KubernetesReviews | None

    async def identify(self, token: bytes) -> Caller | None:
        """None where it is nobody's token."""
        if self.control_token is not None and hmac.compare_digest(token, self.control_token):
            return _CONTROL
        text = token.decode("ascii", "replace")
        if self.api_tokens.issued(text):
            return await self.api_tokens.caller(text)
        return await self._signed(text) if _JWT.fullmatch(text) else None

    async def _signed(self, token: str) -> Caller | None:
        if self.oidc is not None and self.oidc.issued(token):
            return await self.oidc.caller(token)
        user = None if self.kubernetes is None else await self.kubernetes.user(token)
        if user is None:
            return None
        return Caller(user.username, controls=user.username in self.controllers, user=user)

    async def may(self, caller: Caller, action: Action, namespace: str) -> bool:
        """In a cluster Kubernetes decides about all whom it can know; else their roles do."""
        if caller.controls:
            return True
        if caller.user is not None and self.kubernetes is not None:
            return await self.kubernetes.may(caller.user, action, namespace)
        return caller.has_role_for(action, namespace)

    async def controls(self, token: bytes) -> Access:
        """Whether control events are taken from who carries this token."""

        async def decide(caller: Caller) -> bool:
            return caller.controls

        return await self._access(token, decide)

    async def access(self, token: bytes, action: Action, namespace: str) -> Access:
        return await self._access(token, lambda caller: self.may(caller, action, namespace))

    async def _access(self, token: bytes, decide: Callable[[Caller], Awaitable[bool]]) -> Access:
        try:
            caller = await self.identify(token)
            if caller is None:
                return Access.UNKNOWN
            return Access.GRANTED if await decide(caller) else Access.FORBIDDEN
        except UndecidedError:
            return Access.UNDECIDED


def identities(settings: ApiSettings, session: Callable[[], AsyncSession]) -> Identities:
    control, review, oidc = settings.control_token, settings.token_review, settings.oidc
    return Identities(
        control_token=None if control is None else control.get_secret_value().encode(),
        controllers=frozenset() if review is None else frozenset(review.allowed),
        api_tokens=ApiTokens(session),
        oidc=None if oidc is None else OidcVerifier(oidc),
        kubernetes=None if review is None else KubernetesReviews(review),
    )
