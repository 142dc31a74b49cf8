"""What is burned inside the sandbox, where no file can be opened, is what is burned outside."""

from collections.abc import Iterator

import pytest

from lexmill_workers.sandbox import Sandbox
from lexmill_workers.stages import PRELOAD
from tests.legal.parsing.making import Pdf, docx, paragraph
from tests.workers.sandbox.burning_entries import redact
from tests.workers.sandbox.conftest import ROOT

DOCUMENTS = {
    "a.pdf": Pdf().lines("Made by Ann Miller of Bonn.").save(),
    "a.docx": docx(paragraph("Made by Ann Miller of Bonn.")),
    "a.html": b"<!doctype html><p>Made by Ann Miller of Bonn.</p>",
    "a.txt": b"Made by Ann Miller of Bonn.\n",
}


@pytest.fixture(scope="module")
def burner() -> Iterator[Sandbox]:
    entry = "tests.workers.sandbox.burning_entries:redact"
    with Sandbox(entry, preload=PRELOAD, paths=[ROOT]) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_copy(burner: Sandbox, name: str) -> None:
    data = DOCUMENTS[name]
    answer = burner.call([name.encode(), data, b"Ann Miller"])
    assert answer == redact(name.encode(), data, b"Ann Miller")
    assert burner.late_imports == frozenset()
