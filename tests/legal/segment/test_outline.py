from collections.abc import Iterator
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.results import ParsedDocument, Section
from lexmill_legal.segment import segment

Tree: TypeAlias = "list[tuple[str | None, str | None, Tree]]"


def tree(text: str) -> Tree:
    return [_shape(section) for section in segment(ParsedDocument("text/plain", text))]


def _shape(section: Section) -> tuple[str | None, str | None, Tree]:
    return section.number, section.heading, [_shape(child) for child in section.children]


def numbers(text: str) -> list[str | None]:
    return [section.number for section in walk(segment(ParsedDocument("text/plain", text)))]


def walk(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from walk(section.children)


def test_numbering_of_any_depth_becomes_a_tree() -> None:
    text = """SERVICES CONTRACT

1. Services. The provider performs the services.
1.1 Scope. The scope is set out below:
(a) planning of the works;
(b) performance, namely:
(i) on site;
(ii) remotely;
(c) reporting.
1.2 Standards. Good practice applies.
1.2.1 Tools. The provider brings tools.
2. Term
The term is two years.
"""
    assert tree(text) == [
        (
            "1",
            "Services",
            [
                (
                    "1.1",
                    "Scope",
                    [
                        ("(a)", None, []),
                        ("(b)", None, [("(i)", None, []), ("(ii)", None, [])]),
                        ("(c)", None, []),
                    ],
                ),
                ("1.2", "Standards", [("1.2.1", "Tools", [])]),
            ],
        ),
        ("2", "Term", []),
    ]


def test_articles_hold_their_sections_and_exhibits_begin_anew() -> None:
    text = """ARTICLE I
DEFINITIONS
Section 1.1 Terms. Words have meanings.
Section 1.2 Plurals. The singular includes the plural.
ARTICLE II
PAYMENT
Section 2.1 Price. The buyer pays.
EXHIBIT A
PRICE LIST
1. Paper. Ten euros.
2. Pens. Two euros.
"""
    assert tree(text) == [
        (
            "ARTICLE I",
            "DEFINITIONS",
            [("Section 1.1", "Terms", []), ("Section 1.2", "Plurals", [])],
        ),
        ("ARTICLE II", "PAYMENT", [("Section 2.1", "Price", [])]),
        ("EXHIBIT A", "PRICE LIST", [("1", "Paper", []), ("2", "Pens", [])]),
    ]


def test_russian_numbering_and_headings() -> None:
    text = """ДОГОВОР

1. ПРЕДМЕТ ДОГОВОРА
1.1. Поставщик поставляет товар:
а) бумагу;
б) ручки.
1.2. Покупатель платит.
2. ОТВЕТСТВЕННОСТЬ СТОРОН
2.1. Стороны несут ответственность.
Приложение № 1
Спецификация
1. Бумага офисная.
2. Ручки шариковые.
"""
    assert tree(text) == [
        (
            "1",
            "ПРЕДМЕТ ДОГОВОРА",
            [("1.1", None, [("а", None, []), ("б", None, [])]), ("1.2", None, [])],
        ),
        ("2", "ОТВЕТСТВЕННОСТЬ СТОРОН", [("2.1", None, [])]),
        (
            "Приложение № 1",
            "Спецификация",
            [("1", None, []), ("2", None, [])],
        ),
    ]


def test_articles_of_a_russian_law_style_contract() -> None:
    text = "Статья 1. Предмет\nТекст статьи.\nСтатья 2. Цена\nТекст статьи.\n"
    assert tree(text) == [("Статья 1", "Предмет", []), ("Статья 2", "Цена", [])]


def test_clauses_in_one_long_line_are_found() -> None:
    text = (
        'The parties agree: 1. DEFINITIONS 1.1 "Goods" means paper. 1.2 "Price" means ten'
        " euros. 2. DELIVERY 2.1 The seller delivers by May 3, 2024. 3. LAW The law of Utopia."
    )
    assert numbers(text) == ["1", "1.1", "1.2", "2", "2.1", "3"]


def test_the_ninth_letter_and_the_first_numeral_are_told_apart() -> None:
    letters = "".join(f"({letter}) item {letter};\n" for letter in "abcdefghij")
    assert numbers(f"1. List. These:\n{letters}") == ["1", *(f"({x})" for x in "abcdefghij")]
    nested = "1. List. These:\n(a) one:\n(i) first;\n(ii) second;\n(b) two.\n"
    assert numbers(nested) == ["1", "(a)", "(i)", "(ii)", "(b)"]


def test_dates_amounts_references_and_page_numbers_are_no_clauses() -> None:
    text = """1. Price. The price is 1.5 million euros, due on
2. May 2024 as agreed in Section
3.2 of the annex.
- 7 -
8
Page 3 of 12
2. Delivery. Within ten days, see Section 1.1 and Clause 2.2.
12.03.2024 is the delivery date.
3. Law. Utopian law.
"""
    found = numbers(text)
    assert found[0] == "1"
    assert found[-1] == "3"
    assert "3.2" not in found
    assert "12" not in found
    assert "8" not in found


def test_rows_of_a_table_are_no_clauses() -> None:
    text = """1. Prices. The prices are:
1 Paper 20 10.00
2 Pens 50 2.00
3 Ink 5 30.00
2. Delivery. Free.
"""
    assert numbers(text) == ["1", "2"]


def test_a_table_of_contents_is_not_the_contract() -> None:
    text = """CONTRACT
TABLE OF CONTENTS
1. Definitions
2. Payment
3. Term

1. Definitions
Words have meanings.
2. Payment
The buyer pays.
3. Term
Two years.
"""
    sections = segment(ParsedDocument("text/plain", text))
    assert [section.number for section in sections] == ["1", "2", "3"]
    assert "Words have meanings" in text[sections[0].start : sections[0].end]


def test_capital_headings_serve_where_nothing_is_numbered() -> None:
    text = "PRIVACY NOTICE\n\nWhat we store\n\nDATA WE COLLECT\nNames.\n\nYOUR RIGHTS\nMany.\n"
    assert [heading for _, heading, _ in tree(text)] == [
        "PRIVACY NOTICE",
        "DATA WE COLLECT",
        "YOUR RIGHTS",
    ]


def test_a_text_without_clauses_has_no_outline() -> None:
    assert segment(ParsedDocument("text/plain", "")) == ()
    assert segment(ParsedDocument("text/plain", "Hello, this is a letter.")) == ()


PIECES = st.lists(
    st.sampled_from(
        ["1. ", "2. ", "3. ", "1.1 ", "1.2 ", "2.1. ", "(a) ", "(b) ", "(i) ", "(ii) ",
         "ARTICLE I", "ARTICLE II", "Section 3", "Статья 1. ",
         "а) ", "Приложение № 1", "EXHIBIT A", "\n", "\n\n",
         "Title. ", "TEXT ", "words and words; ", "12.03.2024 ", "RECITALS\n", " ", "I. ",
         "A. ", "By: ", "/s/ Ann", "Name: Bob", "IN WITNESS WHEREOF, ", "ALDER INC.\n"]
    ),
    max_size=60,
)  # fmt: skip


@given(PIECES)
def test_children_lie_inside_their_parent_and_never_overlap(pieces: list[str]) -> None:
    text = "".join(pieces)
    sections = segment(ParsedDocument("text/plain", text))
    _check(sections, 0, len(text))
    for section in walk(sections):
        part = text[section.start : section.end]
        assert part == part.strip()
        if section.number is not None:
            assert " ".join(part.split()).lstrip("(").startswith(section.number.lstrip("("))


def _check(sections: tuple[Section, ...], start: int, end: int) -> None:
    for section in sections:
        assert start <= section.start < section.end <= end
        _check(section.children, section.start, section.end)
        start = section.end
