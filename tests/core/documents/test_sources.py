"""A document's own bytes, fetched from where they were read."""

import hashlib
import tempfile
import uuid
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lexmill.documents.contents import DocumentPlace, find_place
from lexmill.documents.models import Document
from lexmill.documents.sources import fetch_source, small_source
from lexmill.errors import ErrorClass, LexmillError
from lexmill.storage.sources import file_uri
from tests.core import building
from tests.core.building import NAMESPACE
from tests.disks import disk, fill
from tests.system.people import requires_root


def place_of(file: Path) -> DocumentPlace:
    return DocumentPlace(
        namespace=NAMESPACE,
        job_uid=uuid.uuid4(),
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


@pytest.mark.servers
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("configmap:texts/a.txt", b"\xc3\x84 Ltd"),
        ("configmap:texts/empty", b""),
        ("configmap:texts/gone", None),
        ("configmap:gone/a.txt", None),
        ("configmap:texts", None),
    ],
)
def test_a_text_of_a_config_map_is_the_jobs(
    session: Session, source: str, text: bytes | None
) -> None:
    texts = {"a.txt": "Ä Ltd", "empty": ""}
    uid = building.declare_with_documents(session, "a.txt", config_maps={"texts": texts})
    building.declare(session, name="other", config_maps={"gone": {"a.txt": "B Ltd"}})
    document = session.scalars(
        update(Document).where(Document.job_uid == uid).values(source=source).returning(Document.id)
    ).one()
    place = find_place(session, namespace=NAMESPACE, document=document)
    assert place is not None
    if text is None:
        with pytest.raises(LexmillError, match="source_missing"):
            small_source(session, place)
    else:
        assert small_source(session, place) == text


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
