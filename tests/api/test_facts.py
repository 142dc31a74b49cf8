"""Facts, findings and statistics beneath /v1: parameters, pages, and a recheck by real workers."""

import pytest
from sqlalchemy.orm import Session

from lexmill.database import transaction
from lexmill.results.rows import result_rows
from lexmill.tasks.service import complete_finalize
from tests.api.asking import BEARER, Api
from tests.core import building
from tests.core.conftest import connect
from tests.core.results.reading import SHA256, read

pytestmark = pytest.mark.servers

BASE = "/v1/namespaces/facts"


@pytest.fixture(scope="module", autouse=True)
def document(api: Api) -> str:
    """The id of a document that was read."""
    engine = connect(api.settings.database_url)
    with transaction(engine) as session:
        id_ = _read(session)
    engine.dispose()
    return id_


def _read(session: Session) -> str:
    uid = building.declare_with_documents(session, "a.pdf", namespace="facts", name="facts")
    task = building.claimed(session, uid)
    building.succeed(session, task, sha256=SHA256, result_key="facts/x", result=result_rows(read()))
    return str(task.document_id)


def test_facts_by_everything_at_once(api: Api, document: str) -> None:
    query = (
        f"document={document}&field=expiration_date&from=2026-12-31&before=2027-01-01"
        "&value=2026-12-31&firm=true&method=rule&limit=1"
    )
    answer = api.get(f"{BASE}/facts?{query}")
    assert answer.status_code == 200, answer.text
    (fact,) = answer.json()["items"]
    assert (fact["date"], fact["value"], fact["page"]) == ("2026-12-31", "31 December 2026", 1)
    (amount,) = api.get(f"{BASE}/facts?min=1e6".replace("1e6", "1000000")).json()["items"]
    assert (amount["normalized"], amount["currency"]) == ("1250000.00 USD", "USD")


def test_pages_lead_on(api: Api) -> None:
    found, address = [], f"{BASE}/facts?limit=4"
    while address:
        answer = api.get(address)
        found += [fact["field"] for fact in answer.json()["items"]]
        following = answer.links.get("next", {}).get("url")
        address = f"{BASE}/facts{following}" if following else ""
    assert found == sorted(found)
    assert len(found) == 6


def test_findings(api: Api) -> None:
    (failed,) = api.get(f"{BASE}/findings?result=fail&severity=high&rule=capped").json()["items"]
    assert (failed["message"], failed["playbook_sha256"]) == ("There is no cap.", "b" * 64)


def test_what_a_person_decided_is_beside_the_fact_at_once(api: Api) -> None:
    """The rows follow when the document is rechecked: until then they say that they do not."""
    engine = connect(api.settings.database_url)
    with transaction(engine) as session:
        uid = building.declare_with_documents(session, "b.pdf", namespace="decided", name="decided")
        task = building.claimed(session, uid)
        other = result_rows(read(sha256="c" * 64))
        building.succeed(session, task, sha256="c" * 64, result_key="decided/x", result=other)
    base = "/v1/namespaces/decided"
    asked = f"{base}/facts?field=expiration_date"
    assert api.get(asked).json()["items"][0]["decision"] is None
    assert not any(row["is_decided_since"] for row in api.get(f"{base}/findings").json()["items"])
    decision = {"sha256": "c" * 64, "field": "expiration_date", "choice": "correct"}
    later = {**decision, "value": "31 December 2027", "reviewer": "anna", "revision": 0}
    assert api.order("decided/reviews", [later]).status_code == 200

    (fact,) = api.get(asked).json()["items"]
    assert (fact["value"], fact["method"]) == ("31 December 2026", "rule")
    assert fact["decision"]["normalized"] == "2027-12-31"
    assert (fact["decision"]["decision"], fact["decision"]["reviewer"]) == ("corrected", "anna")
    assert fact["decision"]["is_pending"]
    assert all(row["is_decided_since"] for row in api.get(f"{base}/findings").json()["items"])
    (other_fact,) = api.get(f"{base}/facts?field=amount").json()["items"]
    assert other_fact["decision"] is None

    assert recheck(api, str(task.document_id), "decided") == (202, {"queued": 1})
    with transaction(engine) as session:
        # The process's own sweeper may have begun the reports of the first reading.
        while (again := building.claimed(session, uid)).kind == "finalize":
            complete_finalize(session, task=again)
        building.succeed(session, again, sha256="c" * 64, result_key="decided/y", result=other)
    engine.dispose()
    (fact,) = api.get(asked).json()["items"]
    assert not fact["decision"]["is_pending"]
    assert not any(row["is_decided_since"] for row in api.get(f"{base}/findings").json()["items"])


