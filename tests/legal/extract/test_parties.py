import pytest

from tests.legal.extract.reading_of import CONTRACT, SUPPLY, facts

BODY = "\n\nWHEREAS, the parties wish to work with each other on the terms of this Agreement;\n"


def names(text: str) -> list[str]:
    return [fact.value for fact in facts(text + BODY, "party")]


def test_roles_aliases_forms_and_seats_of_an_english_preamble() -> None:
    client, provider = facts(CONTRACT, "party")
    assert client.value == "Alder Labs, Inc."
    assert client.attributes == {
        "alias": "Client",
        "jurisdiction": "US-DE",
        "legal_form": "Inc.",
        "role": "customer",
    }
    assert provider.value == "Birch Works LLC"
    assert provider.attributes["role"] == "provider"
    assert provider.attributes["jurisdiction"] == "US-IL"
    assert client.firm
    assert provider.firm


def test_russian_parties_with_representatives_and_numbers() -> None:
    seller, buyer = facts(SUPPLY, "party")
    assert seller.value == "Общество с ограниченной ответственностью «Северный ветер»"
    assert seller.attributes == {
        "alias": "Поставщик",
        "authority": "Устава",
        "inn": "7707083893",
        "kpp": "773601001",
        "legal_form": "ООО",
        "ogrn": "1027700132195",
        "representative": "Петрова Ивана Сергеевича",
        "representative_title": "Генерального директора",
        "role": "supplier",
    }
    assert buyer.value == "Акционерное общество «Торговый дом «Восход»"
    assert (buyer.attributes["inn"], buyer.attributes["role"]) == ("7736050003", "buyer")


@pytest.mark.parametrize(
    ("preamble", "expected"),
    [
        (
            (
                'This Agreement is made between Alder Labs, Inc. ("Alder"), a Delaware corporation,'
                ' and Tom Reed ("Artist"), an individual.'
            ),
            ["Alder Labs, Inc.", "Tom Reed"],
        ),
        (
            (
                "This Agreement, dated May 2, 2020, is by and among (a) Alder Holding S.A."
                ' ("Holding"), a company of Luxembourg; (b) alder.com, Inc. ("Alder"), whose'
                ' office is in Lima, Ohio 45801; and (c) The Elm Company ("Elm").'
                ' Holding and Alder may be called individually a "Party",'
                ' together the "Parties".'
            ),
            ["Alder Holding S.A.", "alder.com, Inc.", "The Elm Company"],
        ),
        (
            "SUPPLY AGREEMENT\n\nby and between\n\nALDER LABS, INC.\n\nand\n\nBIRCH WORKS LLC",
            ["ALDER LABS, INC.", "BIRCH WORKS LLC"],
        ),
        (
            (
                "This contract is entered into by Alder Gas Limited Partnership (Transporter) and"
                " Elm Pipeline Company (Shipper)."
            ),
            ["Alder Gas Limited Partnership", "Elm Pipeline Company"],
        ),
        (
            (
                "This contract is entered into by and between Alder Gas Limited Partnership"
                " (Transporter) and Elm Pipeline Company (Shipper)."
            ),
            ["Alder Gas Limited Partnership", "Elm Pipeline Company"],
        ),
    ],
)
def test_preambles(preamble: str, expected: list[str]) -> None:
    assert names(preamble) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The difference between price and cost is the margin of the seller in this agreement.",
        'The agreement is made between you and us (the "Company").',
        "Nothing here names anybody.",
    ],
)
def test_texts_that_name_no_party_give_none(text: str) -> None:
    assert names(text) == []


def test_an_entrepreneur_is_a_party_and_a_bank_is_not() -> None:
    text = (
        "Индивидуальный предприниматель Смирнова Ольга Игоревна (ИНН 500100732259, счёт в банке"
        " АО «Полтинник»), именуемая далее «Исполнитель», и ООО «Клён», именуемое далее"
        " «Заказчик», заключили договор об оказании услуг по уборке помещений."
    )
    first, second = facts(text, "party")
    assert first.value == "Индивидуальный предприниматель Смирнова Ольга Игоревна"
    assert first.attributes["legal_form"] == "ИП"
    assert first.attributes["inn"] == "500100732259"
    assert (second.value, second.attributes["role"]) == ("ООО «Клён»", "customer")


def test_a_defined_term_after_the_preamble_is_no_name_of_a_party() -> None:
    text = (
        "DISTRIBUTION AGREEMENT\n\nbetween\n\nAlder Pumps GmbH, Hamburg (the “Maker”)\n\nand\n\n"
        "Birch Industri AB, Malmö (the “Distributor” or “Birch”)\n\ndated 15 February 2024\n\n"
        "§ 1 Appointment\n\n(1) The Maker sells pumps (the “Products”) in Norway and Finland (the"
        " “Territory”).\n"
    )
    aliases = [fact.attributes["alias"] for fact in facts(text, "party")]
    assert aliases == ["Maker", "Distributor; Birch"]


def test_the_role_of_a_party_may_run_over_a_line() -> None:
    russian = SUPPLY.replace("«Поставщик», в лице", "«Передающая\nсторона», в лице")
    assert facts(russian, "party")[0].attributes["alias"] == "Передающая сторона"
    english = CONTRACT.replace('(the "Provider")', '(the "Service\nProvider")')
    assert facts(english, "party")[-1].attributes["alias"] == "Service Provider"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                "TRANSPORT CONTRACT\n\nJSC Alder, hereinafter referred to as the “Company”, in the"
                " person of its director, on the one side and JSC Birch, hereinafter referred to as"
                " the “Principal”, on the other side, have agreed as follows.\n"
            ),
            ["JSC Alder", "JSC Birch"],
        ),
        (
            (
                "Alder Hotels, Inc.\n1 Mill Road\nSpringfield\n\nMay 1, 2020\n\n"
                "Ladies and Gentlemen:\n\nBirch Media Ltd. is pleased to advertise for you.\n"
            ),
            ["Alder Hotels, Inc.", "Birch Media Ltd."],
        ),
        (
            "ORDER\n\nCompany Name: Alder Labs, Inc.\nSupplier: Birch Works LLC\n\n1. Work.\n",
            ["Alder Labs, Inc.", "Birch Works LLC"],
        ),
        (
            (
                'This Agreement is made by and between Alder plc ("Alder"), a company of'
                ' England, and professional golfer, Ann Lee, (hereinafter referred to as "Star").'
            ),
            ["Alder plc", "Ann Lee"],
        ),
        (
            (
                'This Agreement is made by and among Elm, Inc. (the "Company") and Alder One LP, a'
                " Delaware limited partnership, Alder Two LLC, a Delaware limited liability"
                ' company, and Alder Three LLC (collectively, the "Alder Parties").'
            ),
            ["Elm, Inc.", "Alder One LP", "Alder Two LLC", "Alder Three LLC"],
        ),
        (
            (
                "This Agreement is made between the Town of Alder, Virginia, a Virginia municipal"
                ' corporation ("Grantor"), and Bank of Birch ("Bank").'
            ),
            ["the Town of Alder", "Bank of Birch"],
        ),
    ],
)  # fmt: skip
def test_parties_outside_of_the_usual_preamble(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_what_was_defined_before_is_no_party_again() -> None:
    text = (
        'This Agreement is made among Alder, Inc. ("Alder"), Birch LLC (the "Company") and, as'
        ' guarantor, Alder and the Company (together, the "Sellers").'
    )
    assert names(text) == ["Alder, Inc.", "Birch LLC"]
