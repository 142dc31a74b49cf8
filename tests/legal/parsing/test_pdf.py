import io

import pypdfium2 as pdfium
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse, place
from lexmill_legal.results import Box, ParsedDocument
from tests.legal.parsing.making import PAGE, Pdf


def read(data: bytes) -> ParsedDocument:
    return parse(data, name="contract.pdf")


def refused(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read(data)
    return caught.value


def near(box: Box, x0: float, x1: float, *, within: float) -> bool:
    return abs(box.x0 - x0) < within and abs(box.x1 - x1) < within


def turned(data: bytes, degrees: int) -> bytes:
    document = pdfium.PdfDocument(data)
    document[0].set_rotation(degrees)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def test_pages_follow_each_other_in_one_text_layer() -> None:
    parsed = read(Pdf().lines("First page.").page().lines("Second page.").page().save())

    assert parsed.media_type == "application/pdf"
    assert [parsed.text[page.start : page.end].strip() for page in parsed.pages] == [
        "First page.",
        "Second page.",
    ]
    assert [(page.number, page.width, page.height) for page in parsed.pages] == [
        (1, *PAGE),
        (2, *PAGE),
    ]
    assert parsed.pages[0].end == parsed.pages[1].start
    assert parsed.warnings == ()


def test_line_ends_are_lf_and_paragraphs_are_set_apart_by_a_blank_line() -> None:
    pdf = Pdf().lines("The Supplier delivers", "the Goods.", "It bears the risk.")
    pdf.lines("The Buyer pays", "the Price", "on delivery.", y=142)

    assert read(pdf.page().save()).text == (
        "The Supplier delivers\nthe Goods.\nIt bears the risk.\n\n"
        "The Buyer pays\nthe Price\non delivery.\n"
    )


def test_a_sentence_that_runs_on_to_the_next_page_is_not_cut_by_a_blank_line() -> None:
    pdf = Pdf().lines("The Supplier delivers").page().lines("the Goods to the Buyer.").page()

    assert read(pdf.save()).text == "The Supplier delivers\nthe Goods to the Buyer.\n"


def test_the_box_of_a_line_is_where_the_line_stands() -> None:
    text = "This Agreement is made on 12 March 2024."
    parsed = read(Pdf().text(72, 100, text).page().save())

    assert len(parsed.boxes) == 1
    run = parsed.boxes[0]
    assert parsed.text[run.start : run.end] == text
    assert near(run.box, 72, 72 + stringWidth(text, "Helvetica", 12), within=2)
    assert 88 < run.box.y0 < 93
    assert 100 <= run.box.y1 < 105


def test_a_word_s_place_is_its_part_of_the_line() -> None:
    text = "between Willow Mill Ltd and IIII Holdings of Mmmmm"
    parsed = read(Pdf().text(72, 100, text).page().save())

    for word in text.split():
        start = parsed.text.index(word)
        page, boxes = place(parsed, start, start + len(word))
        x0 = 72 + stringWidth(text[:start], "Helvetica", 12)
        x1 = x0 + stringWidth(word, "Helvetica", 12)
        assert page == 1
        assert len(boxes) == 1
        assert near(boxes[0], x0, x1, within=7), word


def test_cells_of_one_line_have_boxes_of_their_own() -> None:
    parsed = read(Pdf().text(72, 100, "Price").text(400, 100, "EUR 100").page().save())

    assert [parsed.text[run.start : run.end] for run in parsed.boxes] == ["Price", "EUR 100"]
    start = parsed.text.index("EUR")
    _, boxes = place(parsed, start, start + 7)
    assert near(boxes[0], 400, 400 + stringWidth("EUR 100", "Helvetica", 12), within=2)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_boxes_lie_on_the_page_as_it_is_shown_when_it_is_turned(degrees: int) -> None:
    text = "Turned page"
    data = turned(Pdf().text(72, 100, text).page().save(), degrees)
    parsed = read(data)
    page, box = parsed.pages[0], parsed.boxes[0].box

    width = stringWidth(text, "Helvetica", 12)
    left, right, top, bottom = 72.0, 72 + width, 91.0, 101.0
    expected = {
        0: (left, top, right, bottom),
        90: (PAGE[1] - bottom, left, PAGE[1] - top, right),
        180: (PAGE[0] - right, PAGE[1] - bottom, PAGE[0] - left, PAGE[1] - top),
        270: (top, PAGE[0] - right, bottom, PAGE[0] - left),
    }[degrees]
    assert parsed.text == "Turned page\n"
    assert (page.width, page.height) == (PAGE if degrees % 180 == 0 else PAGE[::-1])
    for got, wanted in zip((box.x0, box.y0, box.x1, box.y1), expected, strict=True):
        assert got == pytest.approx(wanted, abs=4)


def test_a_page_whose_visible_area_is_cut_out_counts_from_that_corner() -> None:
    document = pdfium.PdfDocument(Pdf().text(172, 200, "Cropped").page().save())
    document[0].set_cropbox(100, 92, 612, 692)  # 100 points off the left and off the top
    out = io.BytesIO()
    document.save(out)
    document.close()
    parsed = read(out.getvalue())

    assert parsed.boxes[0].box.x0 == pytest.approx(72, abs=2)
    assert parsed.boxes[0].box.y1 == pytest.approx(100, abs=4)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ("Each termination is final.", "after termination of"),
        ("See termi-nation there.", "after termi-nation of"),
        ("Nothing of the kind.", "after termi-\nnation of"),
    ],
)
def test_a_word_broken_at_a_line_end_is_joined_as_the_rest_of_the_document_has_it(
    evidence: str, expected: str
) -> None:
    pdf = Pdf().lines(evidence, "Payments fall due after termi-", "nation of the Agreement.")

    assert expected in read(pdf.page().save()).text


