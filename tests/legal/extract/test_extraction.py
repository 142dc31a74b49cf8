import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexmill_legal.classify import classify
from lexmill_legal.extract import extract
from lexmill_legal.extract.firmness import MEASURED
from lexmill_legal.results import FIELDS, SINGLE_VALUED, Money, ParsedDocument
from lexmill_legal.segment import segment
from tests.legal.extract.reading_of import CONTRACT, SUPPLY, extraction, facts, only


@pytest.mark.parametrize(
    ("field", "value", "normalized"),
    [
        ("document_name", "MASTER SERVICES AGREEMENT", None),
        ("document_type", "services", "services"),
        ("agreement_date", "March 12, 2024", "2024-03-12"),
        ("effective_date", "March 12, 2024", "2024-03-12"),
        ("term", "two (2) years", "P2Y"),
        ("expiration_date", "2026-03-12", "2026-03-12"),
        ("renewal_term", "one (1) year", "P1Y"),
        ("auto_renewal", "automatically renew", True),
        ("renewal_notice_period", "sixty (60) days", "P60D"),
        ("termination_notice_period", "ninety (90) days", "P90D"),
        ("governing_law", "Delaware", "US-DE"),
        ("dispute_forum", "courts of Cook County, Illinois", "US-IL"),
        ("payment_term", "thirty (30) days", "P30D"),
        ("liability_cap", "US$250,000", Money("250000.00", "USD")),
        ("person", "Ann B. Lee", None),
        ("email", "ann.lee@alder.example", "ann.lee@alder.example"),
        ("address", "12 Mill Road, Suite 4, Springfield, IL 62701", None),
    ],
)
def test_an_english_contract_gives_its_facts(field: str, value: str, normalized: object) -> None:
    fact = only(CONTRACT, field)
    assert (fact.value, fact.normalized) == (value, normalized)


@pytest.mark.parametrize(
    ("field", "value", "normalized"),
    [
        ("document_name", "ДОГОВОР ПОСТАВКИ № 15/2024", None),
        ("document_type", "supply", "supply"),
        ("agreement_date", "«12» марта 2024 г.", "2024-03-12"),
        ("effective_date", "15 марта 2024 года", "2024-03-15"),
        ("expiration_date", "31 декабря 2024 г.", "2024-12-31"),
        ("renewal_term", "на следующий календарный год", "P1Y"),
        ("auto_renewal", "считается продленным", True),
        ("renewal_notice_period", "30 (тридцать) календарных дней", "P30D"),
        ("termination_notice_period", "60 дней", "P60D"),
        ("governing_law", "Российской Федерации", "RU"),
        ("dispute_forum", "Арбитражном суде города Москвы", None),
        ("payment_term", "10 (десяти) календарных дней", "P10D"),
        ("liability_cap", "500 тыс. руб.", Money("500000.00", "RUB")),
        ("email", "info@veter.example", "info@veter.example"),
        ("phone", "+7 (495) 000-45-67", "+74950004567"),
        ("address", "170000, г. Тверь, ул. Мельничная, д. 19", None),
    ],
)
def test_a_russian_contract_gives_its_facts(field: str, value: str, normalized: object) -> None:
    fact = only(SUPPLY, field)
    assert (fact.value, fact.normalized) == (value, normalized)


def test_a_computed_date_names_its_inputs_and_has_no_place() -> None:
    found = {fact.id: fact for fact in extraction(CONTRACT).facts}
    computed = only(CONTRACT, "expiration_date")
    assert computed.method == "computed"
    assert [found[source].field for source in computed.inputs] == ["effective_date", "term"]
    assert (computed.quote, computed.start, computed.end, computed.page) == (None,) * 4
    assert computed.boxes == ()


@pytest.mark.parametrize("text", [CONTRACT, SUPPLY, CONTRACT + SUPPLY, "", "Hello."])
def test_every_quote_stands_at_its_place(text: str) -> None:
    for fact in extraction(text).facts:
        if fact.start is None:
            assert fact.quote is None
            assert fact.inputs
        else:
            assert fact.quote == text[fact.start : fact.end]
            assert fact.quote
        assert 0 <= fact.confidence <= 1


@pytest.mark.parametrize("text", [CONTRACT, SUPPLY, CONTRACT + SUPPLY])
def test_a_field_is_found_or_named_as_not_found(text: str) -> None:
    result = extraction(text)
    found = {fact.field for fact in result.facts}
    assert found | set(result.not_found) == set(FIELDS)
    assert not found & set(result.not_found)


