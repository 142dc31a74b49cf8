import pytest

from tests.legal.redaction.finding_in import found_in, mentions_in


@pytest.mark.parametrize(
    "number",
    [
        "+1 (212) 555-0142", "(212) 555-0142", "212-555-0142", "212.555.0142", "1-800-555-0142",
        "+44 (0)20 7946 0018", "020 7946 0018", "07700 900123", "+49 30 901820", "+7 921 123-45-67",
        "8 (495) 123-45-67", "8-495-123-45-67", "+7(495)1234567", "+33 1 23 45 67 89",
        "(415) 555-0123 ext. 42",
    ],
)  # fmt: skip
def test_a_telephone_number_needs_no_label(number: str) -> None:
    assert found_in(f"You can reach us under {number}, day and night.") == [("phone", number)]


@pytest.mark.parametrize("text", ["Tel.: 555 0142", "Fax 9460018", "тел. 123-45-67"])
def test_a_short_number_needs_one(text: str) -> None:
    assert [kind for kind, _ in found_in(text)] == ["phone"]


def test_one_number_is_one_number() -> None:
    written = "+7 (495) 123-45-67 и 8 495 123-45-67; (212) 555-0142 and +1 212 555 0142"
    assert len({each.subject for each in mentions_in(written)}) == 2


@pytest.mark.parametrize(
    "address",
    [
        "a.b-c+d@mail.example.org", "O'Neil@firm.example", "имя@почта.рф",
        "jane [at] firm [dot] example",
    ],
)  # fmt: skip
def test_e_mail_addresses(address: str) -> None:
    assert ("email", address) in found_in(f"Write to {address}, please.")


@pytest.mark.parametrize(
    "address",
    [
        "14 Birch Lane, Springfield, IL 62704",
        "1600 N. Quarry Road, Suite 210, Fort Collins, Colorado 80525",
        "94 Rickford Road, Watford, WD18 7JJ, United Kingdom",
        "P.O. Box 2148, Albany, NY 12201",
        "Lindenstraße 14a, 10969 Berlin",
        "198000, г. Санкт-Петербург, пр. Ветеранов, д. 7, корп. 2, кв. 11",
        "Ленинградская область, г. Кировск, ул. Дубровская, д. 14",
        "г. Тула, ул. Металлистов, д. 5",
    ],
)
def test_postal_addresses(address: str) -> None:
    assert found_in(f"He lives here: {address}") == [("address", address)]


@pytest.mark.parametrize(
    "text",
    [
        "согласно п. 5 ст. 10 ГК РФ, д. 3, том 2",
        "Section 5 Way of Payment, 30 days",
        "г. Москва, 18 марта 2024 г.",
    ],
)
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("by telephone to +1\n(898) 555-6223.", "+1\n(898) 555-6223"),
        ("by telephone to +1 (932)\n555-1153.", "+1 (932)\n555-1153"),
        ("IBAN DE89 3704\n0044 0532 0130 00.", "DE89 3704\n0044 0532 0130 00"),
        ("SSN 536-22-\n8841 is his", "536-22-\n8841"),
    ],
)
def test_a_line_break_hides_no_number(text: str, value: str) -> None:
    assert [quote for _, quote in found_in(text)] == [value]


def test_a_number_ends_with_its_line_where_it_can() -> None:
    text = "Tel. 212-555-0142\n14 Birch Lane, Springfield, IL 62704\n"
    assert [quote for _, quote in found_in(text)] == [
        "212-555-0142",
        "14 Birch Lane, Springfield, IL 62704",
    ]
