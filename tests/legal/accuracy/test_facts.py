from dataclasses import replace

from lexmill_legal.accuracy import Contract, measure
from lexmill_legal.accuracy.facts import Counts, count, overlap, similar
from lexmill_legal.results import Fact

TEXT = "This Agreement is dated May 1, 2020 and lasts two years. Signed June 3, 2020."
FACT = Fact(
    id="f1", field="agreement_date", value="May 1, 2020", normalized="2020-05-01", quote=None,
    start=None, end=None, page=None, boxes=(), method="rule", version="1",
    confidence=0.9, firm=True,
)  # fmt: skip


def contract(field: str, answer: str | None, quote: str = "") -> Contract:
    return Contract("Alder_1.txt", TEXT, {field: answer} if answer else {}, {field: (quote,)})


def test_a_firm_value_counts_for_recall_and_precision() -> None:
    right = count(contract("agreement_date", "5/1/20"), "agreement_date", [FACT])
    wrong = count(contract("agreement_date", "6/3/20"), "agreement_date", [FACT])
    assert (right.recall, right.precision) == (1, 1)
    assert (wrong.recall, wrong.precision, wrong.open) == (0, 0, 0)


def test_a_firm_value_without_a_label_is_wrong() -> None:
    counts = count(contract("agreement_date", None), "agreement_date", [FACT])
    assert counts == Counts(firm=1)


def test_a_redacted_label_counts_only_against_what_is_firm() -> None:
    agrees = count(contract("agreement_date", "5/[]/20"), "agreement_date", [FACT])
    differs = count(contract("agreement_date", "7/[]/20"), "agreement_date", [FACT])
    assert (agrees.labelled, agrees.precision, differs.precision) == (0, 1, 0)


def test_what_is_not_firm_is_looked_for_among_three_candidates() -> None:
    open_one = replace(FACT, firm=False)
    other = replace(open_one, normalized="2020-06-03")
    counts = count(contract("agreement_date", "6/3/20"), "agreement_date", [open_one, other])
    assert (counts.recall, counts.candidates) == (0, 1)
    assert count(contract("agreement_date", "1/1/01"), "agreement_date", [open_one]).open == 0


def test_expiry_may_be_a_day_off_and_computable() -> None:
    fact = replace(FACT, field="expiration_date", normalized="2022-04-30", firm=False)
    counts = count(contract("expiration_date", "5/1/22", "two years"), "expiration_date", [fact])
    assert (counts.recall, counts.open) == (1, 1)


def test_names_are_compared_by_words_and_parties_by_letters() -> None:
    assert overlap("SUPPLY AGREEMENT", "Supply Agreement No. 7") == 0.5
    assert similar("ALDER LABS, INC", "Alder Labs Inc.")
    assert similar("Alder Labs, Inc. d/b/a Elm", "Elm")
    assert not similar("Alder Labs", "Birch Works")


def test_parties_count_one_by_one() -> None:
    fact = replace(FACT, field="party", value="Alder", normalized=None)
    labelled = Contract("a", "Alder and Birch", {"party": "Alder; Birch; Ghost Limited"}, {})
    counts = count(labelled, "party", [fact])
    assert (counts.labelled, counts.first_right, counts.firm_right) == (2, 1, 1)


def test_folds_add_up() -> None:
    contracts = [contract("agreement_date", "5/1/20")] * 3
    accuracies = {accuracy.field: accuracy for accuracy in measure(contracts, lambda _: [FACT])}
    dates = accuracies["agreement_date"]
    assert dates.total.labelled == sum(fold.labelled for fold in dates.folds) == 3
