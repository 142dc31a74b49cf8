"""One way for the tests to extract facts from a text."""

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.results import Extraction, Fact, ParsedDocument
from lexmill_legal.segment import segment

CONTRACT = """MASTER SERVICES AGREEMENT

This Master Services Agreement (this "Agreement") is made and entered into as of March 12, 2024 (the "Effective Date") by and between Alder Labs, Inc., a Delaware corporation with offices at 12 Mill Road, Suite 4, Springfield, IL 62701 ("Client"), and Birch Works LLC, an Illinois limited liability company (the "Provider").

WHEREAS, Client wishes to receive certain services;

1. Services. Provider shall perform the services described in Exhibit A.
2. Fees.
2.1 Client shall pay Provider a monthly fee of US$10,000.00 within thirty (30) days after receipt of each invoice.
2.2 Late payments bear interest at 1.5% per month.
3. Term. The initial term of this Agreement shall commence on the Effective Date and continue for a period of two (2) years. Thereafter, this Agreement shall automatically renew for successive one (1) year terms unless either party gives written notice of non-renewal at least sixty (60) days prior to the end of the then-current term.
4. Termination. Either party may terminate this Agreement at any time for convenience upon ninety (90) days' prior written notice.
5. Liability. In no event shall the aggregate liability of either party exceed US$250,000.
6. Governing Law. This Agreement shall be governed by and construed in accordance with the laws of the State of Delaware, without regard to its conflict of laws principles. The parties submit to the exclusive jurisdiction of the courts of Cook County, Illinois.

IN WITNESS WHEREOF, the parties have executed this Agreement.

ALDER LABS, INC.
By: ____________
Name: Ann B. Lee
Title: Chief Executive Officer
E-mail: ann.lee@alder.example
"""  # noqa: E501 - contracts have long lines

SUPPLY = """ДОГОВОР ПОСТАВКИ № 15/2024

г. Тверь                                                     «12» марта 2024 г.

Общество с ограниченной ответственностью «Северный ветер», именуемое в дальнейшем «Поставщик», в лице Генерального директора Петрова Ивана Сергеевича, действующего на основании Устава, с одной стороны, и Акционерное общество «Торговый дом «Восход», именуемое в дальнейшем «Покупатель», в лице директора Сидоровой Анны Павловны, действующей на основании доверенности № 7 от 01.02.2024, с другой стороны, совместно именуемые «Стороны», заключили настоящий Договор о нижеследующем:

1. ПРЕДМЕТ ДОГОВОРА
1.1. Поставщик обязуется поставить, а Покупатель принять и оплатить товар.
1.2. Общая стоимость товара составляет 1 250 000 (один миллион двести пятьдесят тысяч) рублей 50 копеек, в том числе НДС 20%.

2. ПОРЯДОК РАСЧЕТОВ
2.1. Оплата производится в течение 10 (десяти) календарных дней с даты получения счета.

3. ОТВЕТСТВЕННОСТЬ СТОРОН
3.1. За просрочку поставки Поставщик уплачивает неустойку в размере 0,1 % от стоимости за каждый день просрочки.
3.2. Ответственность Поставщика не может превышать 500 тыс. руб.

4. СРОК ДЕЙСТВИЯ ДОГОВОРА
4.1. Договор вступает в силу с 15 марта 2024 года и действует до 31 декабря 2024 г.
4.2. Если ни одна из сторон не заявит о прекращении договора не позднее чем за 30 (тридцать) календарных дней до его окончания, договор считается продленным на следующий календарный год.
4.3. Любая из сторон вправе расторгнуть договор в одностороннем порядке, уведомив другую сторону не менее чем за 60 дней.

5. РАЗРЕШЕНИЕ СПОРОВ
5.1. К отношениям сторон применяется право Российской Федерации.
5.2. Споры рассматриваются в Арбитражном суде города Москвы согласно ст. 309 ГК РФ и Федеральному закону от 05.04.2013 № 44-ФЗ.

6. РЕКВИЗИТЫ СТОРОН
Поставщик: ООО «Северный ветер»
ИНН 7707083893 КПП 773601001 ОГРН 1027700132195
Юридический адрес: 170000, г. Тверь, ул. Мельничная, д. 19
р/с 40702810900000000001 БИК 044525225
тел. +7 (495) 000-45-67, e-mail: info@veter.example
Покупатель: АО «Торговый дом «Восход»
ИНН 7736050003
"""  # noqa: E501


def extraction(text: str) -> Extraction:
    parsed = ParsedDocument("text/plain", text)
    return extract(parsed, classify(parsed), segment(parsed))


def facts(text: str, field: str) -> list[Fact]:
    return [fact for fact in extraction(text).facts if fact.field == field]


def only(text: str, field: str) -> Fact:
    found = facts(text, field)
    assert len(found) == 1, [(fact.value, fact.normalized) for fact in found]
    return found[0]
