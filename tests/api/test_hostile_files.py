"""Archives that mean no good, and names of files that come back in headers (RFC 6266, RFC 8187)."""

import io
import re
import stat
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tests.api.asking import Api
from tests.api.test_contents import ended, upload, working
from tests.processes import files_beneath, until

pytestmark = pytest.mark.servers

TEXT = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"
DISPOSITION = re.compile(
    r"attachment; filename=\"([A-Za-z0-9._-]+)\""
    r"; filename\*=UTF-8''((?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+)"
)
HOSTILE = {
    "../../../../tmp/slipped.txt": "slipped.txt",
    "/etc/cron.d/slipped": "slipped",
    "C:\\Windows\\System32\\slipped.txt": "slipped.txt",
    "\\\\server\\share\\slipped.txt": "slipped.txt",
    "a/./b/../../slipped2.txt": "slipped2.txt",
    "CON.txt": "CON.txt",
    "nul": "nul",
    'a"; filename="evil.exe': 'a"; filename="evil.exe',
    "a\r\nSet-Cookie: x=1\r\n.txt": "aSet-Cookie: x=1.txt",
    "a\u202etxt.exe": "atxt.exe",
    "%2e%2e%2fslipped.txt": "%2e%2e%2fslipped.txt",
    "..": "document",
    "…": "…",
    "Договор № 5.txt": "Договор № 5.txt",
    "😀'*.txt": "😀'*.txt",
    "; rm -rf $HOME `id`.txt": "; rm -rf $HOME `id`.txt",
    "x" * 300 + ".txt": "x" * 196 + ".txt",
}


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return packed.getvalue()


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system = 3  # Unix
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target.encode()


def device(name: str) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFCHR | 0o666) << 16
    return info, TEXT


def nested(depth: int) -> bytes:
    data = archive(("inner.txt", TEXT))
    for _ in range(depth):
        data = archive(("inner.zip", data))
    return data


def family(api: Api, url: str) -> list[dict[str, Any]]:
    answer = api.get(f"{url}/family")
    assert answer.status_code == 200, answer.text
    members: list[dict[str, Any]] = answer.json()["members"]
    return members


def assert_harmless(answer: httpx.Response, name: str) -> None:
    """One header that nothing in it ends early; the name is whole in its second form."""
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    (given,) = answer.headers.get_list("content-disposition")
    found = DISPOSITION.fullmatch(given)
    assert found is not None, given
    assert unquote(found[2]) == name
    assert not found[1].startswith(".")


def test_nothing_in_an_archive_gets_out_of_its_folder(api: Api) -> None:
    uid = api.declare("slip")
    members: list[tuple[str | zipfile.ZipInfo, bytes]] = [
        (name, TEXT + name.encode()) for name in HOSTILE
    ]
    members += [link("link.txt", "/etc/passwd"), link("up", "../../.."), device("dev/null.txt")]
    before = set(files_beneath(api.settings.folder))
    url = upload(api, "slip", "all.zip", archive(*members))
    with working(api, "slip", uid):
        ended(api, uid)
    own = api.settings.objects / "slip"
    elsewhere = {path for path in files_beneath(api.settings.folder) if path not in before}
    assert {path for path in elsewhere if not path.is_relative_to(own)} <= {
        api.settings.folder / "worker-slip.log"
    }
    assert not any("slipped" in path.name for path in files_beneath(own))
    root, *children = family(api, url)
    assert root["state"] == "succeeded"
    assert len(children) == len(members)
    assert {"link.txt", "up", "null.txt"} <= {child["name"] for child in children}
    for child in children:
        assert "/" not in child["name"]
        assert "\\" not in child["name"]
        assert child["name"].isprintable()
        source = api.get(f"/v1/namespaces/slip/documents/{child['id']}/source")
        assert_harmless(source, child["name"])
        assert b"root:" not in source.content, "a link was followed"


@pytest.mark.parametrize(("name", "kept"), HOSTILE.items(), ids=range(len(HOSTILE)))
def test_a_name_that_comes_back_in_a_header(api: Api, name: str, kept: str) -> None:
    """As browsers send it in a form, and in the JSON of a presigned upload."""
    namespace = f"named-{list(HOSTILE).index(name)}"
    api.declare(namespace)
    sent = [upload(api, namespace, name, TEXT)]
    offer = api.order(f"{namespace}/jobs/{namespace}/uploads", {"name": name}).json()
    put = api.http.put(offer["url"], content=TEXT)
    sent.append(put.json()["documents"][0]["url"])
    for url in sent:
        source = api.get(f"{url}/source")
        assert source.content == TEXT
        assert_harmless(source, kept)
        part = api.get(f"{url}/source", Range="bytes=0-3")
        assert (part.status_code, part.content) == (206, TEXT[:4])
        assert DISPOSITION.fullmatch(part.headers["content-disposition"])


@pytest.mark.parametrize(
    ("kind", "make", "code"),
    [
        ("many", lambda: archive(*((f"{n}.txt", b"1") for n in range(10_001))), "too_large"),
        ("dense", lambda: archive(("zeros.txt", bytes(64 << 20))), "too_large"),
        ("cut", lambda: archive(("a.txt", TEXT))[:-30], "corrupt"),
        ("nothing", archive, "empty"),
    ],
)
def test_what_no_sender_of_documents_packs(
    api: Api, kind: str, make: Callable[[], bytes], code: str
) -> None:
    """Taken, as only its beginning is looked at; then failed with its reason, alone."""
    uid = api.declare(kind)
    url = upload(api, kind, f"{kind}.zip", make())
    other = upload(api, kind, "good.txt", TEXT)
    with working(api, kind, uid):
        ended(api, uid)
    result = api.get(f"{url}/result").json()
    assert (result["status"], result["error"]["code"]) == ("failed", code)
    assert len(family(api, url)) == 1
    assert api.get(f"{other}/result").json()["status"] == "succeeded"


def test_archives_in_archives_come_to_an_end(api: Api) -> None:
    uid = api.declare("nested")
    url = upload(api, "nested", "deep.zip", nested(12))
    with working(api, "nested", uid):
        ended(api, uid)
    members = family(api, url)
    states = [member["state"] for member in members]
    assert states.count("failed") == 1
    assert set(states) == {"succeeded", "failed"}
    assert len(members) == 9
    last = next(member for member in members if member["state"] == "failed")
    result = api.get(f"/v1/namespaces/nested/documents/{last['id']}/result").json()
    assert result["error"]["code"] == "too_large"
    assert "nested" in result["error"]["message"]


def test_thousands_of_members_are_thousands_of_documents(api: Api) -> None:
    """And no more of them in one answer than it may have."""
    uid = api.declare("crowd")
    many = archive(*((f"folder/{n}.txt", b"Agreement %d" % n) for n in range(600)))
    url = upload(api, "crowd", "crowd.zip", many)
    with working(api, "crowd", uid):
        until(lambda: api.rows("SELECT FROM document WHERE job_uid = %s OFFSET 600", uid))
    answer = api.get(f"{url}/family").json()
    assert (answer["is_whole"], len(answer["members"])) == (False, 500)
