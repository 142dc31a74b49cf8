"""Scans through the sandbox and a real Tesseract; what is said where there is none."""

import io
import shutil
import threading
from collections.abc import Iterator

import msgspec
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from lexmill.errors import ClaimLostError
from lexmill.settings import SandboxSettings
from lexmill.storage.bundles import decode_bundle
from lexmill_legal.parsing import page_image
from lexmill_legal.result_lines import read_result
from lexmill_workers.recognising import find_engine, recognise
from lexmill_workers.sandbox import Limits, Sandbox
from lexmill_workers.stages import (
    PRELOAD,
    VERSIONS,
    Readings,
    Reply,
    Request,
    work_on,
)
from tests.legal.parsing.making import Pdf, paragraph
from tests.legal.parsing.test_protected import agile
from tests.legal.parsing.test_shown import shown, word

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract", path="/usr/local/bin:/usr/bin:/bin") is None,
    reason="no Tesseract is installed here",
)
SENTENCES = (
    "This Services Agreement is made as of March 1, 2024",
    "between Alpha Works LLC and Beta Stores Inc.",
    "It is governed by the laws of the State of Delaware.",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=Limits()) as sandbox:
        yield sandbox


def picture() -> Image.Image:
    """A page as a scanner sees it."""
    pdf = Pdf()
    for number, sentence in enumerate(SENTENCES):
        pdf.text(72, 90 + 30 * number, sentence, size=14)
    image = page_image(pdf.page().save(), page=1)
    return Image.open(io.BytesIO(image.data))


