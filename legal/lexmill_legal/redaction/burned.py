from dataclasses import dataclass

from lexmill_legal.errors import DocumentError
from lexmill_legal.results import Warning as Notice


@dataclass(frozen=True, slots=True)
class Burned:
    """The redacted copy; ``suffix`` is its file name's, with the dot.

    ``warnings`` say what of the document the copy does not have, or has without its having been
    examined.
    """

    data: bytes
    media_type: str
    suffix: str
    warnings: tuple[Notice, ...] = ()


def refusal() -> DocumentError:
    return DocumentError(
        "not_redactable",
        "A marked value, or something that could not be checked, was still in the redacted copy,"
        " which was therefore not kept; redact this document by hand.",
    )
