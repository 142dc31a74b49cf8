from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageImage:
    """A picture that OCR reads: a file of the kind ``suffix``, of which page ``index`` is meant."""

    data: bytes
    suffix: str
    width: int
    height: int
    dpi: int
    index: int = 0
