import pytest

from tests.legal.extract.reading_of import facts, only

HEAD = (
    "SERVICES AGREEMENT\n\nThis Services Agreement is made as of May 1, 2020 by and between Alder"
    ' Labs, Inc. ("Alder") and Birch Works LLC ("Birch").\n\n'
)


@pytest.mark.parametrize(
    ("clause", "normalized"),
    [
        ("This Agreement shall expire on December 31, 2022.", "2022-12-31"),
        ("This Agreement commences on the date hereof and continues until June 30, 2021.",
         "2021-06-30"),
        ("The term of this Agreement is three (3) years.", "2023-05-01"),
        ("This Agreement shall continue until the second anniversary of the date hereof.",
         "2022-05-01"),
        ("The term of this Agreement shall be one year commencing on January 1, 2021.",
         "2022-01-01"),
    ],
)  # fmt: skip
def test_expiry(clause: str, normalized: str) -> None:
    found = facts(HEAD + f"1. Term. {clause}", "expiration_date")
    assert found[0].normalized == normalized


def test_an_agreement_without_end_is_perpetual_and_has_no_date() -> None:
    clause = "This Agreement shall continue in effect until terminated by either party."
    fact = only(HEAD + f"1. Term. {clause}", "expiration_date")
    assert (fact.value, fact.normalized, fact.attributes["kind"]) == (
        "perpetual",
        None,
        "perpetual",
    )


@pytest.mark.parametrize(
    "clause",
    [
        "The warranty period of the goods is two (2) years.",
        "The duty of confidentiality survives for five (5) years after termination.",
        "The cure period is thirty (30) days.",
    ],
)
def test_other_periods_are_not_the_term(clause: str) -> None:
    assert facts(HEAD + f"1. Sundry. {clause}", "term") == []


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("This Agreement shall automatically renew for successive terms of one year.", True),
        ("The term shall not automatically renew.", False),
        ("The parties may extend this Agreement in writing.", None),
    ],
)
def test_automatic_renewal(clause: str, *, expected: bool | None) -> None:
    found = facts(HEAD + f"1. Term. {clause}", "auto_renewal")
    assert [fact.normalized for fact in found] == ([] if expected is None else [expected])


def test_notice_for_cause_is_no_notice_of_convenience() -> None:
    clause = (
        "Either party may terminate this Agreement at any time if the other party commits a"
        " material breach and fails to cure it within thirty (30) days after written notice."
    )
    assert facts(HEAD + f"1. Termination. {clause}", "termination_notice_period") == []


def test_an_agreement_date_is_not_taken_for_an_effective_date() -> None:
    assert facts(HEAD, "effective_date") == []
    assert only(HEAD, "agreement_date").normalized == "2020-05-01"


def test_an_ambiguous_date_keeps_what_is_written() -> None:
    fact = only(HEAD.replace("May 1, 2020", "03/04/2020"), "agreement_date")
    assert (fact.value, fact.normalized) == ("03/04/2020", None)


RUSSIAN = (
    "ДОГОВОР АРЕНДЫ\n\nг. Тверь                    01.02.2024\n\nООО «Клён», именуемое в дальнейшем"
    " «Арендодатель», и ООО «Липа», именуемое в дальнейшем «Арендатор», заключили договор.\n\n"
)


@pytest.mark.parametrize(
    ("clause", "field", "normalized"),
    [
        ("Настоящий Договор заключён на срок 11 месяцев.", "term", "P11M"),
        ("Настоящий Договор заключён на срок 11 месяцев.", "expiration_date", "2025-01-01"),
        ("Договор действует с 01.03.2024 по 28.02.2025.", "expiration_date", "2025-02-28"),
        ("Автоматическая пролонгация договора не предусмотрена.", "auto_renewal", False),
        ("Договор автоматически продлевается на 1 (один) год.", "auto_renewal", True),
        ("Договор автоматически продлевается на 1 (один) год.", "renewal_term", "P1Y"),
        ("По истечении срока Договор не продлевается автоматически.", "auto_renewal", False),
    ],
)
def test_russian_terms(clause: str, field: str, normalized: str | bool) -> None:  # noqa: FBT001
    found = facts(RUSSIAN + f"1. СРОК\n1.1. {clause}\n", field)
    assert [fact.normalized for fact in found] == [normalized]


@pytest.mark.parametrize(
    "clause",
    [
        "Договор не продлевается автоматически, если любая из сторон возразила за 10 дней.",
        "Договор не считается автоматически продлённым на новый срок.",
        "Срок аренды не подлежит продлению автоматически.",
    ],
)
def test_a_denied_renewal_is_never_a_renewal(clause: str) -> None:
    found = facts(RUSSIAN + f"1. СРОК\n1.1. {clause}\n", "auto_renewal")
    assert [fact.normalized for fact in found if fact.normalized is not False or fact.firm] == []


def test_the_date_of_an_agreement_that_is_referred_to_is_not_firm() -> None:
    text = (
        "ORDER FORM\n\nLicensor: Alder Labs, Inc.\nLicensee: Birch Works LLC\n\n1. Terms\nAll other"
        " terms are those of the Software License Agreement made on May 1, 2020, which also governs"
        " this Order Form.\n"
    )
    assert [fact.firm for fact in facts(text, "agreement_date")] == [False]


def test_the_mark_of_a_markdown_heading_is_no_part_of_the_name() -> None:
    text = HEAD.replace("SERVICES AGREEMENT", "# Services Agreement")
    fact = only(text, "document_name")
    assert (fact.value, fact.quote) == ("Services Agreement", "Services Agreement")
    assert fact.start == 2


@pytest.mark.parametrize(
    "court",
    [
        "Арбитражном суде города Санкт-Петербурга и Ленинградской области",
        "Арбитражном суде Ямало-Ненецкого округа",
        "Арбитражном суде г. Ростова-на-Дону",
    ],
)
def test_a_court_keeps_its_whole_name(court: str) -> None:
    found = facts(RUSSIAN + f"1. СПОРЫ\n1.1. Споры рассматриваются в {court}.\n", "dispute_forum")
    assert [fact.value for fact in found] == [court]


@pytest.mark.parametrize(
    ("clause", "field", "normalized"),
    [
        (
            "The Client may terminate this Agreement for\nconvenience on forty (40) days' notice.",
            "termination_notice_period",
            "P40D",
        ),
        ("The term of\n      this Agreement is three (3) years.", "term", "P3Y"),
        ("There is no automatic\nrenewal of this Agreement.", "auto_renewal", False),
    ],
)
def test_a_phrase_may_run_over_a_line(
    clause: str,
    field: str,
    normalized: str | bool,  # noqa: FBT001
) -> None:
    assert [fact.normalized for fact in facts(HEAD + f"1. Term. {clause}", field)] == [normalized]
