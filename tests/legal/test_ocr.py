import pytest

from lexmill_legal.ocr import RecognisedPage, Recognition, merged, read_tsv, unread_places
from lexmill_legal.parsing import parse, place
from lexmill_legal.results import Page
from tests.legal.parsing.making import Pdf

PAGE = Page(2, 0, 0, 500.0, 800.0, has_text=False)


def tsv(*words: tuple[str, str] | tuple[str, str, float]) -> bytes:
    """Words with their place "block.paragraph.line@left,top"; each letter is 10 pixels wide."""
    rows = [
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    ]
    for number, (text, where, *sure) in enumerate(words):
        lines, _, corner = where.partition("@")
        block, paragraph, line = lines.split(".")
        left, top = corner.split(",")
        confidence = sure[0] if sure else 96.5
        cells = (
            "5",
            "1",
            block,
            paragraph,
            line,
            number,
            left,
            top,
            10 * len(text),
            20,
            confidence,
        )
        rows.append("\t".join([*map(str, cells), text]))
    return "\n".join(rows).encode() + b"\n"


def read(*words: tuple[str, str] | tuple[str, str, float]) -> RecognisedPage:
    return read_tsv(tsv(*words), PAGE, width=1000, height=1600)


def test_words_become_lines_and_paragraphs() -> None:
    page = read(
        ("The", "1.1.1@100,100"),
        ("fee", "1.1.1@140,100"),
        ("is", "1.1.2@100,130"),
        ("Law", "1.2.1@100,200"),
        ("End", "2.1.1@100,300"),
    )
    assert page.text == "The fee\nis\n\nLaw\n\nEnd\n"
    assert [page.text[box.start : box.end] for box in page.boxes] == ["The fee", "is", "Law", "End"]
    box = page.boxes[0].box
    assert (box.page, box.x0, box.y0, box.x1, box.y1) == (2, 50.0, 50.0, 85.0, 60.0)
    assert page.confidence == 0.965


def test_words_far_apart_have_boxes_of_their_own() -> None:
    page = read(("Price", "1.1.1@100,100"), ("5", "1.1.1@600,100"))
    assert page.text == "Price 5\n"
    assert [page.text[box.start : box.end] for box in page.boxes] == ["Price", "5"]


def test_a_word_broken_at_the_line_end_is_joined_where_the_page_knows_it() -> None:
    page = read(
        ("agree-", "1.1.1@100,100"), ("ment", "1.1.2@100,130"), ("agreement", "1.1.3@100,160")
    )
    assert page.text == "agreement\nagreement\n"
    assert [(box.start, box.end) for box in page.boxes] == [(0, 5), (5, 9), (10, 19)]


def test_specks_are_left_out_and_doubtful_words_are_kept() -> None:
    page = read(
        ("not", "1.1.1@100,100", 3.0), ("|", "1.1.1@200,100", 5.0), ("due", "1.1.1@220,100")
    )
    assert page.text == "not due\n"


def test_letters_of_the_other_alphabet_are_misread() -> None:
    english = "\u043e\u0433 \u0430 Renewal Term of two years beginning"  # "or", "a" in Cyrillic
    russian = "поставка c хранением Mercedes на складе покупателя a также"  # Latin "c" and "a"
    page = read(
        *((word, f"1.1.1@{at},100") for at, word in enumerate(english.split())),
        *((word, f"1.1.2@{at},130") for at, word in enumerate(russian.split())),
    )
    assert page.text == (
        "or a Renewal Term of two years beginning\n"
        "поставка \u0441 хранением Mercedes на складе покупателя \u0430 также\n"
    )


@pytest.mark.parametrize(
    "row",
    [
        "5\t1\t1\t1\t1\t1\tx\t0\t9\t9\t90\ta",
        "5\t1\t1\t1\t1\t1\t0\t0\t0\t9\t90\ta",
        "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\tnan\ta",
        "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t90\t \x07",
        "5\t1\t1",
        "5\t1\t1\t1\t1\t1\t99999\t0\t9\t9\t90\ta",
        f"5\t1\t1\t1\t1\t1\t0\t0\t{'9' * 400}\t9\t90\ta",
    ],
)
def test_rows_that_say_nothing_are_passed_over(row: str) -> None:
    assert read_tsv(row.encode() + b"\n\xff\n", PAGE, width=10, height=10).text == ""


def mixed() -> bytes:
    pdf = Pdf().lines("First page of the lease.").page()
    pdf.picture(0, 0, 612, 792).page()
    return pdf.lines("Third page.").page().save()


def test_recognised_pages_stand_among_the_others() -> None:
    parsed = parse(mixed(), name="a.pdf")
    assert list(unread_places(parsed)) == [2]
    page = read(("The", "1.1.1@100,100"), ("fee", "1.1.1@140,100"))
    whole = merged(parsed, Recognition("t", (page,)))

    assert whole.text == "First page of the lease.\n\nThe fee\n\nThird page.\n"
    assert [whole.text[p.start : p.end] for p in whole.pages] == [
        "First page of the lease.\n\n", "The fee\n\n", "Third page.\n",
    ]  # fmt: skip
    assert [page.has_text for page in whole.pages] == [True] * 3
    assert [whole.text[box.start : box.end] for box in whole.boxes] == [
        "First page of the lease.", "The fee", "Third page.",
    ]  # fmt: skip
    assert [(notice.code, notice.page) for notice in whole.warnings] == [("text_recognised", None)]
    at = whole.text.index("fee")
    number, boxes = place(whole, at, at + 3)
    assert (number, boxes[0].page) == (2, 2)


def test_a_page_that_was_hardly_read_is_doubtful() -> None:
    page = read(("The", "1.1.1@100,100", 50.0))
    whole = merged(parse(mixed(), name=""), Recognition("t", (page,)))
    assert [(notice.code, notice.page) for notice in whole.warnings] == [
        ("text_recognised", None), ("page_doubtful", 2),
    ]  # fmt: skip


def test_a_page_on_which_nothing_was_recognised_stays_unread() -> None:
    parsed = parse(mixed(), name="")
    assert merged(parsed, Recognition("t", (RecognisedPage(2, "", (), 0.0),))) == parsed
    assert merged(parsed, Recognition()) == parsed
