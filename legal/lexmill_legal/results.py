"""What the legal work gives back, defined once for the library, the platform and the reports.

Offsets are half-open ranges of Unicode code points in a document's text layer, so that
``text[start:end] == quote``; pages count from 1. A record is never changed after it was made.
"""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

Method = Literal["rule", "model", "computed", "human"]
Verdict = Literal["pass", "fail", "unknown"]
Severity = Literal["info", "low", "medium", "high", "critical"]
RevisionKind = Literal["insertion", "deletion", "comment"]
SectionKind = Literal["section", "exhibit", "signature_block"]
ReferenceStatus = Literal["resolved", "nearest", "dangling", "unclear"]
DocumentStatus = Literal["succeeded", "failed", "dead"]
Verb = Literal["accepted", "corrected", "rejected", "absent"]
"""``absent``: the document has no such value; ``rejected``: what the engine found is not it."""
Disagreement = Literal["known", "new"]
"""``known``: the person saw the engine's value and decided otherwise; ``new``: the engine has
changed its mind since."""

SCHEMA = "lexmill.io/results/v1"

FIELDS = (
    "document_name",
    "document_type",
    "party",
    "agreement_date",
    "effective_date",
    "expiration_date",
    "term",
    "renewal_term",
    "auto_renewal",
    "renewal_notice_period",
    "termination_notice_period",
    "governing_law",
    "dispute_forum",
    "amount",
    "percent",
    "payment_term",
    "liability_cap",
    "deadline",
    "citation",
    "person",
    "address",
    "email",
    "phone",
    "identifier",
)
"""Every field a fact can have, in the order of the report's columns; plug-ins prefix theirs."""

SINGLE_VALUED = frozenset(
    {
        "document_name",
        "document_type",
        "agreement_date",
        "effective_date",
        "expiration_date",
        "term",
        "renewal_term",
        "auto_renewal",
        "renewal_notice_period",
        "termination_notice_period",
        "governing_law",
        "dispute_forum",
        "payment_term",
        "liability_cap",
    }
)
"""Fields of which a document has one value: several facts of one are its candidates, best first."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount as a decimal string ("1250000.00") and its ISO 4217 currency."""

    amount: str
    currency: str | None


Normalized = str | bool | Money | None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page in PDF points, origin at the page's top left corner."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the text layer; ``has_text`` is false where a scan carries no text."""

    number: int
    start: int
    end: int
    width: float
    height: float
    has_text: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a format without pages, large enough for a page, whose text was not read.

    ``at`` is where the text layer has it.
    """

    number: int
    at: int


@dataclass(frozen=True, slots=True)
class TextBox:
    """Where the characters ``[start, end)`` stand on a page: one per run of text on one line."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the design's word, and it is never raised
    code: str
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """A tracked change or a comment of the source document.

    An insertion's and a comment's ``start``/``end`` span the text in the layer; a deletion's are
    equal: the place where ``text`` stood.
    """

    kind: RevisionKind
    author: str | None
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that came out of another one."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """The text layer and everything the parser knows beside it."""

    media_type: str
    text: str
    pages: tuple[Page, ...] = ()
    boxes: tuple[TextBox, ...] = ()
    revisions: tuple[Revision, ...] = ()
    warnings: tuple[Warning, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Classification:
    """BCP-47 languages, most text first, and the document type as a fact (or none)."""

    languages: tuple[str, ...]
    document_type: "Fact | None" = None


@dataclass(frozen=True, slots=True)
class Section:
    """A node of the clause tree; ``end`` is where the section's last child ends.

    An exhibit is any part of its own: schedule, annex, appendix, attachment, приложение.
    """

    number: str | None
    heading: str | None
    start: int
    end: int
    children: tuple["Section", ...] = ()
    kind: SectionKind = "section"


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and the passage that gives it its meaning: a sentence, or what stands before (“X”)."""

    term: str
    start: int
    end: int
    quote: str
    page: int | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A mention of another part of the document.

    ``target`` is the ``start`` of the section it means: of the section itself (``resolved``) or of
    the nearest one around it that the outline has (``nearest``). A reference is ``dangling`` where
    the document has no such part, ``unclear`` where that cannot be said.
    """

    start: int
    end: int
    quote: str
    page: int | None
    status: ReferenceStatus
    target: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, as what, for whom; what is not written there is None."""

    party: str | None
    name: str | None
    title: str | None
    date: str | None
    place: str | None
    start: int
    end: int
    page: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """A checked statement about the document, with its place and the method that found it.

    ``start``, ``end`` and ``quote`` are None where the whole document or ``inputs`` (ids of other
    facts) are the evidence. ``attributes`` holds strings only: role, alias, legal_form, …
    """

    id: str
    field: str
    value: str
    normalized: Normalized
    quote: str | None
    start: int | None
    end: int | None
    page: int | None
    boxes: tuple[Box, ...]
    method: Method
    version: str
    confidence: float
    firm: bool
    attributes: dict[str, str] = dataclass_field(default_factory=dict)
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClauseCandidate:
    start: int
    end: int
    quote: str
    page: int | None
    score: float


