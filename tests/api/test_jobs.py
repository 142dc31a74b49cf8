"""Jobs over REST: declared, stopped, resumed, replayed and deleted by name."""

import uuid
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.asking import BEARER, Api, declaration, event
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

LISTENING: dict[str, Any] = {"trigger": {}}


def declared(api: Api, name: str, namespace: str = "legal", **spec: Any) -> httpx.Response:
    answer = api.order(f"{namespace}/jobs", {"name": name, "spec": spec or LISTENING})
    assert answer.status_code == 201, answer.text
    return answer


def delete(api: Api, path: str, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.http.delete(f"/v1/namespaces/{path}", headers={**BEARER, **given})


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def owned(api: Api, name: str, owner: str) -> None:
    sent = declaration(str(uuid.uuid4()), name, owner=owner)
    answer = api.post(sent, path="/ns/legal/events", token=TOKEN)
    assert answer.status_code == 202, answer.text


def end_documents(api: Api, namespace: str, state: str) -> None:
    """As if workers had worked on everything that waits, and it came to this end."""
    api.rows(
        """
        WITH ended AS (
          UPDATE task SET state = CASE %s WHEN 'dead' THEN 'dead' ELSE 'done' END, ended_at = now()
          WHERE namespace = %s AND state = 'waiting' AND kind = 'process' RETURNING document_id
        ) UPDATE document SET state = %s, ended_at = now(), error_code = 'as_told'
        FROM ended WHERE document.id = ended.document_id RETURNING 1
        """,
        state,
        namespace,
        state,
    )


def test_a_declared_job_is_found_by_its_address_in_the_list_and_as_declared(api: Api) -> None:
    spec: dict[str, Any] = {
        "matter": "ACME-1",
        "documents": [{"uri": "s3://contracts/2026/"}],
        "priority": 3,
    }
    answer = declared(api, "found", **spec)
    assert answer.headers["Location"] == "/v1/namespaces/legal/jobs/found"
    job = api.get(answer.headers["Location"])
    assert job.headers["ETag"] == answer.headers["ETag"]
    assert job.json() == answer.json()
    progress = job.json()
    assert (progress["owner"], progress["matter"], progress["run"]) == ("api", "ACME-1", 1)
    page = api.get("/v1/namespaces/legal/jobs?matter=ACME-1").json()
    assert [(row["name"], row["uid"]) for row in page["items"]] == [("found", progress["uid"])]
    declaration = api.get("/v1/namespaces/legal/jobs/found/declaration").json()
    assert declaration["spec"] == {**spec, "pools": []}
    assert declaration["version"] == progress["version"]
    rows = api.rows("SELECT kind, state FROM task WHERE job_uid = %s", progress["uid"])
    assert rows == [("expand", "waiting")]


def test_a_name_that_is_taken_keeps_its_job(api: Api) -> None:
    first = declared(api, "taken")
    again = api.order("legal/jobs", {"name": "taken", "spec": LISTENING})
    assert problem(again) == (409, "job_exists")
    assert api.get("/v1/namespaces/legal/jobs/taken").json()["uid"] == first.json()["uid"]
    assert declared(api, "taken", "elsewhere").json()["uid"] != first.json()["uid"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": "x"}, "body.spec: Field required"),
        ({"name": "No Name", "spec": LISTENING}, "body.name"),
        ({"name": "x", "spec": {}}, "exactly one of documents and trigger"),
        ({"name": "x", "spec": {"trigger": {}, "colour": 1}}, "body.spec.colour"),
        ({"name": "x", "spec": LISTENING, "owner": "kubernetes"}, "body.owner"),
        ({"name": "x", "spec": {"trigger": {}, "schedule": {"cron": "x"}}}, "body.spec.schedule"),
        ([], "body"),
        (b"{", "body"),
    ],
)
def test_a_job_that_cannot_be_says_where_and_why(api: Api, body: object, place: str) -> None:
    answer = api.order("refused/jobs", body)
    assert problem(answer) == (422, "invalid_request")
    assert place in answer.json()["detail"]
    assert api.get("/v1/namespaces/refused/jobs").json()["items"] == []


def test_a_job_outside_the_namespaces_prefixes_is_refused(api: Api) -> None:
    api.rows("INSERT INTO tenant (namespace, role, reads) VALUES ('fenced', 'r', '{}') RETURNING 1")
    spec = {"documents": [{"uri": "s3://others/"}]}
    answer = api.order("fenced/jobs", {"name": "far", "spec": spec})
    assert problem(answer) == (409, "uri_not_allowed")


