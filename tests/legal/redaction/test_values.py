"""Where a value stands, however it is written."""

import pytest

from lexmill_legal.redaction.values import Values


def found(value: str, text: str) -> list[str]:
    return [text[start:end] for start, end, _ in Values([value]).occurrences(text)]


@pytest.mark.parametrize(
    ("value", "text", "quote"),
    [
        ("Ann Miller", "by ANN  miller.", "ANN  miller"),
        ("Ann Miller", "by Ann\nMiller.", "Ann\nMiller"),
        ("Ann Miller", f"by Ann\n{' ' * 30}Miller.", f"Ann\n{' ' * 30}Miller"),
        ("Ann Miller", "to ann.miller@a.example", "ann.miller"),
        ("Hamilton", "Mr Hamil-\nton", "Hamil-\nton"),
        ("Hamilton", "Ha\xadmil\u200bton", "Ha\xadmil\u200bton"),
        ("Hamilton", "H A M I L T O N", "H A M I L T O N"),
        ("Griffin", "Mr Gri\ufb03n", "Gri\ufb03n"),
        ("José", "Jose\u0301 signs", "Jose"),
        ("Иванов", "ИBAHOB", "ИBAHOB"),
        ("40702810500000012345", "40702 810 5 0000 0012345", "40702 810 5 0000 0012345"),
        ("7707083893", "ИНН7707083893.", "7707083893"),
        ("+7 (495) 123-45-67", "74951234567", "74951234567"),
        ("Ann", "Ann¹ signs", "Ann"),
        ("ann.miller@a.example", "ann.miller@a.ex\nample", "ann.miller@a.ex\nample"),
    ],
)
def test_the_same_to_a_reader(value: str, text: str, quote: str) -> None:
    assert found(value, text) == [quote]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ann", "the Annual report"),
        ("Martin", "a smart in-house lawyer"),
        ("1250", "31250"),
        ("5", "on 5 May"),
        ("Ann Miller", "Ann and her brother met Miller"),
    ],
)
def test_another_word(value: str, text: str) -> None:
    assert found(value, text) == []


def test_all_places() -> None:
    text = "Ann Miller met Bob Stone. ANN MILLER left."
    assert [text[a:b] for a, b, _ in Values(["Ann Miller", "Bob Stone"]).occurrences(text)] == [
        "Ann Miller",
        "ANN MILLER",
        "Bob Stone",
    ]
