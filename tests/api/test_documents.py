"""Documents over REST: how far each is, why, and where what it has is."""

import uuid

import pytest

from tests.api.asking import Api, event

pytestmark = pytest.mark.servers


def arrived(api: Api, namespace: str, count: int = 1) -> list[str]:
    """Documents of a job that listens, the newest first."""
    if api.get(f"/v1/namespaces/{namespace}/jobs/{namespace}").status_code == 404:
        api.declare(namespace, matter="ACME-1")
    for _ in range(count):
        assert api.post(event(), path=f"/ns/{namespace}/events").status_code == 202
    page = api.get(f"/v1/namespaces/{namespace}/documents").json()
    return [row["id"] for row in page["items"]]


def child(api: Api, parent: str) -> str:
    (row,) = api.rows(
        """
        INSERT INTO document (namespace, job_uid, run_id, parent_id, uri, source, name)
        SELECT namespace, job_uid, run_id, id, uri || '#1', 'object:x', 'annex.pdf'
        FROM document WHERE id = %s RETURNING id
        """,
        parent,
    )
    return str(row.id)


def test_a_document_says_how_far_it_is_and_leads_to_what_belongs_to_it(api: Api) -> None:
    (id_,) = arrived(api, "papers")
    address = f"/v1/namespaces/papers/documents/{id_}"
    document = api.get(address).json()
    assert (document["state"], document["job"], document["run"]) == ("queued", "papers", 1)
    assert document["matter"] == "ACME-1"
    assert (document["task"]["state"], document["task"]["stage"]) == ("waiting", "parse")
    links = document["links"]
    assert links.keys() == {"self", "job", "event", "family", "source"}
    assert links["self"] == address
    assert api.get(links["job"]).json()["name"] == "papers"
    assert api.get(links["event"]).json()["documents"][0]["id"] == id_


def test_a_family_is_walked_by_links(api: Api) -> None:
    (parent,) = arrived(api, "families")
    annex = child(api, parent)
    mail = api.get(f"/v1/namespaces/families/documents/{parent}").json()
    assert mail["children"] == 1
    (row,) = api.get(mail["links"]["children"]).json()["items"]
    assert (row["id"], row["parent_id"]) == (annex, parent)
    part = api.get(f"/v1/namespaces/families/documents/{annex}").json()
    assert part["links"]["parent"] == mail["links"]["self"]
    assert part["children"] == 0


def test_why_it_failed_and_when_it_is_tried_again(api: Api) -> None:
    failed, waiting = arrived(api, "reasons", 2)
    api.rows(
        """
        UPDATE document SET state = 'failed', error_code = 'encrypted',
          error_message = 'A password is needed.', ended_at = now() WHERE id = %s RETURNING 1
        """,
        failed,
    )
    api.rows(
        """
        UPDATE task SET failures = 2, error_code = 'store_away', due_at = now() + interval '1 hour'
        WHERE document_id = %s RETURNING 1
        """,
        waiting,
    )
    ended = api.get(f"/v1/namespaces/reasons/documents/{failed}").json()
    assert (ended["state"], ended["error_code"]) == ("failed", "encrypted")
    assert ended["error_message"] == "A password is needed."
    retried = api.get(f"/v1/namespaces/reasons/documents/{waiting}").json()["task"]
    assert (retried["failures"], retried["error_code"]) == (2, "store_away")
    assert retried["due_at"] > ended["ended_at"]
    listed = api.get("/v1/namespaces/reasons/documents?state=failed").json()["items"]
    assert [row["id"] for row in listed] == [failed]


def test_what_has_results_leads_to_them(api: Api) -> None:
    (id_,) = arrived(api, "resulting")
    address = f"/v1/namespaces/resulting/documents/{id_}"
    tag = api.get(address).headers["ETag"]
    assert api.get(address, If_None_Match=tag).status_code == 304
    api.rows(
        """
        UPDATE document SET state = 'succeeded', result_key = 'resulting/x', ended_at = now(),
          sha256 = repeat('0', 64) WHERE id = %s RETURNING 1
        """,
        id_,
    )
    answer = api.get(address, If_None_Match=tag)
    assert answer.status_code == 200
    links = answer.json()["links"]
    assert (links["text"], links["result"]) == (f"{address}/text", f"{address}/result")


def test_a_document_outlives_its_job(api: Api) -> None:
    (id_,) = arrived(api, "outlived")
    api.rows("UPDATE job SET deleted_at = now() WHERE name = 'outlived' RETURNING 1")
    document = api.get(f"/v1/namespaces/outlived/documents/{id_}").json()
    assert document["job_deleted"] is True
    assert "job" not in document["links"]


def test_of_another_namespace_nothing_is_told(api: Api) -> None:
    (id_,) = arrived(api, "papers-of-others")
    answers = [
        api.get(f"/v1/namespaces/papers/documents/{each}") for each in (id_, str(uuid.uuid4()))
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    listed = api.get(f"/v1/namespaces/papers/documents?parent={id_}").json()["items"]
    assert listed == []


@pytest.mark.parametrize("id_", ["1", "nothing", "%00", "01935a7c-5a00-7000-8000-3f2c5b9e1d0"])
def test_what_is_no_id_is_refused(api: Api, id_: str) -> None:
    answer = api.get(f"/v1/namespaces/papers/documents/{id_}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.headers["content-type"] == "application/problem+json"
