"""Legal holds, retention and purging, through a real worker and the real store."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.asking import BEARER, Api, Serving, event
from tests.api.test_contents import archive, document_of, ended, upload, working
from tests.processes import Place, files_beneath, until

pytestmark = pytest.mark.servers

TEXT = b"This Agreement is made on 1 May 2024 between Alpha Ltd and Beta Ltd.\n"
AT_ONCE = {
    "LEXMILL_TASKS__HOUSEKEEPING_SECONDS": "0.2",
    "LEXMILL_TASKS__PURGE_DELAY_SECONDS": "0",
}


@pytest.fixture(scope="module")
def api(serving: Serving, module_place: Place) -> Iterator[Api]:
    """One that removes objects as soon as they are purged, from a folder and from a bucket."""
    with serving(AT_ONCE, module_place) as api:
        yield api


def hold(api: Api, namespace: str, case: str, **on: str) -> dict[str, Any]:
    body = {**on, "case": case, "reason": "a letter came"}
    answer = api.order(f"{namespace}/holds", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def release(api: Api, namespace: str, id_: str) -> httpx.Response:
    return api.order(f"{namespace}/holds/{id_}/release", {"reason": "settled"})


def purge(api: Api, url: str, reason: str = "they asked for it") -> httpx.Response:
    return api.http.delete(url, params={"reason": reason}, headers=BEARER)


def contents(api: Api, namespace: str) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files_beneath(api.settings.objects / namespace)}


def removed(api: Api, namespace: str) -> None:
    """Until no tombstone has anything left to remove."""
    query = "SELECT count(*) AS left FROM tombstone WHERE namespace = %s AND removed_at IS NULL"
    until(lambda: api.rows(query, namespace)[0].left == 0)


def traces(api: Api, namespace: str, word: bytes) -> list[str]:
    """Where a word of the document still is: objects, and rows of every table that has text."""
    found = [str(path) for path, data in contents(api, namespace).items() if word in data]
    tables = ("document", "upload", "event", "stage_output", "task", "review", "fact", "finding")
    for table in tables:
        rows = api.rows(
            f"SELECT FROM {table} AS row WHERE namespace = %s"
            " AND (row::text LIKE %s OR row::text LIKE %s)",
            namespace,
            f"%{word.decode()}%",
            f"%{word.hex()}%",
        )
        found += [table] * len(rows)
    return found


def test_what_is_purged_is_gone_and_a_tombstone_stays(api: Api) -> None:
    uid = api.declare("gone")
    url = upload(api, "gone", "Alpha.txt", TEXT)
    with working(api, "gone", uid):
        ended(api, uid)
    assert traces(api, "gone", b"Alpha")
    answer = purge(api, url)
    assert answer.status_code == 200, answer.text
    (stone,) = answer.json()["tombstones"]
    assert stone["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert (stone["cause"], stone["reason"]) == ("request", "they asked for it")
    assert stone["purged_by"] == "control-token"
    removed(api, "gone")
    assert traces(api, "gone", b"Alpha") == []
    assert contents(api, "gone") == {}
    for part in ("text", "result", "source"):
        gone = api.get(f"{url}/{part}")
        assert (gone.status_code, gone.json()["code"]) == (410, "purged")
    assert purge(api, url).status_code == 410
    (listed,) = api.get("/v1/namespaces/gone/tombstones").json()["items"]
    assert (listed["id"], listed["removed_at"] is not None) == (stone["id"], True)
    assert api.get(f"{url}/keeping").json()["tombstone"]["id"] == stone["id"]


def decide(api: Api, namespace: str, sha256: str) -> None:
    """That another law governs it than the engine found, with words of the document."""
    decision = {
        "sha256": sha256,
        "field": "governing_law",
        "choice": "correct",
        "reviewer": "anna",
        "value": "US-DE",
        "evidence": {"quote": "between Alpha Ltd and Beta Ltd"},
        "comment": "Alpha is in Delaware",
    }
    answer = api.order(f"{namespace}/reviews", [decision])
    assert answer.status_code in {200, 201}, answer.text


def test_decisions_go_with_the_last_document_that_they_are_about(api: Api) -> None:
    uid = api.declare("decided")
    first = upload(api, "decided", "one.txt", TEXT)
    second = upload(api, "decided", "two.txt", TEXT)
    with working(api, "decided", uid):
        ended(api, uid)
    decide(api, "decided", hashlib.sha256(TEXT).hexdigest())
    reviews = "SELECT FROM review WHERE namespace = 'decided'"
    assert len(api.rows(reviews)) == 1
    assert purge(api, first).status_code == 200
    assert len(api.rows(reviews)) == 1, "the other document still has these bytes"
    assert purge(api, second).status_code == 200
    assert api.rows(reviews) == []
    removed(api, "decided")
    assert traces(api, "decided", b"Alpha") == []
    query = "SELECT entry FROM audit WHERE namespace = 'decided' ORDER BY number"
    entries = [json.loads(row.entry) for row in api.rows(query)]
    erased = [entry for entry in entries if entry["action"] == "document.purged"]
    assert [entry["after"]["decisions"] for entry in erased] == [0, 1]


def test_a_body_that_came_in_an_event_goes_too(api: Api) -> None:
    uid = api.declare("body")
    api.post(event(data=TEXT.decode(), subject="in/Alpha.txt"), path="/ns/body/events")
    with working(api, "body", uid):
        ended(api, uid)
    base = "/v1/namespaces/body/documents"
    assert purge(api, f"{base}/{document_of(api, uid)}").status_code == 200
    removed(api, "body")
    assert traces(api, "body", b"Alpha") == []


def test_others_keep_what_they_share(api: Api) -> None:
    """The same bytes twice, attachments too: the second visit takes the first one's from cache."""
    uid = api.declare("shared")
    mail = archive(inner=TEXT)
    first = upload(api, "shared", "first.zip", mail)
    with working(api, "shared", uid):
        ended(api, uid)
        second = upload(api, "shared", "second.zip", mail)
        until(lambda: api.rows("SELECT FROM document WHERE job_uid = %s OFFSET 3", uid))
        ended(api, uid)
        assert purge(api, first).status_code == 200
        removed(api, "shared")
        family = api.get(f"{second}/family").json()["members"]
        inner = f"/v1/namespaces/shared/documents/{family[1]['id']}"
        assert api.get(f"{inner}/source").content == TEXT
        assert api.get(f"{inner}/text").content == TEXT
        assert api.get(f"{second}/result").json()["status"] == "succeeded"
        # What the cache no longer has is made again.
        third = upload(api, "shared", "third.zip", mail)
        until(lambda: api.rows("SELECT FROM document WHERE job_uid = %s OFFSET 5", uid))
        ended(api, uid)
    assert api.get(f"{third}/family").json()["members"][1]["state"] == "succeeded"
    for url in (second, third):
        assert purge(api, url).status_code == 200
    removed(api, "shared")
    assert traces(api, "shared", b"Alpha") == []


