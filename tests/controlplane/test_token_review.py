"""Service accounts of Kubernetes as who may send control events and call /v1."""

import asyncio
import secrets
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from lexmill.client.api import ApiClient
from lexmill.errors import LexmillError
from lexmill.settings import TokenReviewSettings
from lexmill_api.identity import Action, UndecidedError
from lexmill_api.identity.callers import KubernetesUser
from lexmill_api.identity.kubernetes import KubernetesReviews
from tests.api.asking import Api, Serving, declaration, event
from tests.controlplane.control_plane import ControlPlane
from tests.processes import TOKEN, until

OPERATOR, STRANGER, OURS = "lexmill-operator", "stranger", "lexmill-api"
GARBAGE = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJub2JvZHkifQ.c2lnbmVk"


@dataclass(frozen=True)
class Cluster:
    """A namespace with three service accounts, and what the API needs to ask about them."""

    control_plane: ControlPlane
    namespace: str
    token_file: Path

    def token(self, account: str, audience: str | None = "lexmill") -> str:
        return self.control_plane.token_for(self.namespace, account, audience)

    def settings(self) -> TokenReviewSettings:
        return TokenReviewSettings(
            url=self.control_plane.url,
            ca_file=self.control_plane.ca_file,
            token_file=self.token_file,
            allowed=(f"system:serviceaccount:{self.namespace}:{OPERATOR}",),
        )


@pytest.fixture(scope="module")
def cluster(
    control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    http = control_plane.http
    name = f"review-{secrets.token_hex(4)}"
    http.post("/api/v1/namespaces", json={"metadata": {"name": name}}).raise_for_status()
    for account in (OPERATOR, STRANGER, OURS):
        http.post(
            f"/api/v1/namespaces/{name}/serviceaccounts", json={"metadata": {"name": account}}
        ).raise_for_status()
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [f"{asked}.k8s.io"], "resources": [reviews], "verbs": ["create"]}
        for asked, reviews in (
            ("authentication", "tokenreviews"),
            ("authorization", "subjectaccessreviews"),
        )
    ]
    http.post(
        f"/apis/{group}/v1/clusterroles",
        json={"metadata": {"name": name}, "rules": rules},
    ).raise_for_status()
    http.post(
        f"/apis/{group}/v1/clusterrolebindings",
        json={
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": OURS, "namespace": name}],
        },
    ).raise_for_status()
    token_file = tmp_path_factory.mktemp("review") / "token"
    token_file.write_text(control_plane.token_for(name, OURS), encoding="ascii")
    yield Cluster(control_plane, name, token_file)
    http.delete(f"/apis/{group}/v1/clusterrolebindings/{name}").raise_for_status()
    http.delete(f"/apis/{group}/v1/clusterroles/{name}").raise_for_status()
    http.delete(f"/api/v1/namespaces/{name}").raise_for_status()


@pytest.fixture(scope="module")
def api(cluster: Cluster, serving: Serving) -> Iterator[Api]:
    review = cluster.settings()
    more = {
        "LEXMILL_API__TOKEN_REVIEW__URL": review.url,
        "LEXMILL_API__TOKEN_REVIEW__CA_FILE": str(review.ca_file),
        "LEXMILL_API__TOKEN_REVIEW__TOKEN_FILE": str(review.token_file),
        "LEXMILL_API__TOKEN_REVIEW__ALLOWED": msgspec.json.encode(review.allowed).decode(),
    }
    with serving(more) as api:
        yield api


@pytest.mark.parametrize(
    ("account", "audience", "refusal"),
    [
        (OPERATOR, "lexmill", None),
        (STRANGER, "lexmill", (403, "forbidden")),
        (OPERATOR, None, (401, "unauthorised")),
        (OPERATOR, "somebody-else", (401, "unauthorised")),
    ],
)
def test_a_service_account_controls_if_it_is_allowed_to_and_its_token_is_for_us(
    api: Api,
    cluster: Cluster,
    account: str,
    audience: str | None,
    refusal: tuple[int, str] | None,
) -> None:
    token = cluster.token(account, audience)
    job = declaration(str(uuid.uuid4()), f"job-{secrets.token_hex(4)}")
    sent = api.post(job, path="/ns/review/events", token=token)
    asked = api.get("/v1/demand", token=token)
    if refusal is None:
        assert (sent.status_code, asked.status_code) == (202, 200)
    else:
        assert (sent.status_code, sent.json()["code"]) == refusal
        assert (asked.status_code, asked.json()["code"]) == refusal


