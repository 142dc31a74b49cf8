"""Files put straight into a bucket, by people whose only right is the address that they got."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from tests.api.asking import BEARER, Api, Serving, beside
from tests.api.conftest import HOUSEKEEPING
from tests.objectserver.versitygw import ObjectServer, running_object_server
from tests.processes import files_beneath, until

pytestmark = pytest.mark.servers

TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
PROGRAM = b"MZ" + bytes(range(256)) * 300


@pytest.fixture(scope="module")
def server(
    object_server_binaries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ObjectServer]:
    """One's own: a test stops it."""
    folder = tmp_path_factory.mktemp("object-server")
    with running_object_server(object_server_binaries, folder) as server:
        yield server


@pytest.fixture(scope="module")
def api(serving: Serving, server: ObjectServer) -> Iterator[Api]:
    """For the module: use names of your own in it."""
    with serving(HOUSEKEEPING, server.place()) as api:
        yield api


@pytest.fixture
def anybody() -> Iterator[httpx.Client]:
    """Who has no token."""
    with httpx.Client(timeout=20) as http:
        yield http


def offered(api: Api, job: str, **wanted: str) -> dict[str, Any]:
    answer = api.order(f"{job}/jobs/{job}/uploads", {"name": "NDA.txt", **wanted})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def completed(api: Api, offer: dict[str, Any]) -> httpx.Response:
    return api.http.post(offer["complete"], headers=BEARER)


def contents(api: Api, namespace: str) -> list[bytes]:
    return [path.read_bytes() for path in files_beneath(api.settings.objects / namespace)]


def documents(api: Api, uid: str) -> list[Any]:
    return api.rows("SELECT * FROM document WHERE job_uid = %s ORDER BY id", uid)


def trail(api: Api, namespace: str) -> list[dict[str, Any]]:
    query = "SELECT entry FROM audit WHERE namespace = %s ORDER BY number"
    rows = api.rows(query, namespace)
    return [msgspec.json.decode(row.entry, type=dict[str, Any]) for row in rows]


def test_a_file_goes_past_the_api(api: Api, anybody: httpx.Client, server: ObjectServer) -> None:
    uid = api.declare("direct")
    offer = offered(api, "direct")
    assert (offer["method"], offer["headers"]) == ("PUT", {})
    assert offer["url"].startswith(f"{server.url}/")
    assert int(parse_qs(urlsplit(offer["url"]).query)["X-Amz-Expires"][0]) == 3_600
    assert server.secret_key not in offer["url"]
    early = completed(api, offer)
    assert (early.status_code, early.json()["code"]) == (409, "nothing_uploaded")
    assert anybody.put(offer["url"], content=TEXT).status_code == 200
    assert documents(api, uid) == []
    answer = completed(api, offer)
    assert answer.status_code == 201, answer.text
    (sent,) = answer.json()["documents"]
    assert sent["sha256"] == hashlib.sha256(TEXT).hexdigest()
    (document,) = documents(api, uid)
    assert (str(document.id), document.name, document.state) == (sent["id"], "NDA.txt", "queued")
    assert contents(api, "direct") == [TEXT]
    source = api.get(f"{sent['url']}/source")
    assert source.content == TEXT
    again = completed(api, offer)
    assert (again.status_code, again.json()["documents"][0]["id"]) == (200, sent["id"])


