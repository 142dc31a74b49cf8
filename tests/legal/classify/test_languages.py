import pytest

from lexmill_legal.classify.languages import languages

ENGLISH = (
    "The Seller shall deliver the goods to the Buyer, and the Buyer shall pay the price within "
    "thirty days of receipt of the invoice under this agreement. "
) * 6
RUSSIAN = (
    "Поставщик обязуется поставить товар, а Покупатель принять и оплатить его в течение тридцати "
    "дней с даты получения счёта, если иное не согласовано сторонами. "
) * 6
GERMAN = (
    "Der Verkäufer verpflichtet sich, die Ware an den Käufer zu liefern. Der Käufer zahlt den "
    "Kaufpreis innerhalb von dreißig Tagen nach Erhalt der Rechnung. "
) * 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, ("en",)),
        (RUSSIAN, ("ru",)),
        (GERMAN, ("de",)),
        (
            "Постачальник зобов’язується поставити товар, а Покупець прийняти і оплатити його. "
            * 6,
            ("uk",),
        ),
        (
            "Le vendeur s’engage à livrer les marchandises et l’acheteur en paie le prix. " * 6,
            ("fr",),
        ),
    ],
)
def test_one_language_is_recognised(text: str, expected: tuple[str, ...]) -> None:
    assert languages(text) == expected


def test_both_languages_of_a_bilingual_contract_are_given_longer_first() -> None:
    assert languages(RUSSIAN + "\n\n" + RUSSIAN + "\n\n" + ENGLISH) == ("ru", "en")
    assert set(languages(ENGLISH + "\n" + GERMAN)) == {"en", "de"}


def test_two_columns_line_by_line_are_two_languages() -> None:
    english, russian = ENGLISH.split(", "), RUSSIAN.split(", ")
    lines = [line for pair in zip(english, russian, strict=False) for line in pair]
    assert set(languages("\n".join(lines))) == {"en", "ru"}


def test_foreign_company_names_do_not_make_a_contract_bilingual() -> None:
    assert languages(RUSSIAN + " Alder Labs Limited, Birch Works LLC") == ("ru",)


@pytest.mark.parametrize("text", ["", "   \n\n", "12 345,67 / 2024 — 15", "No. 7"])
def test_without_prose_there_is_no_language(text: str) -> None:
    assert languages(text) == ()
