"""What was recognised on a picture inside a document is redacted with its text."""

from collections.abc import Iterator

import pytest

from lexmill.storage.bundles import decode_bundle
from lexmill_workers.sandbox import Limits, Sandbox
from lexmill_workers.stages import PRELOAD, redacted_copy
from tests.legal.parsing.making import paragraph
from tests.legal.parsing.test_shown import shown, word
from tests.workers.test_recognising import as_bytes, needs_tesseract, picture, read

STAGES = ("parse", "ocr", "classify", "segment", "extract", "redact")
TERMS = "terms:\n  - {text: Alpha Works, reason: the client}\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox("lexmill_workers.stages:work", preload=PRELOAD, limits=Limits()) as sandbox:
        yield sandbox


@needs_tesseract
def test_a_picture_with_a_burned_value_is_not_in_the_copy(sandbox: Sandbox) -> None:
    data = word(
        paragraph("Annex A follows.") + shown("rId1") + paragraph("Alpha Works signs here."),
        rId1=as_bytes("PNG", picture()),
    )
    bundle = decode_bundle(read(sandbox, data, stages=STAGES, terms=TERMS).bundle)
    assert "between Alpha Works LLC" in bundle.text
    copy = redacted_copy(bundle)
    assert copy is not None
    assert len(copy.redactions) == 2
    assert copy.suffix == ".txt", "a Word document is only rewritten where its text is all there is"
    assert "between [TERM] LLC" in copy.data.decode()
    assert b"Alpha Works" not in copy.data
