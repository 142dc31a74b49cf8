import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.results import Definition, ParsedDocument
from lexmill_legal.segment import find_definitions


def definitions(text: str) -> tuple[Definition, ...]:
    found = find_definitions(ParsedDocument("text/plain", text))
    assert all(text[one.start : one.end] == one.quote for one in found)
    return found


def terms(text: str) -> list[str]:
    return [one.term for one in definitions(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Affiliate" means any company under common control.', ["Affiliate"]),
        ("“Net Sales” shall mean the gross amounts invoiced.", ["Net Sales"]),
        ('The term "Territory" has the meaning set forth in Schedule 1.', ["Territory"]),
        ('"Fees" and "Charges" mean the amounts in Exhibit B.', ["Charges", "Fees"]),
        ("1.3 Business Day means a day on which banks are open.", ["Business Day"]),
        ("1.4 Change of Control means a sale of all shares.", ["Change of Control"]),
        ('Alder Labs Inc. (the "Company") sells birch.', ["Company"]),
        ('Birch Works LLC (hereinafter referred to as "Buyer") pays.', ["Buyer"]),
        (
            'A and B (each a "Party" and collectively, the "Parties") agree.',
            ["Parties", "Party"],
        ),
        ("This contract (this ''Agreement'') is made today.", ["Agreement"]),
        ("ООО «Ромашка», именуемое в дальнейшем «Поставщик», поставляет.", ["Поставщик"]),
        ("Договор поставки (далее – Договор) заключён.", ["Договор"]),
        (
            "совместно именуемые «Стороны», а по отдельности – «Сторона», заключили",
            [],
        ),
        (
            "далее совместно именуемые «Стороны», а по отдельности – «Сторона», заключили",
            ["Сторона", "Стороны"],
        ),
        ("«Товар» означает продукцию из приложения № 1.", ["Товар"]),
        (
            "1. ТЕРМИНЫ И ОПРЕДЕЛЕНИЯ\n1.1. Товар – бумага и ручки.\nСклад – помещение продавца.\n",
            ["Склад", "Товар"],
        ),
    ],
)
def test_a_term_is_found_where_it_is_defined(text: str, expected: list[str]) -> None:
    assert sorted(terms(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        'The Seller shall deliver (see "Delivery Terms" as defined in Annex 2).',
        "This means that the Buyer must pay.",
        "It has the meaning of a promise, by all means.",
        'He said "stop" and left.',
        "The parties meant (as the Buyer knows) something else.",
        "Покупатель оплачивает товар, а далее действует по закону.",
    ],
)
def test_what_only_looks_like_a_definition_is_none(text: str) -> None:
    assert terms(text) == []


def test_the_quote_is_the_sentence_that_defines() -> None:
    text = (
        'First sentence. "Net Sales" means the amounts invoiced, less taxes. Next one.\n\n'
        'All goods are sold by Alder Labs Inc. under licence of Birch (the "Goods"). End.'
    )
    meaning, named = definitions(text)
    assert meaning.quote == '"Net Sales" means the amounts invoiced, less taxes.'
    assert named.quote.startswith("All goods are sold")
    assert named.quote.endswith('(the "Goods")')


def test_a_term_that_is_defined_twice_is_there_twice() -> None:
    assert terms('"Fee" means ten euros. Later on "Fee" means five euros.') == ["Fee", "Fee"]


@given(
    st.lists(
        st.sampled_from(
            ['"', "“", "”", "(", ")", "the ", "Term", " means ", "\n", ". ", "1.1 ", "''", "«", "»",
             "далее – ", "ОПРЕДЕЛЕНИЯ\n", "Товар – это ", "a", "Ж", " has the meaning ", "e" * 90]
        ),
        max_size=40,
    )
)  # fmt: skip
def test_any_text_gives_terms_with_their_places(parts: list[str]) -> None:
    for one in definitions("".join(parts)):
        assert one.term
        assert one.start < one.end
        assert len(one.quote) < 1_500
