"""The stage: what is found in a document is burned out of a copy of it, or said why not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lexmill_legal.errors import DocumentError
from lexmill_legal.redaction.burning import burn
from lexmill_legal.redaction.finding import as_redaction, find_mentions
from lexmill_legal.redaction.mentions import Mention
from lexmill_legal.redaction.pseudonyms import Pseudonyms, Sealed
from lexmill_legal.redaction.terms import Terms
from lexmill_legal.results import (
    Classification,
    ErrorRecord,
    Fact,
    ParsedDocument,
    Redacted,
    Redaction,
)
from lexmill_legal.results import Warning as Notice


@dataclass(frozen=True, slots=True)
class RedactedCopy:
    """``data`` is empty where ``error`` says why there is no copy; ``table`` leads back."""

    redactions: tuple[Redaction, ...] = ()
    data: bytes = b""
    media_type: str = ""
    suffix: str = ""
    warnings: tuple[Notice, ...] = ()
    error: ErrorRecord | None = None
    table: tuple[Sealed, ...] = ()


def redact(
    data: bytes,
    parsed: ParsedDocument,
    classification: Classification,
    facts: Sequence[Fact],
    terms: Terms,
    *,
    derived_key: bytes | None = None,
    passwords: Sequence[str] = (),
) -> RedactedCopy:
    """A document that cannot be burned safely has no copy, and is no failure for it."""
    unread = [page.number for page in parsed.pages if not page.has_text]
    if unread:
        return RedactedCopy(error=_unread(unread))
    pseudonyms = None if derived_key is None else Pseudonyms(derived_key)
    mentions = find_mentions(parsed, classification, facts, terms)
    redactions = tuple(as_redaction(mention, terms, pseudonyms) for mention in mentions)
    try:
        burned = burn(data, parsed, redactions, passwords=passwords)
    except DocumentError as error:
        return RedactedCopy(redactions, error=ErrorRecord(error.code, error.message))
    sealed = pseudonyms is not None and terms.style == "pseudonym"
    return RedactedCopy(
        redactions,
        burned.data,
        burned.media_type,
        burned.suffix,
        burned.warnings,
        table=_table(mentions, pseudonyms) if pseudonyms is not None and sealed else (),
    )


def not_redacted(code: str, message: str) -> RedactedCopy:
    return RedactedCopy(error=ErrorRecord(code, message))


def redacted_notice(copy: RedactedCopy) -> Notice | None:
    """The warning that stands with all others of the document."""
    if copy.error is None:
        return None
    return Notice("not_redacted", f"There is no redacted copy. {copy.error.message}")


def redacted_summary(copy: RedactedCopy) -> Redacted:
    counts = Counter(redaction.kind for redaction in copy.redactions)
    return Redacted(file=None, counts=dict(sorted(counts.items())), error=copy.error)


def _table(mentions: Iterable[Mention], pseudonyms: Pseudonyms) -> tuple[Sealed, ...]:
    entries = {
        pseudonyms.seal(pseudonyms.token(mention.kind, mention.subject), mention.value)
        for mention in mentions
    }
    return tuple(sorted(entries, key=lambda entry: (entry.token, entry.sealed)))


def _unread(pages: list[int]) -> ErrorRecord:
    shown = ", ".join(map(str, pages[:10])) + (" …" if len(pages) > 10 else "")
    return ErrorRecord(
        "unread_pages",
        f"Nobody has read what is on page{'s' if len(pages) > 1 else ''} {shown}: without text,"
        " nothing can be found there. Let the pages be recognised (stage `ocr`), or redact the"
        " document by hand.",
    )
