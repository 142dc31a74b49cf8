"""Every route of /v1 × everybody who may ask → the status they get.

A route without a row fails, and so does a row without a route. Statuses of those who are let in
are of a thing that is not there where the request would change one: 404 is behind the door, too.
"""

import pkgutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

import httpx
import pytest
from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute

from lexmill_api import v1
from lexmill_api.identity import Role
from tests.api.asking import Api, Serving
from tests.identityserver.hydra import Hydra
from tests.processes import TOKEN, until

pytestmark = pytest.mark.servers

OURS, THEIRS = "team-a", "team-b"
NOBODY = str(uuid.UUID(int=0))

READ: Final = frozenset(Role)
REVIEW: Final = frozenset({Role.REVIEWER, Role.ADMIN})
SUBMIT: Final = frozenset({Role.SUBMITTER, Role.ADMIN})
CONTROL: Final = SUBMIT
ADMINISTER: Final = frozenset({Role.ADMIN})
EVERYWHERE: Final[frozenset[Role]] = frozenset()
"""No role of a namespace is enough: the operator's, and the control token's."""


@dataclass(frozen=True)
class Row:
    """Who is let in, and what they are answered then; ``values`` fill the path's braces."""

    who: frozenset[Role] | None
    status: int
    json: Any = None
    values: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


ANYBODY: Final = None
"""The address itself is the secret."""

JOB, NO_JOB = {"name": OURS}, {"name": "no-such-one"}
JOBS: Final = "/namespaces/{namespace}/jobs"
DOCUMENT: Final = "/namespaces/{namespace}/documents/{document}"
REVIEWS: Final = "/namespaces/{namespace}/reviews"
PLAYBOOKS: Final = "/namespaces/{namespace}/playbooks"
NO_DOCUMENT = {"document": NOBODY}
HOLD = {"matter": "ACME-2026-14", "case": "A Ltd v B Ltd", "reason": "a hold"}
HOLDS: Final = "/namespaces/{namespace}/holds"

