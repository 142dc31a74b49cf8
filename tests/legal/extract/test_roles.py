import pytest

from lexmill_legal.extract.amounts import ROLES
from tests.legal.extract.reading_of import facts

FRAME = "The parties agree that this is the whole of their bargain. {} Nothing else is agreed."
RUSSIAN = (
    "Стороны договорились о нижеследующем в рамках настоящего договора. {} Иное не согласовано."
)


@pytest.mark.parametrize(
    ("sentence", "role"),
    [
        ("The aggregate liability of either party shall not exceed EUR 5,000.", "cap"),
        ("The buyer pays liquidated damages of EUR 100 per day.", "penalty"),
        ("The tenant leaves a security deposit of EUR 3,000.", "deposit"),
        ("The purchase price is EUR 70,000.", "price"),
        ("The provider receives a monthly fee of EUR 900.", "fee"),
        ("The licensee pays a royalty of EUR 2 per copy.", "royalty"),
        ("The insurance covers EUR 1,000,000 per occurrence.", "insurance"),
        ("The box weighs as much as EUR 40.", "other"),
    ],
)
def test_the_role_of_an_amount(sentence: str, role: str) -> None:
    (fact,) = facts(FRAME.format(sentence), "amount")
    assert fact.attributes["role"] == role
    assert role in ROLES


@pytest.mark.parametrize(
    ("sentence", "role"),
    [
        ("За просрочку уплачивается неустойка в размере 0,1 % за каждый день.", "penalty"),
        ("Покупатель перечисляет аванс в размере 30 %.", "advance"),
        ("Цена включает НДС 20 %.", "tax"),
        ("Заём выдаётся под 12 % годовых.", "interest"),
    ],
)
def test_the_role_of_a_russian_percentage(sentence: str, role: str) -> None:
    (fact,) = facts(RUSSIAN.format(sentence), "percent")
    assert fact.attributes["role"] == role


def test_interest_says_per_what() -> None:
    (fact,) = facts(FRAME.format("Late sums bear interest at 1.5% per month."), "percent")
    assert fact.attributes == {"per": "month", "role": "interest"}