def test_a_suspended_job_is_shown_so_and_resumes(api: Api) -> None:
    declared(api, "paused")
    for _ in range(2):  # asking again changes nothing
        answer = api.order("legal/jobs/paused/suspend")
        assert (answer.status_code, answer.json()["state"]) == (200, "Suspended")
    row = api.rows("SELECT suspended FROM job WHERE name = 'paused'")
    assert row == [(True,)]
    assert api.order("legal/jobs/paused/resume").json()["state"] == "Pending"
    assert api.rows("SELECT suspended, resumed_at IS NULL FROM job WHERE name = 'paused'") == [
        (False, False)
    ]


def test_a_schedule_goes_on_with_its_next_tick(api: Api) -> None:
    spec: dict[str, Any] = {
        "documents": [{"uri": "s3://contracts/"}],
        "schedule": {"cron": "0 6 * * *"},
    }
    declared(api, "daily", **spec)
    api.order("legal/jobs/daily/suspend")
    api.rows(
        "UPDATE job SET next_tick_at = now() - interval '3 days' WHERE name = 'daily' RETURNING 1"
    )
    api.order("legal/jobs/daily/resume")
    assert api.rows("SELECT next_tick_at > now() FROM job WHERE name = 'daily'") == [(True,)]


def test_cancelling_ends_documents_which_a_replay_takes_up_in_a_new_run(api: Api) -> None:
    declared(api, "stopped", "halted")
    for _ in range(3):
        assert api.post(event(), path="/ns/halted/events").status_code == 202
    answer = api.order("halted/jobs/stopped/cancel").json()
    assert (answer["state"], answer["documents"]["dead"]) == ("Failed", 3)
    assert api.order("halted/jobs/stopped/cancel").status_code == 200
    for verb in ("suspend", "resume"):
        assert problem(api.order(f"halted/jobs/stopped/{verb}")) == (409, "job_ended")
    replayed = api.order("halted/jobs/stopped/replay")
    assert (replayed.status_code, replayed.json()) == (202, {"queued": 3, "more": False})
    progress = api.get("/v1/namespaces/halted/jobs/stopped").json()
    assert (progress["state"], progress["documents"]["queued"]) == ("Running", 3)


def test_a_replay_takes_failed_documents_only_where_asked_for(api: Api) -> None:
    declared(api, "mixed", "mixed")
    for state in ("dead", "failed", "succeeded"):
        assert api.post(event(), path="/ns/mixed/events").status_code == 202
        end_documents(api, "mixed", state)
    assert api.order("mixed/jobs/mixed/replay", {"states": ["failed"]}).json()["queued"] == 1
    assert api.order("mixed/jobs/mixed/replay", {}).json()["queued"] == 1
    assert api.order("mixed/jobs/mixed/replay").json()["queued"] == 0
    refused = api.order("mixed/jobs/mixed/replay", {"states": ["succeeded"]})
    assert problem(refused) == (422, "invalid_request")


def test_a_listing_that_is_dead_is_tried_again(api: Api) -> None:
    declared(api, "unlisted", "unlisted", documents=[{"uri": "s3://contracts/"}])
    api.order("unlisted/jobs/unlisted/cancel")
    assert api.order("unlisted/jobs/unlisted/replay").json() == {"queued": 1, "more": False}
    rows = api.rows("SELECT kind, state FROM task WHERE namespace = 'unlisted'")
    assert rows == [("expand", "waiting")]


def test_a_deleted_job_frees_its_name_and_leaves_its_documents(api: Api) -> None:
    declared(api, "gone", "gone")
    assert api.post(event(), path="/ns/gone/events").status_code == 202
    assert delete(api, "gone/jobs/gone").status_code == 204
    assert problem(api.get("/v1/namespaces/gone/jobs/gone")) == (404, "not_found")
    assert problem(delete(api, "gone/jobs/gone")) == (404, "not_found")
    assert api.get("/v1/namespaces/gone/jobs").json()["items"] == []
    assert api.rows("SELECT state, error_code FROM document WHERE namespace = 'gone'") == [
        ("dead", "job_deleted")
    ]
    declared(api, "gone", "gone")