@pytest.mark.parametrize("token", [GARBAGE, "no-token", "a.b.c", f"{TOKEN}.x.y", "a." * 20_000])
def test_what_is_no_token_is_refused(api: Api, token: str) -> None:
    job = declaration(str(uuid.uuid4()), "refused")
    assert api.post(job, path="/ns/review/events", token=token).status_code == 401
    assert api.get("/v1/demand", token=token).status_code == 401


def test_a_token_with_another_signature_is_refused(api: Api, cluster: Cluster) -> None:
    body, _, signature = cluster.token(OPERATOR).rpartition(".")
    forged = f"{body}.{signature[::-1]}"
    assert api.get("/v1/demand", token=forged).status_code == 401


def test_the_control_token_is_taken_too(api: Api) -> None:
    assert api.get("/v1/demand", token=TOKEN).status_code == 200


def test_while_kubernetes_is_away_nobody_is_called_unknown(api: Api, cluster: Cluster) -> None:
    """Knative and our own client come again after a 503; a 401 would be for good."""
    token = cluster.token(OPERATOR)
    job = declaration(str(uuid.uuid4()), "away")
    large = declaration(str(uuid.uuid4()), "large")
    large["data"]["configMaps"] = {"large": {"text": "x" * (2 << 20)}}
    cluster.control_plane.stop_apiserver(signal.SIGKILL)
    try:
        for asked in (
            api.post(job, path="/ns/review/events", token=token),
            api.post(large, path="/ns/review/events", token=token),
            api.get("/v1/demand", token=token),
        ):
            assert (asked.status_code, asked.json()["code"]) == (503, "identity_away")
            assert int(asked.headers["Retry-After"]) > 0
        with (
            ApiClient(api.process.url, token=token, source="/tests") as client,
            pytest.raises(LexmillError) as raised,
        ):
            client.jobs.find("review", "away")
        assert raised.value.retryable
        assert api.get("/v1/demand", token=GARBAGE[:-1]).status_code == 503
        assert api.get("/v1/demand", token="no-token").status_code == 401
        # Data needs nobody's permission, with a token or without.
        assert api.post(event(), path="/ns/review/events").status_code == 202
        assert api.post(event(), path="/ns/review/events", token=token).status_code == 202
    finally:
        cluster.control_plane.start_apiserver()
    until(lambda: api.post(job, path="/ns/review/events", token=token).status_code == 202)
    assert api.post(large, path="/ns/review/events", token=token).status_code == 202


def asked(reviews: KubernetesReviews, token: str) -> str | None:
    """Whose the token is; None: nobody's."""
    user = asyncio.run(reviews.user(token))
    return None if user is None else user.username


def test_an_answer_outlives_an_outage_but_not_a_minute(cluster: Cluster) -> None:
    now = 0.0
    reviews = KubernetesReviews(cluster.settings(), clock=lambda: now)
    token = cluster.token(OPERATOR)

    async def ask_together() -> list[KubernetesUser | None]:
        return await asyncio.gather(*(reviews.user(token) for _ in range(30)))

    assert {user.username for user in asyncio.run(ask_together()) if user} == {
        cluster.settings().allowed[0]
    }
    cluster.control_plane.stop_apiserver(signal.SIGKILL)
    try:
        now = 59.9
        assert asked(reviews, token)
        now = 60.1
        with pytest.raises(UndecidedError):
            asked(reviews, token)
    finally:
        cluster.control_plane.start_apiserver()
    # Not asked again for a moment after it did not answer.
    with pytest.raises(UndecidedError):
        asked(reviews, token)
    now = 61.2
    assert asked(reviews, token)


