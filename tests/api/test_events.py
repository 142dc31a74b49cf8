"""Events over REST: what became of each, and why it was not routed."""

import uuid
from typing import Any

import pytest

from tests.api.asking import Api, event

pytestmark = pytest.mark.servers

SECRET = "Between Alpha Ltd and Beta Ltd."


def sent(api: Api, namespace: str, **members: Any) -> dict[str, Any]:
    """The event as REST has it."""
    given = event(**members)
    assert api.post(given, path=f"/ns/{namespace}/events").status_code == 202
    (row,) = api.get(f"/v1/namespaces/{namespace}/events?event_id={given['id']}").json()["items"]
    answer = api.get(f"/v1/namespaces/{namespace}/events/{row['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert row.items() <= {**found, "documents": len(found["documents"])}.items()
    return found


def listen(api: Api, namespace: str, name: str, **trigger: Any) -> None:
    body = {"name": name, "spec": {"trigger": trigger}}
    assert api.order(f"{namespace}/jobs", body).status_code == 201


def test_an_event_shows_what_came_of_it_but_not_its_data(api: Api) -> None:
    listen(api, "inbox", "all")
    found = sent(api, "inbox", data=SECRET, subject="nda/1")
    assert found["outcome"] == "routed"
    assert found["attributes"]["subject"] == "nda/1"
    assert found["attributes"]["id"] == found["event_id"]
    assert (found["data_kind"], found["data_bytes"]) == ("text", len(SECRET))
    (document,) = found["documents"]
    assert document["state"] == "queued"
    assert found["verdicts"] == [
        {
            "job": "all",
            "verdict": "taken",
            "reason": "the filters match and a document was found",
        }
    ]
    assert "Alpha" not in str(found)
    listed = api.get("/v1/namespaces/inbox/events")
    assert "Alpha" not in listed.text


def test_each_listening_job_says_why_it_took_nothing(api: Api) -> None:
    listen(api, "picky", "a-leases", filters=[{"prefix": {"subject": "lease/"}}])
    listen(api, "picky", "b-uris", document="/data/uri")
    listen(api, "picky", "c-inner", document="/data/uri", filters=[{"exact": {"type": "other"}}])
    found = sent(
        api, "picky", datacontenttype="application/json", data={"url": "s3://x/y"}, subject="nda/1"
    )
    assert found["outcome"] == "unroutable"
    assert found["documents"] == []
    assert [(each["job"], each["verdict"]) for each in found["verdicts"]] == [
        ("a-leases", "filtered_out"),
        ("b-uris", "no_document"),
        ("c-inner", "filtered_out"),
    ]
    assert "leads to nothing" in found["verdicts"][1]["reason"]


def test_nobody_listened(api: Api) -> None:
    found = sent(api, "deserted")
    assert (found["outcome"], found["verdicts"]) == ("unmatched", [])


def test_an_event_for_one_job_is_judged_by_that_job(api: Api) -> None:
    listen(api, "addressed", "one", filters=[{"exact": {"type": "other"}}])
    listen(api, "addressed", "two")
    given = event()
    assert api.post(given, path="/ns/addressed/jobs/one/events").status_code == 202
    (row,) = api.get("/v1/namespaces/addressed/events").json()["items"]
    found = api.get(f"/v1/namespaces/addressed/events/{row['id']}").json()
    assert [(each["job"], each["verdict"]) for each in found["verdicts"]] == [
        ("one", "filtered_out")
    ]


def test_a_control_event_is_there_too(api: Api) -> None:
    api.declare("governed")
    (row,) = api.get("/v1/namespaces/governed/events?outcome=control").json()["items"]
    found = api.get(f"/v1/namespaces/governed/events/{row['id']}").json()
    assert (found["type"], found["verdicts"]) == ("io.lexmill.job.declared.v1", [])


def test_a_duplicate_is_no_second_event(api: Api) -> None:
    first = event()
    for _ in range(3):
        assert api.post(first, path="/ns/twins/events").status_code == 202
    assert len(api.get("/v1/namespaces/twins/events").json()["items"]) == 1


def test_of_another_namespace_nothing_is_told(api: Api) -> None:
    found = sent(api, "mine-alone")
    answers = [
        api.get(f"/v1/namespaces/others/events/{each}") for each in (found["id"], uuid.uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