def test_no_character_that_a_reader_cannot_see_is_left() -> None:
    text = read(Pdf().text(72, 100, "No\xa0break and soft\xadhyphen").page().save()).text

    assert text.startswith("No break and soft")
    assert not set(text) & set("\x00\x02\r\xa0\xad\ufffe")


def test_entries_of_a_form_are_text() -> None:
    pdf = Pdf().text(72, 100, "Tenant:")
    pdf.canvas.acroForm.textfield(value="Willow Mill Ltd", x=140, y=685, width=200, height=20)

    assert "Willow Mill Ltd" in read(pdf.page().save()).text


def test_a_password_protected_document_is_refused_and_opens_with_its_password() -> None:
    data = Pdf(password="secret").lines("Confidential.").page().save()

    assert refused(data).code == "encrypted"
    parsed = parse(data, name="contract.pdf", passwords=("wrong", "secret"))
    assert parsed.text == "Confidential.\n"


def test_a_cut_off_document_is_corrupt() -> None:
    data = Pdf().lines("Some text.").page().save()

    assert refused(data[:300]).code == "corrupt"
    assert refused(b"%PDF-1.7\nnothing").code == "corrupt"


def test_a_scan_needs_ocr() -> None:
    assert refused(Pdf().picture(0, 0, *PAGE).page().save()).code == "needs_ocr"


def test_a_scan_with_only_a_court_s_stamp_needs_ocr() -> None:
    pdf = Pdf().picture(0, 0, *PAGE).text(72, 20, "Case 1:24-cv-00017 Document 3 Filed 05/06/24")

    assert refused(pdf.page().save()).code == "needs_ocr"


def test_a_scanned_page_among_others_is_warned_of() -> None:
    parsed = read(Pdf().lines("Typed.").page().picture(0, 0, *PAGE).page().save())

    assert [(warning.code, warning.page) for warning in parsed.warnings] == [
        ("page_without_text", 2)
    ]
    assert [page.has_text for page in parsed.pages] == [True, False]


