"""A document's own bytes, fetched from where they were read."""

import hashlib
import tempfile
import uuid
from pathlib import Path

import pytest

from lexmill.documents.contents import DocumentPlace
from lexmill.documents.sources import fetch_source
from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.sources import file_uri
from tests.core.building import NAMESPACE
from tests.system.people import requires_root
from tests.workers.test_stores import disk, fill


def place_of(file: Path) -> DocumentPlace:
    return DocumentPlace(
        namespace=NAMESPACE,
        id=uuid.uuid4(),
        job_uid=uuid.uuid4(),
        config_maps={},
        uri=file.name,
        parent_uri=None,
        source=file_uri(file),
        name=file.name,
        state="succeeded",
        error_code=None,
        error_message=None,
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        result_key=None,
        has_tenant=False,
        reads=None,
    )


@pytest.mark.parametrize("size", [3, 5 << 20])
def test_a_file_comes_whole(tmp_path: Path, size: int) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(size))
    with fetch_source(place_of(file), roots=[tmp_path], limit=size) as fetched:
        assert fetched.read() == bytes(size)


@requires_root
@pytest.mark.parametrize("size", [4 << 20 | 1, 5 << 20])
def test_a_full_disk_is_no_missing_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(bytes(size))
    with disk(tmp_path / "disk") as full:
        fill(full)
        monkeypatch.setattr(tempfile, "tempdir", str(full))
        with pytest.raises(LexmillError) as caught:
            fetch_source(place_of(file), roots=[tmp_path], limit=size)
    assert (caught.value.code, caught.value.error_class) == ("no_space", ErrorClass.OUTAGE)