def test_statistics(api: Api) -> None:
    found = api.get(f"{BASE}/statistics").json()
    assert found["documents"]["succeeded"] >= 1
    assert found["findings"][0] == {"rule": "capped", "passed": 0, "failed": 1, "unknown": 0}
    assert api.get(f"{BASE}/statistics?from=2020-01-01&before=2020-02-01").json()["days"] == []


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("facts?from=31.12.2026", "invalid_filter", "from takes a date"),
        ("facts?min=much", "invalid_filter", "min takes a number"),
        ("facts?from_=2026-12-31", "unknown_filter", "from"),
        ("facts?sort=value", "invalid_sort", "document, field"),
        ("findings?result=maybe", "invalid_filter", "one of pass, fail, unknown"),
        ("statistics?from=2026-02-01&before=2026-01-01", "invalid_period", "1 to 366 days"),
        ("statistics?from=2020-01-01&before=2026-01-01", "invalid_period", "1 to 366 days"),
        ("statistics?before=0001-01-02", "invalid_period", "1 to 366 days"),
        ("statistics?from=soon", "invalid_request", "from"),
    ],
)
def test_what_cannot_be_asked(api: Api, path: str, code: str, says: str) -> None:
    answer = api.get(f"{BASE}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("path", ["facts", "findings", "statistics"])
def test_another_namespace_has_nothing_of_it(api: Api, path: str) -> None:
    assert api.get(f"{BASE}/{path}", token=None).status_code == 401
    found = api.get(f"/v1/namespaces/elsewhere/{path}").json()
    assert not found.get("items")
    assert not found.get("documents")


def test_openapi_names_the_filters_and_the_bodies(api: Api) -> None:
    document = api.get("/v1/openapi.json").json()
    paths = document["paths"]
    taken = paths["/namespaces/{namespace}/facts"]["get"]["parameters"]
    assert {"from", "before", "min", "max", "value_prefix"} <= {each["name"] for each in taken}
    body = paths["/namespaces/{namespace}/reviews/{review}"]["put"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Change"}
    assert {"Change", "NewDecision", "FactRow", "Statistics"} <= document["components"][
        "schemas"
    ].keys()


def recheck(
    api: Api, document: str, namespace: str = "facts", **headers: str
) -> tuple[int, object]:
    answer = api.http.post(
        f"/v1/namespaces/{namespace}/documents/{document}/recheck",
        headers={**BEARER, **headers},
    )
    return answer.status_code, answer.json()


def test_a_document_is_rechecked_once(api: Api, document: str) -> None:
    assert recheck(api, document, **{"Idempotency-Key": "1"}) == (202, {"queued": 1})
    assert recheck(api, document) == (202, {"queued": 0})  # it waits
    assert recheck(api, document, **{"Idempotency-Key": "1"}) == (202, {"queued": 1})
    # What is known of it stays until it is read.
    assert len(api.get(f"{BASE}/facts").json()["items"]) == 6
    assert recheck(api, document, "elsewhere")[0] == 404
    assert recheck(api, "7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2")[0] == 404
    assert recheck(api, "x")[0] == 422
