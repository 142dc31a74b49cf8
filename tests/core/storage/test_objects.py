"""The same on a folder and on a real S3 server."""

import hashlib
from pathlib import Path

import httpx
import pytest

from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.objects import Objects
from lexmill.storage.sources import file_uri
from tests.objectserver.versitygw import ObjectServer
from tests.processes import Place, until

LARGE = bytes(range(256)) * 80_000  # more than two parts of a write in pieces


@pytest.fixture
def objects(place: Place) -> Objects:
    """Beneath a prefix that is not there yet."""
    return Objects(f"{place.uri}/new/store")


def test_an_object_is_read_as_it_was_written(objects: Objects) -> None:
    objects.put("acme/visits/1/bundle", b"\0\xff" * 1000)
    assert objects.get("acme/visits/1/bundle") == b"\0\xff" * 1000
    assert objects.size("acme/visits/1/bundle") == 2000


@pytest.mark.parametrize("content", [b"", LARGE], ids=["empty", "large"])
def test_any_size(objects: Objects, content: bytes) -> None:
    objects.put("key", content)
    assert objects.get("key") == content
    with objects.writing("pieces") as writer:
        for start in range(0, len(content), 1_000_000):
            writer.write(content[start : start + 1_000_000])
    assert b"".join(objects.pieces("pieces")) == content


@pytest.mark.parametrize("key", ["ä ö/%20+#?&=.txt", "a'b\"c/~{}*!.txt", "\u202ename", "back\\s"])
def test_any_name(objects: Objects, key: str) -> None:
    objects.put(f"acme/{key}", b"found")
    assert objects.get(f"acme/{key}") == b"found"
    assert objects.sizes("acme/") == {f"acme/{key}": 5}
    objects.delete(f"acme/{key}")
    assert objects.sizes("acme/") == {}


def test_a_second_write_replaces_the_first(objects: Objects) -> None:
    objects.put("key", b"first, and longer")
    objects.put("key", b"second")
    assert objects.get("key") == b"second"


@pytest.mark.parametrize("size", [10, len(LARGE)])
def test_a_write_that_is_broken_off_leaves_nothing(
    objects: Objects, place: Place, size: int
) -> None:
    def write() -> None:
        with objects.writing("half") as writer:
            writer.write(LARGE[:size])
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        write()
    with pytest.raises(LexmillError, match="object_missing"):
        objects.size("half")
    assert objects.sizes("") == {}
    assert not [path for path in place.folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (4, None, b"456789"), (2, 5, b"234"), (0, 0, b""), (5, 2, b"")],
)
def test_a_part(objects: Objects, start: int, end: int | None, expected: bytes) -> None:
    objects.put("key", b"0123456789")
    assert b"".join(objects.pieces("key", start=start, end=end)) == expected


def test_the_first_piece_has_the_beginning_of_a_file(objects: Objects) -> None:
    objects.put("key", LARGE)
    first = next(objects.pieces("key"))
    assert len(first) >= 1 << 20
    assert first == LARGE[: len(first)]


def test_what_is_too_large_is_not_given(objects: Objects) -> None:
    objects.put("key", b"0123456789")
    assert objects.get_within("key", 10) == b"0123456789"
    assert objects.get_within("key", 9) is None


def test_a_copy_is_another_object(objects: Objects) -> None:
    objects.put("one", LARGE)
    objects.copy("one", "folder/two")
    objects.put("one", b"changed since")
    digest = hashlib.sha256()
    for piece in objects.pieces("folder/two"):
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(LARGE).digest()


def test_a_folder_is_no_prefix_of_a_name(objects: Objects) -> None:
    for key in ("acme/uploads/1/x", "acme/uploads/1/y/z", "acme/uploads/12/x", "acme/uploads/1x"):
        objects.put(key, b"12")
    assert objects.sizes("acme/uploads/1/") == {"acme/uploads/1/x": 2, "acme/uploads/1/y/z": 2}
    assert objects.sizes("acme/nothing/") == {}


def test_what_is_deleted_is_gone(objects: Objects) -> None:
    keys = [f"acme/{number}" for number in range(1_100)]  # more than S3 takes at once
    for key in keys[::100]:
        objects.put(key, b"1")
    objects.delete("acme/0")
    objects.delete("acme/0")
    objects.delete_all(keys)
    objects.delete_all([])
    assert objects.sizes("acme/") == {}


def test_what_is_gone_says_so(objects: Objects) -> None:
    for asked in (
        lambda: objects.get("nothing/here"),
        lambda: objects.get_within("nothing/here", 10),
        lambda: objects.size("nothing/here"),
        lambda: list(objects.pieces("nothing/here")),
        lambda: objects.copy("nothing/here", "there"),
    ):
        with pytest.raises(LexmillError, match="object_missing"):
            asked()


def test_only_a_bucket_signs(objects: Objects, store: str) -> None:
    assert objects.can_sign == (store == "s3")


def test_an_address_for_others_may_have_another_host(object_server: ObjectServer) -> None:
    bucket = object_server.bucket().name
    public = Objects(f"s3://{bucket}/in", public_endpoint="https://files.example.com")
    signed = public.sign_put("acme/a b.txt", seconds=60)
    assert signed.startswith(f"https://files.example.com/{bucket}/in/acme/a%20b.txt?X-Amz-")
    public.put("key", b"1")  # which goes where it went before


def test_an_address_is_good_for_a_while(object_server: ObjectServer) -> None:
    signed = Objects(f"s3://{object_server.bucket().name}").sign_put("key", seconds=1)
    until(lambda: httpx.put(signed, content=b"1").status_code == 403)


def test_a_place_that_cannot_be_written_is_nobodys_outage(tmp_path: Path) -> None:
    """Somebody has to change something; until then it is a failure like others."""
    objects = Objects(file_uri(tmp_path / "store"))
    (tmp_path / "store" / "taken").write_bytes(b"")
    with pytest.raises(LexmillError, match="store_refused") as caught:
        objects.put("taken/beneath/a/file", b"")
    assert caught.value.error_class is ErrorClass.OURS


@pytest.mark.parametrize("uri", ["http://example.com/store", "s3:///key", "store"])
def test_other_schemes_are_refused(uri: str) -> None:
    with pytest.raises(LexmillError, match="bad_uri"):
        Objects(uri)