def test_who_offered_and_what_came_is_in_the_audit_trail(api: Api, anybody: httpx.Client) -> None:
    api.declare("noted")
    offer = offered(api, "noted")
    anybody.put(offer["url"], content=TEXT)
    (sent,) = completed(api, offer).json()["documents"]
    completed(api, offer)
    form = [("file", ("Secret Project.txt", TEXT)), ("file", ("b.txt", TEXT + b"!"))]
    both = api.http.post("/v1/namespaces/noted/jobs/noted/documents", files=form, headers=BEARER)
    entries = trail(api, "noted")
    assert [entry["action"] for entry in entries] == [
        "upload.offered",
        *["document.uploaded"] * 3,
    ]
    assert {entry["actor"] for entry in entries} == {"control-token"}
    assert entries[0]["subject"] == {"upload": offer["id"], "job": "noted"}
    assert entries[1]["subject"] == {"document": sent["id"], "sha256": sent["sha256"]}
    assert entries[1]["after"] == {"upload": offer["id"], "job": "noted", "bytes": len(TEXT)}
    ids = [each["id"] for each in both.json()["documents"]]
    assert [entry["subject"]["document"] for entry in entries[2:]] == ids
    assert "Secret" not in str(entries)
    refused = api.http.post(
        "/v1/namespaces/noted/jobs/noted/documents", files={"file": ("x", b"")}, headers=BEARER
    )
    assert refused.status_code == 415
    assert len(trail(api, "noted")) == 4


def test_the_content_decides_whatever_type_is_declared(api: Api, anybody: httpx.Client) -> None:
    api.declare("kinds")
    offer = offered(api, "kinds")
    for content, status in ((PROGRAM, 415), (b"", 415), (TEXT, 201)):
        declared = {"Content-Type": "application/pdf", "Content-Encoding": "gzip"}
        assert anybody.put(offer["url"], content=content, headers=declared).is_success
        answer = completed(api, offer)
        assert answer.status_code == status, answer.text
        if status != 201:
            assert answer.json()["code"] == "unsupported_content"
            assert contents(api, "kinds") == []
            assert completed(api, offer).json()["code"] == "nothing_uploaded"


def test_another_file_than_was_announced(api: Api, anybody: httpx.Client) -> None:
    uid = api.declare("sums")
    offer = offered(api, "sums", sha256=hashlib.sha256(TEXT).hexdigest())
    anybody.put(offer["url"], content=TEXT[:-1])
    answer = completed(api, offer)
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    assert (documents(api, uid), contents(api, "sums")) == ([], [])
    anybody.put(offer["url"], content=TEXT)
    assert completed(api, offer).status_code == 201
    for wrong in ("abc", hashlib.sha256(TEXT).hexdigest().upper(), None, 7):
        refused = api.order("sums/jobs/sums/uploads", {"name": "a.txt", "sha256": wrong})
        assert refused.status_code == (201 if wrong is None else 422)


def test_the_bucket_checks_what_a_client_says_of_its_bytes(api: Api, anybody: httpx.Client) -> None:
    api.declare("md5")
    offer = offered(api, "md5")
    wrong = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    assert anybody.put(offer["url"], content=TEXT, headers=wrong).status_code == 400
    assert completed(api, offer).json()["code"] == "nothing_uploaded"