@pytest.mark.parametrize(
    ("verb", "command"),
    [
        (
            "suspend",
            'kubectl patch legaljob theirs -n legal --type merge -p \'{"spec":{"suspend":true}}\'',
        ),
        (
            "resume",
            'kubectl patch legaljob theirs -n legal --type merge -p \'{"spec":{"suspend":false}}\'',
        ),
        ("cancel", "kubectl delete legaljob theirs -n legal"),
        ("delete", "kubectl delete legaljob theirs -n legal"),
    ],
)
def test_what_kubernetes_owns_is_changed_there(api: Api, verb: str, command: str) -> None:
    if api.get("/v1/namespaces/legal/jobs/theirs").status_code == 404:
        owned(api, "theirs", "kubernetes")
    path = "legal/jobs/theirs"
    answer = delete(api, path) if verb == "delete" else api.order(f"{path}/{verb}")
    assert problem(answer) == (409, "owned_by_kubernetes")
    assert answer.json()["detail"].endswith(command)
    assert api.order("legal/jobs/theirs/replay").status_code == 202


def test_what_a_command_owns_is_stopped_by_stopping_it(api: Api) -> None:
    owned(api, "mine", "local")
    for answer in (api.order("legal/jobs/mine/cancel"), delete(api, "legal/jobs/mine")):
        assert problem(answer) == (409, "owned_by_command")
        assert "stop that command" in answer.json()["detail"]


@pytest.mark.parametrize("verb", ["cancel", "suspend", "resume", "replay"])
def test_a_job_that_is_not_there_is_not_found(api: Api, verb: str) -> None:
    assert problem(api.order(f"legal/jobs/nobodys/{verb}")) == (404, "not_found")


def test_who_has_the_newest_answer_gets_it_no_second_time(api: Api) -> None:
    tag = declared(api, "watched", "watched").headers["ETag"]
    address = "/v1/namespaces/watched/jobs/watched"
    same = api.get(address, If_None_Match=f'"other", W/{tag}')
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    assert api.get(address, If_None_Match='"other"').status_code == 200
    assert api.post(event(), path="/ns/watched/events").status_code == 202
    moved = api.get(address, If_None_Match=tag)
    assert (moved.status_code, moved.json()["documents"]["queued"]) == (200, 1)
    # Documents came, but nobody changed the job: who decided by the first answer is still right.
    assert api.order("watched/jobs/watched/suspend", If_Match=tag).status_code == 200
    assert problem(api.order("watched/jobs/watched/cancel", If_Match=tag)) == (
        412,
        "changed_meanwhile",
    )
    assert problem(delete(api, "watched/jobs/watched", If_Match=tag)) == (412, "changed_meanwhile")
    assert api.order("watched/jobs/watched/resume", If_Match="*").status_code == 200


@pytest.mark.parametrize("tag", ["x", '"', '"a" "b"', 'W/"a", b'])
def test_what_is_no_entity_tag_is_refused(api: Api, tag: str) -> None:
    answer = api.order("legal/jobs/found/suspend", If_Match=tag)
    assert problem(answer) == (422, "invalid_if_match")


def test_a_weak_tag_is_no_ground_for_a_change(api: Api) -> None:
    tag = declared(api, "weak").headers["ETag"]
    answer = api.order("legal/jobs/weak/suspend", If_Match=f"W/{tag}")
    assert problem(answer) == (412, "changed_meanwhile")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["read", "suspend", "resume"])),
        min_size=2,
        max_size=10,
    )
)
def test_of_two_people_nobody_undoes_what_the_other_did_unseen(
    api: Api, steps: list[tuple[str, str]]
) -> None:
    """Each sends the tag that they read last; the model knows the state and what each has seen."""
    name = f"job-{uuid.uuid4()}"
    tag = declared(api, name, "pairs").headers["ETag"]
    tags, seen = dict.fromkeys("ab", tag), dict.fromkeys("ab", False)
    suspended = False
    for who, step in steps:
        if step == "read":
            tags[who] = api.get(f"/v1/namespaces/pairs/jobs/{name}").headers["ETag"]
            seen[who] = suspended
            continue
        answer = api.order(f"pairs/jobs/{name}/{step}", If_Match=tags[who])
        if seen[who] != suspended:
            assert problem(answer) == (412, "changed_meanwhile")
            continue
        suspended = step == "suspend"
        assert answer.json()["state"] == ("Suspended" if suspended else "Pending")
        tags[who], seen[who] = answer.headers["ETag"], suspended
