import pytest

from lexmill_legal.errors import DocumentError
from lexmill_legal.parsing import parse
from lexmill_legal.redaction import burn
from lexmill_legal.results import Redaction
from tests.legal.redaction.burning_of import burned


def test_a_token_stands_for_the_value() -> None:
    copy = burned(b"Signed by Ann Miller on 1 May.\n", "Ann Miller")
    assert copy.data == b"Signed by [PERSON-1] on 1 May.\n"
    assert (copy.media_type, copy.suffix) == ("text/plain", ".txt")


def test_the_same_value_goes_everywhere() -> None:
    copy = burned(b"Ann Miller, ann  MILLER, Ann Mil-\nler; Ann.\n", "Ann Miller")
    assert copy.data == b"[PERSON-1], [PERSON-1], [PERSON-1]; Ann.\n"


def test_markdown_stays_markdown() -> None:
    copy = burned(b"# Ann Miller\n", "Ann Miller", name="a.md")
    assert (copy.data, copy.suffix) == (b"# [PERSON-1]\n", ".md")


def test_a_token_may_have_the_letters_of_a_value() -> None:
    copy = burned(b"The person Stone.\n", "person")
    assert copy.data == b"The [PERSON-1] Stone.\n"


def test_marks_that_overlap() -> None:
    data = b"Ann Miller, Main Street 5\n"
    marks = [Redaction(0, 10, "person", "r", "[A]"), Redaction(4, 25, "address", "r", "[B]")]
    assert burn(data, parse(data, name=""), marks).data == b"[B]\n"


def test_marks_of_another_text() -> None:
    data = b"Short.\n"
    with pytest.raises(DocumentError, match="do not belong to this text"):
        burn(data, parse(data, name=""), [Redaction(0, 90, "person", "r", "[A]")])


def test_a_value_written_in_two_ways() -> None:
    copy = burned(b"Ann Miller, annmiller, ANN MILLER.\n", "Ann Miller", "annmiller")
    assert copy.data == b"[PERSON-1], [PERSON-2], [PERSON-1].\n"


def test_a_mark_in_a_word_leaves_no_value_beside_it() -> None:
    data = b"Ann and Annabel.\n"
    marks = [Redaction(0, 3, "person", "r", "[A]"), Redaction(11, 15, "person", "r", "[B]")]
    assert burn(data, parse(data, name=""), marks).data == b"[A] and [A][B].\n"


def test_a_part_of_a_value_is_marked() -> None:
    data = b"Ann Miller. Ann Miller.\n"
    marks = [Redaction(0, 3, "person", "r", "[A]"), Redaction(12, 22, "person", "r", "[B]")]
    assert burn(data, parse(data, name=""), marks).data == b"[B]. [B].\n"
