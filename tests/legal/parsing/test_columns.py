from collections.abc import Callable

import pytest

from lexmill_legal.parsing import parse, place
from tests.legal.parsing.making import Pdf

ENGLISH = (
    "1. The Agent shall find buyers for the",
    "goods of the Principal in the Territory",
    "and shall forward their orders without",
    "delay to the Principal. The Agent has no",
    "right to bind the Principal in any way.",
    "2. The commission is five percent of the",
    "net price that the Principal receives.",
)
RUSSIAN_LIKE = (
    "1. Agent obyazuetsya nakhodit pokupatelei",
    "tovarov Printsipala na Territorii i bez",
    "promedleniya peredavat ikh zakazy. Agent",
    "ne vprave sozdavat obyazatelstva dlya",
    "Printsipala kakim-libo obrazom vovse.",
    "2. Voznagrazhdenie sostavlyaet pyat ot",
    "chistoi tseny, poluchennoi Printsipalom.",
)
LEFT, RIGHT = 60, 320


def read(pdf: Pdf) -> str:
    return parse(pdf.page().save(), name="a.pdf").text


def paragraphs(text: str) -> str:
    return " ".join(text.split())


def across(pdf: Pdf, y: float = 120, right: float = RIGHT) -> Pdf:
    """Line by line over both columns."""
    for number, (left, other) in enumerate(zip(ENGLISH, RUSSIAN_LIKE, strict=True)):
        pdf.text(LEFT, y + 14 * number, left).text(right, y + 14 * number, other)
    return pdf


def cell_by_cell(pdf: Pdf) -> Pdf:
    """As a word processor writes a table whose rows are clauses."""
    for rows in (slice(0, 5), slice(5, 7)):
        for x, column in ((LEFT, ENGLISH), (RIGHT, RUSSIAN_LIKE)):
            for number in range(*rows.indices(7)):
                pdf.text(x, 120 + 14 * number, column[number])
    return pdf


def column_by_column(pdf: Pdf) -> Pdf:
    return pdf.lines(*ENGLISH, x=LEFT, y=120).lines(*RUSSIAN_LIKE, x=RIGHT, y=120)


@pytest.mark.parametrize("write", [across, cell_by_cell, column_by_column])
def test_two_columns_of_text_are_read_one_after_the_other(write: object) -> None:
    pdf = Pdf().text(200, 80, "AGENCY AGREEMENT BETWEEN THE PARTIES")
    assert callable(write)
    below = "This line stands below both of the columns."
    text = paragraphs(read(write(pdf).text(LEFT, 700, below)))

    assert text == paragraphs(
        " ".join(
            [
                "AGENCY AGREEMENT BETWEEN THE PARTIES",
                *ENGLISH,
                *RUSSIAN_LIKE,
                below,
            ]
        )
    )


def test_a_narrow_gap_is_enough() -> None:
    assert " ".join(ENGLISH[:3]) in paragraphs(read(across(Pdf(), right=284)))


def test_boxes_stay_with_their_words() -> None:
    parsed = parse(across(Pdf()).page().save(), name="a.pdf")
    for words, left in (("commission", LEFT), ("Voznagrazhdenie", RIGHT)):
        at = parsed.text.index(words)
        _, (box,) = place(parsed, at, at + len(words))
        assert left < box.x0 < box.x1 < left + 220
        assert 180 < box.y0 < box.y1 < 195


def test_a_table_of_figures_stays_row_by_row() -> None:
    pdf = Pdf()
    rows = [("Item", "Price"), ("Bolt M16", "38.00"), ("Nut M16", "11.50"), ("Washer", "2.10")]
    rows += [("Screw", "4.20"), ("Rivet", "0.90")]
    for number, (item, price) in enumerate(rows):
        pdf.text(LEFT, 120 + 14 * number, item).text(RIGHT, 120 + 14 * number, price)
    assert paragraphs(read(pdf)) == " ".join(f"{item} {price}" for item, price in rows)


def test_signature_blocks_stay_as_they_were_written() -> None:
    block = ("ALPHA LLC", "By: ____________", "Name: Ann Lee", "Title: CEO", "Date: ________")
    pdf = Pdf().lines(*block, x=LEFT, y=120).lines(*block, x=RIGHT, y=120)
    assert paragraphs(read(pdf)) == " ".join([*block, *block])


def test_one_column_stays_as_it_was_written() -> None:
    pdf = Pdf().lines(*(f"{line} and so on" for line in ENGLISH))
    assert paragraphs(read(pdf)) == " ".join(f"{line} and so on" for line in ENGLISH)


ROWS = (
    ("Item", "Quantity", "Price"),
    ("Bolt M16", "100", "EUR 38.00"),
    ("Nut M16", "90", "EUR 11.50"),
    ("Washer", "1,200", "EUR 2.10"),
    ("Screw", "7", "EUR 4.20"),
)


def drawn_by_columns(pdf: Pdf) -> Pdf:
    for column in range(3):
        for number, row in enumerate(ROWS):
            pdf.text(LEFT + 150 * column, 120 + 16 * number, row[column])
    return pdf


def test_a_table_that_was_drawn_column_by_column_is_read_row_by_row() -> None:
    pdf = drawn_by_columns(Pdf().text(LEFT, 80, "The prices are these.")).text(
        LEFT, 240, "The end."
    )
    parsed = parse(pdf.page().save(), name="a.pdf")

    lines = [line for line in parsed.text.split("\n") if line]
    assert lines == ["The prices are these.", *(" ".join(row) for row in ROWS), "The end."]
    at = parsed.text.index("1,200")
    _, (box,) = place(parsed, at, at + 5)
    assert LEFT + 148 < box.x0 < box.x1 < LEFT + 200


def test_an_empty_cell_leaves_the_other_rows_whole() -> None:
    pdf = Pdf()
    for column in range(2):
        for number, row in enumerate(ROWS):
            if (column, number) != (1, 2):
                pdf.text(LEFT + 150 * column, 120 + 16 * number, row[2 * column])
    assert read(pdf).split("\n")[:4] == [
        "Item Price",
        "Bolt M16 EUR 38.00",
        "Nut M16",
        "Washer EUR 2.10",
    ]


@pytest.mark.parametrize("write", [across, cell_by_cell, column_by_column])
@pytest.mark.parametrize("first", [True, False])
def test_headers_and_page_numbers_stay_out_of_the_columns(
    write: Callable[[Pdf], Pdf], *, first: bool
) -> None:
    """Whether the program writes them before the columns or after; on each of two pages."""
    header, footer = "Agency Agreement No. 7 of 2024 between Alpha and Beta", "Page 1 of 2"

    def ends(pdf: Pdf) -> None:
        pdf.text(170, 40, header, size=9).text(280, 760, footer, size=9)

    pdf = Pdf()
    for _ in range(2):
        if first:
            ends(pdf)
        write(pdf)
        if not first:
            ends(pdf)
        pdf.page()
    parsed = parse(pdf.save(), name="a.pdf")
    for page in parsed.pages:
        text = paragraphs(parsed.text[page.start : page.end])
        assert " ".join([*ENGLISH, *RUSSIAN_LIKE]) in text
        assert text.count(header) == text.count(footer) == 1
