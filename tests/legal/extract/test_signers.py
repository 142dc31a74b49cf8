"""Who signs for whom, where only the beginning of the contract tells that a name is a party."""

import pytest

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.results import ParsedDocument
from lexmill_legal.segment import segment

HEAD = """SUPPLY AGREEMENT

This Supply Agreement is made as of March 1, 2024 by and between Alder Labs Inc., a Delaware \
corporation ("Seller"), and Birch Works LLC, a Nevada limited liability company ("Buyer").

1. Goods. Seller shall sell to the Buyer the goods that are listed in Schedule A.

IN WITNESS WHEREOF, the parties have executed this Agreement.
"""


def _signed(block: str) -> list[tuple[str | None, str | None]]:
    parsed = ParsedDocument("text/plain", HEAD + block)
    found = extract(parsed, classify(parsed), segment(parsed))
    return [(signature.name, signature.party) for signature in found.signatures]


ANN, BOB = ("Ann Archer", "Alder Labs Inc."), ("Bob Baker", "Birch Works LLC")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(
            "\nAlder Labs\n\nBy: ________\nName: Ann Archer\nTitle: President\n"
            "\nBirch Works\n\nBy: ________\nName: Bob Baker\nTitle: Manager\n",
            id="names without a form of company",
        ),
        pytest.param(
            "\nSELLER:\n\nBy: ________\nName: Ann Archer\nTitle: President\n"
            "\nBUYER:\n\nBy: ________\nName: Bob Baker\nTitle: Manager\n",
            id="names in the contract",
        ),
        pytest.param(
            "\nSELLER                            BUYER\n\n"
            "By: ________                      By: ________\n"
            "Name: Ann Archer                  Name: Bob Baker\n"
            "Title: President                  Title: Manager\n",
            id="side by side",
        ),
    ],
)
def test_a_signature_gets_the_party_that_stands_above_it(block: str) -> None:
    assert _signed(block) == [ANN, BOB]


def test_what_stands_above_one_column_is_not_the_other_ones_party() -> None:
    block = "\nSELLER\n\nBy: ________        By: ________\nName: Ann Archer    Name: Bob Baker\n"
    assert _signed(block) == [ANN, ("Bob Baker", None)]


def test_a_name_that_nobody_introduced_stays_open() -> None:
    block = "\nCedar Group\n\nBy: ________\nName: Carl Crane\nTitle: Manager\n"
    assert _signed(block) == [("Carl Crane", None)]


def test_an_alias_inside_a_sentence_is_no_label() -> None:
    block = (
        "\nGoods that were sold to the Buyer stay its own.\n\n"
        "By: ________\nName: Carl Crane\nTitle: Manager\n"
    )
    assert _signed(block) == [("Carl Crane", None)]
