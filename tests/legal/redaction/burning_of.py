"""Documents, their marks by what is to go, and the redacted copy."""

from lexmill_legal.parsing import parse
from lexmill_legal.redaction import Burned, burn
from lexmill_legal.results import ParsedDocument, Redaction


def marked(parsed: ParsedDocument, *values: str) -> list[Redaction]:
    """One mark for each value, where it stands first, and a token of its own."""
    marks = []
    for number, value in enumerate(values, 1):
        start = parsed.text.index(value)
        token = f"[PERSON-{number}]"
        marks.append(Redaction(start, start + len(value), "person", "test", token))
    return marks


def burned(data: bytes, *values: str, name: str = "", passwords: tuple[str, ...] = ()) -> Burned:
    parsed = parse(data, name=name, passwords=passwords)
    return burn(data, parsed, marked(parsed, *values), passwords=passwords)


def text_of(copy: Burned) -> str:
    return parse(copy.data, name=f"copy{copy.suffix}", keep_scans=True).text