@pytest.mark.parametrize("text", [CONTRACT, SUPPLY, CONTRACT + SUPPLY])
def test_single_valued_fields_have_one_firm_value_or_at_most_three_candidates(text: str) -> None:
    result = extraction(text)
    for field in SINGLE_VALUED:
        found = [fact for fact in result.facts if fact.field == field]
        assert len(found) <= 3
        if any(fact.firm for fact in found):
            assert len(found) == 1


def test_ids_follow_the_order_of_fields_and_are_unique() -> None:
    result = extraction(CONTRACT)
    assert [fact.id for fact in result.facts] == [
        f"f{number}" for number in range(1, len(result.facts) + 1)
    ]
    order = [FIELDS.index(fact.field) for fact in result.facts]
    assert order == sorted(order)


def test_conflicting_evidence_ends_in_candidates() -> None:
    text = (
        CONTRACT
        + "\n7. Miscellaneous. This Agreement shall be governed by and construed in accordance"
        " with the laws of England.\n"
    )
    found = facts(text, "governing_law")
    assert {fact.normalized for fact in found} == {"US-DE", "GB-ENG"}
    assert not any(fact.firm for fact in found)
    assert all(fact.confidence < 0.9 for fact in found)


def test_both_halves_of_a_bilingual_contract_agree_on_one_firm_value() -> None:
    text = (
        "This Agreement shall be governed by the laws of the Russian Federation and the parties"
        " shall perform it in good faith as is usual in the trade of the seller and the buyer.\n"
        "К настоящему Договору применяется право Российской Федерации, и стороны исполняют его"
        " добросовестно, как это принято в торговле между продавцом и покупателем.\n"
    )
    fact = only(text, "governing_law")
    assert (fact.normalized, fact.firm) == ("RU", True)


def test_other_languages_give_only_what_needs_no_grammar() -> None:
    text = (
        "Der Vertrag wird zwischen den Parteien am 2024-03-12 geschlossen. Der Käufer zahlt den"
        " Kaufpreis innerhalb von dreißig Tagen. Fragen an recht@firma.example oder"
        " IBAN DE89 3704 0044 0532 0130 00. Es gilt das Recht der Bundesrepublik Deutschland."
    )
    result = extraction(text)
    assert {fact.field for fact in result.facts} == {"email", "identifier"}
    assert result.not_found == ("amount", "percent", "phone")  # nobody looked for the rest


def test_rules_without_a_measured_or_formal_strength_do_not_exist() -> None:
    assert all(0 < strength.precision <= 1 for strength in MEASURED.values())
    assert {rule.partition(".")[0] for rule in MEASURED} <= set(FIELDS)
    for text in (CONTRACT, SUPPLY, CONTRACT + SUPPLY):
        extraction(text)  # an unknown rule is a KeyError


PROGRAM = """
import sys, msgspec
sys.path.insert(0, ".")
from tests.legal.extract.reading_of import CONTRACT, SUPPLY, extraction
sys.stdout.buffer.write(msgspec.json.encode([extraction(CONTRACT), extraction(SUPPLY)]))
"""


def test_the_same_input_gives_the_same_bytes_in_any_process() -> None:
    outputs = set()
    for seed, zone, language in (("1", "UTC", "C"), ("2", "Asia/Tokyo", "C.UTF-8")):
        environment = os.environ | {
            "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language, "PYTHONUTF8": "1",
        }  # fmt: skip
        outputs.add(
            subprocess.run(
                [sys.executable, "-c", PROGRAM], check=True, capture_output=True, env=environment
            ).stdout
        )
    assert len(outputs) == 1


def test_a_document_is_never_changed_by_reading_it() -> None:
    parsed = ParsedDocument("text/plain", CONTRACT)
    classification, outline = classify(parsed), segment(parsed)
    assert extract(parsed, classification, outline) == extract(parsed, classification, outline)


PIECES = [*CONTRACT.splitlines(keepends=True), *SUPPLY.splitlines(keepends=True)]
FRAGMENTS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.integers(0, 60), st.integers(0, 300)), max_size=12
)


@settings(max_examples=60)
@given(FRAGMENTS)
def test_torn_and_shuffled_contracts_keep_every_promise(
    fragments: list[tuple[str, int, int]],
) -> None:
    text = "".join(piece[start : start + length] for piece, start, length in fragments)
    result = extraction(text)
    ids = [fact.id for fact in result.facts]
    assert len(set(ids)) == len(ids)
    for fact in result.facts:
        if fact.start is not None and fact.end is not None:
            assert fact.quote == text[fact.start : fact.end]
        assert set(fact.inputs) <= set(ids)
        assert fact.method in {"rule", "computed"}
        assert (fact.method == "computed") == (fact.start is None)
