from dataclasses import dataclass


# Not frozen, though nobody writes to them: contextlib sets ``__traceback__`` on an exception that
# passes a context manager, which a frozen dataclass refuses.
@dataclass(eq=False)
class DocumentError(Exception):
    """The document itself cannot be worked on; trying again gives the same.

    ``code`` is for machines and stable; ``message`` is a sentence for a lawyer that says what is
    wrong and what to do, and never quotes the document.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass(eq=False)
class PlaybookError(Exception):
    """A playbook that cannot be used; ``line`` and ``column`` count from 1."""

    message: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


@dataclass(eq=False)
class TermsError(Exception):
    """A file of terms to redact that cannot be used; its message quotes nothing of it."""

    message: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"
