import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lexmill_legal.clauses.features import Lexicon, Read, Vocabulary, marks_of, rows_of, words_of
from lexmill_legal.clauses.units import Unit
from lexmill_legal.lowering import lowered

# Words: fee, h_price, within (single), the (only in pairs); pairs: "the fee", "within the".
NO_DIGITS = str.maketrans("0123456789", "ghijklmnop")
VOCABULARY = Vocabulary(("fee", "h_price", "within", "the"), 3, np.array([2 * 4 + 3, 3 * 4 + 0]))


def tokens_of(text: str) -> list[str]:
    (tokens,) = rows_of(words_of(text.lower(), [(0, len(text))]))
    return tokens


def flat(rows: list[list[str]]) -> list[str]:
    return [word for row in rows for word in (*row, "|")]


def counted(tokens: list[list[str]], marks: list[list[str]]) -> list[tuple[int, int, int]]:
    counts = VOCABULARY.count(VOCABULARY.read(flat(tokens)), marks)
    return list(
        zip(counts.row.tolist(), counts.feature.tolist(), counts.count.tolist(), strict=True)
    )


def test_numbers_are_all_the_same_and_single_letters_are_nothing() -> None:
    assert tokens_of("pay $1,500.00 or 5% by the 30th a day") == [
        "pay", "$", "0", "0", "0", "or", "0", "%", "by", "the", "0", "th", "day",
    ]  # fmt: skip


@given(st.text("ab '\n|_0٣19.$%é№\ud800İA", max_size=60), st.lists(st.integers(0, 60)))
def test_words_are_what_the_expression_finds(text: str, cuts: list[int]) -> None:
    """The quick way and the plain one: runs of letters, numbers as "0", the two signs."""
    lower = lowered(text)
    spans = list(pairwise(sorted({0, len(lower), *(cut for cut in cuts if cut < len(lower))})))
    plain = re.sub("[0-9]", "0", lower.encode("ascii", "replace").decode())
    assert list(rows_of(words_of(lower, spans))) == [
        re.findall(r"[a-z][a-z]+|0(?!0)|[$%]", plain[start:end]) for start, end in spans
    ]


@given(st.lists(st.lists(st.sampled_from(["fee", "within", "the", "a", "0", "%", "assign"]))))
def test_rows_are_kept_apart(rows: list[list[str]]) -> None:
    read = VOCABULARY.read(flat(rows))
    assert read.rows == len(rows)
    expected = [
        (index, VOCABULARY.words.index(word) if word in VOCABULARY.words else -1)
        for index, row in enumerate(rows)
        for word in row
        if word != "a"
    ]
    assert list(zip(read.row.tolist(), read.word.tolist(), strict=True)) == expected
    assert read.hints.any(axis=1).tolist() == [
        bool({"fee", "assign", "%"} & set(row)) for row in rows
    ]


def test_a_lexicon_does_not_grow_for_ever() -> None:
    lexicon = Lexicon({})
    for number in range(12):
        words = [f"{word:x}".translate(NO_DIGITS) for word in range(number << 16, number + 1 << 16)]
        lexicon.read([*words, "|"])
    assert 0 < len(lexicon) <= 200_000


def test_several_threads_may_read() -> None:
    words = [f"{word:x}".translate(NO_DIGITS) for word in range(20_000)]
    known = {word: index for index, word in enumerate(words)}
    lexicon = Lexicon(known)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lexicon.read, [[*words, "|"]] * 8))
    expected = [known[word] for word in words if len(word) > 1]
    assert all(read.word.tolist() == expected for read in found)


def test_marks_cannot_be_words() -> None:
    text = "most favored customer" + " " * 9_000
    hints = Lexicon({}).read(words_of(text, [(0, 21)])).hints
    (marks,) = marks_of(text, hints, [Unit(0, 21, "Price of the Goods 2")])
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
    assert len(empty.count(empty.read(["the", "fee", "|"]), [["h_price"]]).row) == 0


def test_pairs_that_share_a_slot_are_told_apart() -> None:
    size = 3_000
    pairs = np.unique(np.random.default_rng(7).integers(0, size * size, 400_000))
    words = tuple(f"w{number}" for number in range(size))
    vocabulary = Vocabulary(words, 0, pairs)
    known = set(pairs.tolist())
    rows = np.random.default_rng(8).integers(0, size, (20_000, 2)).tolist()
    read = Read(
        len(rows),
        np.repeat(np.arange(len(rows)), 2),
        np.array(rows).ravel(),
        np.zeros((len(rows), 3), dtype=np.uint64),
    )
    counts = vocabulary.count(read, [()] * len(rows))
    found = dict(zip(counts.row.tolist(), pairs[counts.feature].tolist(), strict=True))
    keys = {index: first * size + second for index, (first, second) in enumerate(rows)}
    assert found == {index: key for index, key in keys.items() if key in known}


def test_marks_are_known_as_such() -> None:
    assert VOCABULARY.marks.tolist() == [False, True, False, False, False]
