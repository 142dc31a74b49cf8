"""What a document has once a real worker is through with it."""

import io
import json
import os
import signal
import struct
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.asking import BEARER, Api, event
from tests.logins import tenant_url
from tests.processes import TOKEN, running_worker, until
from tests.workers.sandbox.processes import states

pytestmark = pytest.mark.servers

TEXT = "This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"


@contextmanager
def working(api: Api, namespace: str, uid: str, **more: str) -> Iterator[None]:
    """A worker of the job, until the end of the block."""
    with running_worker(api.settings, namespace, uid, **more) as worker:
        yield
        assert worker.stop() == 0


def upload(api: Api, namespace: str, name: str, content: bytes) -> str:
    answer = api.http.post(
        f"/v1/namespaces/{namespace}/jobs/{namespace}/documents",
        files={"file": (name, content)},
        headers=BEARER,
    )
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["documents"][0]["url"]
    return found


def ended(api: Api, uid: str) -> None:
    """Until all documents have ended and their reports are written."""
    query = """
        SELECT FROM run WHERE job_uid = %s AND finalized_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM document WHERE run_id = run.id AND state = 'queued')
    """
    until(lambda: api.rows(query, uid))


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, content in files.items():
            opened.writestr(f"{name}.txt", content)
    return packed.getvalue()


def document_of(api: Api, uid: str) -> str:
    (row,) = api.rows("SELECT id FROM document WHERE job_uid = %s", uid)
    return str(row.id)


def test_an_upload_is_read_and_shown(api: Api) -> None:
    uid = api.declare("whole")
    good = upload(api, "whole", 'a "b"\r\nX: ü.txt', TEXT.encode())
    queued = api.get(f"{good}/text")
    assert (queued.status_code, queued.json()["code"]) == (409, "not_ended")
    bad = upload(api, "whole", "cut.docx", archive(a=b"1")[:30] + bytes(50))
    with working(api, "whole", uid):
        ended(api, uid)
    text = api.get(f"{good}/text")
    assert (text.status_code, text.text) == (200, TEXT)
    assert text.headers["X-Content-Type-Options"] == "nosniff"
    result = api.get(f"{good}/result").json()
    assert result["status"] == "succeeded"
    assert "2024-05-01" in json.dumps(result["facts"])
    source = api.get(f"{good}/source")
    assert source.text == TEXT
    assert source.headers["Content-Type"] == "application/octet-stream"
    disposition = source.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="a_b_X_.txt"')
    assert "\n" not in disposition
    assert "%C3%BC.txt" in disposition
    no_text = api.get(f"{bad}/text")
    assert (no_text.status_code, no_text.json()["code"]) == (404, "no_text")
    failed = api.get(f"{bad}/result").json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "corrupt")
    _reports_are_listed_and_sent(api)


def _reports_are_listed_and_sent(api: Api) -> None:
    listed = api.get("/v1/namespaces/whole/jobs/whole/results").json()
    files = {file["name"]: file for file in listed["files"]}
    assert (listed["uri"], listed["is_whole"]) == (None, True)
    assert any(name.endswith(".xlsx") for name in files)
    answer = api.get(files["results.jsonl"]["url"])
    assert len(answer.content) == files["results.jsonl"]["bytes"]
    assert len(answer.text.splitlines()) == 2
    missing = api.get("/v1/namespaces/whole/jobs/whole/results/1/nothing.txt")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    for escape in ("..%2f..%2fuploads", "%2e%2e/x", "a//b"):
        tried = api.get(f"/v1/namespaces/whole/jobs/whole/results/1/{escape}")
        assert tried.status_code == 404, escape


def test_a_family(api: Api) -> None:
    uid = api.declare("family")
    root = upload(api, "family", "mail.zip", archive(a=TEXT.encode(), b=archive(c=b"Text of C.")))
    with working(api, "family", uid):
        ended(api, uid)
        until(lambda: len(api.rows("SELECT FROM document WHERE job_uid = %s", uid)) == 4)
    family = api.get(f"{root}/family").json()
    assert family["is_whole"]
    assert [member["depth"] for member in family["members"]] == [0, 1, 1, 2]
    assert root.endswith(family["members"][0]["id"])
    deepest = family["members"][-1]["id"]
    base = "/v1/namespaces/family/documents"
    seen = api.get(f"{base}/{deepest}/family").json()
    assert [member["depth"] for member in seen["members"]] == [-2, -1, 0, -1]
    assert api.get(f"{base}/{deepest}/source").text == "Text of C."


@pytest.mark.parametrize(
    ("range_", "status", "content"),
    [
        ("bytes=0-3", 206, TEXT[:4]),
        ("bytes=5-", 206, TEXT[5:]),
        ("bytes=-4", 206, TEXT[-4:]),
        ("bytes=10-9999", 206, TEXT[10:]),
        ("bytes=9999-", 416, None),
        ("bytes=5-2", 416, None),
        ("bytes=0-1,3-4", 200, TEXT),
        ("lines=1-2", 200, TEXT),
        ("bytes=-", 200, TEXT),
    ],
)
def test_ranges(api: Api, range_: str, status: int, content: str | None) -> None:
    namespace = f"range-{uuid.uuid4()}"
    api.declare(namespace)
    url = upload(api, namespace, "a.txt", TEXT.encode())
    answer = api.http.get(f"{url}/source", headers={**BEARER, "Range": range_})
    assert answer.status_code == status
    if content is not None:
        assert answer.text == content
        assert answer.headers["Content-Length"] == str(len(content))
    if status == 206:
        assert answer.headers["Content-Range"].endswith(f"/{len(TEXT)}")


