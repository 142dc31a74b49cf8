import numpy as np

from lexmill_legal.clauses.features import Vocabulary, marks_of, plain_of, tokens_of
from lexmill_legal.clauses.units import Unit

# Words: fee, h_price, within (single), the (only in pairs); pairs: "the fee", "within the".
VOCABULARY = Vocabulary(("fee", "h_price", "within", "the"), 3, np.array([2 * 4 + 3, 3 * 4 + 0]))


def counted(tokens: list[list[str]], marks: list[list[str]]) -> list[tuple[int, int, int]]:
    counts = VOCABULARY.count(tokens, marks)
    return list(
        zip(counts.row.tolist(), counts.feature.tolist(), counts.count.tolist(), strict=True)
    )


def test_numbers_are_all_the_same_and_single_letters_are_nothing() -> None:
    assert tokens_of(plain_of("pay $1,500.00 or 5% by the 30th a day")) == [
        "pay", "$", "0", "0", "0", "or", "0", "%", "by", "the", "0", "th", "day",
    ]  # fmt: skip


def test_plain_text_has_the_same_offsets() -> None:
    text = "the buyer’s №12 “ﬁnal” \ud800 price"
    assert len(plain_of(text)) == len(text)
    assert plain_of(text).index("price") == text.index("price")


def test_marks_cannot_be_words() -> None:
    text = "most favored customer" + " " * 9_000
    (marks,) = marks_of(text, [tokens_of(text)], [Unit(0, 21, "Price of the Goods 2")])
    assert marks == ["r_mfn", "h_price", "h_the", "h_goods", "pos_start"]
    assert not set(tokens_of(" ".join(marks))) & set(marks)


def test_words_pairs_and_marks_are_counted_by_row() -> None:
    rows = [["within", "the", "fee", "fee"], [], ["the", "unknown", "fee"]]
    assert counted(rows, [[], ["h_price"], []]) == [
        (0, 0, 2), (0, 2, 1), (0, 3, 1), (0, 4, 1), (1, 1, 1), (2, 0, 1),
    ]  # fmt: skip


def test_a_pair_never_spans_two_rows() -> None:
    assert (0, 4, 1) not in counted([["the"], ["fee"]], [[], []])


def test_nothing_known_is_no_entry() -> None:
    assert counted([["unknown"]], [[]]) == []
    assert counted([], []) == []


def test_an_empty_vocabulary_counts_nothing() -> None:
    empty = Vocabulary((), 0, np.array([], dtype=np.int64))
    assert len(empty.count([["the", "fee"]], [["h_price"]]).row) == 0


def test_marks_are_known_as_such() -> None:
    assert VOCABULARY.marks.tolist() == [False, True, False, False, False]
