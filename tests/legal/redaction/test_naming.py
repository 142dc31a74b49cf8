import pytest

from lexmill_legal.redaction.naming import english_name, russian_name


def key(written: str) -> str:
    name = russian_name(written.split())
    assert name is not None
    return name.key


@pytest.mark.parametrize(
    "forms",
    [
        ["Иванов Иван Иванович", "Иванова Ивана Ивановича", "Иванову Ивану Ивановичу",
         "Ивановым Иваном Ивановичем", "Иванове Иване Ивановиче", "Иван Иванович Иванов",
         "ИВАНОВ ИВАН ИВАНОВИЧ"],
        ["Достоевская Мария Львовна", "Достоевской Марии Львовны", "Достоевскую Марию Львовну",
         "Достоевской Марией Львовной"],
        ["Толстой Лев Петрович", "Толстого Льва Петровича", "Толстому Льву Петровичу"],
        ["Гоголь Дмитрий Ильич", "Гоголя Дмитрия Ильича", "Гоголем Дмитрием Ильичем"],
        ["Шевченко Пётр Семенович", "Шевченко Петра Семеновича", "Шевченко Петру Семеновичу"],
        ["Глинка Илья Кузьмич", "Глинки Ильи Кузьмича", "Глинке Илье Кузьмичу"],
        ["Черных Любовь Саввична", "Черных Любови Саввичны", "Черных Любовью Саввичной"],
        ["Шмидт Павел Карлович", "Шмидта Павла Карловича", "Шмидту Павлу Карловичу"],
    ],
)  # fmt: skip
def test_case_order_and_capitals_change_no_person(forms: list[str]) -> None:
    assert len({key(form) for form in forms}) == 1


def test_different_persons_stay_different() -> None:
    written = ["Иванов Иван Иванович", "Иванова Инна Ивановна", "Иванов Иван Петрович",
               "Ивановский Иван Иванович", "Иваненко Иван Иванович"]  # fmt: skip
    assert len({key(form) for form in written}) == len(written)


def test_english_names_are_one_without_case_accents_and_middle_initials() -> None:
    forms = ["José Q. Núñez", "JOSE NUNEZ", "Jose Nunez Jr."]
    names = [english_name(form.split()) for form in forms]
    assert {name.key for name in names if name} == {"jose nunez"}
    other = english_name(["Jose", "Maria", "Nunez"])
    assert other is not None
    assert other.key == "jose maria nunez"
