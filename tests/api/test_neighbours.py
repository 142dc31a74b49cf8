"""Two tenants who know all ids, names and hashes of each other, and the same administrator's role:
they learn nothing and block nothing."""

import hashlib
import re
import uuid
from typing import Any

import pytest

from tests.api.asking import Api, event
from tests.api.test_matrix import ROUTES, ROWS
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

OURS, THEIRS = "near", "far"
TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()
UNKNOWN = str(uuid.uuid4())
# What nobody has, where it is no UUID.
NOBODYS = {"name": "nobody", "review": str(2**40), "matter": "none", "number": "1", "run": "1"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def tokens(api: Api) -> dict[str, str]:
    found = {}
    for namespace in (OURS, THEIRS):
        answer = api.order(f"{namespace}/tokens", {"name": "admin", "roles": ["admin"]})
        found[namespace] = answer.json()["secret"]
    return found


@pytest.fixture(scope="module")
def theirs(api: Api, tokens: dict[str, str]) -> dict[str, str]:
    """One of each thing that a path can name."""
    token = tokens[THEIRS]

    def made(path: str, body: object) -> dict[str, Any]:
        answer = api.order(f"{THEIRS}/{path}", body, token=token)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    made("jobs", {"name": "secret-job", "spec": {"matter": "secret-matter", "trigger": {}}})
    uploaded = api.http.post(
        f"/v1/namespaces/{THEIRS}/jobs/secret-job/documents",
        files={"file": ("nda.txt", TEXT)},
        headers=bearer(token),
    )
    document = uploaded.json()["documents"][0]["id"]
    hold = made("holds", {"document": document, "case": "A v B", "reason": "a letter"})
    decision = {"sha256": SHA256, "field": "term", "choice": "accept", "value": "2 years"}
    made("reviews", [decision])
    listed = {
        what: api.get(f"/v1/namespaces/{THEIRS}/{what}", token=token).json()["items"][0]
        for what in ("events", "reviews", "tokens")
    }
    return {
        "name": "secret-job",
        "document": document,
        "hold": hold["id"],
        "event": listed["events"]["id"],
        "review": str(listed["reviews"]["id"]),
        "id": listed["tokens"]["id"],
        "upload": made("jobs/secret-job/uploads", {"name": "a.txt"})["id"],
        "matter": "secret-matter",
        "number": "1",
        "run": "1",
        "file": "results.jsonl",
    }


@pytest.mark.parametrize(
    "route",
    [each for each in ROUTES if "{namespace}/" in each[1] and each[1].count("{") > 1],
    ids=" ".join,
)
def test_what_is_theirs_is_answered_as_what_is_not(
    api: Api, tokens: dict[str, str], theirs: dict[str, str], route: tuple[str, str]
) -> None:
    method, path = route
    row = ROWS[route]
    names = re.findall(r"{(\w+)}", path)[1:]

    def asked(values: dict[str, str]) -> tuple[int, str]:
        url = f"/v1{path}".format_map({"namespace": OURS, **values}) + row.query
        headers = {**row.headers, **bearer(tokens[OURS])}
        answer = api.http.request(method, url, json=row.json, headers=headers)
        text = answer.text
        for value in values.values():
            text = text.replace(value, "…") if len(value) > 2 else text
        return answer.status_code, text

    unknown = {name: NOBODYS.get(name, UNKNOWN) for name in names}
    if "file" in unknown:
        unknown["file"] = theirs["file"]
    known = {name: theirs[name] for name in names}
    if "/playbooks/" not in path:
        status, _ = asked(unknown)
        assert status == 404 or method == "PUT"
    assert asked(known) == asked(unknown)


def test_what_they_have_is_still_theirs(
    api: Api, tokens: dict[str, str], theirs: dict[str, str]
) -> None:
    """After all that was asked above."""
    base = f"/v1/namespaces/{THEIRS}"
    for path in (
        f"jobs/{theirs['name']}",
        f"documents/{theirs['document']}",
        f"holds/{theirs['hold']}",
        f"reviews/{theirs['review']}",
        f"events/{theirs['event']}",
    ):
        assert api.get(f"{base}/{path}", token=tokens[THEIRS]).status_code == 200, path
    assert api.get(f"{base}/holds/{theirs['hold']}").json()["released_at"] is None
    assert api.get(f"{base}/jobs/{theirs['name']}").json()["state"] == "Running"


def test_a_hold_is_on_nothing_of_theirs(
    api: Api, tokens: dict[str, str], theirs: dict[str, str]
) -> None:
    job = api.get(f"/v1/namespaces/{THEIRS}/jobs/{theirs['name']}").json()["uid"]
    why = {"case": "A v B", "reason": "a letter"}
    for on in ({"document": theirs["document"]}, {"job": job}):
        (name,) = on
        refused = api.order(f"{OURS}/holds", {**on, **why}, token=tokens[OURS])
        unknown = api.order(f"{OURS}/holds", {name: UNKNOWN, **why}, token=tokens[OURS])
        assert (refused.status_code, refused.text) == (404, unknown.text)
    # A matter is only a word: ours of the same name holds nothing of theirs.
    held = api.order(f"{OURS}/holds", {"matter": "secret-matter", **why}, token=tokens[OURS])
    assert held.status_code == 201
    matter = api.get(f"/v1/namespaces/{THEIRS}/matters/secret-matter").json()
    assert (matter["holds"], matter["jobs"]) == (0, 1)


def test_the_same_file_is_another_document_here(
    api: Api, tokens: dict[str, str], theirs: dict[str, str]
) -> None:
    """Neither its hash nor what they decided about it, nor that it was there, shows."""
    made = api.order(f"{OURS}/jobs", {"name": "own", "spec": {"trigger": {}}}, token=tokens[OURS])
    assert made.status_code == 201
    sent = [
        api.http.post(
            f"/v1/namespaces/{OURS}/jobs/own/documents",
            files={"file": ("nda.txt", TEXT)},
            headers={**bearer(tokens[OURS]), "Idempotency-Key": "same"},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in sent] == [201, 200]
    assert sent[0].json()["documents"][0]["id"] != theirs["document"]
    base = f"/v1/namespaces/{OURS}"
    for path in (f"reviews?sha256={SHA256}", f"facts?sha256={SHA256}"):
        answer = api.get(f"{base}/{path}", token=tokens[OURS])
        assert (answer.status_code, answer.json()["items"]) == (200, []), path
    trail = api.get(f"{base}/audit?sha256={SHA256}", token=tokens[OURS]).json()["items"]
    assert {entry["namespace"] for entry in trail} <= {OURS}
    assert THEIRS not in str(trail)
    # And a decision of ours is the first one, whatever they have decided.
    decision = {"sha256": SHA256, "field": "term", "choice": "correct", "value": "3 years"}
    ours = api.order(f"{OURS}/reviews", [{**decision, "revision": 0}], token=tokens[OURS])
    assert ours.json() == {"recorded": 1, "unchanged": 0}
    assert api.get(f"/v1/namespaces/{THEIRS}/reviews").json()["items"][0]["decision"] == "accepted"


def test_their_keys_names_and_event_ids_are_free(
    api: Api, tokens: dict[str, str], theirs: dict[str, str]
) -> None:
    answers = []
    for namespace in (THEIRS, OURS):
        body = {"name": f"keyed-{namespace}", "spec": {"trigger": {"filters": []}}}
        answers.append(
            api.order(f"{namespace}/jobs", body, token=tokens[namespace], Idempotency_Key="one-key")
        )
        token = {"name": theirs["name"], "spec": {"trigger": {}}}
        if namespace == OURS:
            answers.append(api.order(f"{OURS}/jobs", token, token=tokens[OURS]))
        assert api.post(event(id="one-id"), path=f"/ns/{namespace}/events").status_code == 202
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    for namespace in (OURS, THEIRS):
        found = api.get(f"/v1/namespaces/{namespace}/events?event_id=one-id").json()["items"]
        assert [row["outcome"] for row in found] == ["routed"]


def test_an_address_for_their_file_is_nobody_else_s(
    api: Api, tokens: dict[str, str], theirs: dict[str, str]
) -> None:
    """The secret is who may: of an upload whose id is known it is not told."""
    body = {"name": "late.txt"}
    made = api.order(f"{THEIRS}/jobs/{theirs['name']}/uploads", body, token=tokens[THEIRS]).json()
    assert made["id"] not in made["url"]
    for secret in (made["id"], made["id"].replace("-", ""), made["url"].rpartition("/")[2][:-1]):
        answer = api.http.put(f"/v1/uploads/{secret}", content=TEXT, headers=bearer(TOKEN))
        assert answer.status_code == 404
    assert api.http.put(made["url"], content=TEXT).status_code == 201
