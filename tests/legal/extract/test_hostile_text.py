import time

import pytest

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.results import Classification, ParsedDocument
from lexmill_legal.segment import segment

SIZE = 1_000_000


@pytest.mark.parametrize(
    "piece",
    ["1.1 ", "1. A ", "(a) (i) ", "01.01.2024 ", "$1 ", "5% ", "a ", "A ", "AGREEMENT ",
     "laws of ", "term of this agreement ", 'between A and ("A") ', '"', "\n", " ", "Inc. ", "(((",
     "1,",
     "1 руб. ", "() руб ", "именуемое в дальнейшем «А» ", "ООО «", "a@a.", "thirty (30) days ",
     "renew ", "shall not solicit ", "not solicit customers. ", "fees not increase ",
     "terminate ", "January ", "срок действия договора ", "İ", "中", "x" * 500],
)  # fmt: skip
def test_a_megabyte_of_one_pattern_takes_no_ten_seconds(piece: str) -> None:
    parsed = ParsedDocument("text/plain", (piece * (SIZE // len(piece) + 1))[:SIZE])
    start = time.process_time()
    classification = classify(parsed)
    outline = segment(parsed)
    both = Classification(("en", "ru"), classification.document_type)
    result = extract(parsed, both, outline)
    assert time.process_time() - start < 10, (
        "a second where nothing else runs; minutes if quadratic"
    )
    for fact in result.facts:
        assert fact.start is None or fact.quote == parsed.text[fact.start : fact.end]
