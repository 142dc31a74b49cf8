"""What is certain: a no needs a whole contract and none of the clause's words, a yes less."""

import pytest

from lexmill_legal.clauses.certainty import has_cue, is_whole_contract, spoken
from tests.legal.clauses.contracts import LONG, SERVICES, clauses_of

INDEMNITY = (
    "The Provider shall indemnify and hold harmless the Client from all claims of third parties."
)
LETTER = (
    "Dear Mr. Brown,\n\nThank you for your letter of March 3, 2024. We will send the goods until "
    "April 30, 2024, as our agreement with Alder Inc. says.\n\nKind regards,\nJohn Smith\n"
)


def _certainly_absent(text: str, *languages: str) -> set[str]:
    found = clauses_of(text, *languages)
    return {kind for kind, clause in found.items() if clause.firm and not clause.present}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(INDEMNITY, id="a sentence"),
        pytest.param(
            "\n\n".join(f"The Provider performs task {n} with care and skill." for n in range(120)),
            id="two pages without a heading",
        ),
        pytest.param(LONG[: len(LONG) // 3], id="the first third of a contract"),
        pytest.param(LONG[len(LONG) // 3 :], id="the rest of a contract"),
        pytest.param(
            LONG.replace("Agreement", "Letter").replace("AGREEMENT", "LETTER"), id="other"
        ),
    ],
)
def test_without_a_whole_contract_nothing_is_certainly_absent(text: str) -> None:
    assert not _certainly_absent(text)


def test_of_a_whole_contract_what_no_word_speaks_of_is_certainly_absent() -> None:
    assert {"insurance", "joint_ip_ownership"} <= _certainly_absent(LONG)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("insurance", "Each of them insures what it owns."),
        ("joint_ip_ownership", "What they make together belongs to them as co-owners."),
        ("audit_rights", "The Client may inspect the works."),
        ("irrevocable_or_perpetual_license", "This right is given in perpetuity."),
        ("non_transferable_license", "This right is not not sub-\nlicensable."),
    ],
)
def test_a_single_word_of_the_clause_takes_the_certainty_away(kind: str, words: str) -> None:
    assert kind in _certainly_absent(LONG)
    middle = LONG.index("3. Payment")
    assert kind not in _certainly_absent(f"{LONG[:middle]}{words}\n\n{LONG[middle:]}")


def test_a_contract_in_two_languages_has_no_certain_absence() -> None:
    assert _certainly_absent(LONG, "en")
    assert not _certainly_absent(LONG, "en", "ru")


def test_a_certain_no_shows_at_most_one_sentence() -> None:
    for clause in clauses_of(LONG).values():
        if clause.firm and not clause.present:
            assert len(clause.candidates) <= 1


@pytest.mark.parametrize("text", [LETTER, INDEMNITY, LONG[len(LONG) // 2 :]])
def test_a_letter_or_a_part_has_no_certain_title_parties_or_date(text: str) -> None:
    found = clauses_of(text)
    for kind in ("document_name", "parties", "agreement_date"):
        assert not found[kind].firm


def test_a_whole_contract_has_a_certain_title_and_parties() -> None:
    found = clauses_of(LONG)
    for kind in ("document_name", "parties", "agreement_date"):
        assert found[kind].present
        assert found[kind].firm


def test_a_contract_begins_and_ends() -> None:
    lower = LONG.lower()
    assert is_whole_contract(lower, ("en",))
    assert not is_whole_contract(lower, ("en", "de"))
    assert not is_whole_contract(SERVICES[:2_000].lower(), ("en",))
    signed = lower.index("in witness whereof")
    assert not is_whole_contract(lower[:signed], ("en",))


def test_a_kind_without_cues_is_never_certainly_absent() -> None:
    assert has_cue("document_name", spoken(""))
    assert not has_cue("insurance", spoken(""))
