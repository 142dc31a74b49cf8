"""Names of files and words for people, the same in every report."""

import hashlib
import re
from decimal import Decimal, InvalidOperation

from lexmill_legal.parsing.media import (
    DOC,
    DOCX,
    EML,
    HTML,
    MARKDOWN,
    MSG,
    ODT,
    PDF,
    PLAIN,
    RTF,
    ZIP,
)
from lexmill_legal.results import DocumentResult, Fact, Money, Normalized, file_name

_CYRILLIC = dict(zip("абвгдеёзийклмнопрстуфцыэ", "abvgdeeziyklmnoprstufcye", strict=True)) | {
    "ж": "zh",
    "х": "kh",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}
_LABELS = {
    "auto_renewal": "Automatic renewal",
    "party": "Parties",
    "amount": "Amounts",
    "percent": "Percentages",
    "deadline": "Deadlines",
    "citation": "Citations",
    "person": "Persons",
    "address": "Addresses",
    "email": "E-mail",
    "phone": "Telephone",
    "identifier": "Identifiers",
}
METHODS = {
    "rule": "found by rule",
    "model": "found by model",
    "computed": "computed",
    "human": "decided by a person",
}
_MEDIA = {
    PDF: "PDF",
    DOCX: "Word",
    DOC: "Word 97",
    ODT: "OpenDocument",
    RTF: "RTF",
    MSG: "Outlook mail",
    EML: "mail",
    HTML: "HTML",
    ZIP: "ZIP archive",
    MARKDOWN: "Markdown",
    PLAIN: "text",
}
_LENGTHS = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")


def document_file(uri: str) -> str:
    """The page of a document: readable, unique, and safe as a file name and in a link."""
    return f"documents/{_file_of(uri)}.html"


def redline_file(uri: str) -> str:
    """The redline of a document, named as its page is."""
    return f"redlines/{_file_of(uri)}.docx"


def _file_of(uri: str) -> str:
    name = uri.replace("\\", "/").rstrip("/").rpartition("/")[2].casefold()
    ascii_name = "".join(_CYRILLIC.get(character, character) for character in name)
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_name)[:60].strip("-") or "document"
    digest = hashlib.sha256(uri.encode(errors="surrogatepass")).hexdigest()[:12]
    return f"{slug}-{digest}"


def title_of(result: DocumentResult) -> str:
    """The document's own name where it is known, else its file's."""
    named = next((fact for fact in result.facts if fact.field == "document_name"), None)
    if named is None or not named.firm or not named.value.strip():
        return file_name(result.uri)
    return shortened(named.value, 120)


def value_shown(fact: Fact) -> str:
    """A value as a person reads it; a document type is a name with underscores."""
    return fact.value.replace("_", " ") if fact.field == "document_type" else fact.value


def media_label(media_type: str | None) -> str:
    return _MEDIA.get(media_type or "", media_type or "")


def field_label(field: str) -> str:
    return _LABELS.get(field) or field.replace("_", " ").capitalize()


def normalized_text(normalized: Normalized) -> str:
    """The normal form as one string; empty where there is none."""
    if normalized is None:
        return ""
    if isinstance(normalized, bool):
        return "yes" if normalized else "no"
    if isinstance(normalized, Money):
        return f"{normalized.amount} {normalized.currency or ''}".strip()
    return normalized


def normalized_words(normalized: Normalized) -> str:
    """The normal form as a person reads it: "30 days" for P30D, "1,250,000.00 USD"."""
    if isinstance(normalized, Money):
        try:
            amount = f"{Decimal(normalized.amount):,f}"
        except InvalidOperation:
            amount = normalized.amount
        return f"{amount} {normalized.currency or ''}".strip()
    if isinstance(normalized, str):
        length = _LENGTHS.fullmatch(normalized)
        if length and any(length.groups()):
            return ", ".join(
                f"{number} {unit}{'' if number == '1' else 's'}"
                for number, unit in zip(
                    length.groups(), ("year", "month", "week", "day"), strict=True
                )
                if number
            )
    return normalized_text(normalized)


def attributes_text(fact: Fact) -> str:
    return "; ".join(f"{name}: {value}" for name, value in sorted(fact.attributes.items()))


def place_of_page(page: int | None) -> str:
    return f"p. {page}" if page is not None else ""


def percentage(confidence: float) -> str:
    return f"{confidence:.0%}".replace("%", " %")


def shortened(text: str, length: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
