"""People and programs whom an OpenID Connect provider has given a signed token (RFC 7519, 9068)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import msgspec
import structlog

from lexmill.settings import OidcSettings
from lexmill_api.identity.callers import Caller, KubernetesUser, UndecidedError, bound_roles

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by a key of which we know the public half only: never `none`, never a shared one."""
_MAX_ANSWER_BYTES = 1 << 20
_PAUSE_SECONDS = 10.0
"""Between two looks at the keys: a stranger's key id must not make us ask without end."""


class _Discovery(msgspec.Struct):
    issuer: str
    jwks_uri: str


@dataclass
class OidcVerifier:
    """Keys are read from the provider when a token needs them, and again after ``keys_seconds``.

    A token with an unknown key id makes it look earlier, as providers rotate their keys. While the
    provider is away the keys that are known stay good.
    """

    settings: OidcSettings
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str | None, jwt.PyJWK] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _asked_at: float = float("-inf")

    def issued(self, token: str) -> bool:
        """Whether it says that it comes from our provider; nothing is checked yet."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return False
        return claims.get("iss") == self.settings.issuer

    async def caller(self, token: str) -> Caller | None:
        """None where it is not valid for us now; raises UndecidedError without the keys."""
        try:
            key = await self._key(jwt.get_unverified_header(token))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.settings.audience,
                issuer=self.settings.issuer,
                leeway=self.settings.leeway_seconds,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            log.info("token_refused", error=type(error).__name__)
            return None
        return self._caller(claims)

    def _caller(self, claims: Mapping[str, Any]) -> Caller | None:
        settings = self.settings
        username = claims.get(settings.username_claim)
        if not isinstance(username, str) or not username:
            return None
        name = f"{settings.prefix}{username}"
        groups = _words(claims.get(settings.groups_claim))
        return Caller(
            name=name,
            roles=bound_roles(_words(claims.get(settings.roles_claim))),
            user=KubernetesUser(name, groups=tuple(f"{settings.prefix}{each}" for each in groups)),
        )

    async def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK | None:
        name = header.get("kid")
        if self.clock() - self._read_at > self.settings.keys_seconds or name not in self._keys:
            await self._refresh()
        if not self._keys:
            raise UndecidedError
        return self._keys.get(name)

    async def _refresh(self) -> None:
        now = self.clock()
        if now - self._asked_at < _PAUSE_SECONDS:
            return
        self._asked_at = now
        try:
            self._keys = await self._read_keys()
        except (httpx.HTTPError, msgspec.DecodeError, jwt.PyJWKError, ValueError) as error:
            log.warning("oidc_keys_not_read", error=type(error).__name__)
        else:
            self._read_at = now

    async def _read_keys(self) -> dict[str | None, jwt.PyJWK]:
        async with httpx.AsyncClient(
            timeout=self.settings.timeout_seconds, trust_env=False
        ) as http:
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            found = msgspec.json.decode(await _get(http, address), type=_Discovery)
            if found.issuer != self.settings.issuer:
                raise ValueError("the provider calls itself otherwise")
            if self.settings.issuer.startswith("https:") and not found.jwks_uri.startswith(
                "https:"
            ):
                raise ValueError("the keys would come unprotected")
            keys = msgspec.json.decode(await _get(http, found.jwks_uri), type=dict[str, Any])
        usable = [each for each in keys.get("keys", ()) if each.get("use", "sig") == "sig"]
        return {key.key_id: key for key in jwt.PyJWKSet(usable).keys}


async def _get(http: httpx.AsyncClient, url: str) -> bytes:
    """Redirects are not followed: what we trust is at this address."""
    async with http.stream("GET", url) as answer:
        answer.raise_for_status()
        content = b""
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > _MAX_ANSWER_BYTES:
                raise ValueError("the answer is too large")
    return content


def _words(claim: object) -> tuple[str, ...]:
    """A list of strings, or strings with spaces between them, as providers write both."""
    if isinstance(claim, str):
        return tuple(claim.split())
    if isinstance(claim, list):
        return tuple(each for each in claim if isinstance(each, str))
    return ()
