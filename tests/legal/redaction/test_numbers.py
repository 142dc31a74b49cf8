import pytest

from tests.legal.redaction.finding_in import found_in, mentions_in


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SSN: 536-22-8841", "identifier", "536-22-8841"),
        ("Social Security No. 536 22 8841", "identifier", "536 22 8841"),
        ("his number 536-22-8841 is known", "identifier", "536-22-8841"),
        ("EIN 84-1234567", "identifier", "84-1234567"),
        ("passport number K1234567, issued", "identifier", "K1234567"),
        ("Passport No.: 533 380 006", "identifier", "533 380 006"),
        ("Driver's License No. D123-4567-8901", "identifier", "D123-4567-8901"),
        ("National Insurance number QQ 12 34 56 C", "identifier", "QQ 12 34 56 C"),
        ("NI AB123456D", "identifier", "AB123456D"),
        ("CPF 529.982.247-25", "identifier", "529.982.247-25"),
        ("DNI 12345678Z", "identifier", "12345678Z"),
        ("PESEL 44051401359", "identifier", "44051401359"),
        ("codice fiscale RSSMRA85T10A562S", "identifier", "RSSMRA85T10A562S"),
        ("ID 11010519491231002X here", "identifier", "11010519491231002X"),
        ("born on 4 March 1971 in", "identifier", "4 March 1971"),
        ("Date of Birth: 03/04/1971", "identifier", "03/04/1971"),
        ("паспорт серия 45 12 № 345678", "identifier", "45 12 № 345678"),
        ("паспорт: 4512 345678, выдан", "identifier", "4512 345678"),
        ("код подразделения 770-064", "identifier", "770-064"),
        ("СНИЛС 112-233-445 95", "identifier", "112-233-445 95"),
        ("ИНН 500100732259", "identifier", "500100732259"),
        ("ИНН: 7707083893", "identifier", "7707083893"),
        ("ОГРНИП 304500116000157", "identifier", "304500116000157"),
        ("водительское удостоверение 77 16 № 123456", "identifier", "77 16 № 123456"),
        ("12.05.1983 года рождения", "identifier", "12.05.1983"),
        ("IBAN DE89 3704 0044 0532 0130 00", "account", "DE89 3704 0044 0532 0130 00"),
        ("to DE89370400440532013000 by wire", "account", "DE89370400440532013000"),
        ("card 4111-1111-1111-1111", "account", "4111-1111-1111-1111"),
        ("pay 378282246310005 today", "account", "378282246310005"),
        ("Account No. 000123456789", "account", "000123456789"),
        ("sort code 20-41-06", "account", "20-41-06"),
        ("ABA routing number 021000021", "account", "021000021"),
        ("SWIFT: DEUTDEFF500", "account", "DEUTDEFF500"),
        ("р/с 40702810900000001234", "account", "40702810900000001234"),
        ("счёт № 40817 810 5 0000 0012345", "account", "40817 810 5 0000 0012345"),
        ("БИК 044525225", "account", "044525225"),
    ],
)
def test_a_number_that_names_somebody(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found_in(f"It is said here: {text}.")


@pytest.mark.parametrize(
    "text",
    [
        "Section 12.3.4 of the Agreement No. 117/P-24 dated 09.01.2024",
        "the amount of USD 1,250,000.00 or 12 480 000 руб. 00 коп.",
        "invoice 4111 1111 1111 1112",  # fails Luhn
        "from 2024-2025, within 30-60 days, 9:00-17:00",
        "Order 123456789012 of the plant",  # twelve digits, but no valid ИНН
        "Patent No. 10,123,456 and ISO 9001-2015",
        "КПП 770701001",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert found_in(text) == []


def test_a_number_is_one_however_it_is_spaced() -> None:
    text = "IBAN DE89 3704 0044 0532 0130 00 is DE89370400440532013000."
    first, second = mentions_in(text)
    assert first.subject == second.subject == "DE89370400440532013000"
