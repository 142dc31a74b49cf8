import gzip
import json

import pytest

from lexmill_legal.accuracy.labels import (
    DateLabel,
    company_of,
    date_label,
    fold_of,
    law_label,
    party_labels,
    read_contracts,
)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("3/14/18", DateLabel(2018, 3, 14)),
        ("12/31/96", DateLabel(1996, 12, 31)),
        ("06/01/2020", DateLabel(2020, 6, 1)),
        ("07/[]/2000", DateLabel(2000, 7, None)),
        ("Perpetual", DateLabel(None, None, None, perpetual=True)),
        ("upon closing", None),
    ],
)
def test_a_date_label_keeps_what_redaction_left(answer: str, expected: DateLabel | None) -> None:
    assert date_label(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Province of Ontario, Canada", {"CA-ON"}),
        ("England, United Kingdom; Wales, United Kingdom", {"GB-ENG", "GB-WLS"}),
        ("England", {"GB-ENG", "GB-WLS"}),
        ("New York; Texas", {"US-NY", "US-TX"}),
        ("[* * *]", None),
    ],
)
def test_a_law_label_is_a_set_of_places(answer: str, expected: set[str] | None) -> None:
    assert law_label(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('Alder Labs, Inc. ("Alder"); Birch LLC ("Birch")', ["Alder Labs, Inc", "Birch LLC"]),
        (
            'Alder (UK) Ltd ("Alder"); Birch LLC ("Birch"); Alder and Birch (the "Parties")',
            ["Alder UK Ltd", "Birch LLC"],
        ),
        ('[] ("Buyer"); Elm Co ("Seller")(each a "Party")', ["Elm Co"]),
        ("Alder Inc and all of its subsidiaries", ["Alder Inc"]),
    ],
)
def test_party_labels_are_names_without_aliases(answer: str, expected: list[str]) -> None:
    assert [name for name in party_labels(answer) if name != "[]"] == expected


def test_the_contracts_of_a_company_share_a_fold() -> None:
    assert company_of("AlderLabsInc_2020.txt") == "alderlabsinc"
    assert fold_of("AlderLabsInc_2020-EX-1.txt") == fold_of("ALDERLABSINC-other.txt")


def test_contracts_are_read_with_the_text_their_labels_quote() -> None:
    text = "SUPPLY AGREEMENT dated May 1, 2020"
    row = {
        "file": "Alder_1.txt",
        "text": text,
        "spans": [["Document Name", 0, 16], ["Insurance", 0, 3]],
        "answers": {"Document Name": "SUPPLY AGREEMENT", "Insurance": "Yes", "Parties": None},
    }
    (contract,) = read_contracts(gzip.compress(json.dumps(row).encode()))
    assert contract.answers == {"document_name": "SUPPLY AGREEMENT"}
    assert contract.quotes["document_name"] == ("SUPPLY AGREEMENT",)
