"""Every sample file beside the repository, where there are any."""

from pathlib import Path

import pytest

from lexmill_legal.parsing import parse
from tests.legal.parsing.test_properties import checked

SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "formats"
FILES = sorted(SAMPLES.iterdir()) if SAMPLES.is_dir() else []
needs_samples = pytest.mark.skipif(not FILES, reason="no sample files in ../shared/data/formats")


@needs_samples
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_is_read_or_refused_in_words(path: Path) -> None:
    checked(path.read_bytes(), path.name)


@needs_samples
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("umlauts-non-utf8.md", "## können"),
        ("fake-text-utf-16-be.txt", "Doylestown, PA 18901"),
        ("fake-text-utf-16-le.txt", "Doylestown, PA 18901"),
        ("fake-email-utf-16.eml", "Subject: Test Email"),
        ("fake-email-malformed-encoding.eml", "Roses are red"),
        ("email-no-utf8-2008-07-16.062410.eml", "Subject: RE: שלום"),
        ("mime-word-encoded-subject.eml", "☸☿"),
        ("korean-text-with-tables.pdf", "적립 제외 대상"),
        ("example-list-items-multiple.docx", "(a) This is simply dummy text"),
        ("layout-parser-paper-with-table.pdf", "Current layout detection models"),
    ],
)
def test_what_stands_in_a_sample_is_found(name: str, expected: str) -> None:
    assert expected in parse((SAMPLES / name).read_bytes(), name=name).text
