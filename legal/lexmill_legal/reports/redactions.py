"""Where a document's redacted copy is, or why there is none."""

from urllib.parse import quote

from lexmill_legal.reports.marks import escaped
from lexmill_legal.results import DocumentResult


def redacted_link(result: DocumentResult, folder: str) -> str:
    """``folder`` leads from the page to where the reports are."""
    if result.redacted is None or result.redacted.file is None:
        return ""
    target = quote(f"{folder}{result.redacted.file}", errors="replace")
    total = sum(result.redacted.counts.values())
    count = f"{total:,} place{'' if total == 1 else 's'}"
    return f'<span class="small"><a href="{escaped(target)}">redacted copy</a> ({count})</span>'


def redacted_banner(result: DocumentResult) -> str:
    """What a person has to redact by hand; it stands before all other warnings."""
    if result.redacted is None or result.redacted.error is None:
        return ""
    said = escaped(result.redacted.error.message)
    return f'<div class="banner bad"><b>Not redacted.</b> {said}</div>\n'
