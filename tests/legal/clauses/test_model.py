import hashlib
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lexmill_legal.clause_kinds import CLAUSE_KINDS
from lexmill_legal.clauses.features import Counts, Vocabulary
from lexmill_legal.clauses.model import (
    BEST,
    NOTHING,
    SECOND_LOOK,
    Judge,
    Lines,
    Model,
    best_rows,
    decode,
    encode,
    second_look,
    shipped,
    shipped_bytes,
)
from lexmill_legal.clauses.units import Unit


def lines(weights: list[list[int]]) -> Lines:
    return Lines(
        np.array(weights, dtype=np.int8),
        np.array([0.5, 0.25], dtype=np.float32),
        np.array([-1, -0.5], dtype=np.float32),
    )


def model() -> Model:
    """Two kinds; the second is plain: it must not see the mark."""
    return Model(
        vocabulary=Vocabulary(("fee", "h_price", "the"), 2, np.array([2 * 3 + 0])),
        idf=np.array([1, 2, 4], dtype=np.float16),
        sentence=lines([[2, 4], [6, 0], [-2, 4]]),
        whole=lines([[4, 0], [0, 0], [0, 8]]),
        second=np.array([2, 0, 0, 0, 0, 0, 0, 0, 1, 0.5, -1], dtype=np.float32),
        plain=np.array([False, True]),
        judges=(
            Judge("a", 2.0, 0.5, 1.0, 0.0, 0.5, 0.9, 0.1),
            Judge("b", 2.0, 0.5, 1.0, 0.0, 0.5),
        ),
    )


def counted(words: list[str], marks: list[list[str]]) -> Counts:
    vocabulary = model().vocabulary
    return vocabulary.count(vocabulary.read(words), marks)


def test_a_sentence_is_scored_by_its_normed_features() -> None:
    counts = counted(["the", "fee", "|", "other", "|"], [["h_price"], []])
    first, second = model().sentence_scores(counts)
    norm = np.sqrt(1 + 2**2 + 4**2)
    assert first[0] == pytest.approx(-1 + (1 * 1 + 2 * 3 + 4 * -1) / norm)
    assert first[1] == pytest.approx(-0.5 + (1 * 1 + 4 * 1) / np.sqrt(1 + 4**2))
    assert second.tolist() == [-1, -0.5]


def test_long_documents_are_scored_as_short_ones() -> None:
    rows = [["the", "fee", "|"] if index % 3 else ["fee", "|"] for index in range(25_000)]
    words = [word for row in rows for word in row]
    many = model().sentence_scores(counted(words, [[]] * len(rows)))
    few = model().sentence_scores(counted(words[:16], [[]] * 6))
    assert np.array_equal(many[:6], few)
    assert np.array_equal(many[-6:], many[24_994 % 3 : 24_994 % 3 + 6])


SCORES = st.one_of(st.sampled_from([0.0, -0.0, -1.0, 1.0]), st.floats(-1e3, 1e3, width=32))
UNITS = [Unit(0, 10, ""), Unit(10, 30, "", is_heading=True), Unit(30, 40, ""), Unit(50, 90, "")]


def test_the_second_look_sees_neighbours_rivals_and_places() -> None:
    scores = np.array([[0, 3], [2, 2], [1, 1], [-1, 0]], dtype=np.float32)
    order, seen = second_look(scores, np.array([5, 7], dtype=np.float32), UNITS, 100)
    assert order[:, 0].tolist() == [1, 2, 0, 3]
    best = dict(zip(SECOND_LOOK, seen[0, 0].tolist(), strict=True))
    assert best["score"] == 2
    assert best["before"] == 0
    assert best["after"] == 1
    assert best["place"] == pytest.approx(0.1)
    assert (best["heading"], best["is_best"], best["whole_contract"]) == (1, 1, 5)
    last = dict(zip(SECOND_LOOK, seen[3, 0].tolist(), strict=True))
    assert (last["behind_best"], last["after"], last["is_best"]) == (-3, -1, 0)
    assert last["rank"] == pytest.approx(3 / BEST)


@given(arrays(np.float32, st.tuples(st.integers(0, 40), st.just(3)), elements=SCORES))
def test_the_best_rows_are_those_of_a_stable_sort(scores: NDArray[np.float32]) -> None:
    expected = np.argsort(-scores, axis=0, kind="stable")[:BEST]
    assert best_rows(scores).tolist() == expected.tolist()


def test_the_best_are_ranked_by_the_second_look() -> None:
    scores = np.array([[0, 3], [2, 2], [1, 1], [-1, 0]], dtype=np.float32)
    best = model().best(scores, np.array([2, -2], dtype=np.float32), UNITS, 100)
    assert best.units[:, 1].tolist() == [0, 1, 2, 3]
    assert best.scores[:, 0].tolist() == [2 * 2 + 1 + 1 - 1, 2 * 1 + 1 - 1, 0 + 1 - 1, -2 + 1 - 1]
    assert best.of_contract()[0] == pytest.approx(5 + 0.3 * 2 + 0.15 * 0)


def test_a_contract_needs_no_three_sentences() -> None:
    empty = counted([], [])
    best = model().best(model().sentence_scores(empty), model().whole_scores(empty), [], 0)
    assert best.of_contract().tolist() == pytest.approx([NOTHING * 1.45] * 2)


def test_all_words_of_a_contract_speak_together() -> None:
    counts = counted(["the", "fee", "|", "fee", "|"], [[], []])
    fee, pair = 1 + np.log(2), 4
    norm = np.sqrt(fee**2 + pair**2)
    assert model().whole_scores(counts) == pytest.approx(
        [-1 + fee * 2 / norm, -0.5 + pair * 2 / norm]
    )


def test_the_file_keeps_the_model() -> None:
    data = encode(model())
    again = decode(data)
    assert encode(again) == data
    assert again.judges == model().judges
    assert again.vocabulary.words == model().vocabulary.words
    assert np.array_equal(again.sentence.weights, model().sentence.weights)


def test_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no clause model"):
        decode(b"something else")


def test_a_chance_lies_between_none_and_one() -> None:
    judge = Judge("a", 50.0, 0.0, 50.0, 0.0, 0.5)
    for score in (-1e9, -1.0, 0.0, 1.0, 1e9):
        assert 0 <= judge.probability(score) <= 1
        assert 0 <= judge.place_probability(score) <= 1


def test_the_shipped_file_is_the_one_its_card_describes() -> None:
    card = files("lexmill_legal.clauses").joinpath("clauses.card.md").read_text(encoding="utf-8")
    data = shipped_bytes()
    assert f"`{hashlib.sha256(data).hexdigest()}`" in card
    assert f"{len(data)} bytes" in card
    assert len(data) <= 5 << 20
    assert "The Atticus Project" in card
    assert "CC BY 4.0" in card


def test_the_shipped_model_judges_every_kind_and_is_read_once() -> None:
    assert tuple(judge.kind for judge in shipped().judges) == CLAUSE_KINDS
    assert shipped() is shipped()


def test_the_shipped_words_are_no_text() -> None:
    words = shipped().vocabulary.words
    assert all(
        re.fullmatch(r"[a-z]+|[hr]_[a-z_]+|pos_\w+|is_heading|0|[$%]", word) for word in words
    )