def test_a_blank_page_is_no_scan() -> None:
    pdf = Pdf().lines("Typed.").page()
    pdf.canvas.setFillColorRGB(1, 1, 1)  # as many programs do on an empty page
    pdf.canvas.rect(0, 0, *PAGE, stroke=0, fill=1)
    parsed = read(pdf.page().save())

    assert parsed.warnings == ()
    assert [page.has_text for page in parsed.pages] == [True, True]
    assert parsed.pages[1].start == parsed.pages[1].end


def test_only_blank_pages_are_an_empty_document() -> None:
    assert refused(Pdf().page().page().save()).code == "empty"


def test_a_small_picture_beside_text_is_no_scan() -> None:
    parsed = read(Pdf().picture(72, 72, 100, 40).text(72, 200, "Signed.").page().save())

    assert parsed.warnings == ()


def test_files_inside_a_pdf_become_attachments() -> None:
    document = pdfium.PdfDocument(Pdf().lines("See annex.").page().save())
    document.new_attachment("../annex.txt").set_data(b"Annex 1")
    out = io.BytesIO()
    document.save(out)
    document.close()

    (annex,) = read(out.getvalue()).attachments
    assert (annex.name, annex.media_type, annex.data) == ("annex.txt", "text/plain", b"Annex 1")


def test_what_stands_outside_of_the_page_is_left_out_and_told() -> None:
    """A reader never sees it: the other half of a spread, the printer's notes, a trap."""
    pdf = Pdf().lines("The Price is EUR 100.").text(640, 100, "The Price is EUR 900.")
    pdf.text(540, 120, "This sentence juts out of the page.")
    parsed = read(pdf.page().save())

    assert parsed.text.startswith("The Price is EUR 100.\n")
    assert "900" not in parsed.text
    assert "This sentence juts out of the page." in parsed.text
    assert max(run.box.x1 for run in parsed.boxes) == PAGE[0]
    assert [warning.code for warning in parsed.warnings] == ["text_outside_page"]


@pytest.mark.parametrize("page", [0, 90, 180, 270])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_text_that_is_turned_inside_its_page_is_read(degrees: int, page: int) -> None:
    """Word by word, as a scanner's OCR writes it; whether the page is turned with it or not."""
    pdf = Pdf().lines("Annex 1 follows.")
    pdf.canvas.saveState()
    pdf.canvas.translate(300, 400)
    pdf.canvas.rotate(degrees)
    for number, text in enumerate(("This annex lists the goods", "and their prices.")):
        x = 0.0
        for word in text.split():
            pdf.canvas.drawString(x, -14 * number, word)
            x += stringWidth(f"{word} ", "Helvetica", 12)
    pdf.canvas.restoreState()
    parsed = read(turned(pdf.page().save(), page))

    assert " ".join(parsed.text.split()) == (
        "Annex 1 follows. This annex lists the goods and their prices."
    )
    flat = (degrees - page) % 180 == 0
    for run in parsed.boxes[1:]:
        assert (run.box.x1 - run.box.x0 > run.box.y1 - run.box.y0) == flat
    x, y, height = 300.0, 392.0, PAGE[1]
    for _ in range(page // 90):
        x, y, height = height - y, x, PAGE[0] if height == PAGE[1] else PAGE[1]
    first = parsed.boxes[1].box
    assert min(abs(first.x0 - x), abs(first.x1 - x)) < 12
    assert min(abs(first.y0 - y), abs(first.y1 - y)) < 12


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_table_across_the_page_is_read_row_by_row(degrees: int) -> None:
    rows = [("Item", "Quantity", "Price"), ("Bolt M16", "100", "38.00"), ("Nut M16", "90", "1.50")]
    pdf = Pdf()
    pdf.canvas.translate(*{90: (200, 72), 270: (400, 720)}[degrees])
    pdf.canvas.rotate(degrees)
    for column in range(3):  # as some programs draw them
        for number, row in enumerate(rows):
            pdf.canvas.drawString(200 * column, -16 * number, row[column])
    data = pdf.page().save()
    for text in (read(data).text, read(turned(data, degrees)).text):
        assert text.split("\n")[:3] == [" ".join(row) for row in rows]
