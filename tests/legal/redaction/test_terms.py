import pytest

from lexmill_legal.errors import TermsError
from lexmill_legal.redaction import Term, Terms, load_terms
from tests.legal.redaction.finding_in import found_in, mentions_in

SOURCE = """\
style: black
kinds: [person, email]
terms:
  - text: Project Falcon
    reason: Code name
  - stem: [сокол, крепёж комбинат]
    reason: Кодовое имя
keep: [press@firm.example]
"""


def test_terms_are_read() -> None:
    terms = load_terms(SOURCE)
    assert terms.style == "black"
    assert terms.kinds == ("person", "email")
    assert terms.keep == ("press@firm.example",)
    assert terms.terms == (
        Term("Project Falcon", stem=False, reason="Code name"),
        Term("сокол", stem=True, reason="Кодовое имя"),
        Term("крепёж комбинат", stem=True, reason="Кодовое имя"),
    )


@pytest.mark.parametrize("source", ["", "# nothing\n", "{}"])
def test_an_empty_file_redacts_all_kinds(source: str) -> None:
    terms = load_terms(source)
    assert terms.kinds == Terms().kinds
    assert terms.style == "pseudonym"
    assert not terms.terms


@pytest.mark.parametrize(
    ("source", "line", "column", "said"),
    [
        ("term: []", 1, 1, "no such key"),
        ("style: grey", 1, 8, "takes pseudonym, black"),
        ("kinds: [person, company]", 1, 17, "takes person, identifier"),
        ("terms:\n  - text: A b\n", 2, 5, "needs a `reason`"),
        ("terms:\n  - reason: why\n", 2, 5, "either `text`"),
        ("terms:\n  - {text: a, stem: abc, reason: b}", 2, 5, "either `text`"),
        ("terms:\n  - {text: 12, reason: b}", 2, 12, "in quotes"),
        ("terms:\n  - {text: '--', reason: b}", 2, 12, "neither a letter"),
        ("terms:\n  - {stem: ab, reason: b}", 2, 12, "3 letters"),
        ("terms:\n  - {text: [], reason: b}", 2, 12, "empty"),
        ("terms:\n  - {text: Falke, reason: b}\nkeep: [falke]", 3, 8, "not both"),
        ("terms: Falke", 1, 8, "is a list"),
        ("- a", 1, 1, "mapping"),
        ("a: [", 1, 5, "not valid YAML"),
        ("keep: [\x07]", 1, 8, "does not allow"),
        ("style: black\nstyle: black", 2, 1, "twice"),
        (f"keep: [{'x' * 201}]", 1, 8, "200"),
        ('keep: ["\\ud800"]', 1, 8, ""),
    ],
)
def test_an_error_says_where_and_quotes_nothing(
    source: str, line: int, column: int, said: str
) -> None:
    with pytest.raises(TermsError) as raised:
        load_terms(source)
    assert (raised.value.line, raised.value.column) == (line, column)
    assert said in raised.value.message
    assert "alke" not in raised.value.message
    assert "xxx" not in raised.value.message


def test_own_terms_are_whole_words_and_stems_go_on() -> None:
    terms = Terms(
        kinds=(),
        terms=(
            Term("Project Falcon", stem=False, reason="Code name"),
            Term("сокол", stem=True, reason="Имя"),
        ),
    )
    text = "PROJECT\n  FALCON flies; Project Falcons do not. О Соколе, соколами, но осоколе."
    found = mentions_in(text, terms)
    assert [text[each.start : each.end] for each in found] == [
        "PROJECT\n  FALCON",
        "Соколе",
        "соколами",
    ]
    assert [each.reason for each in found] == ["Code name", "Имя", "Имя"]
    assert len({each.subject for each in found}) == 2


def test_what_is_kept_stays_but_own_terms_win() -> None:
    text = "Name: Ottoline Ravensburg\nWrite to press@firm.example or o.r@firm.example."
    assert found_in(text, Terms(keep=("Ottoline  ravensburg", "press@firm.example"))) == [
        ("email", "o.r@firm.example")
    ]
    terms = Terms(
        terms=(Term("Ravensburg", stem=False, reason="R"),), keep=("Ottoline Ravensburg",)
    )
    assert ("term", "Ravensburg") in found_in(text, terms)


def test_only_the_kinds_that_were_asked_for() -> None:
    text = "Name: Ottoline Ravensburg\nSSN 536-22-8841, o.r@firm.example"
    assert found_in(text, Terms(kinds=("identifier",))) == [("identifier", "536-22-8841")]
