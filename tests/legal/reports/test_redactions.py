"""Where a redacted copy is, and what a person has to redact by hand."""

from lexmill_legal.reports import document_page, index_page
from lexmill_legal.results import DocumentResult, ErrorRecord, Redacted, Warning  # noqa: A004

COPIED = DocumentResult(
    "a/Договор #1.txt",
    "succeeded",
    redacted=Redacted("redacted/a/Договор #1.txt", {"email": 1, "person": 2}),
)
REASON = "A marked value was still readable; redact <this> document by hand."
UNCOPIED = DocumentResult(
    "b.txt",
    "succeeded",
    warnings=(Warning("not_redacted", f"There is no redacted copy. {REASON}"),),
    redacted=Redacted(None, {"person": 1}, ErrorRecord("not_redactable", REASON)),
)
HREF = "redacted/a/%D0%94%D0%BE%D0%B3%D0%BE%D0%B2%D0%BE%D1%80%20%231.txt"


def test_both_pages_lead_to_the_copy() -> None:
    assert f'<a href="{HREF}">redacted copy</a> (3 places)' in index_page([COPIED])
    assert f'<a href="../{HREF}">redacted copy</a>' in document_page(COPIED, "text")


def test_what_was_not_redacted_comes_first() -> None:
    page = index_page([COPIED, UNCOPIED])
    assert page.index("Not redacted") < page.index("still readable; redact &lt;this&gt;")
    assert page.index("still readable") < page.index("<h2>Read</h2>")
    own = document_page(UNCOPIED, "text")
    assert own.count("still readable") == 1
    assert "Not everything could be read" not in own


def test_without_redaction_the_pages_say_nothing_of_it() -> None:
    plain = DocumentResult("a.txt", "succeeded")
    assert "redact" not in index_page([plain]).lower()
    assert "redact" not in document_page(plain, "text").lower()