def test_an_attachment_alone_leaves_its_parent(api: Api) -> None:
    uid = api.declare("child")
    root = upload(api, "child", "mail.zip", archive(a=TEXT, b=b"Another text."))
    with working(api, "child", uid):
        ended(api, uid)
    _, one, other = api.get(f"{root}/family").json()["members"]
    base = "/v1/namespaces/child/documents"
    assert purge(api, f"{base}/{one['id']}").status_code == 200
    removed(api, "child")
    assert api.get(f"{base}/{one['id']}/source").status_code == 410
    assert api.get(f"{base}/{other['id']}/source").status_code == 200
    assert api.get(f"{root}/result").status_code == 200
    assert api.get(f"{root}/source").status_code == 200


def test_every_hold_has_to_be_released(api: Api) -> None:
    uid = api.declare("held", matter="ACME-2026-14")
    root = upload(api, "held", "mail.zip", archive(a=TEXT))
    with working(api, "held", uid):
        ended(api, uid)
    child = api.get(f"{root}/family").json()["members"][1]["id"]
    on = [
        {"job": uid},
        {"document": child},
        {"document": root.rpartition("/")[2]},
        {"matter": "ACME-2026-14"},
    ]
    holds = [hold(api, "held", f"Case {number}", **each) for number, each in enumerate(on)]
    base = "/v1/namespaces/held"
    for number, each in enumerate(holds):
        for url in (root, f"{base}/documents/{child}"):
            answer = purge(api, url)
            assert (answer.status_code, answer.json()["code"]) == (409, "held")
            assert f"Case {number}" in answer.json()["detail"]
        kept = api.get(f"{root}/keeping").json()
        assert [one["id"] for one in kept["holds"]] == [one["id"] for one in holds[number:]]
        freed = release(api, "held", each["id"])
        assert (freed.status_code, freed.json()["release_reason"]) == (200, "settled")
    assert release(api, "held", holds[0]["id"]).json()["released_at"] is not None
    assert len(api.get(f"{base}/holds").json()["items"]) == 4
    noted = api.rows("SELECT entry FROM audit WHERE namespace = 'held' ORDER BY number")
    actions = [json.loads(row.entry)["action"] for row in noted]
    assert actions == ["document.uploaded"] + ["hold.placed"] * 4 + ["hold.released"] * 4
    assert api.get(f"{base}/holds?state=held").json()["items"] == []
    assert purge(api, root).status_code == 200
    noted = api.rows("SELECT entry FROM audit WHERE namespace = 'held' ORDER BY number OFFSET 9")
    assert [json.loads(row.entry)["action"] for row in noted] == ["document.purged"] * 2


