"""Playbooks by name and version, and matters with their counts."""

import hashlib

import httpx
import pytest

from tests.api.asking import BEARER, Api, event

pytestmark = pytest.mark.servers

FIRST = "name: nda\nrules: []\n"
SECOND = "# reviewed\nname: nda\nrules: []\n"


def put(api: Api, name: str, text: str | bytes) -> httpx.Response:
    return api.http.put(f"/v1/namespaces/books/playbooks/{name}", content=text, headers=BEARER)


def test_every_version_stays(api: Api) -> None:
    base = "/v1/namespaces/books/playbooks"
    answers = [put(api, "nda", text) for text in (FIRST, FIRST, SECOND, FIRST)]
    assert [answer.status_code for answer in answers] == [201, 200, 201, 201]
    assert [answer.json()["number"] for answer in answers] == [1, 1, 2, 3]
    assert answers[0].json()["sha256"] == hashlib.sha256(FIRST.encode()).hexdigest()
    assert api.get(f"{base}/nda").text == FIRST
    assert api.get(f"{base}/nda/versions/2").text == SECOND
    versions = api.get(f"{base}/nda/versions").json()["versions"]
    assert [version["number"] for version in versions] == [3, 2, 1]
    put(api, "leases", FIRST)
    listed = api.get(base).json()["items"]
    assert [(each["name"], each["number"]) for each in listed] == [("leases", 1), ("nda", 3)]
    assert api.get("/v1/namespaces/others/playbooks").json()["items"] == []


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"a\0b", b"rules: 5", b"x" * (1 << 20) + b"x", b"name: [\n"]
)
def test_what_is_no_playbook(api: Api, text: bytes) -> None:
    answer = put(api, "wrong", text)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_playbook")
    assert api.get("/v1/namespaces/books/playbooks/wrong").status_code == 404
    assert api.get("/v1/namespaces/books/playbooks/wrong/versions").status_code == 404


def test_a_matter_has_counts(api: Api) -> None:
    api.declare("matters", matter="ACME/2026-14")
    for _ in range(2):
        assert api.post(event(), path="/ns/matters/events").status_code == 202
    base = "/v1/namespaces/matters/matters"
    (listed,) = api.get(base).json()["items"]
    counts = {name: listed[name] for name in ("matter", "jobs", "documents", "queued", "dead")}
    assert counts == {
        "matter": "ACME/2026-14",
        "jobs": 1,
        "documents": 2,
        "queued": 2,
        "dead": 0,
    }
    assert api.get(f"{base}/ACME/2026-14").json() == listed
    assert api.get(f"{base}/unknown").status_code == 404
    assert api.get("/v1/namespaces/others/matters").json()["items"] == []


def test_a_job_gets_the_newest_of_the_playbook_that_it_names(api: Api) -> None:
    put(api, "named", FIRST)
    put(api, "named", SECOND)
    spec = {"trigger": {}, "playbook": {"configMap": {"name": "named"}}}
    declared = api.order("books/jobs", {"name": "checked", "spec": spec})
    assert declared.status_code == 201, declared.text
    put(api, "named", FIRST)
    declaration = api.get("/v1/namespaces/books/jobs/checked/declaration").json()
    assert declaration["config_maps"] == {"named": {"playbook.yaml": SECOND}}