ROWS: Final[dict[tuple[str, str], Row]] = {
    ("GET", "/demand"): Row(EVERYWHERE, 200),
    ("GET", "/namespaces/{namespace}/dead"): Row(READ, 200),
    ("POST", "/namespaces/{namespace}/dead/replay"): Row(SUBMIT, 202, json=[1]),
    ("GET", "/namespaces/{namespace}/documents"): Row(READ, 200),
    ("GET", DOCUMENT): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", "/namespaces/{namespace}/events"): Row(READ, 200),
    ("GET", "/namespaces/{namespace}/events/{event}"): Row(READ, 404, values={"event": NOBODY}),
    ("DELETE", DOCUMENT): Row(ADMINISTER, 404, values=NO_DOCUMENT, query="?reason=over"),
    ("GET", f"{DOCUMENT}/family"): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", f"{DOCUMENT}/keeping"): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", f"{DOCUMENT}/pages/{{number}}.png"): Row(
        READ, 404, values={**NO_DOCUMENT, "number": "1"}
    ),
    ("GET", f"{DOCUMENT}/result"): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", f"{DOCUMENT}/source"): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", f"{DOCUMENT}/text"): Row(READ, 404, values=NO_DOCUMENT),
    ("GET", HOLDS): Row(READ, 200),
    ("POST", HOLDS): Row(ADMINISTER, 201, json=HOLD),
    ("GET", f"{HOLDS}/{{hold}}"): Row(READ, 404, values={"hold": NOBODY}),
    ("POST", f"{HOLDS}/{{hold}}/release"): Row(
        ADMINISTER, 404, values={"hold": NOBODY}, json={"reason": "settled"}
    ),
    ("GET", "/namespaces/{namespace}/tombstones"): Row(READ, 200),
    ("GET", f"{JOBS}/{{name}}/results"): Row(READ, 200, values=JOB),
    ("GET", f"{JOBS}/{{name}}/results/{{run}}/{{file}}"): Row(
        READ, 404, values={**JOB, "run": "1", "file": "results.jsonl"}
    ),
    ("POST", f"{JOBS}/{{name}}/documents"): Row(SUBMIT, 404, values=NO_JOB),
    ("POST", f"{JOBS}/{{name}}/uploads"): Row(SUBMIT, 404, values=NO_JOB, json={"name": "nda.pdf"}),
    ("POST", "/namespaces/{namespace}/uploads/{upload}/complete"): Row(
        SUBMIT, 404, values={"upload": NOBODY}
    ),
    ("PUT", "/uploads/{secret}"): Row(ANYBODY, 404, values={"secret": "A" * 43}),
    ("GET", JOBS): Row(READ, 200),
    ("POST", JOBS): Row(SUBMIT, 409, json={"name": OURS, "spec": {"trigger": {}}}),
    ("GET", f"{JOBS}/{{name}}"): Row(READ, 200, values=JOB),
    ("GET", f"{JOBS}/{{name}}/declaration"): Row(READ, 200, values=JOB),
    ("GET", f"{JOBS}/{{name}}/demand"): Row(READ, 200, values=JOB),
    ("GET", f"{JOBS}/{{name}}/workers"): Row(READ, 200, values=JOB),
    ("POST", f"{JOBS}/{{name}}/cancel"): Row(CONTROL, 404, values=NO_JOB),
    ("POST", f"{JOBS}/{{name}}/suspend"): Row(CONTROL, 404, values=NO_JOB),
    ("POST", f"{JOBS}/{{name}}/resume"): Row(CONTROL, 404, values=NO_JOB),
    ("POST", f"{JOBS}/{{name}}/replay"): Row(SUBMIT, 404, values=NO_JOB),
    ("DELETE", f"{JOBS}/{{name}}"): Row(ADMINISTER, 404, values=NO_JOB),
    ("GET", "/namespaces/{namespace}/progress"): Row(READ, 200),
    ("GET", "/namespaces/{namespace}/tokens"): Row(ADMINISTER, 200),
    ("POST", "/namespaces/{namespace}/tokens"): Row(
        ADMINISTER, 201, json={"name": "matrix", "roles": ["reader"]}
    ),
    ("DELETE", "/namespaces/{namespace}/tokens/{id}"): Row(ADMINISTER, 404, values={"id": NOBODY}),
    ("GET", "/namespaces/{namespace}/facts"): Row(READ, 200),
    ("GET", "/namespaces/{namespace}/findings"): Row(READ, 200),
    ("GET", "/namespaces/{namespace}/statistics"): Row(READ, 200),
    ("GET", REVIEWS): Row(READ, 200),
    ("POST", REVIEWS): Row(REVIEW, 200, json=[]),
    ("GET", f"{REVIEWS}/{{review}}"): Row(READ, 404, values={"review": "1"}),
    ("PUT", f"{REVIEWS}/{{review}}"): Row(
        REVIEW,
        404,
        json={"choice": "reopen"},
        values={"review": "1"},
        headers={"If-Match": '"1.0"'},
    ),
    ("GET", "/namespaces/{namespace}/audit"): Row(READ, 200),
    ("POST", f"{DOCUMENT}/recheck"): Row(REVIEW, 404, values=NO_DOCUMENT),
    ("GET", PLAYBOOKS): Row(READ, 200),
    ("PUT", f"{PLAYBOOKS}/{{name}}"): Row(SUBMIT, 422, json=[], values={"name": "nda"}),
    ("GET", f"{PLAYBOOKS}/{{name}}"): Row(READ, 404, values={"name": "nda"}),
    ("GET", f"{PLAYBOOKS}/{{name}}/versions"): Row(READ, 404, values={"name": "nda"}),
    ("GET", f"{PLAYBOOKS}/{{name}}/versions/{{number}}"): Row(
        READ, 404, values={"name": "nda", "number": "1"}
    ),
    ("GET", "/namespaces/{namespace}/matters"): Row(READ, 200),
    ("GET", "/namespaces/{namespace}/matters/{matter}"): Row(READ, 404, values={"matter": "none"}),
}
ROUTES = sorted(ROWS)
OUTSIDE_OPENAPI = {"/ws"}
"""OpenAPI knows no WebSockets; who may watch what is asked in test_live.py."""


@pytest.fixture(scope="module")
def provider(request: pytest.FixtureRequest) -> Hydra | None:
    """None where Go is missing: the tests that need it say so, the others go on."""
    try:
        hydra: Hydra = request.getfixturevalue("hydra")
    except pytest.skip.Exception:
        return None
    return hydra


@pytest.fixture(scope="module")
def api(
    provider: Hydra | None,
    serving: Serving,
) -> Iterator[Api]:
    more = {"LEXMILL_API__OIDC__LEEWAY_SECONDS": "0"} if provider else {}
    if provider:
        more["LEXMILL_API__OIDC__ISSUER"] = provider.issuer
    with serving(more) as api:
        api.declare(OURS)
        yield api


@dataclass(frozen=True)
class Asking:
    """``role`` is what they hold in our namespace; None: nothing there."""

    name: str
    token: str | None
    known: bool
    role: Role | None = None


@pytest.fixture(scope="module")
def strangers() -> list[Asking]:
    return [
        Asking("no token", None, known=False),
        Asking("garbage", "garbage", known=False),
        Asking("like one of ours", "lxm_" + "A" * 43, known=False),
        Asking("like a signed one", "e30.e30.e30", known=False),
    ]


@pytest.fixture(scope="module")
def of_lexmill(api: Api) -> list[Asking]:
    expired, revoked = issue(api, OURS, Role.ADMIN), issue(api, OURS, Role.ADMIN)
    api.rows(
        "UPDATE api_token SET expires_at = now() WHERE id = %s RETURNING 1", expired["token"]["id"]
    )
    api.rows(
        "UPDATE api_token SET revoked_at = now() WHERE id = %s RETURNING 1", revoked["token"]["id"]
    )
    return [
        Asking("expired", expired["secret"], known=False),
        Asking("revoked", revoked["secret"], known=False),
        Asking("admin of another namespace", issue(api, THEIRS, Role.ADMIN)["secret"], known=True),
        *(Asking(role, issue(api, OURS, role)["secret"], known=True, role=role) for role in Role),
    ]


