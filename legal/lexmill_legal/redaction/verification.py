"""A copy is read again before it is given away: no burned value may be found in it."""

from lexmill_legal.errors import DocumentError
from lexmill_legal.redaction.burned import Burned
from lexmill_legal.redaction.marks import Marks


def verify(burned: Burned, marks: Marks) -> None:
    text = burned.data.decode()
    # a token may well have the letters of a value ("[PERSON-7F3K]", "person")
    for token in marks.tokens:
        text = text.replace(token, "￼" * 16) if token else text
    if marks.values.stand_in(text):
        raise DocumentError(
            "not_redactable",
            "A marked value was still readable in the redacted copy, which was therefore not"
            " kept; redact this document by hand.",
        )
