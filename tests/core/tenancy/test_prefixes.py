"""What a tenant may read and write: by whole segments, as the path reads once it is decoded."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from lexmill.errors import ErrorClass, LexmillError
from lexmill.jobs.service import read_spec
from lexmill.storage.sources import check_place, file_uri
from lexmill.tenancy.prefixes import check_uri, is_prefix
from tests.core import building


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("s3://acme/in/a.pdf", "s3://acme/in/"),
        ("s3://acme/in/a.pdf", "s3://acme/in"),
        ("s3://acme/in", "s3://acme/in/"),
        ("s3://acme/a/b", "s3://acme"),
        ("s3://acme/in/a%20b.pdf", "s3://acme/in"),
        ("s3://acme/%69n/a", "s3://acme/in"),
        ("file:///data/acme/x", "file:///data/acme/"),
        ("file:///data/a%20b/x", "file:///data/a b"),
    ],
)
def test_beneath(uri: str, prefix: str) -> None:
    check_uri(uri, ["s3://else/", prefix], verb="read")


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("s3://acme-2/in/a", "s3://acme/"),
        ("s3://acme/in-2/a", "s3://acme/in"),
        ("s3://acme/inside", "s3://acme/in"),
        ("s3://acme/out/a", "s3://acme/in"),
        ("s3://acme/", "s3://acme/in"),
        ("s3://acme/in/../out/a", "s3://acme/in"),
        ("s3://acme/in/%2e%2e/out/a", "s3://acme/in"),
        ("s3://acme/in/..%2fout", "s3://acme/in"),
        ("s3://acme/in/./a", "s3://acme/in"),
        ("S4://acme/in/a", "s3://acme/in"),
        ("http://acme/in/a", "s3://acme/in"),
        ("file://host/data/acme/x", "file:///data/acme"),
        ("file:///data/acme2/x", "file:///data/acme"),
        ("/data/acme/x", "file:///data/acme"),
        ("", "s3://acme"),
    ],
)
def test_not_beneath(uri: str, prefix: str) -> None:
    with pytest.raises(LexmillError) as refused:
        check_uri(uri, [prefix], verb="read")
    assert (refused.value.code, refused.value.error_class) == (
        "uri_not_allowed",
        ErrorClass.DOCUMENT,
    )
    assert refused.value.message == (
        f"this namespace may read only beneath {prefix}; whoever runs Lexmill sets it for the"
        " tenant"
    )


def test_no_list_is_no_limit_and_an_empty_one_allows_nothing() -> None:
    check_uri("s3://any/thing", None, verb="write")
    with pytest.raises(LexmillError, match="may write nothing"):
        check_uri("s3://any/thing", [], verb="write")


@pytest.mark.parametrize(
    ("uri", "can_be"),
    [
        ("s3://acme", True),
        ("s3://acme/in/", True),
        ("file:///data/", True),
        ("s3:///in", False),
        ("file:///", False),  # everything
        ("s3://acme/../x", False),
        ("s3://acme/in?x=1", False),
        ("https://acme/in", False),
        ("data", False),
        ("", False),
    ],
)
def test_what_can_be_a_prefix(uri: str, can_be: bool) -> None:  # noqa: FBT001
    assert is_prefix(uri) is can_be


def test_a_link_out_of_the_folder_is_out_of_it(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    (theirs / "secret.txt").write_text("theirs", encoding="utf-8")
    (ours / "link.txt").symlink_to(theirs / "secret.txt")
    (ours / "folder").symlink_to(theirs)
    (ours / "own.txt").touch()
    (tmp_path / "alias").symlink_to(ours)
    prefixes = [file_uri(ours)]
    check_place(file_uri(ours / "own.txt"), prefixes, verb="read")
    check_place(
        file_uri(tmp_path / "alias" / "own.txt"), [file_uri(tmp_path / "alias")], verb="read"
    )
    for name in ("link.txt", "folder/secret.txt", "folder"):
        with pytest.raises(LexmillError, match="uri_not_allowed"):
            check_place(file_uri(ours / name), prefixes, verb="read")


def limit(session: Session, **prefixes: list[str]) -> None:
    session.execute(
        text("INSERT INTO tenant (namespace, role, reads, writes) VALUES (:name, 'r', :r, :w)"),
        {"name": building.NAMESPACE, "r": prefixes.get("reads"), "w": prefixes.get("writes")},
    )


@pytest.mark.servers
@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"documents": [{"uri": "s3://in/ok"}, {"uri": "s3://else/"}]}, "may read only beneath"),
        ({"output": {"uri": "s3://in/"}}, "may write only beneath s3://out/"),
    ],
)
def test_a_job_that_reaches_further_is_refused(
    session: Session, spec: dict[str, Any], says: str
) -> None:
    limit(session, reads=["s3://in/"], writes=["s3://out/"])
    allowed: dict[str, Any] = {
        "documents": [{"uri": "s3://in/2026/"}],
        "output": {"uri": "s3://out/2026/"},
    }
    uid = building.declare(session, **allowed)
    with pytest.raises(LexmillError, match=says):
        building.declare(session, **{**allowed, **spec})
    building.declare(session, namespace="another", **{**allowed, **spec})
    run_id = building.runs_of(session, uid)[0].id
    job = read_spec(session, uid=uid, run_id=run_id)
    assert (job.reads, job.writes) == (("s3://in/",), ("s3://out/",))


@pytest.mark.servers
def test_a_change_that_reaches_further_is_refused_too(session: Session) -> None:
    uid = building.declare(session, documents=building.LISTING)
    limit(session, writes=["s3://out/"])
    output = {"uri": "s3://else/"}
    with pytest.raises(LexmillError, match="may write only beneath s3://out/"):
        building.redeclare(session, uid, documents=building.LISTING, output=output)
