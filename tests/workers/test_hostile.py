"""Documents made to harm: each ends with an answer, and the sandbox serves the next one."""

import io
import zipfile
from collections.abc import Iterator

import msgspec
import pytest
from reportlab.pdfgen.canvas import Canvas

from lexmill.storage.bundles import decode_bundle
from lexmill_workers.sandbox import Limits, Sandbox
from lexmill_workers.stages import PRELOAD, VERSIONS, Reply, Request
from tests.legal.parsing.making import docx, paragraph
from tests.legal.parsing.test_archive import aes
from tests.legal.parsing.test_odt import p
from tests.legal.parsing.test_odt_locks import body, locked
from tests.legal.parsing.test_protected import agile, standard

GOOD = b"This Agreement is made on 1 May 2024 between A Ltd and B Ltd.\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    limits = Limits(wall_seconds=120, cpu_seconds=30)
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=limits) as sandbox:
        yield sandbox


def read(sandbox: Sandbox, name: str, data: bytes, *passwords: str) -> Reply:
    request = Request(
        uri=name,
        parent=None,
        name=name,
        sha256="0" * 64,
        data=data,
        playbook=None,
        stages=tuple(stage for stage in VERSIONS if stage not in {"check", "redact"}),
        known={},
        passwords=passwords,
    )
    return msgspec.msgpack.decode(sandbox.call(msgspec.msgpack.encode(request)), type=Reply)


def word(document: bytes, *, more: bytes = b"") -> bytes:
    """A .docx whose main part is ``document``."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", document)
        if more:
            archive.writestr("word/media/image1.bin", more)
    return packed.getvalue()


def entity_bomb() -> bytes:
    """Ten entities, each ten of the one before: three gigabytes once they are expanded."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "lol">{entities}]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>&e9;</w:t></w:r></w:p></w:body></w:document>"
    ).encode()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("zip-bomb.docx", word(b" " * 1_500_000_000)),
        ("entities.docx", word(entity_bomb())),
        ("nested.html", b"<div>" * 20_000 + b"deep"),
        ("nested.json.txt", b"[" * 1_000_000),
        ("garbage.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 2000),
    ],
)
def test_it_ends_with_an_answer_and_the_next_document_is_read(
    sandbox: Sandbox, name: str, data: bytes
) -> None:
    reply = read(sandbox, name, data)
    assert reply.error is None or reply.error[1].endswith(".")
    assert read(sandbox, "good.txt", GOOD).error is None


def test_bombs_are_told_as_what_they_are(sandbox: Sandbox) -> None:
    bomb = read(sandbox, "bomb.docx", word(b" " * 1_500_000_000))
    assert bomb.error is not None
    assert bomb.error[0] == "too_large"
    entities = read(sandbox, "entities.docx", word(entity_bomb()))
    assert entities.error is not None
    assert entities.error[0] == "corrupt"


def test_ten_thousand_pages_are_read(sandbox: Sandbox) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for number in range(10_000):
        canvas.drawString(72, 720, f"Page {number} of this Agreement.")
        canvas.showPage()
    canvas.save()
    reply = read(sandbox, "long.pdf", buffer.getvalue())
    assert reply.error is None or reply.error[0] == "too_large"


PROTECTED = docx(paragraph("This Lease is made on 1 May 2024."))


OPEN_DOCUMENT = locked({"content.xml": body(p("This Lease is made on 1 May 2024."))}, "пароль")


@pytest.mark.parametrize(
    "data", [agile(PROTECTED, "пароль"), standard(PROTECTED, "пароль"), OPEN_DOCUMENT]
)
def test_protected_office_files_are_opened_without_any_file(sandbox: Sandbox, data: bytes) -> None:
    reply = read(sandbox, "a.docx", data, "wrong", "пароль")
    assert reply.error is None
    assert decode_bundle(reply.bundle).text.startswith("This Lease is made")
    locked = read(sandbox, "a.docx", data, "wrong")
    assert locked.error is not None
    assert locked.error[0] == "encrypted"
    assert sandbox.late_imports == frozenset()


def test_protected_archives_are_opened_without_any_file(sandbox: Sandbox) -> None:
    data = aes({"lease.docx": PROTECTED}, "hunter2")
    reply = read(sandbox, "a.zip", data, "hunter2")
    assert [(file.name, file.data) for file in reply.attachments] == [("lease.docx", PROTECTED)]
    assert sandbox.late_imports == frozenset()


def test_what_makes_a_password_expensive_is_refused_at_once(sandbox: Sandbox) -> None:
    reply = read(sandbox, "a.docx", agile(PROTECTED, "hunter2", rounds=1_000_001), "hunter2")
    assert reply.error is not None
    assert reply.error[0] == "encrypted"
    assert sum(reply.seconds.values()) < 5
