import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill.errors import LexmillError
from lexmill.storage.objects import Objects
from lexmill.storage.sources import (
    SourceEntry,
    file_uri,
    list_entries,
    local_path,
    read_bytes,
    source_pieces,
)
from tests.processes import Place

NAMES = ("b.txt", "a.pdf", "sub/c.pdf", "sub/.hidden", ".git/config", "ä ö%.txt")


@dataclass(frozen=True)
class Documents:
    """Files beneath ``folder``, which is at ``uri`` for Lexmill."""

    uri: str
    folder: Path

    @property
    def roots(self) -> list[Path]:
        return [self.folder] if self.uri.startswith("file:") else []

    def entries(
        self, path: str = "", *, include: tuple[str, ...] = (), after: str | None = None
    ) -> list[SourceEntry]:
        uri = f"{self.uri}/{quote(path)}" if path else self.uri
        return list(list_entries(uri, include=include, roots=self.roots, after=after))

    def listed(
        self, path: str = "", *, include: tuple[str, ...] = (), after: str | None = None
    ) -> list[str]:
        return [entry.path for entry in self.entries(path, include=include, after=after)]

    def fingerprints(self) -> dict[str, str]:
        return {entry.path: entry.fingerprint for entry in self.entries()}


@pytest.fixture(params=["", "/docs", "/docs/in here"])
def documents(place: Place, request: pytest.FixtureRequest) -> Documents:
    """At the root of a place, and beneath it, beside other files whose names begin alike."""
    documents = Documents(f"{place.uri}{quote(request.param)}", place.folder / request.param[1:])
    if request.param:
        for beside in (" and more.txt", "x/a.pdf", "!.txt"):
            file = Path(f"{documents.folder}{beside}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"elsewhere")
    for name in NAMES:
        path = documents.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return documents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "docs"


def test_files_come_in_order_without_what_is_hidden(documents: Documents) -> None:
    assert documents.listed() == ["a.pdf", "b.txt", "sub/c.pdf", "ä ö%.txt"]


def test_a_slash_at_the_end_changes_nothing(documents: Documents) -> None:
    slashed = Documents(f"{documents.uri}/", documents.folder)
    assert slashed.entries() == documents.entries()
    assert slashed.listed(after="b.txt") == ["sub/c.pdf", "ä ö%.txt"]


def test_a_listing_goes_on_behind_its_cursor(documents: Documents) -> None:
    everything = documents.listed()
    for number, path in enumerate(everything):
        assert documents.listed(after=path) == everything[number + 1 :]
    assert documents.listed(after="a.pdg") == ["b.txt", "sub/c.pdf", "ä ö%.txt"]  # gone since


def test_many_pages_come_whole_and_in_order(place: Place) -> None:
    documents = Documents(f"{place.uri}/many", place.folder / "many")
    names = sorted(f"{number % 7}/{number}.txt" for number in range(1_234))  # S3 gives 1,000
    for name in names:
        file = documents.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"1")
    assert documents.listed() == names
    assert documents.listed(after=names[1_100]) == names[1_101:]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("*.pdf",), ["a.pdf", "sub/c.pdf"]),
        (("sub/*",), ["sub/c.pdf"]),
        (("*.txt", "a.*"), ["a.pdf", "b.txt", "ä ö%.txt"]),
        (("*.docx",), []),
    ],
)
def test_patterns_choose_files(
    documents: Documents, include: tuple[str, ...], expected: list[str]
) -> None:
    assert documents.listed(include=include) == expected


def test_every_listed_file_can_be_read(documents: Documents) -> None:
    for entry in documents.entries():
        read = read_bytes(entry.uri, roots=documents.roots, limit=100)
        assert read == entry.path.encode()
        pieces = source_pieces(entry.uri, roots=documents.roots, limit=100)
        assert b"".join(pieces) == read


def test_a_file_is_a_source_of_itself(documents: Documents) -> None:
    for path in ("a.pdf", "ä ö%.txt", "sub/.hidden"):
        (entry,) = documents.entries(path)
        assert entry.path == path.rpartition("/")[2]
        assert read_bytes(entry.uri, roots=documents.roots, limit=100) == path.encode()
        assert documents.listed(path, after=entry.path) == []


