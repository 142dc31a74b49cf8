"""Who may send events where ingest is not open to everybody."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from pydantic import ValidationError

from lexmill.settings import ApiSettings
from tests.api.asking import BEARER, STRUCTURED, Api, Serving, declaration, event
from tests.processes import TOKEN

OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))


@pytest.fixture(scope="module")
def api(serving: Serving) -> Iterator[Api]:
    more = {
        "LEXMILL_API__OPEN_INGEST": "false",
        "LEXMILL_API__WEBHOOK_SECRETS": msgspec.json.encode({"signed": [OLD, NEW]}).decode(),
    }
    with serving(more) as api:
        api.declare("signed")
        api.declare("other")
        yield api


def send(
    api: Api,
    *,
    secret: str = NEW,
    namespace: str = "signed",
    at: float | None = None,
    body: bytes | None = None,
    signature: str | None = None,
) -> httpx.Response:
    """As a sender that follows Standard Webhooks 1.0.0."""
    content = msgspec.json.encode(event())
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{stamp}.".encode() + content, hashlib.sha256).digest()
    good = f"v1,{base64.b64encode(digest).decode()}"
    return api.http.post(
        f"/ns/{namespace}/events",
        content=content if body is None else body,
        headers={
            "Content-Type": STRUCTURED,
            "webhook-id": "msg_1",
            "webhook-timestamp": stamp,
            "webhook-signature": good if signature is None else signature.format(good=good),
        },
    )


def test_a_signature_by_one_of_the_secrets_opens_the_namespace(api: Api) -> None:
    assert send(api, secret=NEW).status_code == 202
    assert send(api, secret=OLD).status_code == 202
    assert send(api, signature="v1,AAAA v1a,xyz {good}").status_code == 202


@pytest.mark.parametrize("signature", ["", "v1,", "v1,AAAA", "v2,AAAA", "v1,%%%", "v1", "a b c"])
def test_a_wrong_signature_is_refused(api: Api, signature: str) -> None:
    answer = send(api, signature=signature)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")


def test_a_signature_is_of_these_bytes_of_this_hour_and_of_this_namespace(api: Api) -> None:
    assert send(api, body=msgspec.json.encode(event())).status_code == 401
    assert send(api, at=time.time() - 301).status_code == 401
    assert send(api, at=time.time() + 301).status_code == 401
    assert send(api, namespace="other").status_code == 401


def test_a_token_opens_it_too_if_it_may_submit_there(api: Api) -> None:
    def token(role: str) -> str:
        answer = api.http.post(
            "/v1/namespaces/other/tokens",
            json={"name": role, "roles": [role]},
            headers=BEARER,
        )
        secret: str = answer.json()["secret"]
        return secret

    submitter, reader = token("submitter"), token("reader")
    assert api.post(event(), path="/ns/other/events", token=submitter).status_code == 202
    assert api.post(event(), path="/ns/other/events", token=reader).status_code == 403
    assert api.post(event(), path="/ns/signed/events", token=submitter).status_code == 403
    assert api.post(event(), path="/ns/other/events", token=TOKEN).status_code == 202


def test_without_either_nobody_sends(api: Api) -> None:
    answer = api.post(event(), path="/ns/other/events")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_signature_is_no_right_to_control(api: Api) -> None:
    content = msgspec.json.encode(declaration("8d1b3e40-0000-4000-8000-000000000000", "mine"))
    stamp = str(int(time.time()))
    key = base64.b64decode(NEW.removeprefix("whsec_"))
    digest = hmac.new(key, f"m.{stamp}.".encode() + content, hashlib.sha256).digest()
    answer = api.http.post(
        "/ns/signed/events",
        content=content,
        headers={
            "Content-Type": STRUCTURED,
            "webhook-id": "m",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        },
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("secret", ["plain-text", "whsec_short", f"whsec_{'A' * 200}", "whsec_%%%"])
def test_a_secret_that_is_none_keeps_the_process_from_starting(secret: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ApiSettings(control_token=TOKEN, webhook_secrets={"signed": (secret,)})
    assert secret not in str(raised.value)
