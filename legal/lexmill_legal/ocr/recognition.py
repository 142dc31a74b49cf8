from dataclasses import dataclass

from lexmill_legal.results import TextBox


@dataclass(frozen=True, slots=True)
class RecognisedPage:
    """The text of one page, ending in a line end; its boxes count from the page's first character.

    ``confidence`` is the program's own, from 0 to 1, as a mean over the characters.
    """

    number: int
    text: str
    boxes: tuple[TextBox, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Recognition:
    """``engine`` names the program, its version and languages; "" where no page needed it."""

    engine: str = ""
    pages: tuple[RecognisedPage, ...] = ()
