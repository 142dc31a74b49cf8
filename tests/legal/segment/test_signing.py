from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.results import ParsedDocument, Section, Signature
from lexmill_legal.segment import find_signatures, segment

CONTRACT = """SERVICES AGREEMENT

1. Services. The provider performs.
2. Counterparts. There are two of them.
"""
BELOW_EACH_OTHER = """
ALDER LABS INC.

By: /s/ Ann Archer
Name: Ann Archer
Title: Chief Executive Officer
Date: March 1, 2024

BIRCH WORKS LLC

By: ______________________
Name: Bob Baker
Title: Manager
Place: London
"""
SIDE_BY_SIDE = """
IN WITNESS WHEREOF, the parties have executed this Agreement.

ALDER LABS INC.                    BIRCH WORKS LLC

By: ______________________         By: ______________________
Name: Ann Archer                   Name: Bob Baker
Title: President                   Title: Manager
"""
IN_ONE_LINE = (
    "IN WITNESS WHEREOF, the parties sign. ALDER LABS INC. BIRCH WORKS LLC "
    "By: /s/ Ann Archer By: /s/ Bob Baker Name: Ann Archer Name: Bob Baker "
    "Title: President Title: Manager"
)
RUSSIAN = """ДОГОВОР

1. ПРЕДМЕТ ДОГОВОРА
1.1. Поставщик поставляет товар.
2. РЕКВИЗИТЫ И ПОДПИСИ СТОРОН
Поставщик: ООО «Ромашка», ИНН 7707083893
Покупатель: АО «Василёк», ИНН 7728168971
Генеральный директор ____________ / И.И. Иванов /
Директор ____________ / П.П. Петров /
"""


def read(text: str) -> tuple[tuple[Section, ...], tuple[Signature, ...]]:
    parsed = ParsedDocument("text/plain", text)
    outline = segment(parsed)
    return outline, find_signatures(parsed, outline)


def signers(text: str) -> list[tuple[str | None, str | None, str | None]]:
    return [(one.party, one.name, one.title) for one in read(text)[1]]


def test_signatures_below_each_other() -> None:
    first, second = read(CONTRACT + BELOW_EACH_OTHER)[1]
    assert (first.party, first.name, first.title) == (
        "ALDER LABS INC.",
        "Ann Archer",
        "Chief Executive Officer",
    )
    assert (first.date, first.place) == ("March 1, 2024", None)
    assert (second.party, second.name, second.title) == ("BIRCH WORKS LLC", "Bob Baker", "Manager")
    assert (second.date, second.place) == (None, "London")
    assert first.start < first.end <= second.start < second.end


@pytest.mark.parametrize("block", [SIDE_BY_SIDE, IN_ONE_LINE])
def test_signatures_side_by_side(block: str) -> None:
    assert signers(CONTRACT + block) == [
        ("ALDER LABS INC.", "Ann Archer", "President"),
        ("BIRCH WORKS LLC", "Bob Baker", "Manager"),
    ]


def test_an_unsigned_block_says_for_whom() -> None:
    block = "\nALDER LABS INC.\n\nBy: ____________\nName: ____________\nTitle: ____________\n"
    assert signers(CONTRACT + block) == [("ALDER LABS INC.", None, None)]


@pytest.mark.parametrize("block", [BELOW_EACH_OTHER, SIDE_BY_SIDE, "\n" + IN_ONE_LINE])
def test_a_signature_block_is_a_part_of_its_own(block: str) -> None:
    text = CONTRACT + block + "\nEXHIBIT A\nPRICES\nTen euros.\n"
    outline, _ = read(text)
    assert [section.kind for section in outline] == [
        "section",
        "section",
        "signature_block",
        "exhibit",
    ]
    counterparts, signed = outline[1], outline[2]
    assert text[counterparts.start : counterparts.end].endswith("two of them.")
    assert text[signed.start : signed.end].startswith(("ALDER LABS INC.", "IN WITNESS"))
    assert text[signed.start : signed.end].rstrip().endswith(("London", "Manager"))


def test_a_form_that_nobody_signs_is_no_block() -> None:
    text = CONTRACT + "Notices go to: Name: Ann Archer, Address: 1 Oak Street. By: courier.\n"
    assert [section.kind for section in read(text)[0]] == ["section", "section"]


def test_russian_signatures() -> None:
    outline, found = read(RUSSIAN)
    assert [section.kind for section in outline] == ["section", "signature_block"]
    assert [(one.party, one.name, one.title) for one in found] == [
        ("ООО «Ромашка»", "И.И. Иванов", "Генеральный директор"),
        ("АО «Василёк»", "П.П. Петров", "Директор"),
    ]


@given(
    st.lists(
        st.sampled_from(
            ["By: ", "/s/ ", "Name: ", "Title: ", "Date: ", "Ann Archer", "ALDER INC.", "\n", "   ",
             "____", "IN WITNESS WHEREOF ", "1. Term\n", "EXHIBIT A\n", "Place: ",
             "ПОДПИСИ СТОРОН\n", "Директор ", "И.И. Иванов", ":", "İ"]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_text_gives_signatures_with_their_places(parts: list[str]) -> None:
    text = "".join(parts)
    outline, found = read(text)
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.name or one.party
    for before, after in pairwise(outline):
        assert before.end <= after.start
