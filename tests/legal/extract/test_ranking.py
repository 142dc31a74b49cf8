import json
import math

import pytest

from lexmill_legal.extract.candidates import Candidate
from lexmill_legal.extract.ranking import (
    RANKED,
    Ranker,
    encode,
    features_of,
    groups_of,
    ranked,
    shipped,
    shipped_bytes,
)
from lexmill_legal.extract.reading import Reading
from lexmill_legal.results import Clause, ClauseCandidate
from tests.legal.extract.reading_of import facts

TEXT = "This Agreement is dated May 1, 2020. Paid on June 2, 2021. It ends on May 1, 2020."


def candidate(iso: str, score: float, rule: str = "agreement_date.dated") -> Candidate:
    day = {"2020-05-01": "May 1, 2020", "2021-06-02": "June 2, 2021"}[iso]
    start = TEXT.index(day)
    return Candidate("agreement_date", rule, day, iso, start, start + len(day), score)


def reading(*languages: str) -> Reading:
    first = TEXT.index(".") + 1
    sentence = ClauseCandidate(0, first, TEXT[:first], None, 0.9)
    clause = Clause("agreement_date", present=True, firm=True, score=0.8, candidates=(sentence,))
    return Reading(TEXT, languages, (), (clause,))


def test_what_the_clause_model_says_of_a_place_is_weighed() -> None:
    groups = groups_of([candidate("2021-06-02", 3.0), candidate("2020-05-01", 1.0)])
    paid, dated = features_of(reading("en"), groups)
    assert (paid["first"], paid["clause"], paid["lead"]) == (1.0, 0.0, 1.0)
    assert (dated["clause"], dated["has"], dated["behind"]) == (0.9, 0.8, -1.0)
    assert dated["written"] == pytest.approx(math.log(3))


def test_weights_may_put_a_later_candidate_first() -> None:
    ranker = {"agreement_date": Ranker({"clause": 4.0, "bias": -1.0}, firm_from=0.9)}
    found = [candidate("2021-06-02", 3.0), candidate("2020-05-01", 1.0)]
    best, other = ranked(reading("en"), found, ranker)
    assert (best.normalized, other.normalized) == ("2020-05-01", "2021-06-02")
    assert best.chance == pytest.approx(1 / (1 + math.exp(-2.6)))
    assert other.chance == pytest.approx(1 / (1 + math.exp(1)))


@pytest.mark.parametrize("languages", [("ru",), ("ru", "en"), ("de",)])
def test_languages_that_the_weights_do_not_know_keep_the_rules_order(
    languages: tuple[str, ...],
) -> None:
    ranker = {"agreement_date": Ranker({"clause": 4.0}, firm_from=0.9)}
    found = [candidate("2021-06-02", 3.0), candidate("2020-05-01", 1.0)]
    assert ranked(reading(*languages), found, ranker) == found


def test_the_shipped_weights_are_written_as_they_are_read() -> None:
    about = json.loads(shipped_bytes())["about"]
    assert encode(shipped(), about=about) == shipped_bytes()
    assert set(shipped()) == set(RANKED)
    assert "CC BY 4.0" in about


HEAD = (
    "LICENSE AGREEMENT\n\nThis License Agreement is made and entered into as of May 1, 2020 between"
    ' Alder Labs, Inc. ("Alder") and Birch Works LLC ("Birch").\n\n'
)


def test_two_days_on_which_the_agreement_ends_are_two_candidates() -> None:
    text = HEAD + (
        "1. Term. The term of this Agreement shall continue until December 31, 2023.\n\n"
        "9. Duration. The term of this Agreement shall continue until June 30, 2024.\n"
    )
    found = facts(text, "expiration_date")
    assert {fact.normalized for fact in found} >= {"2023-12-31", "2024-06-30"}
    assert not any(fact.firm for fact in found)


def test_two_laws_that_govern_are_two_candidates() -> None:
    text = HEAD + (
        "8. Law. This Agreement shall be governed by the laws of the State of Delaware.\n\n"
        "12. General. This Agreement shall be governed by the laws of the State of Texas.\n"
    )
    found = facts(text, "governing_law")
    assert {fact.normalized for fact in found} == {"US-DE", "US-TX"}
    assert not any(fact.firm for fact in found)


def test_two_days_on_which_the_agreement_was_made_are_two_candidates() -> None:
    text = HEAD + "This License Agreement is made and entered into as of June 2, 2021.\n"
    found = facts(text, "agreement_date")
    assert {fact.normalized for fact in found} >= {"2020-05-01", "2021-06-02"}
    assert not any(fact.firm for fact in found)
