"""Files sent to a listening job: what is taken, what is refused, what is left behind."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.asking import BEARER, Api, Serving, beside, event
from tests.api.conftest import HOUSEKEEPING
from tests.processes import TOKEN, Place, files_beneath, until

pytestmark = pytest.mark.servers

TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"


@pytest.fixture(scope="module")
def api(serving: Serving, module_place: Place) -> Iterator[Api]:
    """Over a folder, and over a bucket that nobody but the API reaches."""
    with serving({**HOUSEKEEPING, "LEXMILL_UPLOADS__INTO_BUCKET": "false"}, module_place) as api:
        yield api


def send(
    api: Api, job: str, *files: tuple[str, bytes], token: str | None = TOKEN, **headers: str
) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    return api.http.post(
        f"/v1/namespaces/{job}/jobs/{job}/documents",
        files=[("file", file) for file in files],
        headers=given,
    )


def objects(api: Api, namespace: str) -> list[Path]:
    return files_beneath(api.settings.objects / namespace)


def documents(api: Api, uid: str) -> list[Any]:
    return api.rows("SELECT * FROM document WHERE job_uid = %s ORDER BY created_at, id", uid)


def test_a_file_becomes_a_document_of_its_job(api: Api) -> None:
    uid = api.declare("one")
    answer = send(api, "one", ("C:\\Users\\me\\NDA with B Ltd.txt", TEXT))
    assert answer.status_code == 201, answer.text
    (sent,) = answer.json()["documents"]
    (document,) = documents(api, uid)
    assert sent["id"] == str(document.id)
    assert answer.headers["Location"] == f"/v1/namespaces/one/documents/{document.id}"
    assert (document.name, document.state) == ("NDA with B Ltd.txt", "queued")
    assert sent["sha256"] == hashlib.sha256(TEXT).hexdigest()
    assert document.uri.endswith("/NDA%20with%20B%20Ltd.txt")
    (stored,) = objects(api, "one")
    assert stored.read_bytes() == TEXT
    assert document.source == f"object:{stored.relative_to(api.settings.objects)}"
    tasks = api.rows("SELECT kind, state FROM task WHERE document_id = %s", document.id)
    assert [tuple(task) for task in tasks] == [("process", "waiting")]
    (taken,) = api.rows("SELECT type, outcome FROM event WHERE id = %s", document.event_id)
    assert tuple(taken) == ("io.lexmill.document.uploaded.v1", "routed")


def test_filters_and_pointers_are_for_events(api: Api) -> None:
    """Who sends a file to a job has chosen it."""
    filters = [{"exact": {"type": "com.example.never"}}]
    uid = api.declare("choosy", trigger={"filters": filters, "document": "/data/uri"})
    assert send(api, "choosy", ("a.txt", TEXT)).status_code == 201
    (document,) = documents(api, uid)

    def explained() -> tuple[str, list[tuple[str, str, str]]]:
        found = api.get(f"/v1/namespaces/choosy/events/{document.event_id}").json()
        verdicts = [tuple(each.values()) for each in found["verdicts"]]
        return found["outcome"], verdicts

    because = "its file was sent to this very job, which no filter is asked about"
    assert explained() == ("routed", [("choosy", "taken", because)])
    end = "UPDATE document SET state = 'failed', ended_at = now() WHERE id = %s RETURNING id"
    assert api.rows(end, document.id)
    url = f"/v1/namespaces/choosy/documents/{document.id}?reason=asked"
    assert api.http.delete(url, headers=BEARER).status_code == 200
    assert explained() == ("routed", [("choosy", "taken", because)])


def test_no_sender_of_events_reaches_an_upload(api: Api) -> None:
    """A uri that names one, or the type of its event, is worth nothing from outside."""
    uid = api.declare("faked", trigger={"document": "/data/uri"})
    for uri in ("upload:1/x", "object:other/uploads/1/2"):
        faked = event(
            type="io.lexmill.document.uploaded.v1",
            datacontenttype="application/json",
            data={"uri": uri},
        )
        assert api.post(faked, path="/ns/faked/events").status_code == 202
    assert documents(api, uid) == []
    for row in api.get("/v1/namespaces/faked/events?outcome=unroutable").json()["items"]:
        found = api.get(f"/v1/namespaces/faked/events/{row['id']}").json()
        assert [each["verdict"] for each in found["verdicts"]] == ["no_document"]


def test_several_files_are_taken_together(api: Api) -> None:
    uid = api.declare("several")
    answer = send(api, "several", ("a.txt", TEXT), ("a.txt", TEXT), ("б.txt", TEXT))
    assert answer.status_code == 201
    assert [each["name"] for each in answer.json()["documents"]] == ["a.txt", "a.txt", "б.txt"]
    assert len(documents(api, uid)) == 3


def test_one_bad_file_and_none_is_taken(api: Api) -> None:
    uid = api.declare("together")
    program = b"\x7fELF" + bytes(range(256)) * 10
    answer = send(api, "together", ("a.txt", TEXT), ("b.pdf", program))
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content")
    assert documents(api, uid) == []
    assert objects(api, "together") == []
    assert api.rows("SELECT FROM upload WHERE namespace = 'together'") == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "RAR"),
        (b"MZ" + bytes(range(256)) * 300, "save it as PDF"),
    ],
)
def test_content_decides_and_not_the_name(api: Api, content: bytes, says: str) -> None:
    name = f"kinds-{len(content)}"
    api.declare(name)
    answer = send(api, name, ("contract.pdf", content))
    assert answer.status_code == 415
    assert says in answer.json()["detail"]
    assert objects(api, name) == []


def test_a_large_file_comes_whole(api: Api) -> None:
    api.declare("large")
    content = b"%PDF-1.7\n" + bytes(range(256)) * 80_000  # more than one part of the writer
    answer = send(api, "large", ("big.pdf", content))
    assert answer.status_code == 201, answer.text
    (stored,) = objects(api, "large")
    assert (
        hashlib.sha256(stored.read_bytes()).hexdigest() == answer.json()["documents"][0]["sha256"]
    )


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("  .hidden ", "hidden"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("..", "document"),
    ],
)
def test_a_name_is_a_name(api: Api, name: str, kept: str) -> None:
    namespace = f"names-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    uid = api.declare(namespace)
    assert send(api, namespace, (name, TEXT)).status_code == 201
    assert documents(api, uid)[0].name == kept


def test_the_same_key_is_the_same_document(api: Api) -> None:
    uid = api.declare("again")
    first = send(api, "again", ("a.txt", TEXT), Idempotency_Key="monday")
    # A string as the draft has it, or a bare word: as at all that takes a key.
    second = send(api, "again", ("a.txt", TEXT), Idempotency_Key='"monday"')
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["documents"][0]["id"] == second.json()["documents"][0]["id"]
    assert second.json()["documents"][0]["state"] == "duplicate"
    assert len(objects(api, "again")) == 1
    other = send(api, "again", ("a.txt", TEXT + b"!"), Idempotency_Key="monday")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(documents(api, uid)) == len(objects(api, "again")) == 1


@pytest.mark.parametrize("key", ["", '""', "two words", "x" * 256, 'a"b'])
def test_what_is_no_key_is_refused(api: Api, key: str) -> None:
    answer = send(api, "again", ("a.txt", TEXT), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_idempotency_key")


def test_who_takes_no_documents_says_why(api: Api) -> None:
    api.declare("lists", documents=[{"uri": "file:///nowhere"}])
    answer = send(api, "lists", ("a.txt", TEXT))
    assert (answer.status_code, answer.json()["code"]) == (409, "job_takes_no_documents")
    assert "trigger" in answer.json()["detail"]
    assert send(api, "unknown", ("a.txt", TEXT)).status_code == 404
    assert send(api, "lists", ("a.txt", TEXT), token=None).status_code == 401


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nAgree',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--x--\r\n',
        ),
    ],
)
def test_what_is_no_form_of_files(api: Api, kind: str, body: bytes) -> None:
    name = f"forms-{hashlib.sha256(kind.encode() + body).hexdigest()[:8]}"
    api.declare(name)
    answer = api.http.post(
        f"/v1/namespaces/{name}/jobs/{name}/documents",
        content=body,
        headers={**BEARER, "Content-Type": kind},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_multipart")
    assert objects(api, name) == []


def presign(api: Api, job: str) -> dict[str, Any]:
    answer = api.order(f"{job}/jobs/{job}/uploads", {"name": "a.txt"})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_address_takes_one_file_without_a_token(api: Api) -> None:
    uid = api.declare("presigned")
    presigned = presign(api, "presigned")
    assert (presigned["method"], presigned["complete"]) == ("PUT", None)
    answer = api.http.put(presigned["url"], content=TEXT)
    assert answer.status_code == 201, answer.text
    (document,) = documents(api, uid)
    assert (str(document.id), document.name) == (answer.json()["documents"][0]["id"], "a.txt")
    again = api.http.put(presigned["url"], content=b"something else")
    assert again.status_code == 409
    complete = f"/v1/namespaces/presigned/uploads/{presigned['id']}/complete"
    known = api.http.post(complete, headers=BEARER)
    assert (known.status_code, known.json()["documents"][0]["id"]) == (200, str(document.id))
    assert [path.read_bytes() for path in objects(api, "presigned")] == [TEXT]


def test_a_refused_file_leaves_the_address_good(api: Api) -> None:
    api.declare("second-try")
    presigned = presign(api, "second-try")
    assert api.http.put(presigned["url"], content=b"").status_code == 415
    assert api.http.put(presigned["url"], content=TEXT).status_code == 201


def test_an_address_that_was_never_given_or_is_over(api: Api) -> None:
    api.declare("over")
    presigned = presign(api, "over")
    assert api.http.put(f"{presigned['url']}x", content=TEXT).status_code == 404
    update = "UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = %s RETURNING id"
    assert api.rows(update, presigned["id"])
    assert api.http.put(presigned["url"], content=TEXT).status_code == 404
    nothing = api.order(f"over/uploads/{uuid.uuid4()}/complete")
    assert nothing.status_code == 404


def test_uploads_that_were_broken_off_are_swept(api: Api) -> None:
    api.declare("broken-off")
    presigned = presign(api, "broken-off")
    folder = api.settings.objects / "broken-off" / "uploads" / presigned["id"]
    folder.mkdir(parents=True)
    (folder / "incoming").write_bytes(TEXT)
    send(api, "broken-off", ("kept.txt", TEXT))
    assert len(objects(api, "broken-off")) == 2
    update = "UPDATE upload SET expires_at = now() - interval '1 day' WHERE namespace = %s"
    api.rows(f"{update} RETURNING id", "broken-off")
    names = "SELECT name FROM upload WHERE namespace = 'broken-off'"
    until(lambda: [row.name for row in api.rows(names)] == ["kept.txt"])
    assert len(objects(api, "broken-off")) == 1


def test_limits(api: Api) -> None:
    uid = api.declare("limits")
    fits = TEXT * (65_536 // len(TEXT))
    limits = {"LEXMILL_UPLOADS__FILE_BYTES": "65536", "LEXMILL_UPLOADS__FILES": "2"}
    with beside(api, **limits) as small:
        large = send(small, "limits", ("a.txt", fits), ("b.txt", fits + TEXT))
        assert (large.status_code, large.json()["code"]) == (413, "too_large")
        many = send(small, "limits", *[(f"{number}.txt", TEXT) for number in range(3)])
        assert (many.status_code, many.json()["code"]) == (413, "too_many_files")
        assert objects(api, "limits") == []
        presigned = presign(small, "limits")
        assert small.http.put(presigned["url"], content=fits + TEXT).status_code == 413
        assert objects(api, "limits") == []
        assert send(small, "limits", ("a.txt", fits)).status_code == 201
    assert len(documents(api, uid)) == 1
