"""What the finders say of a text of our own, as (kind, what stands there)."""

from lexmill_legal.redaction import Terms
from lexmill_legal.redaction.finding import find_mentions
from lexmill_legal.redaction.mentions import Mention
from lexmill_legal.results import Classification, ParsedDocument


def mentions_in(text: str, terms: Terms | None = None) -> tuple[Mention, ...]:
    parsed = ParsedDocument("text/plain", text)
    languages = ("ru",) if "е" in text else ("en",)
    return find_mentions(parsed, Classification(languages), (), terms or Terms())


def found_in(text: str, terms: Terms | None = None) -> list[tuple[str, str]]:
    return [(each.kind, text[each.start : each.end]) for each in mentions_in(text, terms)]


def persons_in(text: str) -> list[str]:
    return [quote for kind, quote in found_in(text) if kind == "person"]


def subjects_in(text: str) -> list[str]:
    return [each.subject for each in mentions_in(text) if each.kind == "person"]
