"""text/plain and Markdown: decoded, line ends as LF, nothing else changed."""

from lexmill_legal.parsing.decoding import Decoded, clean
from lexmill_legal.results import ParsedDocument
from lexmill_legal.results import Warning as Notice

UNCERTAIN = Notice(
    "encoding_uncertain",
    "The file does not say how its characters are encoded, so some of them may be wrong.",
)


def parse_plain(decoded: Decoded, *, media_type: str) -> ParsedDocument:
    warnings = () if decoded.certain else (UNCERTAIN,)
    return ParsedDocument(media_type, clean(decoded.text), warnings=warnings)
