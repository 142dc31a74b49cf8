import pytest

from tests.legal.extract.reading_of import facts, only


@pytest.mark.parametrize(
    ("clause", "value", "code"),
    [
        ("This Agreement is governed by the laws of the State of New York.", "New York", "US-NY"),
        ("This Agreement shall be governed by English law.", "English", "GB-ENG"),
        (
            "This Agreement is governed by the laws of England and Wales.",
            "England and Wales",
            "GB-EAW",
        ),
        (
            (
                "This Agreement is governed by the laws of Ontario and the laws of Canada"
                " applicable therein."
            ),
            "Ontario",
            "CA-ON",
        ),
        ("The laws of California shall govern this Agreement.", "California", "US-CA"),
        (
            (
                "This Agreement was made in the State of Ohio and shall be construed under the"
                " laws of that State."
            ),
            "Ohio",
            "US-OH",
        ),
        (
            (
                "This Agreement is governed by the laws of the Netherlands, excluding its conflict"
                " rules; the courts of Belgium are competent."
            ),
            "the Netherlands",
            "NL",
        ),
        ("This Agreement is governed by PRC law.", "PRC", "CN"),
    ],
)
def test_the_chosen_law(clause: str, value: str, code: str) -> None:
    fact = only(f"Governing Law. {clause}", "governing_law")
    assert (fact.value, fact.normalized, fact.firm) == (value, code, True)


@pytest.mark.parametrize(
    "clause",
    [
        "The company is organized under the laws of the State of Delaware.",
        "Each party shall comply with the laws of France.",
        "This Agreement is governed by the laws of [***].",
        "The parties are governed by good faith in the courts of Texas.",
        "This Agreement is governed by the law of the state where the shop is located.",
    ],
)
def test_laws_that_do_not_govern_the_contract(clause: str) -> None:
    assert facts(f"Law. {clause} The parties agree to this.", "governing_law") == []


def test_two_laws_at_once_are_no_single_value() -> None:
    clause = "This Agreement is governed by the laws of Texas and of the laws of Belgium."
    (fact,) = facts(f"Law. {clause}", "governing_law")
    assert fact.normalized is None
    assert fact.attributes["codes"] == "US-TX BE"


def test_russian_law_clauses() -> None:
    text = (
        "Во всём остальном, что не предусмотрено настоящим Договором, стороны руководствуются"
        " действующим законодательством Российской Федерации."
    )
    assert only(text, "governing_law").normalized == "RU"


def test_the_name_of_a_state_may_run_over_an_indented_line() -> None:
    clause = "6.1  Law. This Agreement\n     is governed by the laws of North\n     Dakota."
    fact = only(clause, "governing_law")
    assert (fact.value, fact.normalized, fact.firm) == ("North Dakota", "US-ND", True)
