"""Errors that Lexmill raises: a stable code, whether trying again can help, a public sentence."""

from dataclasses import dataclass
from enum import StrEnum


class ErrorClass(StrEnum):
    """Who has to act, which decides what the task does next."""

    DOCUMENT = "document"
    """The document's own fault: it is `failed` at once."""
    PASSING = "passing"
    """Something else cannot do it for a while: retried, then `dead`."""
    OUTAGE = "outage"
    """What every document needs does not answer: handed back, which counts as no failure."""
    OURS = "ours"
    """A defect of Lexmill or of its configuration: retried, then `dead`."""


# Not frozen, though nobody writes to it: contextlib sets ``__traceback__`` on an exception that
# passes a context manager, which a frozen dataclass refuses.
@dataclass(eq=False)
class LexmillError(Exception):
    """``message`` is public: it says what to do and holds no document text and no secret."""

    code: str
    message: str
    error_class: ErrorClass = ErrorClass.OURS

    @property
    def retryable(self) -> bool:
        return self.error_class is not ErrorClass.DOCUMENT

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ClaimLostError(LexmillError):
    """The lease ran out or the task was cancelled: whoever holds the claim now goes on with it."""

    def __init__(self) -> None:
        super().__init__("claim_lost", "another worker has taken the task over", ErrorClass.PASSING)