def test_an_address_is_for_one_method_one_key_and_a_while(api: Api, anybody: httpx.Client) -> None:
    api.declare("bounds")
    first, second = offered(api, "bounds"), offered(api, "bounds")
    url = first["url"]
    assert anybody.put(url, content=TEXT).is_success
    elsewhere = urlsplit(url)._replace(path=urlsplit(second["url"]).path).geturl()
    up = urlsplit(url)._replace(path=f"{urlsplit(url).path}/../../../x").geturl()
    for method, tried in (
        ("GET", url),
        ("DELETE", url),
        ("PUT", elsewhere),
        ("PUT", up),
        ("PUT", url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000")),
        ("PUT", url.partition("?")[0]),
    ):
        assert anybody.request(method, tried, content=TEXT).status_code in {400, 403}, tried
    assert completed(api, second).json()["code"] == "nothing_uploaded"


def test_put_only_if_nothing_is_there(api: Api, anybody: httpx.Client) -> None:
    api.declare("conditional")
    offer = offered(api, "conditional")
    only_first = {"If-None-Match": "*"}
    assert anybody.put(offer["url"], content=TEXT, headers=only_first).is_success
    other = anybody.put(offer["url"], content=b"Another agreement.", headers=only_first)
    assert other.status_code == 412
    (sent,) = completed(api, offer).json()["documents"]
    assert sent["sha256"] == hashlib.sha256(TEXT).hexdigest()


def test_what_comes_after_completion_changes_nothing_and_is_swept(
    api: Api, anybody: httpx.Client
) -> None:
    uid = api.declare("twice")
    offer = offered(api, "twice")
    anybody.put(offer["url"], content=TEXT)
    (sent,) = completed(api, offer).json()["documents"]
    assert anybody.put(offer["url"], content=b"Another agreement.").is_success
    assert completed(api, offer).status_code == 200
    assert api.get(f"{sent['url']}/source").content == TEXT
    assert len(documents(api, uid)) == 1
    assert len(contents(api, "twice")) == 2
    over = "UPDATE upload SET incoming_until = now() - interval '1 day' WHERE id = %s RETURNING id"
    assert api.rows(over, offer["id"])
    until(lambda: contents(api, "twice") == [TEXT])


def test_what_is_never_completed_is_swept(api: Api, anybody: httpx.Client) -> None:
    api.declare("forgotten")
    offer = offered(api, "forgotten")
    anybody.put(offer["url"], content=TEXT)
    expired = "UPDATE upload SET expires_at = now() - interval '1 day' WHERE id = %s RETURNING id"
    assert api.rows(expired, offer["id"])
    until(lambda: not contents(api, "forgotten"))
    until(lambda: not api.rows("SELECT FROM upload WHERE id = %s", offer["id"]))
    assert completed(api, offer).status_code == 404


def test_too_large_and_reached_elsewhere(api: Api, anybody: httpx.Client) -> None:
    uid = api.declare("limits")
    with beside(
        api,
        LEXMILL_UPLOADS__FILE_BYTES="65536",
        LEXMILL_STORAGE__PUBLIC_ENDPOINT="https://files.example.com",
    ) as small:
        offer = offered(small, "limits")
        assert urlsplit(offer["url"]).hostname == "files.example.com"
        here = offered(api, "limits")
        anybody.put(here["url"], content=TEXT * 2_000)
        answer = completed(small, here)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert (documents(api, uid), contents(api, "limits")) == ([], [])


def test_nobody_else_completes_it(api: Api, anybody: httpx.Client) -> None:
    for name in ("mine", "yours"):
        api.declare(name)
    offer = offered(api, "mine")
    anybody.put(offer["url"], content=TEXT)
    stolen = offer["complete"].replace("/mine/", "/yours/")
    assert api.http.post(stolen, headers=BEARER).status_code == 404
    assert api.http.post(offer["complete"]).status_code == 401
    unknown = f"/v1/namespaces/mine/uploads/{uuid.uuid4()}/complete"
    assert api.http.post(unknown, headers=BEARER).status_code == 404
    assert completed(api, offer).status_code == 201


def test_the_store_is_away(api: Api, anybody: httpx.Client, server: ObjectServer) -> None:
    """Said at once, nothing taken, and afterwards the same address and the same form do."""
    uid = api.declare("away")
    offer = offered(api, "away")
    anybody.put(offer["url"], content=TEXT)
    form = {"file": ("a.txt", TEXT)}
    path = "/v1/namespaces/away/jobs/away/documents"
    server.stop()
    try:
        for refused in (completed(api, offer), api.http.post(path, files=form, headers=BEARER)):
            assert (refused.status_code, refused.json()["code"]) == (503, "store_away")
            assert "s3" not in refused.text.lower().replace("https", "")
        assert documents(api, uid) == []
    finally:
        server.start()
    assert completed(api, offer).status_code == 201
    assert api.http.post(path, files=form, headers=BEARER).status_code == 201
    assert len(documents(api, uid)) == 2
    (sent,) = completed(api, offer).json()["documents"]
    server.stop()
    try:
        unread = api.get(f"{sent['url']}/source")
        assert (unread.status_code, unread.json()["code"]) == (503, "store_away")
    finally:
        server.start()
    assert api.get(f"{sent['url']}/source").content == TEXT
