import datetime as dt
import uuid
from typing import Literal

import msgspec

from lexmill_legal.results import Normalized, Verb

Method = Literal["rule", "model", "computed", "human"]
Outcome = Literal["pass", "fail", "unknown"]
Severity = Literal["info", "low", "medium", "high", "critical"]


class NewFact(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `fact`, without whose it is."""

    number: int
    id: str
    field: str
    key: str
    value: str
    normalized: str | None
    role: str | None
    date: dt.date | None
    quantity: float | None
    currency: str | None
    firm: bool
    confidence: float
    method: Method
    quote: str | None
    page: int | None
    start: int | None
    end: int | None


class NewFinding(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    rule: str
    result: Outcome
    severity: Severity
    field: str | None
    message: str
    quote: str | None
    start: int | None
    end: int | None


class NewResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit that succeeded brings for the lists across documents."""

    sha256: str
    document_type: str | None = None
    languages: tuple[str, ...] = ()
    playbook_sha256: str | None = None
    facts: tuple[NewFact, ...] = ()
    findings: tuple[NewFinding, ...] = ()


class LastDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided last about an item; ``id`` is the review's.

    ``is_pending``: the document was read before that, so the row beside it does not follow yet. A
    recheck of the document makes it follow.
    """

    id: int
    decision: Verb | Literal["reopened"]
    value: str | None
    normalized: Normalized
    reviewer: str
    revision: int
    decided_at: dt.datetime
    is_pending: bool


class FactRow(msgspec.Struct, frozen=True, kw_only=True):
    """``item`` is what a decision about this value names; ``id`` is the fact's in the result.

    ``decision`` is there at once; the row itself is as the document was read last.
    """

    document_id: uuid.UUID
    number: int
    uri: str
    sha256: str
    job: str
    job_uid: uuid.UUID
    matter: str | None
    id: str
    field: str
    item: str
    value: str
    normalized: str | None
    role: str | None
    date: dt.date | None
    quantity: float | None
    currency: str | None
    firm: bool
    confidence: float
    method: Method
    quote: str | None
    page: int | None
    start: int | None
    end: int | None
    decision: LastDecision | None


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """``is_decided_since``: people have decided about the document since it was read, and the rule
    may say otherwise once it is rechecked.
    """

    document_id: uuid.UUID
    number: int
    uri: str
    sha256: str
    job: str
    job_uid: uuid.UUID
    matter: str | None
    playbook_sha256: str | None
    rule: str
    result: Outcome
    severity: Severity
    field: str | None
    message: str
    quote: str | None
    start: int | None
    end: int | None
    is_decided_since: bool
