"""A Russian works contract with a sole trader, written for this test."""

import pytest

from lexmill_legal.results import Money
from tests.legal.extract.reading_of import extraction, facts, only

WORKS = """ДОГОВОР ПОДРЯДА № 7-П/2025

г. Самара                                            «03» февраля 2025 года

Публичное акционерное общество «Волжские берега», именуемое в дальнейшем «Заказчик», в лице исполняющего обязанности генерального директора Орловой Марии Викторовны, действующей на основании Доверенности № 12 от 09.01.2025 г., с одной стороны, и Индивидуальный предприниматель Ким Алексей Юрьевич, ОГРНИП 304500116000157, именуемый в дальнейшем «Подрядчик», действующий на основании Свидетельства о государственной регистрации, с другой стороны, заключили настоящий Договор о нижеследующем:

1. ПРЕДМЕТ ДОГОВОРА
1.1. Подрядчик обязуется выполнить работы.
2. ЦЕНА И ПОРЯДОК РАСЧЕТОВ
2.1. Цена работ составляет 2 400 000 (два миллиона четыреста тысяч) рублей 00 копеек.
2.2. Аванс в размере 30 % от цены работ выплачивается в течение 5 (пяти) рабочих дней.
3. ОТВЕТСТВЕННОСТЬ
3.1. За просрочку выполнения работ Подрядчик уплачивает пени в размере 0,05% от цены работ за каждый день просрочки.
3.2. За нарушение конфиденциальности виновная Сторона уплачивает штраф в размере 50 000 рублей.
3.3. За пользование чужими денежными средствами начисляются проценты в размере 12% годовых.
3.4. Совокупная ответственность Подрядчика не может превышать 1 000 000 рублей.
4. СРОК ДЕЙСТВИЯ
4.1. Договор вступает в силу с момента подписания и действует до 31.12.2025.
4.2. Договор считается автоматически продленным на следующий календарный год, если ни одна из Сторон не уведомит другую не позднее чем за 30 календарных дней до истечения срока его действия.
5. РЕКВИЗИТЫ
ИП Ким А.Ю. ИНН 500100732259 СНИЛС 112-233-445 95
р/с 40802810400000000001 БИК 044525974 к/с 30101810145250000974
"""  # noqa: E501


def test_parties_with_those_who_act_for_them() -> None:
    company, trader = facts(WORKS, "party")
    assert company.attributes["legal_form"] == "ПАО"
    assert company.attributes["representative"] == "Орловой Марии Викторовны"
    assert company.attributes["authority"].startswith("Доверенности № 12")
    assert trader.attributes["legal_form"] == "ИП"
    assert trader.attributes["ogrn"] == "304500116000157"
    assert trader.attributes["authority"] == "Свидетельства о государственной регистрации"
    assert "representative" not in trader.attributes


def test_money_and_percentages_have_their_role() -> None:
    amounts = {fact.attributes["role"]: fact.normalized for fact in facts(WORKS, "amount")}
    assert amounts["price"] == Money("2400000.00", "RUB")
    assert amounts["penalty"] == Money("50000.00", "RUB")
    assert amounts["cap"] == Money("1000000.00", "RUB")
    percents = {fact.normalized: fact.attributes["role"] for fact in facts(WORKS, "percent")}
    assert percents == {"30": "advance", "0.05": "penalty", "12": "interest"}


def test_in_force_from_signing_means_from_the_day_of_the_contract() -> None:
    fact = only(WORKS, "effective_date")
    assert (fact.normalized, fact.method, fact.firm) == ("2025-02-03", "computed", False)


def test_the_notice_against_renewal_ends_before_the_expiry() -> None:
    assert only(WORKS, "expiration_date").normalized == "2025-12-31"
    assert only(WORKS, "deadline").normalized == "2025-12-01"


@pytest.mark.parametrize("kind", ["inn", "ogrn", "snils", "account", "correspondent_account"])
def test_numbers_prove_themselves(kind: str) -> None:
    numbers = [fact for fact in facts(WORKS, "identifier") if fact.attributes["kind"] == kind]
    assert [fact.attributes["checksum"] for fact in numbers] == ["valid"]
    assert all(fact.firm for fact in numbers)


def test_every_fact_has_its_place() -> None:
    for fact in extraction(WORKS).facts:
        assert fact.inputs or fact.quote == WORKS[fact.start : fact.end]
