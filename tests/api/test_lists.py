"""The list contract as HTTP has it; what pages hold is tested where lists are read."""

import uuid

import pytest

from tests.api.asking import BEARER, Api, event
from tests.processes import TOKEN

pytestmark = pytest.mark.servers

EVENTS = "/v1/namespaces/listed/events"


@pytest.fixture(scope="module", autouse=True)
def sent(api: Api) -> list[str]:
    api.declare("listed")
    ids = [f"listed-{at}" for at in range(5)]
    for id_ in ids:
        assert api.post(event(id=id_), path="/ns/listed/events").status_code == 202
    return ids


def test_link_leads_through_all_pages_under_the_same_filters(api: Api, sent: list[str]) -> None:
    found = []
    address = f"{EVENTS}?limit=2&outcome=routed&sort=received_at"
    while address:
        answer = api.get(address)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [row["event_id"] for row in page["items"]]
        following = answer.links.get("next", {}).get("url")
        assert (following is None) == (page["next"] is None)
        address = "" if following is None else f"{EVENTS}{following}"
    assert sorted(found) == sent


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("limit=0", "invalid_limit", "1 to 500"),
        ("limit=501", "invalid_limit", "1 to 500"),
        ("limit=many", "invalid_limit", "1 to 500"),
        ("limit=99999999999999999999", "invalid_limit", "1 to 500"),
        ("limit=", "invalid_limit", "1 to 500"),
        ("sort=size", "invalid_sort", "received_at"),
        ("cursor=x", "invalid_cursor", "without one"),
        ("cursor=", "invalid_cursor", "without one"),
        ("outcome=lost", "invalid_filter", "outcome takes one of routed"),
        ("received_from=yesterday", "invalid_filter", "received_from takes a time"),
        ("job=A_Job", "invalid_filter", "job takes the name of a job or its uid"),
        ("job=", "invalid_filter", "job takes the name of a job or its uid"),
        ("colour=red", "unknown_filter", "it takes cursor"),
        ("limit=1&limit=2", "invalid_request", "once"),
    ],
)
def test_a_query_that_is_no_good_says_what_would_be(
    api: Api, query: str, code: str, says: str
) -> None:
    answer = api.get(f"{EVENTS}?{query}")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["type"] == f"/problems/{code}"
    assert says in problem["detail"]
    assert "yesterday" not in answer.text
    assert "colour" not in answer.text


def test_a_cursor_is_of_one_order_only(api: Api) -> None:
    cursor = api.get(f"{EVENTS}?limit=1&sort=received_at").json()["next"]
    answer = api.get(f"{EVENTS}?limit=1&cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")


@pytest.mark.parametrize("what", ["documents", "events", "dead", "facts", "findings", "tombstones"])
def test_a_job_is_named_by_its_uid_or_its_name(api: Api, what: str) -> None:
    for job in (str(uuid.uuid4()), "nobody", "a" * 253):
        answer = api.get(f"/v1/namespaces/listed/{what}?job={job}")
        assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_a_name_is_that_of_its_newest_job(api: Api) -> None:
    """Others of this name are found by their uids, those of other namespaces not at all."""
    uids = []
    for number in range(2):
        uids.append(api.declare("renewed"))
        assert api.post(event(), path="/ns/renewed/events").status_code == 202
        if number == 0:
            deleted = api.http.delete("/v1/namespaces/renewed/jobs/renewed", headers=BEARER)
            assert deleted.status_code == 204
    old, new = (jobs_of(api, f"job={uid}") for uid in uids)
    assert (old, new) == ({uids[0]}, {uids[1]})
    assert jobs_of(api, "job=renewed") == {uids[1]}
    assert jobs_of(api, "job=listed") == set()
    assert jobs_of(api, "") == set(uids)


def jobs_of(api: Api, query: str) -> set[str]:
    answer = api.get(f"/v1/namespaces/renewed/documents?{query}")
    return {row["job_uid"] for row in answer.raise_for_status().json()["items"]}


def test_openapi_documents_each_parameter_and_the_answer(api: Api) -> None:
    document = api.get("/v1/openapi.json", token=None).json()
    route = document["paths"]["/namespaces/{namespace}/events"]["get"]
    schemas = {each["name"]: each["schema"] for each in route["parameters"]}
    assert schemas["limit"]["maximum"] == 500
    assert schemas["outcome"]["enum"] == ["routed", "unmatched", "unroutable", "control"]
    assert schemas["received_from"]["format"] == "date-time"
    answer = route["responses"]["200"]["content"]["application/json"]["schema"]
    page = document["components"]["schemas"][answer["$ref"].rpartition("/")[2]]
    assert page["properties"].keys() == {"items", "next"}
    assert page["examples"][0]["items"][0].keys() == set(api.get(EVENTS).json()["items"][0])
    assert route["responses"]["422"]["content"].keys() == {"application/problem+json"}


def test_a_problem_leads_to_what_to_do_about_it(api: Api) -> None:
    problem = api.get(f"{EVENTS}?limit=0", token=TOKEN).json()
    page = api.get(problem["type"], token=None)
    assert page.status_code == 200
    assert page.text.startswith(f"{problem['status']} {problem['title']}\n")
    assert api.get("/problems/nothing", token=None).status_code == 404