def source_of(api: Api, namespace: str, uid: str) -> httpx.Response:
    return api.get(f"/v1/namespaces/{namespace}/documents/{document_of(api, uid)}/source")


def test_the_source_of_an_event_is_its_data(api: Api) -> None:
    uid = api.declare("inline")
    assert api.post(event(data=TEXT), path="/ns/inline/events").status_code == 202
    assert source_of(api, "inline", uid).text == TEXT


def referring(api: Api, namespace: str, uri: str) -> str:
    uid = api.declare(namespace, trigger={"document": "/data/uri"})
    sent = event(datacontenttype="application/json", data={"uri": uri})
    assert api.post(sent, path=f"/ns/{namespace}/events").status_code == 202
    return uid


def test_a_file_is_sent_as_long_as_it_is_the_one_that_was_read(api: Api) -> None:
    file = api.settings.folder / "outside.txt"
    file.write_text(TEXT)
    uid = referring(api, "outside", file.as_uri())
    with working(api, "outside", uid):
        ended(api, uid)
    assert source_of(api, "outside", uid).text == TEXT
    file.write_text(TEXT + "And more.")
    changed = source_of(api, "outside", uid)
    assert (changed.status_code, changed.json()["code"]) == (409, "source_changed")
    file.unlink()
    assert source_of(api, "outside", uid).status_code == 410


def test_what_a_worker_wrote_leads_nowhere_else(api: Api) -> None:
    """A tenant's login may set these columns: they are no way to another tenant or the host."""
    tenant_url(api.settings.database_url, "hostile")
    uid = referring(api, "hostile", "s3://somebody-elses/file")
    elsewhere = source_of(api, "hostile", uid)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "source_elsewhere")
    document = document_of(api, uid)
    base = f"/v1/namespaces/hostile/documents/{document}"

    def rewrite(column: str, value: str) -> None:
        update = f"UPDATE document SET {column} = %s WHERE id = %s RETURNING id"
        assert api.rows(update, value, document)

    for source in ("object:whole/uploads/1", "object:hostile/../whole/1", "object:"):
        rewrite("source", source)
        assert api.get(f"{base}/source").status_code == 404
    rewrite("source", "file:///etc/passwd")
    assert api.get(f"{base}/source").status_code == 409
    api.rows(
        "UPDATE document SET state = 'succeeded', ended_at = now() WHERE id = %s RETURNING id",
        document,
    )
    rewrite("result_key", "whole/visits/1/bundle")
    assert api.get(f"{base}/text").status_code == 404
    (api.settings.folder / "objects" / "hostile").mkdir(exist_ok=True)
    (api.settings.folder / "objects" / "hostile" / "bundle").write_bytes(b"no bundle")
    rewrite("result_key", "hostile/bundle")
    broken = api.get(f"{base}/text")
    assert (broken.status_code, broken.json()["code"]) == (409, "result_unreadable")
    with (api.settings.folder / "objects" / "hostile" / "bundle").open("wb") as large:
        large.truncate((256 << 20) + 1)
    large_text = api.get(f"{base}/text")
    assert (large_text.status_code, large_text.json()["code"]) == (409, "result_too_large")
    rewrite("source", "object:hostile/bundle")
    large_page = api.get(f"{base}/pages/1.png")
    assert large_page.status_code == 404
    assert "too large to be drawn" in large_page.text


@pytest.mark.parametrize("part", ["text", "result", "source", "family"])
def test_an_unknown_document(api: Api, part: str) -> None:
    uid = api.declare(f"known-{part}")
    api.post(event(), path=f"/ns/known-{part}/events")
    document = document_of(api, uid)
    for place in (f"known-{part}/documents/{uuid.uuid4()}", f"other/documents/{document}"):
        answer = api.get(f"/v1/namespaces/{place}/{part}")
        assert answer.status_code == 404
    nobody: Any = api.get(f"/v1/namespaces/known-{part}/documents/{document}/{part}", token=None)
    assert nobody.status_code == 401


def test_pages_are_drawn(api: Api) -> None:
    api.declare("drawn")
    pdf = (Path(__file__).parents[2] / "samples/contracts/loan-agreement.pdf").read_bytes()
    url = upload(api, "drawn", "loan.pdf", pdf)
    page = api.get(f"{url}/pages/1.png")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "image/png")
    width, height = struct.unpack(">II", page.content[16:24])
    at = page.content.index(b"IDAT")
    (size,) = struct.unpack(">I", page.content[at - 4 : at])
    rows = zlib.decompress(page.content[at + 4 : at + 4 + size])
    assert len(rows) == (width + 1) * height
    assert min(rows[1:]) < 64  # ink
    assert max(rows) > 192  # on paper
    assert api.get(f"{url}/pages/999.png").status_code == 404
    assert api.get(f"{url}/pages/0.png").status_code == 422
    text = upload(api, "drawn", "a.txt", TEXT.encode())
    refused = api.get(f"{text}/pages/1.png")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_page_image")
    broken = upload(api, "drawn", "cut.pdf", pdf[: len(pdf) // 3])
    assert api.get(f"{broken}/pages/1.png").status_code in {200, 404}


def test_a_helper_that_was_killed_is_replaced(api: Api) -> None:
    api.declare("redrawn")
    pdf = (Path(__file__).parents[2] / "samples/contracts/loan-agreement.pdf").read_bytes()
    url = upload(api, "redrawn", "loan.pdf", pdf)
    assert api.get(f"{url}/pages/1.png").status_code == 200
    (helper,) = states(api.process.process.pid)
    environment = Path(f"/proc/{helper}/environ").read_bytes()
    assert TOKEN.encode() not in environment
    os.kill(helper, signal.SIGKILL)
    until(lambda: api.get(f"{url}/pages/2.png").status_code == 200)
