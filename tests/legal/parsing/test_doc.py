import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse_doc


def test_paragraphs_are_lines_and_tables_are_drawn() -> None:
    converted = (
        "\n\nДОГОВОР № 5\n\n|г. Москва      |18 марта 2024    |\n\n1.1. Товар\n"
        "поставляется.\n[pic]\n"
        "|№  |Товар          |Цена |\n|1  |Болт М16, класс|38,00|\n|   |прочности 8.8  |     |\n"
        "|   |               |     |\nИтого\n"
    )
    parsed = parse_doc(converted.encode())

    assert parsed.media_type == "application/msword"
    assert parsed.text == (
        "ДОГОВОР № 5\n\nг. Москва\t18 марта 2024\n\n1.1. Товар\nпоставляется.\n\n"
        "№\tТовар\tЦена\n1\tБолт М16, класс прочности 8.8\t38,00\n\nИтого\n"
    )
    assert [warning.code for warning in parsed.warnings] == ["converted"]


def test_a_stroke_alone_makes_no_table() -> None:
    assert parse_doc(b"a | b\n|\n||\n").text == "a | b\n|\n"


def test_a_document_without_text_is_empty() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_doc(b"\n[pic]\n\n")
    assert caught.value.code == "empty"