def test_a_fingerprint_changes_with_the_file_and_only_then(documents: Documents) -> None:
    before = documents.fingerprints()
    assert documents.fingerprints() == before
    rewrite(documents, "b.txt", b"longer than before")
    rewrite(documents, "a.pdf", b"A.pdf")  # as many bytes as before
    after = documents.fingerprints()
    changed = {path for path, fingerprint in after.items() if fingerprint != before[path]}
    assert changed == {"a.pdf", "b.txt"}


def rewrite(documents: Documents, name: str, content: bytes) -> None:
    if documents.uri.startswith("s3:"):
        Objects(documents.uri).put(name, content)
        return
    file = documents.folder / name
    file.write_bytes(content)
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000_000))


def test_a_file_beyond_the_limit_is_refused(documents: Documents) -> None:
    (entry,) = documents.entries("a.pdf")
    assert read_bytes(entry.uri, roots=documents.roots, limit=5) == b"a.pdf"
    with pytest.raises(LexmillError, match="too_large"):
        read_bytes(entry.uri, roots=documents.roots, limit=4)
    with pytest.raises(LexmillError, match="too_large"):
        list(source_pieces(entry.uri, roots=documents.roots, limit=4))


def test_a_file_that_is_gone_is_its_documents_fault(documents: Documents) -> None:
    with pytest.raises(LexmillError) as caught:
        read_bytes(f"{documents.uri}/gone.txt", roots=documents.roots, limit=100)
    assert (caught.value.code, caught.value.retryable) == ("source_missing", False)


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "sub" / "loop").symlink_to(folder, target_is_directory=True)
    assert Documents(file_uri(folder), folder).listed() == [
        "a.pdf",
        "b.txt",
        "sub/c.pdf",
        "ä ö%.txt",
    ]


@pytest.mark.parametrize("way_out", ["link", "dots"])
def test_nothing_outside_the_roots_is_read(folder: Path, way_out: str) -> None:
    secret = folder.parent / "secret"
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    uri = file_uri(folder / "link") if way_out == "link" else f"{file_uri(folder)}/../secret"
    with pytest.raises(LexmillError) as caught:
        read_bytes(uri, roots=[folder], limit=100)
    assert (caught.value.code, caught.value.retryable) == ("outside_roots", False)


def read_pieces(uri: str, *, roots: Sequence[Path], limit: int) -> bytes:
    return b"".join(source_pieces(uri, roots=roots, limit=limit))


@pytest.mark.parametrize("read", [read_bytes, read_pieces])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gone.txt", "source_missing"),
        ("sub", "not_a_file"),
        ("pipe", "not_a_file"),
        ("/dev/null", "not_a_file"),
    ],
)
def test_what_is_no_file_is_refused(
    folder: Path, name: str, code: str, read: Callable[..., bytes]
) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(LexmillError) as caught:
        read(file_uri(folder / name), roots=[folder, Path("/dev")], limit=100)
    assert (caught.value.code, caught.value.retryable) == (code, False)


@pytest.mark.parametrize("read", [read_bytes, read_pieces])
def test_what_the_system_refuses_is_no_missing_document(
    folder: Path, read: Callable[..., bytes]
) -> None:
    with pytest.raises(LexmillError) as caught:
        read(file_uri(folder / ("a" * 300)), roots=[folder], limit=100)
    assert (caught.value.code, caught.value.retryable) == ("source_refused", True)


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.com/a.pdf",
        "a.pdf",
        "ftp://x/y",
        "object:x",
        "s3:///x",
        "s3://b/a//b",
        "s3://b/../b",
    ],
)
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(LexmillError, match="bad_uri"):
        read_bytes(uri, roots=[Path("/")], limit=1)
    with pytest.raises(LexmillError, match="bad_uri"):
        list(source_pieces(uri, roots=[Path("/")], limit=1))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_path_survives_its_uri(name: str) -> None:
    path = Path("/folder") / name.lstrip("/")
    if ".." not in path.parts:
        assert local_path(file_uri(path), roots=[Path("/")]) == path.resolve()