def test_retention_is_over_and_a_hold_beats_it(api: Api) -> None:
    uid = api.declare("kept", retention={"days": 30})
    urls = [upload(api, "kept", name, TEXT + name.encode()) for name in ("a.txt", "b.txt")]
    with working(api, "kept", uid):
        ended(api, uid)
    held, free = urls
    assert api.get(f"{free}/keeping").json()["purge_after"] is not None
    placed = hold(api, "kept", "Case", document=held.rpartition("/")[2])
    assert api.rows(
        "UPDATE run SET finalized_at = now() - interval '31 days' WHERE job_uid = %s RETURNING id",
        uid,
    )
    until(lambda: api.get(f"{free}/keeping").json()["tombstone"])
    assert api.get(f"{free}/keeping").json()["tombstone"]["cause"] == "retention"
    assert api.get(f"{held}/text").status_code == 200
    release(api, "kept", placed["id"])
    until(lambda: api.get(f"{held}/text").status_code == 410)
    removed(api, "kept")
    assert contents(api, "kept") == {}


def test_what_is_worked_on_is_not_purged(api: Api) -> None:
    api.declare("queued")
    url = upload(api, "queued", "a.txt", TEXT)
    answer = purge(api, url)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ended")


def test_what_a_worker_wrote_purges_nothing_else(api: Api) -> None:
    """A tenant's login may set these columns."""
    uid = api.declare("hostile")
    api.post(event(), path="/ns/hostile/events")
    document = document_of(api, uid)
    victim = upload(api, "gone", "kept.txt", TEXT)
    kept = contents(api, "gone")
    for source, key in (("object:gone/uploads/1/2", "gone/x"), ("object:hostile/../gone/1/2", "x")):
        update = """
            UPDATE document SET source = %s, result_key = %s, purged_at = NULL,
              state = 'succeeded', ended_at = now()
            WHERE id = %s RETURNING id
        """
        assert api.rows(update, source, key, document)
        api.rows("DELETE FROM tombstone WHERE document_id = %s RETURNING id", document)
        url = f"/v1/namespaces/hostile/documents/{document}"
        assert purge(api, url).status_code == 200
        removed(api, "hostile")
        assert contents(api, "gone") == kept
    assert api.get(f"{victim}/source").status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"case": "A", "reason": "b"},
        {"job": str(uuid.uuid4()), "matter": "x", "case": "A", "reason": "b"},
        {"matter": "x", "case": "", "reason": "b"},
        {"matter": "x", "case": "A"},
    ],
)
def test_a_hold_is_on_one_thing_for_a_case(api: Api, wanted: dict[str, str]) -> None:
    answer = api.order("wrong/holds", wanted)
    assert answer.status_code == 422


def test_unknown_things(api: Api) -> None:
    base = "/v1/namespaces/nothing"
    for on in ({"job": str(uuid.uuid4())}, {"document": str(uuid.uuid4())}):
        body = {**on, "case": "A", "reason": "b"}
        answer = api.order("nothing/holds", body)
        assert answer.status_code == 404
    assert api.get(f"{base}/holds/{uuid.uuid4()}").status_code == 404
    assert release(api, "nothing", str(uuid.uuid4())).status_code == 404
    assert purge(api, f"{base}/documents/{uuid.uuid4()}").status_code == 404
    assert api.get(f"{base}/documents/{uuid.uuid4()}/keeping").status_code == 404
