import pytest

from lexmill_legal.classify import DOCUMENT_TYPES, classify
from lexmill_legal.results import ParsedDocument


def titled(title: str, body: str = "The parties agree as follows: the price is paid.") -> str:
    return f"{title}\n\n{body}\n"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("MUTUAL NON-DISCLOSURE AGREEMENT", "nda"),
        ("MASTER SERVICES AGREEMENT", "services"),
        ("SUPPLY AGREEMENT", "supply"),
        ("SOFTWARE LICENSE AGREEMENT", "license"),
        ("OFFICE LEASE", "lease"),
        ("EMPLOYMENT AGREEMENT", "employment"),
        ("EXCLUSIVE DISTRIBUTION AGREEMENT", "distribution"),
        ("LOAN AGREEMENT", "loan"),
        ("AGENCY AGREEMENT", "agency"),
        ("AMENDMENT NO. 2 TO SUPPLY AGREEMENT", "amendment"),
        ("FRANCHISE AGREEMENT", "franchise"),
        ("DATA PROCESSING ADDENDUM", "data_processing"),
        ("Data Protection Addendum to the Hosting Agreement", "data_processing"),
        ("AMENDMENT NO. 1 TO DATA PROCESSING ADDENDUM", "amendment"),
        ("ADDENDUM TO DATA PROCESSING ADDENDUM", "amendment"),
        ("ADDENDUM NO. 2 TO SUPPLY AGREEMENT", "amendment"),
        ("СОГЛАШЕНИЕ О КОНФИДЕНЦИАЛЬНОСТИ", "nda"),
        ("ДОГОВОР ОКАЗАНИЯ УСЛУГ № 7", "services"),
        ("ДОГОВОР ПОСТАВКИ № 15/2024", "supply"),
        ("ЛИЦЕНЗИОННЫЙ ДОГОВОР", "license"),
        ("Договор аренды нежилого помещения", "lease"),
        ("ТРУДОВОЙ ДОГОВОР", "employment"),
        ("ДОГОВОР ЗАЙМА", "loan"),
        ("АГЕНТСКИЙ ДОГОВОР", "agency"),
        ("ДОПОЛНИТЕЛЬНОЕ СОГЛАШЕНИЕ № 1 к договору поставки", "amendment"),
    ],
)
def test_the_title_states_the_type(title: str, kind: str) -> None:
    fact = classify(ParsedDocument("text/plain", titled(title))).document_type
    assert fact is not None
    assert fact.value == kind
    assert fact.value in DOCUMENT_TYPES
    assert fact.quote is not None
    assert fact.quote in title
    assert fact.field == "document_type"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Dear Ann,\nplease find the list attached.\nBest, Tom",
        titled("AGREEMENT"),
        titled("ДОГОВОР"),
    ],
)
def test_a_text_that_states_no_type_has_none(text: str) -> None:
    assert classify(ParsedDocument("text/plain", text)).document_type is None


def test_the_quote_of_the_type_stands_at_its_place() -> None:
    text = "Exhibit 10.5 NON-EXCLUSIVE RESELLER AGREEMENT This Non-Exclusive Reseller Agreement is"
    fact = classify(ParsedDocument("text/plain", text)).document_type
    assert fact is not None
    assert fact.value == "reseller"
    assert text[fact.start : fact.end] == fact.quote == "NON-EXCLUSIVE RESELLER AGREEMENT"


def test_a_title_that_names_two_types_is_not_firm() -> None:
    text = titled("SPONSORSHIP AND SERVICES AGREEMENT")
    fact = classify(ParsedDocument("text/plain", text)).document_type
    assert fact is not None
    assert not fact.firm


@pytest.mark.parametrize(
    ("title", "firm"),
    [
        ("DATA PROCESSING ADDENDUM", True),
        ("ADDENDUM NO. 2 TO SUPPLY AGREEMENT", True),
        ("LEASE AGREEMENT ADDENDUM", True),
        ("HOSTING ADDENDUM", False),
    ],
)
def test_an_addendum_on_a_matter_is_not_firmly_an_amendment(title: str, *, firm: bool) -> None:
    fact = classify(
        ParsedDocument("text/plain", titled(title, f"This {title} is made"))
    ).document_type
    assert fact is not None
    assert fact.firm is firm
