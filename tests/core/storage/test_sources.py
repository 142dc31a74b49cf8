import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill.errors import LexmillError
from lexmill.storage.sources import file_uri, list_entries, local_path, read_bytes


def listed(folder: Path, *, include: tuple[str, ...] = (), after: str | None = None) -> list[str]:
    entries = list_entries(file_uri(folder), include=include, roots=[folder], after=after)
    return [entry.path for entry in entries]


def fingerprints(folder: Path) -> dict[str, str]:
    entries = list_entries(file_uri(folder), include=(), roots=[folder], after=None)
    return {entry.path: entry.fingerprint for entry in entries}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.txt", "a.pdf", "sub/c.pdf", "sub/.hidden", ".git/config", "ä ö%.txt"):
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "docs"


def test_files_come_in_order_without_what_is_hidden(folder: Path) -> None:
    assert listed(folder) == ["a.pdf", "b.txt", "sub/c.pdf", "ä ö%.txt"]


def test_a_listing_goes_on_behind_its_cursor(folder: Path) -> None:
    everything = listed(folder)
    for number, path in enumerate(everything):
        assert listed(folder, after=path) == everything[number + 1 :]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("*.pdf",), ["a.pdf", "sub/c.pdf"]),
        (("sub/*",), ["sub/c.pdf"]),
        (("*.txt", "a.*"), ["a.pdf", "b.txt", "ä ö%.txt"]),
        (("*.docx",), []),
    ],
)
def test_patterns_choose_files(folder: Path, include: tuple[str, ...], expected: list[str]) -> None:
    assert listed(folder, include=include) == expected


def test_every_listed_file_can_be_read(folder: Path) -> None:
    for entry in list_entries(file_uri(folder), include=(), roots=[folder], after=None):
        assert read_bytes(entry.uri, roots=[folder], limit=100) == entry.path.encode()


def test_a_file_is_a_source_of_itself(folder: Path) -> None:
    assert listed(folder / "a.pdf") == ["a.pdf"]


def test_a_fingerprint_changes_with_the_file_and_only_then(folder: Path) -> None:
    before = fingerprints(folder)
    assert fingerprints(folder) == before
    (folder / "b.txt").write_bytes(b"longer than before")
    file = folder / "a.pdf"
    file.write_bytes(b"A.pdf")  # as many bytes as before
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1_000_000_000))
    after = fingerprints(folder)
    changed = {path for path, fingerprint in after.items() if fingerprint != before[path]}
    assert changed == {"a.pdf", "b.txt"}


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    (folder / "sub" / "loop").symlink_to(folder, target_is_directory=True)
    assert listed(folder) == ["a.pdf", "b.txt", "sub/c.pdf", "ä ö%.txt"]


@pytest.mark.parametrize("way_out", ["link", "dots"])
def test_nothing_outside_the_roots_is_read(folder: Path, way_out: str) -> None:
    secret = folder.parent / "secret"
    secret.write_text("secret")
    (folder / "link").symlink_to(secret)
    uri = file_uri(folder / "link") if way_out == "link" else f"{file_uri(folder)}/../secret"
    with pytest.raises(LexmillError) as caught:
        read_bytes(uri, roots=[folder], limit=100)
    assert (caught.value.code, caught.value.retryable) == ("outside_roots", False)


@pytest.mark.parametrize(
    ("name", "code"),
    [("gone.txt", "source_missing"), ("sub", "not_a_file"), ("pipe", "not_a_file")],
)
def test_what_is_no_file_is_refused(folder: Path, name: str, code: str) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(LexmillError) as caught:
        read_bytes(file_uri(folder / name), roots=[folder], limit=100)
    assert (caught.value.code, caught.value.retryable) == (code, False)


def test_a_file_beyond_the_limit_is_refused(folder: Path) -> None:
    assert read_bytes(file_uri(folder / "a.pdf"), roots=[folder], limit=5) == b"a.pdf"
    with pytest.raises(LexmillError, match="too_large"):
        read_bytes(file_uri(folder / "a.pdf"), roots=[folder], limit=4)


@pytest.mark.parametrize("uri", ["http://example.com/a.pdf", "a.pdf", "ftp://x/y", "object:x"])
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(LexmillError, match="bad_uri"):
        read_bytes(uri, roots=[Path("/")], limit=1)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_path_survives_its_uri(name: str) -> None:
    path = Path("/folder") / name.lstrip("/")
    if ".." not in path.parts:
        assert local_path(file_uri(path), roots=[Path("/")]) == path.resolve()
