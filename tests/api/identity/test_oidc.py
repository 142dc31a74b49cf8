"""People and programs of an OpenID Connect provider: Hydra, as one would run it."""

import asyncio
import base64
import hashlib
import hmac
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from lexmill.settings import OidcSettings
from lexmill_api.identity import Caller, UndecidedError
from lexmill_api.identity.oidc import OidcVerifier
from lexmill_cli.local.postgres import PostgresServer
from tests.api.asking import Api, Serving
from tests.identityserver.hydra import Hydra, running_hydra
from tests.processes import until
from tests.servers import conninfo, temporary_database


@pytest.fixture(scope="module")
def api(
    hydra: Hydra,
    serving: Serving,
) -> Iterator[Api]:
    with serving({"LEXMILL_API__OIDC__ISSUER": hydra.issuer}) as api:
        # Until its keys were fetched once, nobody can be judged.
        until(lambda: status(api, hydra.token("*:reader")) == 200)
        yield api


def status(api: Api, token: str | None, namespace: str = "team-a") -> int:
    return api.get(f"/v1/namespaces/{namespace}/dead", token=token).status_code


def test_a_role_is_good_in_its_namespace_only(api: Api, hydra: Hydra) -> None:
    token = hydra.token("team-a:reader")
    assert status(api, token) == 200
    assert status(api, token, "team-b") == 403
    assert api.get("/v1/demand", token=token).status_code == 403


def test_a_role_may_be_good_everywhere(api: Api, hydra: Hydra) -> None:
    token = hydra.token("*:reader")
    assert status(api, token) == status(api, token, "team-b") == 200


def test_a_reader_replays_nothing_and_a_submitter_does(api: Api, hydra: Hydra) -> None:
    for role, expected in (("reader", 403), ("reviewer", 403), ("submitter", 202), ("admin", 202)):
        answer = api.http.post(
            "/v1/namespaces/team-a/dead/replay",
            json=[],
            headers={"Authorization": f"Bearer {hydra.token(f'team-a:{role}')}"},
        )
        assert answer.status_code == expected, role


def test_what_is_no_role_grants_nothing(api: Api, hydra: Hydra) -> None:
    for claim in ("team-a:owner", "team-a", ":reader", "reader", "team-a:reader:x"):
        assert status(api, hydra.token(claim)) == 403, claim


def test_a_token_for_somebody_else_is_refused(api: Api, hydra: Hydra) -> None:
    assert status(api, hydra.token("team-a:admin", audience="somebody-else")) == 401


def test_a_forged_token_is_refused(api: Api, hydra: Hydra) -> None:
    header, body, signature = hydra.token("team-a:reader").split(".")
    claims = json.loads(_decoded(body))
    more = _encoded({**claims, "lexmill_roles": ["*:admin"]})
    none = _encoded({"alg": "none", "typ": "JWT"})
    keys = httpx.get(f"{hydra.url}/.well-known/jwks.json").json()["keys"]
    for token in (
        f"{header}.{more}.{signature}",
        f"{none}.{more}.",
        f"{none}.{more}.{signature}",
        f"{header}.{body}.{signature[:-4]}AAAA",
        *(_signed_with(json.dumps(key).encode(), key["kid"], claims) for key in keys),
        *(_signed_with(key["n"].encode(), key["kid"], claims) for key in keys),
    ):
        assert status(api, token) == 401, token


def test_the_refusal_of_a_token_is_a_challenge(api: Api, hydra: Hydra) -> None:
    forged = hydra.token("team-a:reader")[:-6] + "AAAAAA"
    answer = api.get("/v1/namespaces/team-a/dead", token=forged)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json()["code"] == "unauthorised"
    without = api.get("/v1/namespaces/team-a/dead", token=None)
    assert without.headers["WWW-Authenticate"] == "Bearer"


def test_a_new_key_is_looked_up_once_it_is_needed(hydra: Hydra) -> None:
    now = 0.0
    verifier = OidcVerifier(OidcSettings(issuer=hydra.issuer), clock=lambda: now)
    old = hydra.token("team-a:reader")
    assert asyncio.run(verifier.caller(old)) is not None
    hydra.rotate_keys()
    new = hydra.token("team-a:reader")
    now = 11.0
    assert isinstance(asyncio.run(verifier.caller(new)), Caller)
    assert asyncio.run(verifier.caller(old)) is not None


def test_an_expired_token_is_refused_after_the_leeway(hydra: Hydra) -> None:
    token = hydra.token("team-a:reader", seconds=1)
    late = OidcSettings(issuer=hydra.issuer, leeway_seconds=0)
    claims = json.loads(_decoded(token.split(".")[1]))

    def is_refused() -> bool:
        return asyncio.run(OidcVerifier(late).caller(token)) is None

    until(is_refused)
    assert claims["exp"] - claims["iat"] == 1
    assert asyncio.run(OidcVerifier(OidcSettings(issuer=hydra.issuer)).caller(token)) is not None


def test_while_the_provider_is_away_known_keys_stay_good_and_nobody_is_called_unknown(
    hydra_binaries: Path, postgres: PostgresServer, tmp_path: Path
) -> None:
    with (
        temporary_database(postgres) as url,
        running_hydra(hydra_binaries, tmp_path, conninfo(url)) as own,
    ):
        token = own.token("team-a:reader")
        now = 0.0
        settings = OidcSettings(issuer=own.issuer, timeout_seconds=30)
        verifier = OidcVerifier(settings, clock=lambda: now)
        assert asyncio.run(verifier.caller(token)) is not None
        own.process.send_signal(signal.SIGKILL)
        own.process.wait()
        now = 4_000.0
        assert asyncio.run(verifier.caller(token)) is not None
        with pytest.raises(UndecidedError):
            asyncio.run(OidcVerifier(settings).caller(token))


def _signed_with(secret: bytes, kid: str, claims: dict[str, object]) -> str:
    """A token whose shared secret is what everybody can read: the provider's public key."""
    content = f"{_encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{_encoded(claims)}"
    signature = hmac.new(secret, content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
