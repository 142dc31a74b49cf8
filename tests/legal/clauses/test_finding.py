import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexmill_legal.clause_kinds import CLAUSE_KINDS
from lexmill_legal.clauses import find_clauses
from lexmill_legal.results import Classification, Page, ParsedDocument
from lexmill_legal.segment import segment
from tests.legal.clauses.contracts import SERVICES, SUPPLY_RUSSIAN, clauses_of

SENTENCES = [
    *(line for line in SERVICES.splitlines() if line),
    *(line for line in SUPPLY_RUSSIAN.splitlines() if line),
    "İstanbul, 1 ßeptember – ﬁne print; \u2028 and more.",
    "1. 2. 3. (a) (b)",
    "\n",
    "x" * 1200,
]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("document_name", "SERVICES AGREEMENT"),
        ("parties", "by and between Alder"),
        ("governing_law", "governed by and construed"),
        ("anti_assignment", "Neither party may assign"),
        ("cap_on_liability", "aggregate liability"),
        ("insurance", "general liability insurance"),
        ("audit_rights", "audit the books"),
        ("renewal_term", "automatically renew"),
        ("notice_period_to_terminate_renewal", "notice of non-renewal"),
        ("expiration_date", "continue until February 28, 2027"),
        ("severability", "held invalid"),
        ("entire_agreement", "supersedes all prior"),
        ("counterparts", "executed in counterparts"),
        ("payment", "undisputed invoice"),
    ],
)
def test_a_clause_is_found_with_its_sentence(kind: str, words: str) -> None:
    clause = clauses_of(SERVICES)[kind]
    assert clause.present
    assert any(words in candidate.quote for candidate in clause.candidates[:2])


@pytest.mark.parametrize(
    "kind", ["most_favored_nation", "source_code_escrow", "non_compete", "joint_ip_ownership"]
)
def test_what_is_not_there_is_not_present(kind: str) -> None:
    assert not clauses_of(SERVICES)[kind].present


def test_a_clause_under_its_own_heading_is_firm() -> None:
    assert clauses_of(SERVICES)["severability"].firm


def test_kinds_with_few_contracts_are_hints() -> None:
    found = clauses_of(SERVICES)
    for kind in ("price_restrictions", "source_code_escrow", "affiliate_license_licensor"):
        assert not found[kind].firm


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("document_name", "ДОГОВОР ПОСТАВКИ"),
        ("parties", "именуемое в дальнейшем"),
        ("payment", "оплачивает товар"),
        ("liability", "уплачивает неустойку"),
        ("liquidated_damages", "уплачивает неустойку"),
        ("force_majeure", "освобождаются"),
        ("confidentiality", "не разглашать"),
        ("governing_law", "законодательством Российской Федерации"),
        ("anti_assignment", "не вправе уступать"),
    ],
)
def test_russian_clauses_are_found_by_heading_or_words(kind: str, words: str) -> None:
    clause = clauses_of(SUPPLY_RUSSIAN, "ru")[kind]
    assert clause.present
    assert not clause.firm
    assert any(words in candidate.quote for candidate in clause.candidates)


def test_in_another_language_nothing_is_said() -> None:
    for clause in clauses_of(SERVICES, "fr").values():
        assert (clause.present, clause.firm, clause.score) == (False, False, 0.0)
        assert clause.candidates == ()


def test_an_empty_text_has_all_kinds_and_no_clause() -> None:
    found = clauses_of("")
    assert tuple(found) == CLAUSE_KINDS
    assert not any(clause.present or clause.candidates for clause in found.values())


def test_a_candidate_knows_its_page() -> None:
    middle = SERVICES.index("4. Limitation")
    parsed = ParsedDocument(
        media_type="application/pdf",
        text=SERVICES,
        pages=(Page(1, 0, middle, 595, 842), Page(2, middle, len(SERVICES), 595, 842)),
    )
    found = find_clauses(parsed, Classification(("en",)), segment(parsed))
    pages = {clause.kind: clause.candidates[0].page for clause in found if clause.present}
    assert pages["parties"] == 1
    assert pages["governing_law"] == 2


@settings(max_examples=60)
@given(st.lists(st.sampled_from(SENTENCES), max_size=30).map("\n\n".join))
def test_every_record_keeps_the_promise(text: str) -> None:
    found = clauses_of(text, "en", "ru")
    assert tuple(found) == CLAUSE_KINDS
    for clause in found.values():
        assert 0 <= clause.score <= 1
        assert len(clause.candidates) <= 3
        assert clause.candidates or not clause.present
        scores = [candidate.score for candidate in clause.candidates]
        for candidate in clause.candidates:
            assert text[candidate.start : candidate.end] == candidate.quote
            assert 0 <= candidate.score <= 1
        assert len({candidate.start for candidate in clause.candidates}) == len(scores)
    assert clauses_of(text, "en", "ru") == found