def as_bytes(kind: str, image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scan(*turned: int, before: str = "", password: str | None = None) -> bytes:
    """A PDF of scanned pages, each turned by so many degrees on the glass."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(612, 792), encrypt=password, invariant=1)
    if before:
        canvas.drawString(72, 700, before)
        canvas.showPage()
    for degrees in turned:
        image = picture().rotate(degrees, expand=True)
        size = (792, 612) if degrees % 180 else (612, 792)
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(image), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def ask(data: bytes, **changes: object) -> Request:
    given = Request(
        uri="scan",
        parent=None,
        name="scan",
        sha256="0" * 64,
        data=data,
        playbook=None,
        stages=("parse", "ocr", "classify", "segment", "extract"),
        known={},
        recognise=True,
    )
    return msgspec.structs.replace(given, **changes)


def call(sandbox: Sandbox, request: Request) -> Reply:
    return msgspec.msgpack.decode(sandbox.call(msgspec.msgpack.encode(request)), type=Reply)


def read(sandbox: Sandbox, data: bytes, **changes: object) -> Reply:
    request = ask(data, **changes)
    reply = call(sandbox, request)
    assert reply.scans
    readings = recognise(
        sandbox,
        settings=SandboxSettings(),
        processes=2,
        data=data,
        pages=reply.scans,
        passwords=request.passwords,
        lost=threading.Event(),
    )
    return call(sandbox, msgspec.structs.replace(request, readings=readings))


@needs_tesseract
def test_a_scan_becomes_text_with_places_and_facts(sandbox: Sandbox) -> None:
    reply = read(sandbox, scan(0, before="Cover page of the agreement."))
    bundle = decode_bundle(reply.bundle)
    result = read_result(bundle.result)

    assert bundle.text.startswith("Cover page of the agreement.\n\nThis Services Agreement is made")
    for sentence in SENTENCES:
        assert sentence in bundle.text
    assert [warning.code for warning in result.warnings] == ["text_recognised"]
    (law,) = [fact for fact in result.facts if fact.field == "governing_law"]
    assert (law.value, law.page) == ("Delaware", 2)
    box = law.boxes[0]
    assert box.page == 2
    assert 72 < box.x0 < 450
    assert 130 < box.y0 < box.y1 < 160
    assert result.versions["ocr"].startswith(f"{VERSIONS['ocr']} tesseract ")
    assert "ocr" in reply.made


@needs_tesseract
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lay_the_wrong_way_is_read(sandbox: Sandbox, degrees: int) -> None:
    bundle = decode_bundle(read(sandbox, scan(degrees)).bundle)
    for sentence in SENTENCES:
        assert sentence in bundle.text


@needs_tesseract
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_pictures_are_read(sandbox: Sandbox, kind: str) -> None:
    bundle = decode_bundle(read(sandbox, as_bytes(kind, picture(), dpi=(200, 200))).bundle)
    assert SENTENCES[0] in bundle.text


@needs_tesseract
def test_each_page_of_a_fax_is_read(sandbox: Sandbox) -> None:
    first = Image.new("L", picture().size, 255)
    fax = as_bytes("TIFF", first, dpi=(200, 200), save_all=True, append_images=[picture()])
    result = read_result(decode_bundle(read(sandbox, fax).bundle).result)
    assert ("page_without_text", 1) in [(each.code, each.page) for each in result.warnings]
    assert [fact.page for fact in result.facts if fact.field == "governing_law"] == [2]


@needs_tesseract
def test_a_protected_scan_is_read_with_its_password(sandbox: Sandbox) -> None:
    data = scan(0, password="hunter2")
    assert SENTENCES[0] in decode_bundle(read(sandbox, data, passwords=("hunter2",)).bundle).text


@needs_tesseract
def test_the_languages_are_those_that_are_installed() -> None:
    engine = find_engine(False)
    assert engine is not None
    assert engine.version.startswith("tesseract ")
    assert engine.languages.split("+")[0] in {"eng", "rus"}


@needs_tesseract
def test_a_lost_task_ends_it(sandbox: Sandbox) -> None:
    lost = threading.Event()
    lost.set()
    with pytest.raises(ClaimLostError):
        recognise(
            sandbox,
            settings=SandboxSettings(),
            processes=1,
            data=scan(0),
            pages=(1,),
            passwords=(),
            lost=lost,
        )


@needs_tesseract
def test_a_scan_that_was_pasted_into_word_is_read_where_it_stands(sandbox: Sandbox) -> None:
    data = word(
        paragraph("Annex A follows.") + shown("rId1") + paragraph("End of the annex."),
        rId1=as_bytes("PNG", picture()),
    )
    bundle = decode_bundle(read(sandbox, data).bundle)
    result = read_result(bundle.result)

    assert bundle.text.startswith("Annex A follows.\n\nThis Services Agreement is made")
    assert bundle.text.endswith("\n\nEnd of the annex.\n")
    assert [warning.code for warning in result.warnings] == ["text_recognised"]
    (law,) = [fact for fact in result.facts if fact.field == "governing_law"]
    assert (law.value, law.page, law.boxes) == ("Delaware", None, ())
    assert law.start is not None
    assert bundle.text[law.start : law.end] == law.quote


@needs_tesseract
def test_a_protected_word_document_of_scans_is_read(sandbox: Sandbox) -> None:
    data = agile(word(shown("rId1"), rId1=as_bytes("JPEG", picture())), "hunter2")
    assert SENTENCES[0] in decode_bundle(read(sandbox, data, passwords=("hunter2",)).bundle).text


def test_without_the_program_what_was_pasted_is_told_as_unread() -> None:
    scanned = word(paragraph("Annex A.") + shown("rId1"), rId1=as_bytes("PNG", picture()))
    reply = work_on(ask(scanned, readings=Readings(engine=None)))
    result = read_result(decode_bundle(reply.bundle).result)
    assert [each.code for each in result.warnings] == ["part_unreadable"]
    reply = work_on(
        ask(word(shown("rId1"), rId1=as_bytes("PNG", picture())), readings=Readings(engine=None))
    )
    assert reply.error is not None
    assert reply.error[0] == "needs_ocr"


def test_a_document_with_text_asks_for_nothing() -> None:
    reply = work_on(ask(Pdf().lines("This Agreement is short.").page().save()))
    assert reply.scans == ()
    assert set(reply.made) == {"parse", "ocr", "classify", "segment", "extract"}
    assert read_result(decode_bundle(reply.bundle).result).versions["ocr"] == VERSIONS["ocr"]


def test_without_the_program_a_scan_is_refused_and_told_what_to_install() -> None:
    reply = work_on(ask(scan(0), readings=Readings(engine=None)))
    assert reply.error is not None
    assert reply.error[0] == "needs_ocr"
    assert "tesseract-ocr" in reply.error[1]


def test_without_the_program_the_other_pages_are_read_and_nothing_is_kept() -> None:
    reply = work_on(ask(scan(0, before="Cover page."), readings=Readings(engine=None)))
    result = read_result(decode_bundle(reply.bundle).result)
    assert [(each.code, each.page) for each in result.warnings] == [("page_without_text", 2)]
    assert "ocr" not in result.versions
    assert reply.made == ("parse",)


def test_a_job_without_the_stage_refuses_scans() -> None:
    reply = work_on(ask(scan(0), recognise=False, stages=("parse", "classify")))
    assert reply.error is not None
    assert reply.error[0] == "needs_ocr"


def test_pages_on_which_nothing_was_recognised_are_not_read() -> None:
    reply = work_on(ask(scan(0), readings=Readings(engine="tesseract")))
    assert reply.error is not None
    assert reply.error[0] == "needs_ocr"
