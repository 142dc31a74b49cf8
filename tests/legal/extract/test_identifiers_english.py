import pytest

from tests.legal.extract.reading_of import facts

HEAD = 'SUPPLY AGREEMENT\n\nThis Supply Agreement is made as of May 1, 2020 between {one} ("Alder") and {two} ("Birch").\n\nWHEREAS, the parties wish to trade;\n\n1. Sundry. {clause}\n'  # noqa: E501


def identifiers(clause: str) -> list[tuple[str, str, str | None]]:
    text = HEAD.format(one="Alder Labs, Inc.", two="Birch Works LLC", clause=clause)
    return [
        (
            fact.attributes["kind"],
            str(fact.normalized),
            fact.attributes.get("checksum"),
        )
        for fact in facts(text, "identifier")
    ]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("LEI: 5493001KJTIIGC8Y1R12.", ("lei", "5493001KJTIIGC8Y1R12", "valid")),
        (
            "Legal Entity Identifier 5493001KJTIIGC8Y1R13.",
            ("lei", "5493001KJTIIGC8Y1R13", "failed"),
        ),
        ("VAT No. GB 980 7806 84.", ("vat", "GB980780684", "valid")),
        ("VAT number: GB 980 7806 85.", ("vat", "GB980780685", "failed")),
        ("VAT ID DE136695976.", ("vat", "DE136695976", "valid")),
        ("VAT ID DE136695977.", ("vat", "DE136695977", "failed")),
        ("VAT registration number 4310178506.", ("vat", "4310178506", None)),
        ("ABN 51 824 753 556.", ("abn", "51824753556", "valid")),
        ("ABN 51 824 753 557.", ("abn", "51824753557", "failed")),
        ("ABA routing number 021000021.", ("routing_number", "021000021", "valid")),
        ("ABA #: 021000022.", ("routing_number", "021000022", "failed")),
        ("Registered company number 5701810.", ("registration_number", "5701810", None)),
        ("Registration number HE 193010.", ("registration_number", "HE193010", None)),
    ],
)
def test_a_number_with_its_label_and_check_digit(
    clause: str, expected: tuple[str, str, str | None]
) -> None:
    assert identifiers(clause) == [expected]


@pytest.mark.parametrize(
    "clause",
    [
        "The company has 250 employees.",
        "Each registered user has a number of rights.",
        "The Company number of shares is 5% of all.",
        "Value added tax (VAT) of 20% is due.",
        "They use routing 021000021000021.",
    ],
)
def test_other_numbers_are_no_identifiers(clause: str) -> None:
    assert identifiers(clause) == []


def test_a_number_belongs_to_the_party_before_it() -> None:
    text = HEAD.format(
        one="Alder Limited (company number 5701810), of 1 Mill Road",
        two="Birch Pty Ltd ABN 51 824 753 556, of 2 High Street",
        clause="None.",
    )
    alder, birch = facts(text, "party")
    assert alder.attributes["registration_number"] == "5701810"
    assert "abn" not in alder.attributes
    assert birch.attributes["abn"] == "51 824 753 556"


def test_a_number_that_fails_its_check_is_not_the_partys() -> None:
    text = HEAD.format(
        one="Alder Limited (VAT No. GB 980 7806 85)", two="Birch Works LLC", clause="None."
    )
    assert "vat" not in facts(text, "party")[0].attributes
