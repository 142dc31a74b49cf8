import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.results import ParsedDocument, Reference
from lexmill_legal.segment import find_references, segment

CONTRACT = """SERVICES AGREEMENT

ARTICLE I
DEFINITIONS
Section 1.1 Terms. Words have meanings.
Section 1.2 Plurals. The singular includes the plural.
ARTICLE II
PAYMENT
Section 2.1 Price. The buyer pays:
(a) the price; and
(b) the taxes.
Section 2.2 Interest. Late sums bear interest. {}
EXHIBIT A
PRICE LIST
1. Paper. Ten euros.
2. Pens. Two euros. {}
EXHIBIT B
SITES
The sites are in Springfield.
"""
RUSSIAN = """ДОГОВОР

1. ПРЕДМЕТ ДОГОВОРА
1.1. Поставщик поставляет товар:
а) бумагу;
б) ручки.
1.2. Покупатель платит.
2. ОТВЕТСТВЕННОСТЬ СТОРОН
2.1. Стороны несут ответственность.
2.2. Иное. {}
Приложение № 1
Спецификация
1. Бумага офисная.
2. Ручки шариковые.
"""


def references(text: str) -> tuple[Reference, ...]:
    parsed = ParsedDocument("text/plain", text)
    found = find_references(parsed, segment(parsed))
    assert all(text[one.start : one.end] == one.quote for one in found)
    return found


def said(sentence: str, contract: str = CONTRACT, exhibit: str = "") -> list[tuple[str, str, str]]:
    """Of each reference in the sentence: its words, its status, how its target begins."""
    text = contract.format(sentence, exhibit)
    return [
        (
            one.quote,
            one.status,
            "" if one.target is None else text[one.target :].split("\n")[0][:14].strip(),
        )
        for one in references(text)
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("See Section 2.1.", [("Section 2.1", "resolved", "Section 2.1 Pr")]),
        ("See section 2.1(b) hereof.", [("section 2.1(b)", "resolved", "(b) the taxes.")]),
        ("See clause 2.1(c).", [("clause 2.1(c)", "nearest", "Section 2.1 Pr")]),
        ("Subject to Article II, it pays.", [("Article II", "resolved", "ARTICLE II")]),
        ("as in Exhibit A attached", [("Exhibit A", "resolved", "EXHIBIT A")]),
        (
            "Sections 1.1, 1.2 and 2.1(a) survive.",
            [
                ("Sections 1.1", "resolved", "Section 1.1 Te"),
                ("1.2", "resolved", "Section 1.2 Pl"),
                ("2.1(a)", "resolved", "(a) the price;"),
            ],
        ),
        ("See Section 2.3 of this Agreement.", [("Section 2.3", "dangling", "")]),
        ("as in Exhibit C, which lists them", [("Exhibit C", "dangling", "")]),
        ("under Section 13 of the Securities Exchange Act", []),
        ("under Section 2.1 of the Purchase Agreement", []),
        ("under 11 U.S.C. Section 365", []),
        ("the article and the section, in this clause", []),
        ("Section 2.1% of all sales", []),
    ],
)
def test_a_reference_leads_to_the_section_it_means(
    sentence: str, expected: list[tuple[str, str, str]]
) -> None:
    assert said(sentence) == expected


def test_a_letter_alone_belongs_to_the_section_it_stands_in() -> None:
    text = CONTRACT.format("", "").replace("the taxes", "the taxes, as clause (a) says")
    (one,) = references(text)
    assert one.target == text.index("(a) the price")


def test_an_exhibit_has_numbers_of_its_own() -> None:
    assert said("", exhibit="See paragraph 1 and Section 2.2.") == [
        ("paragraph 1", "resolved", "1. Paper. Ten"),
        ("Section 2.2", "resolved", "Section 2.2 In"),
    ]


def test_a_heading_is_no_reference() -> None:
    assert references(CONTRACT.format("", "")) == ()


def test_without_an_outline_nothing_is_said_of_references() -> None:
    assert references("See Section 5.2 of this Agreement.") == ()


def test_what_may_be_somewhere_in_the_text_is_not_called_dangling() -> None:
    sentence = "It ends. Section 2.3 Survival. This survives. See Section 2.3 hereof."
    assert {status for _, status, _ in said(sentence)} == {"unclear"}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("согласно п. 1.2 настоящего Договора", [("п. 1.2", "resolved", "1.2. Покупател")]),
        ("в соответствии с пунктом 2.1 Договора", [("пунктом 2.1", "resolved", "2.1. Стороны н")]),
        (
            "пункты 1.1 и 1.2 Договора",
            [("пункты 1.1", "resolved", "1.1. Поставщик"), ("1.2", "resolved", "1.2. Покупател")],
        ),
        ("в разделе 2 Договора", [("разделе 2", "resolved", "2. ОТВЕТСТВЕНН")]),
        ("в Приложении № 1 к Договору", [("Приложении № 1", "resolved", "Приложение № 1")]),
        ("в Приложении № 2 к настоящему", [("Приложении № 2", "dangling", "")]),
        ("по п. 2.5 настоящего Договора", [("п. 2.5", "dangling", "")]),
        ("на основании ст. 309 ГК РФ", []),
        ("п. 2 ст. 450 Гражданского кодекса", []),
    ],
)
def test_russian_references(sentence: str, expected: list[tuple[str, str, str]]) -> None:
    assert said(sentence, RUSSIAN) == expected


@given(
    st.lists(
        st.sampled_from(
            ["\n1. Term\n", "\n1.1 Price. ", "\n(a) one; ", "\nEXHIBIT A\n", "Section 1.1",
             "Sections ", "1.1, 1.2", " and ", "(a)", "Article I", "Exhibit B", " of the ", "Act",
             " hereof", "п. 1.1 ", "Приложение № 1", "\n", ". ", "§ 3", "ст. 5 ", "x"]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_text_gives_references_into_its_outline(parts: list[str]) -> None:
    text = "".join(parts)
    starts = set()
    waiting = list(segment(ParsedDocument("text/plain", text)))
    while waiting:
        section = waiting.pop()
        starts.add(section.start)
        waiting.extend(section.children)
    found = references(text)
    assert list(found) == sorted(found, key=lambda one: one.start)
    for one in found:
        assert (one.target is None) == (one.status in {"dangling", "unclear"})
        assert one.target is None or one.target in starts
