"""Every boilerplate kind in both languages: under its own heading, and under none."""

import pytest

from tests.legal.clauses.contracts import clauses_of

ENGLISH = {
    "confidentiality": (
        "Confidentiality",
        (
            "Each party shall hold the other party's Confidential Information in strict confidence "
            "and shall not disclose it to any third party."
        ),
    ),
    "indemnification": (
        "Indemnification",
        (
            "Provider shall indemnify, defend and hold harmless Client from and against any and "
            "all claims, losses and expenses arising out of its breach."
        ),
    ),
    "force_majeure": (
        "Force Majeure",
        (
            "Neither party shall be liable for any delay or failure to perform due to causes "
            "beyond its reasonable control, including acts of God, war, strikes or fire."
        ),
    ),
    "entire_agreement": (
        "Entire Agreement",
        (
            "This Agreement constitutes the entire agreement between the parties with respect to "
            "its subject matter and supersedes all prior agreements and understandings."
        ),
    ),
    "notices": (
        "Notices",
        (
            "All notices under this Agreement shall be in writing and shall be deemed given when "
            "delivered personally or sent by registered mail to the addresses set forth above."
        ),
    ),
    "severability": (
        "Severability",
        (
            "If any provision of this Agreement is held to be invalid or unenforceable, the "
            "remaining provisions shall continue in full force and effect."
        ),
    ),
    "counterparts": (
        "Counterparts",
        (
            "This Agreement may be executed in two or more counterparts, each of which shall be "
            "deemed an original and all of which together shall constitute one instrument."
        ),
    ),
    "term": (
        "Term",
        (
            "The term of this Agreement shall commence on the Effective Date and continue for "
            "a period of three (3) years unless terminated earlier."
        ),
    ),
    "payment": (
        "Payment",
        (
            "Client shall pay all undisputed invoices within thirty (30) days after receipt, and "
            "late payments shall bear interest at one percent per month."
        ),
    ),
}
RUSSIAN = {
    "confidentiality": (
        "Конфиденциальность",
        "Стороны обязуются не разглашать конфиденциальную информацию, полученную друг от друга.",
    ),
    "indemnification": (
        "Возмещение потерь",
        (
            "Исполнитель обязуется возместить Заказчику имущественные потери, возникшие из-за "
            "претензий третьих лиц."
        ),
    ),
    "force_majeure": (
        "Обстоятельства непреодолимой силы",
        (
            "Стороны освобождаются от ответственности, если неисполнение вызвано обстоятельствами "
            "непреодолимой силы."
        ),
    ),
    "entire_agreement": (
        "Полнота договора",
        (
            "Настоящий Договор содержит полный объём соглашений Сторон, а все предыдущие "
            "договорённости и переписка утрачивают силу."
        ),
    ),
    "notices": (
        "Уведомления",
        (
            "Все уведомления направляются Сторонами в письменной форме по адресам, указанным в "
            "Договоре."
        ),
    ),
    "severability": (
        "Делимость положений",
        (
            "Недействительность отдельного положения Договора не влечёт недействительности "
            "остальных его положений."
        ),
    ),
    "counterparts": (
        "Экземпляры договора",
        "Настоящий Договор составлен в двух экземплярах, имеющих равную юридическую силу.",
    ),
    "term": (
        "Срок действия договора",
        "Договор вступает в силу с даты подписания и действует в течение трёх лет.",
    ),
    "payment": (
        "Порядок расчётов",
        "Заказчик оплачивает услуги в течение 10 рабочих дней с даты подписания акта.",
    ),
}
OPENING = {
    "en": "SERVICES AGREEMENT\n\nThis Agreement is made by Alder LLC and Birch Stores Inc.\n\n",
    "ru": "ДОГОВОР ОКАЗАНИЯ УСЛУГ\n\nООО «Ольха» и ООО «Берёза» заключили настоящий Договор.\n\n",
}
CASES = [
    (language, kind, heading, sentence)
    for language, texts in (("en", ENGLISH), ("ru", RUSSIAN))
    for kind, (heading, sentence) in texts.items()
]


@pytest.mark.parametrize(("language", "kind", "heading", "sentence"), CASES)
def test_a_kind_is_found_under_its_heading(
    language: str, kind: str, heading: str, sentence: str
) -> None:
    first, last = ("Services", "Works") if language == "en" else ("Предмет договора", "Приёмка")
    body = "Provider performs." if language == "en" else "Исполнитель оказывает услуги."
    text = (
        f"{OPENING[language]}1. {first}\n\n1.1. {body}\n\n2. {heading}\n\n2.1. {sentence}\n\n"
        f"3. {last}\n\n3.1. {body}\n"
    )
    clause = clauses_of(text, language)[kind]
    assert clause.present
    assert sentence in clause.candidates[0].quote
    assert clause.firm == (language == "en")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_all_kinds_are_found_without_any_heading(language: str) -> None:
    sentences = {kind: sentence for own, kind, _, sentence in CASES if own == language}
    found = clauses_of(OPENING[language] + "\n\n".join(sentences.values()), language)
    missed = [
        kind
        for kind, sentence in sentences.items()
        if not any(sentence in candidate.quote for candidate in found[kind].candidates)
    ]
    assert missed == []
    if language == "ru":  # rules say so at once; the model has thresholds
        assert [kind for kind in sentences if not found[kind].present] == []


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("kind", sorted(ENGLISH))
def test_a_contract_without_the_kind_does_not_have_it(language: str, kind: str) -> None:
    body = {
        "en": "Provider performs the works described above with care. ",
        "ru": "Исполнитель качественно выполняет описанные работы. ",
    }[language]
    heading = {"en": "Works", "ru": "Работы"}[language]
    found = clauses_of(f"{OPENING[language]}1. {heading}\n\n1.1. {body}\n", language)
    assert not found[kind].present
