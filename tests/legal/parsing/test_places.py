from lexmill_legal.parsing import place
from lexmill_legal.results import Box, Page, ParsedDocument, TextBox

TEXT = "one two\nthree\nfour\n"
PARSED = ParsedDocument(
    "application/pdf",
    TEXT,
    pages=(Page(1, 0, 14, 600, 800), Page(2, 14, 19, 600, 800)),
    boxes=(
        TextBox(0, 7, Box(1, 10, 10, 80, 20)),
        TextBox(8, 13, Box(1, 10, 30, 60, 40)),
        TextBox(14, 18, Box(2, 10, 10, 50, 20)),
    ),
)


def test_a_whole_line_is_its_box() -> None:
    assert place(PARSED, 8, 13) == (1, (Box(1, 10, 30, 60, 40),))


def test_a_range_over_lines_and_pages_has_a_box_on_each() -> None:
    page, boxes = place(PARSED, 4, 18)

    assert page == 1
    assert [box.page for box in boxes] == [1, 1, 2]
    assert 40 < boxes[0].x0 < 55
    assert boxes[0].x1 == 80


def test_a_line_break_is_drawn_nowhere() -> None:
    assert place(PARSED, 7, 8) == (1, ())


def test_an_empty_range_has_a_page_but_no_box() -> None:
    assert place(PARSED, 14, 14) == (2, ())


def test_the_end_of_the_text_is_on_the_last_page() -> None:
    assert place(PARSED, 19, 19) == (2, ())


def test_a_format_without_pages_has_no_place() -> None:
    assert place(ParsedDocument("text/plain", "abc"), 0, 3) == (None, ())


def test_text_that_runs_leftwards_or_upwards_is_not_cut() -> None:
    hebrew, upright = "שלום עולם", "upright"
    boxes = (
        TextBox(0, 9, Box(1, 10, 10, 80, 20)),
        TextBox(10, 17, Box(1, 10, 30, 20, 90)),
    )
    parsed = ParsedDocument(
        "application/pdf", f"{hebrew}\n{upright}\n", (Page(1, 0, 18, 600, 800),), boxes
    )

    assert place(parsed, 0, 4) == (1, (boxes[0].box,))
    assert place(parsed, 12, 14) == (1, (boxes[1].box,))
