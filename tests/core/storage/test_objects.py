from pathlib import Path

import pytest

from lexmill.errors import LexmillError
from lexmill.storage.objects import Objects
from lexmill.storage.sources import file_uri


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(file_uri(tmp_path / "new" / "store"))


def test_an_object_is_read_as_it_was_written(objects: Objects) -> None:
    objects.put("acme/visits/1/bundle", b"\0\xff" * 1000)
    assert objects.get("acme/visits/1/bundle") == b"\0\xff" * 1000


def test_a_second_write_replaces_the_first(objects: Objects) -> None:
    objects.put("key", b"first, and longer")
    objects.put("key", b"second")
    assert objects.get("key") == b"second"


def test_what_is_gone_says_so(objects: Objects) -> None:
    with pytest.raises(LexmillError, match="object_missing"):
        objects.get("nothing/here")


def test_a_store_that_cannot_be_written_is_a_passing_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    objects = Objects(file_uri(tmp_path / "store"))
    (tmp_path / "store" / "taken").write_bytes(b"")
    with pytest.raises(LexmillError) as caught:
        objects.put("taken/beneath/a/file", b"")
    assert caught.value.retryable


def test_other_schemes_are_refused() -> None:
    with pytest.raises(LexmillError, match="bad_uri"):
        Objects("http://example.com/store")