def test_a_revoked_token_is_good_for_a_minute_at_most(cluster: Cluster) -> None:
    now = 0.0
    reviews = KubernetesReviews(cluster.settings(), clock=lambda: now)
    token = cluster.token(OPERATOR)
    account = f"/api/v1/namespaces/{cluster.namespace}/serviceaccounts"
    http = cluster.control_plane.http
    assert asked(reviews, token)
    http.delete(f"{account}/{OPERATOR}").raise_for_status()
    try:
        now = 59.9
        assert asked(reviews, token)

        def is_refused() -> bool:
            nonlocal now
            now += 60.1  # Kubernetes itself remembers a good token for ten seconds
            return asked(reviews, token) is None

        until(is_refused)
        until_asked_again = now + 9.9
    finally:
        http.post(account, json={"metadata": {"name": OPERATOR}}).raise_for_status()
    now = until_asked_again
    assert asked(reviews, token) is None


def test_where_our_own_right_to_ask_is_missing_nobody_is_called_unknown(
    cluster: Cluster, tmp_path: Path
) -> None:
    """It is our fault, and may be mended while they try again."""
    strangers = tmp_path / "token"
    settings = cluster.settings().model_copy(update={"token_file": strangers})
    now = 0.0
    reviews = KubernetesReviews(settings, clock=lambda: now)
    token = cluster.token(OPERATOR)
    with pytest.raises(UndecidedError):
        asked(reviews, token)  # no file yet
    strangers.write_text(cluster.token(STRANGER, None), encoding="ascii")
    now = 2.0
    with pytest.raises(UndecidedError):
        asked(reviews, token)
    strangers.write_text(cluster.token(OURS, None), encoding="ascii")
    now = 4.0
    assert asked(reviews, token)


@pytest.mark.parametrize(
    ("verbs", "may"),
    [
        ((), ()),
        (("get",), (Action.GET,)),
        (("list",), (Action.LIST,)),
        (("create",), (Action.SUBMIT,)),
        (("update",), (Action.CONTROL, Action.REVIEW)),
        (("delete",), (Action.ADMINISTER,)),
        (("*",), tuple(Action)),
    ],
)
def test_a_role_on_legaljobs_decides_in_its_namespace(
    api: Api, cluster: Cluster, verbs: tuple[str, ...], may: tuple[Action, ...]
) -> None:
    granted = f"granted-{secrets.token_hex(4)}"
    with bound(cluster, granted, verbs):
        reviews = KubernetesReviews(cluster.settings())
        user = asyncio.run(reviews.user(cluster.token(STRANGER)))
        assert user is not None

        async def allowed(namespace: str) -> tuple[Action, ...]:
            return tuple([a for a in Action if await reviews.may(user, a, namespace)])

        assert asyncio.run(allowed(granted)) == may
        assert asyncio.run(allowed(cluster.namespace)) == ()
        expected = 200 if Action.LIST in may else 403
        answer = api.get(f"/v1/namespaces/{granted}/dead", token=cluster.token(STRANGER))
        assert answer.status_code == expected
        # What concerns all namespaces is not for who may do everything in one.
        assert api.get("/v1/demand", token=cluster.token(STRANGER)).status_code == 403


@contextmanager
def bound(cluster: Cluster, namespace: str, verbs: tuple[str, ...]) -> Iterator[None]:
    """A namespace in which the stranger has these rights on legaljobs."""
    http = cluster.control_plane.http
    http.post("/api/v1/namespaces", json={"metadata": {"name": namespace}}).raise_for_status()
    group = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": ["lexmill.io"], "resources": ["legaljobs"], "verbs": list(verbs)}]
    http.post(
        f"/apis/{group}/v1/namespaces/{namespace}/roles",
        json={"metadata": {"name": "work"}, "rules": rules if verbs else []},
    ).raise_for_status()
    http.post(
        f"/apis/{group}/v1/namespaces/{namespace}/rolebindings",
        json={
            "metadata": {"name": "work"},
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "work"},
            "subjects": [
                {"kind": "ServiceAccount", "name": STRANGER, "namespace": cluster.namespace}
            ],
        },
    ).raise_for_status()
    yield
    http.delete(f"/api/v1/namespaces/{namespace}").raise_for_status()