@dataclass(frozen=True, slots=True)
class Clause:
    kind: str
    present: bool
    firm: bool
    score: float
    candidates: tuple[ClauseCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """The facts of a document, the fields that were looked for and not found, and the clauses.

    Definitions, references and signatures are the parts of its outline that are no sections.
    ``absent`` are fields (a clause is ``clause:KIND``) that a person decided the document has not:
    unlike ``not_found`` that is certain.
    """

    facts: tuple[Fact, ...]
    not_found: tuple[str, ...]
    clauses: tuple[Clause, ...] = ()
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    signatures: tuple[Signature, ...] = ()
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one item of a document: it replaces what the engine says of it.

    ``field`` is a field of facts or ``clause:KIND``; ``item`` is "" where a document has one value
    of it, else the key of the value. ``value`` is what holds, or what was rejected. ``seen`` are
    the keys of the engine's values that the person decided about. ``engine_value`` is set where
    the engine says otherwise now, and ``disagrees`` says whether the person knew.
    """

    field: str
    item: str
    decision: Verb
    reviewer: str
    decided_at: str
    value: str | None = None
    normalized: Normalized = None
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    attributes: dict[str, str] = dataclass_field(default_factory=dict)
    comment: str | None = None
    revision: int = 1
    seen: tuple[str, ...] = ()
    engine_value: str | None = None
    disagrees: Disagreement | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one playbook rule says about one document.

    ``field`` is what the rule is about: a field of facts, or ``clause:KIND``.
    """

    rule: str
    playbook_sha256: str
    result: Verdict
    severity: Severity
    message: str
    fact_ids: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Redaction:
    """What must not be readable any more, by its place in the text layer: never by its text.

    ``kind`` says what stood there (person, identifier, account, email, phone, address, term),
    ``reason`` which rule or own term decided it, ``token`` what a reader sees in its place.
    """

    start: int
    end: int
    kind: str
    reason: str
    token: str


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """What became of the redacted copy: its ``file`` beside the reports, or why there is none."""

    file: str | None
    counts: dict[str, int] = dataclass_field(default_factory=dict)
    error: ErrorRecord | None = None


def file_name(uri: str) -> str:
    """The last part of a URI, which is what a person knows the document by."""
    return uri.rstrip("/").rpartition("/")[2] or uri


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """One line of ``results.jsonl``."""

    uri: str
    status: DocumentStatus
    parent: str | None = None
    sha256: str | None = None
    media_type: str | None = None
    languages: tuple[str, ...] = ()
    error: ErrorRecord | None = None
    warnings: tuple[Warning, ...] = ()
    text_sha256: str | None = None
    facts: tuple[Fact, ...] = ()
    not_found: tuple[str, ...] = ()
    outline: tuple[Section, ...] = ()
    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    signatures: tuple[Signature, ...] = ()
    clauses: tuple[Clause, ...] = ()
    findings: tuple[Finding, ...] = ()
    revisions: tuple[Revision, ...] = ()
    redacted: Redacted | None = None
    decisions: tuple[Decision, ...] = ()
    versions: dict[str, str] = dataclass_field(default_factory=dict)
    schema: str = SCHEMA
