import subprocess
import sys

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


_NAMES = "Alder Labs SA, 12 Oak Street, Springfield, IL 62701; Birch Works, Joliet, IL 60431\n"
_PRICES = "Widget, large, blue 120.00 each; Widget, small, red 80.00 each; Crate 5.00\n"


def test_tables_and_names_of_an_english_contract_need_no_model() -> None:
    program = (
        "import sys; from lexmill_legal.classify.languages import languages;"
        "print(languages(sys.argv[1]), 'py3langid' in sys.modules)"
    )
    text = ENGLISH + "\n" + _NAMES * 4 + _PRICES * 4
    run = subprocess.run(
        [sys.executable, "-c", program, text], check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == "('en',) False"


OTHERS = {
    "cs": "Prodávající se zavazuje dodat zboží kupujícímu a kupující se zavazuje zaplatit cenu, "
    "která je uvedena v této smlouvě. Cena je splatná do třiceti dnů od doručení faktury. ",
    "es": "El vendedor se obliga a entregar los bienes y el comprador se obliga a pagar el precio "
    "en el plazo de treinta días desde la recepción de la factura. ",
    "fi": "Myyjä sitoutuu toimittamaan tavaran ostajalle, ja ostaja maksaa kauppahinnan "
    "kolmenkymmenen päivän kuluessa laskun saapumisesta, tai sopimus voidaan purkaa, sekä että. ",
    "hu": "Az eladó köteles az árut a vevőnek átadni, a vevő pedig köteles a vételárat megfizetni "
    "a számla kézhezvételétől számított harminc napon belül, vagy a szerződés szerint és egy. ",
    "it": "Il venditore si obbliga a consegnare i beni e il compratore paga il prezzo entro trenta "
    "giorni dal ricevimento della fattura, che è parte del contratto di vendita. ",
    "nl": "De verkoper levert het goed en de koper betaalt de prijs binnen dertig dagen na "
    "ontvangst van de factuur, zoals door partijen in een overeenkomst voor de koop bepaald. ",
    "pl": "Sprzedawca zobowiązuje się dostarczyć towar, a kupujący zapłacić cenę w terminie "
    "trzydziestu dni od otrzymania faktury, oraz nie jest uprawniony do potrąceń lub na rzecz. ",
    "pt": "O vendedor obriga-se a entregar os bens e o comprador paga o preço no prazo de trinta "
    "dias após a recepção da fatura, que não é uma parte das condições dos bens. ",
    "sv": "Säljaren ska leverera varan och köparen ska betala priset inom trettio dagar från det "
    "att fakturan har mottagits, eller som parterna skriftligen avtalar med varandra. ",
    "tr": "Satıcı malı alıcıya teslim eder ve alıcı fatura tarihinden itibaren otuz gün içinde bir "
    "bedel öder; bu sözleşme ile taraflar veya vekilleri için geçerlidir. ",
}


@pytest.mark.parametrize("language", OTHERS)
def test_the_other_column_of_an_english_contract_is_not_taken_for_english(language: str) -> None:
    assert set(languages(ENGLISH + "\n" + OTHERS[language] * 6)) == {"en", language}
