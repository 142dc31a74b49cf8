from itertools import pairwise

import pytest

from lexmill_legal.clauses.features import Lexicon, words_of
from lexmill_legal.clauses.signals import SIGNALS, signals_of
from lexmill_legal.clauses.units import Unit


def heard(text: str, *ends: int) -> list[set[str]]:
    lower = text.lower()
    units = [Unit(start, end, "") for start, end in pairwise((0, *ends, len(text)))]
    read = Lexicon({}).read(words_of(lower, ((unit.start, unit.end) for unit in units)))
    return [set(found) for found in signals_of(lower, read.hints, units)]


def signals(text: str) -> set[str]:
    return heard(text)[0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Customer receives terms no less favorable than those of any other buyer.", "r_mfn"),
        ("Seller shall not increase the prices in the first year.", "r_price_no_raise"),
        ("Licensee has an unlimited number of users.", "r_unlimited"),
        ("Acme is an intended third-party beneficiary.", "r_beneficiary_named"),
        ("There are no third party beneficiaries.", "r_beneficiary_none"),
        ("Neither party shall solicit the employees of the other.", "r_solicit_people"),
        ("Agent shall not divert any customer.", "r_solicit_customers"),
        ("Neither party shall disparage the other.", "r_disparage_not"),
        ("This sum is liquidated damages and not a penalty.", "r_liquidated"),
        ("Upon a change in control of Owner, notice is due.", "r_control"),
        ("All inventions are jointly owned.", "r_jointly"),
        ("Licensee shall not contest the validity of the marks.", "r_no_suit"),
        ("Buyer has a right of first refusal.", "r_first_right"),
        ("The source code is deposited with an escrow agent.", "r_escrow_source"),
        ("Either party may terminate this agreement at any time.", "r_at_will"),
        ("Buyer purchases at least 100 units.", "r_at_least"),
    ],
)
def test_a_turn_of_phrase_is_heard(text: str, name: str) -> None:
    assert name in signals(text)


def test_a_non_exclusive_licence_is_not_exclusive() -> None:
    assert "r_exclusive" not in signals("a non-exclusive license")
    assert "r_exclusive" in signals("an exclusive license")


def test_a_signal_belongs_to_the_sentence_it_stands_in() -> None:
    first, second = heard("no one may sue. the clubs disparage no one.", 15)
    assert first == set()
    assert "r_disparage" in second


def test_each_signal_has_its_name() -> None:
    names = [signal.name for signal in SIGNALS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("r_") for name in names)
