import pytest

from lexmill_legal.extract.scanning import spaced


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
