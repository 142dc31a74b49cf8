from lexmill_legal.accuracy.labels import Contract, fold_of
from lexmill_legal.accuracy.learning import Case, crossed, firm_from, fitted, learned
from lexmill_legal.extract.ranking import RANKED, Ranker
from lexmill_legal.extract.reading import Reading


def test_what_speaks_for_the_right_ones_weighs_more() -> None:
    cases = [
        Case(number, {"bias": 1.0, "said": float(right), "noise": 1.0 * (number % 2)}, right)
        for number in range(40)
        for right in (True, False)
    ]
    weights = fitted(cases)
    assert weights["said"] > 2
    assert abs(weights["noise"]) < 0.1
    ranker = Ranker(weights, firm_from=0.9)
    assert ranker.chance({"bias": 1.0, "said": 1.0}) > 0.85
    assert ranker.chance({"bias": 1.0}) < 0.15


def test_what_two_contracts_show_weighs_nothing() -> None:
    cases = [
        Case(number, {"bias": 1.0, "rare": float(number < 2)}, right=number < 2)
        for number in range(20)
    ]
    assert "rare" not in fitted(cases)


def test_a_value_is_firm_from_the_chance_above_which_it_was_right() -> None:
    sure = [(0.95 - number / 1000, True) for number in range(60)]
    unsure = [(0.7 - number / 1000, number % 2 == 0) for number in range(40)]
    assert 0.69 < firm_from("agreement_date", [*unsure, *sure]) <= 0.891
    assert firm_from("agreement_date", unsure) == 1.0


def contracts() -> list[Contract]:
    found = []
    for number in range(30):
        day = number % 27 + 1
        text = (
            f"SUPPLY AGREEMENT\n\nThis Supply Agreement is made as of May {day}, 2020 between"
            f' Alder, Inc. ("A") and Birch LLC ("B"). Deliveries begin on June {day}, 2021.'
        )
        answers = {"agreement_date": f"5/{day}/20", "document_name": "Supply Agreement"}
        found.append(Contract(f"Company{number}_1.txt", text, answers, {}))
    return found


def test_a_fold_is_measured_by_weights_that_have_not_seen_it() -> None:
    labelled = contracts()
    readings = [Reading(contract.text, ("en",)) for contract in labelled]
    sets, firsts = crossed(labelled, readings)
    assert len(firsts["agreement_date"]) == len(labelled)
    assert all(right for _, right in firsts["agreement_date"])
    without = [index for index, contract in enumerate(labelled) if fold_of(contract.file) != 0]
    assert sets[0] == learned(labelled, readings, without, {})
    assert set(sets[0]) == set(RANKED)