@pytest.fixture(scope="module")
def of_hydra(api: Api, hydra: Hydra) -> list[Asking]:
    anybody = hydra.token()
    # Until its keys were fetched once, nobody can be said to be unknown.
    until(lambda: api.get("/v1/demand", token=anybody).status_code != 503)
    expired = hydra.token(f"{OURS}:admin", seconds=1)
    ends_at = datetime.now(UTC).timestamp() + 1.5
    until(lambda: datetime.now(UTC).timestamp() > ends_at)
    elsewhere = hydra.token(f"{OURS}:admin", audience="somebody-else")
    return [
        Asking("expired", expired, known=False),
        Asking("wrong audience", elsewhere, known=False),
        Asking("no role at all", hydra.token(), known=True),
        Asking("admin of another namespace", hydra.token(f"{THEIRS}:admin"), known=True),
        *(Asking(role, hydra.token(f"{OURS}:{role}"), known=True, role=role) for role in Role),
    ]


def issue(api: Api, namespace: str, role: Role) -> dict[str, Any]:
    answer = api.order(f"{namespace}/tokens", {"name": f"matrix {role}", "roles": [role]})
    issued: dict[str, Any] = answer.raise_for_status().json()
    return issued


def test_every_route_has_a_row_and_every_row_a_route(api: Api) -> None:
    paths = api.get("/v1/openapi.json", token=None).json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes == set(ROWS)


def test_no_route_is_missing_from_the_openapi(api: Api) -> None:
    paths = set(api.get("/v1/openapi.json", token=None).json()["paths"])
    written = {
        route.path_format
        for found in pkgutil.iter_modules(v1.__path__)
        for router in vars(import_module(f"{v1.__name__}.{found.name}")).values()
        if isinstance(router, APIRouter)
        for route in router.routes
        if isinstance(route, APIRoute | APIWebSocketRoute)
    }
    assert written - paths == OUTSIDE_OPENAPI


def test_every_kind_of_right_is_asked_for() -> None:
    assert {row.who for row in ROWS.values()} >= {READ, SUBMIT, ADMINISTER, EVERYWHERE}


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_strangers(api: Api, strangers: list[Asking], route: tuple[str, str]) -> None:
    check(api, strangers, route)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_with_tokens_of_lexmill(api: Api, of_lexmill: list[Asking], route: tuple[str, str]) -> None:
    check(api, of_lexmill, route)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_with_tokens_of_a_provider(
    api: Api, of_hydra: list[Asking], route: tuple[str, str]
) -> None:
    check(api, of_hydra, route)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_with_the_control_token(api: Api, route: tuple[str, str]) -> None:
    answer = ask(api, route, TOKEN)
    assert answer.status_code == ROWS[route].status, answer.text


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if "{namespace}" in route[1]], ids=" ".join
)
def test_a_namespace_that_nobody_knows_is_answered_like_anothers(
    api: Api, of_lexmill: list[Asking], route: tuple[str, str]
) -> None:
    """Whether a namespace exists is told to nobody who may not see it."""
    admin = next(each for each in of_lexmill if each.role is Role.ADMIN)
    theirs = ask(api, route, admin.token, namespace=THEIRS)
    nowhere = ask(api, route, admin.token, namespace="no-such-one")
    assert theirs.status_code == nowhere.status_code == 403
    assert theirs.text.replace(THEIRS, "") == nowhere.text.replace("no-such-one", "")


def check(api: Api, everybody: list[Asking], route: tuple[str, str]) -> None:
    answers = {asking.name: ask(api, route, asking.token) for asking in everybody}
    expected = {asking.name: status_for(asking, ROWS[route]) for asking in everybody}
    assert {name: answer.status_code for name, answer in answers.items()} == expected
    for answer in answers.values():
        if answer.status_code in {401, 403}:
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["code"] in {"unauthorised", "forbidden"}
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def status_for(asking: Asking, row: Row) -> int:
    if row.who is None:
        return row.status
    if not asking.known:
        return 401
    return row.status if asking.role in row.who else 403


def ask(
    api: Api, route: tuple[str, str], token: str | None, *, namespace: str = OURS
) -> httpx.Response:
    """A stream is left as soon as its head is there."""
    method, path = route
    row = ROWS[route]
    headers = {**row.headers} if token is None else {**row.headers, "Authorization": bearer(token)}
    url = "/v1" + path.format_map({**row.values, "namespace": namespace}) + row.query
    with api.http.stream(method, url, json=row.json, headers=headers) as answer:
        if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            answer.read()
        return answer


def bearer(token: str) -> str:
    return f"Bearer {token}"
