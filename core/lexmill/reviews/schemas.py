from datetime import datetime
from typing import Literal

import msgspec

from lexmill.errors import ErrorClass, LexmillError
from lexmill_legal.results import Normalized, Verb

Choice = Literal["accept", "correct", "reject", "absent", "reopen"]
"""What a person may do: ``absent`` says that the document has no such value, ``reopen`` takes an
earlier decision back."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the person saw it; ``attributes`` are what else was said of the value."""

    quote: str | None = None
    start: int | None = None
    end: int | None = None
    attributes: dict[str, str] = {}


class NewDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``value`` is the engine's, or the person's own for ``correct``; ``normalized`` its normal
    form, which for ``correct`` is computed here. ``seen`` are the keys of all values the engine
    proposed for the item. ``revision`` is that of the decision the person knew of (0: none), and
    None where they decide whatever was decided before. ``reviewer`` counts only from whoever may
    speak for others; else it is the caller.
    """

    sha256: str
    field: str
    choice: Choice
    reviewer: str = ""
    item: str = ""
    value: str | None = None
    normalized: Normalized = None
    seen: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    comment: str | None = None
    revision: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another decision about an item that was decided. ``accept`` and ``reject`` without a value
    are about the one that is there.
    """

    choice: Choice
    value: str | None = None
    normalized: Normalized = None
    seen: tuple[str, ...] = ()
    evidence: Evidence = Evidence()
    comment: str | None = None


class Reviewed(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one item after people looked at it."""

    id: int
    sha256: str
    field: str
    item: str
    decision: Verb | Literal["reopened"]
    value: str | None
    normalized: Normalized
    reviewer: str
    comment: str | None
    revision: int
    decided_at: datetime


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """How many decisions were new, and how many said what was already known."""

    recorded: int
    unchanged: int


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with the decision at ``index``; ``part`` is the member that is to be changed.

    ``message`` is for who sent the decision: it may name who decided otherwise, never a value.
    """

    index: int
    code: Literal["invalid", "conflict"]
    message: str
    part: str = "choice"


class RefusedDecisionsError(LexmillError):
    """Nothing of what came together was recorded."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        conflict = all(problem.code == "conflict" for problem in problems)
        super().__init__(
            "review_conflict" if conflict else "review_invalid",
            f"nothing was recorded: {len(problems)} of the decisions cannot be taken; "
            f"the first, number {problems[0].index + 1}: {problems[0].message}",
            ErrorClass.DOCUMENT,
        )
        self.problems = problems
