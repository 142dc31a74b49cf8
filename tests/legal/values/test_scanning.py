import pytest

from lexmill_legal.values.scanning import spaced, word_starts


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"for convenience", "for\n     convenience", True),
        (r"for convenience", "forconvenience", False),
        (r"term ?sheet", "termsheet", True),
        (r"term ?sheet", "term \n sheet", True),
        (r"year[- ]to", "year-to", True),
        (r"year[- ]to", "year\nto", False),
        (r"a\ b", "a b", True),
        (r"[\]] x", "]\nx", True),
        (r"a b", "a" + " " * 21 + "b", False),
    ],
)
def test_a_space_stands_for_a_line_break_outside_of_brackets(
    pattern: str, text: str, *, found: bool
) -> None:
    assert (spaced(pattern).search(text) is not None) is found


@pytest.mark.parametrize(
    "text",
    [
        "The term terminates; the Term, long-term _term 2term терм termterm te",
        "Срок действия договора: срок, сроки, досрок 1срок",
        "İterm ßterm 𐐀term 中term (term)\u2019term",
        "",
        "te",
    ],
)
def test_words_begin_where_no_letter_or_digit_stands_before(text: str) -> None:
    for needles in (("term",), ("Term", "te"), ("срок",), ("$", "(te"), ("termi", "long-t")):
        slow = [
            at
            for at in range(len(text))
            if text.startswith(needles, at) and not (at and text[at - 1].isalnum())
        ]
        assert word_starts(text, needles) == slow
