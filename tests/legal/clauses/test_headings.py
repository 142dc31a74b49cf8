import pytest

from lexmill_legal.clauses.headings import kinds_under


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("CONFIDENTIALITY", {"confidentiality"}),
        ("Term and Termination", {"term", "termination"}),
        ("Force  Majeure.", {"force_majeure"}),
        ("Terms", {"term"}),
        ("Payment Terms", {"payment"}),
        ("Entire Agreement; Amendments", {"entire_agreement", "amendments"}),
        ("No Waiver", {"waiver"}),
        ("Waiver of Jury Trial", set()),
        ("Notice of Force Majeure", {"force_majeure"}),
        ("Remediation plan", set()),
        ("Determination", set()),
        ("Services", set()),
    ],
)
def test_english(heading: str, kinds: set[str]) -> None:
    assert set(kinds_under(heading, "en")) == kinds


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("ФОРС-МАЖОР", {"force_majeure"}),
        ("Цена договора и порядок расчётов", {"payment"}),
        ("Срок действия и расторжение договора", {"term", "termination"}),
        ("Порядок разрешения споров", {"dispute_resolution"}),
        ("Гарантийный срок", {"warranties", "warranty_duration"}),
        ("Предмет договора", set()),
    ],
)
def test_russian(heading: str, kinds: set[str]) -> None:
    assert set(kinds_under(heading, "ru")) == kinds
