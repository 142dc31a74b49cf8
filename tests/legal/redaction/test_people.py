"""Persons with names that stand in no list of ours, by what is written beside them."""

import pytest

from tests.legal.redaction.finding_in import found_in, persons_in, subjects_in


@pytest.mark.parametrize(
    "text",
    [
        'Between Alpha Works LLC and {}, an individual (the "Employee").',
        "The Executive reports to {}, Chief Financial Officer.",
        "Attention: {}\nFax: none",
        "By: ____________\nName: {}\nTitle: Director",
        "By: /s/ {}",
        "______________________\n{}",
        "{}\nChief Executive Officer",
        'The Company hereby employs {} (the "Employee").',
        "Project Manager: {}",
        "Key Personnel (at signing): {}",
        "I, {}, declare the following.",
        "the Guarantor, {}, agrees to pay",
        "This was signed by {} on behalf of the Company.",
        "with a copy to {}, Esq.",
        "Contact {} <x.y@mail.example> for details.",
        "{} shall serve as the trustee of the trust.",
        "the heirs and the estate of {} are bound",
    ],
)
@pytest.mark.parametrize(
    "name", ["Xóchitl Iñárritu", "Thandiwe Mkhabela", "Marietje van Houweling", "Guðrún O'Dúill"]
)
def test_a_person_is_known_by_the_words_beside_it(text: str, name: str) -> None:
    assert persons_in(text.format(name)) == [name + (", Esq." if "Esq" in text else "")]


@pytest.mark.parametrize(
    "text",
    [
        "Attention: Legal Department",
        "This Agreement is governed by the laws of the State of New York.",
        'Confidential Information means what the Receiving Party knows (the "Purpose").',
        "Name: Oakfield Trading Limited\nTitle: Seller",
        "represented by Quillon Partners LLP",
        "notice to Thornbury Holdings, Inc., as agent",
        "U.S. Customs and Border Protection, One Million U.S. Dollars",
        "A. UTEX shall deliver. B. Notwithstanding the above, payment is due.",
        "Договор поставки № 5 между Обществом и Покупателем, Раздел Второй. Стороны согласны.",
    ],
)
def test_firms_places_and_defined_words_are_no_persons(text: str) -> None:
    assert persons_in(text) == []


def test_once_found_a_person_is_found_everywhere() -> None:
    text = (
        "Name: Ottoline Ravensburg\nTitle: Director\n\nRAVENSBURG has signed; Ravensburg's seal is"
        " below. Dear Ottoline, thank you. J. Ravensburg Ltd is another matter.\n"
    )
    assert persons_in(text) == ["Ottoline Ravensburg", "RAVENSBURG", "Ravensburg", "Ottoline"]
    assert set(subjects_in(text)) == {"ottoline ravensburg"}


def test_a_surname_that_is_a_word_is_not_redacted_as_a_word() -> None:
    text = "Name: Quenby Price\n\nThe price is due. Price adjustments follow. Mr. Price agrees."
    assert persons_in(text) == ["Quenby Price", "Mr. Price"]
    assert set(subjects_in(text)) == {"quenby price"}


def test_an_address_made_of_a_name_tells_the_name() -> None:
    text = "Wulfric Zander will call; his address is wulfric.zander@mail.example."
    assert found_in(text)[0] == ("person", "Wulfric Zander")


def test_a_russian_name_is_one_person_in_every_case_and_with_initials() -> None:
    text = (
        "ООО «Ель» в лице директора Крутиковой Агнии Прохоровны. Крутикова Агния Прохоровна"
        " подписала. Выдано Крутиковой А.П. и Агнии Прохоровне. А. П. Крутикова. КРУТИКОВА."
    )
    assert len(persons_in(text)) == 6
    assert set(subjects_in(text)) == {"крутиков агни прохоровн"}


def test_initials_that_fit_two_persons_are_nobodys_in_particular() -> None:
    text = (
        "Жмыхов Пётр Ильич и Жмыхов Павел Игоревич подписали. Жмыхов П.И. получил. "
        "Жмыхов Пётр Ильич согласен."
    )
    first, second, third, fourth = subjects_in(text)
    assert first == fourth == "жмыхов петр ильич"
    assert second == "жмыхов павел игоревич"
    assert third not in {first, second}


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("Гр. Хворостин заявил", "Хворостин"),
        ("г-н Хворостинин явился", "Хворостинин"),
        ("/Дробот З.Ф./", "Дробот З.Ф."),
        ("ИП Щукарь Тит Фомич, именуемый", "Щукарь Тит Фомич"),
        ("исполнитель: Ярцев Глеб, тел.", "Ярцев Глеб"),
        ("МАМЕДОВА ЭЛЬНАРА РАШИДОВНА", "МАМЕДОВА ЭЛЬНАРА РАШИДОВНА"),
    ],
)
def test_russian_persons(text: str, person: str) -> None:
    assert persons_in(f"Договор. {text}") == [person]


def test_two_capitalised_words_of_a_firm_stay() -> None:
    text = 'Pelham Dirt, Inc. ("Pelham Dirt") shall notify Pelham Dirt at once.'
    assert persons_in(text) == []
