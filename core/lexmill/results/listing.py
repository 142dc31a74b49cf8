import uuid
from typing import Any, Final

import msgspec
from sqlalchemy import FromClause, SQLColumnExpression, and_, case, exists, func, select, true
from sqlalchemy.orm import Session

from lexmill.listing.filters import Filter
from lexmill.listing.pages import Key, Listing, ListRequest, Page, read_page
from lexmill.results.models import FoundFact, Result, RuleFinding
from lexmill.results.rows import searched
from lexmill.results.schemas import FactRow, FindingRow, LastDecision
from lexmill.reviews.models import Review
from lexmill.tasks.models import Task
from lexmill_legal.results import SINGLE_VALUED

_LAST = "\U0010ffff"
_YES_OR_NO = ("true", "false")


def _document(table: type[FoundFact] | type[RuleFinding]) -> FromClause:
    """The row's document, looked up for each row of the page.

    As a plain join PostgreSQL may merge both tables, and read all documents before the page.
    """
    return (
        select(
            Result.uri,
            Result.sha256,
            Result.job,
            Result.job_uid,
            Result.matter,
            Result.playbook_sha256,
            Result.ended_at,
        )
        .where(Result.namespace == table.namespace, Result.document_id == table.document_id)
        .limit(1)
        .lateral("document_result")
    )


_OF_FACT = _document(FoundFact)
_OF_FINDING = _document(RuleFinding)
_ITEM = case((FoundFact.field.in_(sorted(SINGLE_VALUED)), ""), else_=FoundFact.key)
_NAMES = ("uri", "sha256", "job", "job_uid", "matter")


def _read_at(table: type[FoundFact] | type[RuleFinding], document: FromClause) -> Any:
    """When the newest visit of the document began: it knows the decisions before."""
    began = select(func.max(Task.started_at)).where(
        Task.document_id == table.document_id, Task.state == "done"
    )
    return func.coalesce(began.correlate(table).scalar_subquery(), document.c.ended_at)


_DECISION = (
    select(
        func.jsonb_build_object(
            *(
                part
                for name in LastDecision.__struct_fields__
                if name != "is_pending"
                for part in (name, getattr(Review, name))
            ),
            "is_pending",
            Review.decided_at > _read_at(FoundFact, _OF_FACT),
        )
    )
    .where(
        Review.namespace == FoundFact.namespace,
        Review.sha256 == _OF_FACT.c.sha256,
        Review.field == FoundFact.field,
        Review.item == _ITEM,
    )
    .scalar_subquery()
    .label("decision")
)
_DECIDED_SINCE = (
    exists()
    .where(
        Review.namespace == RuleFinding.namespace,
        Review.sha256 == _OF_FINDING.c.sha256,
        Review.decided_at > _read_at(RuleFinding, _OF_FINDING),
    )
    .label("is_decided_since")
)


def _place(table: type[FoundFact] | type[RuleFinding]) -> tuple[Key, Key]:
    return Key(table.document_id, uuid.UUID), Key(table.number, int)


def _document_filters(document_id: SQLColumnExpression[uuid.UUID]) -> dict[str, Filter]:
    """By what is known of the document. As a set, so that it is made once where it is small."""

    def of(condition: Any) -> Any:
        return document_id.in_(select(Result.document_id).where(condition))

    return {
        "document": Filter("uuid", "of this document", lambda id_: document_id == id_),
        "job": Filter(
            "job", "of the job of this name or uid", lambda uid: of(Result.job_uid == uid)
        ),
        "matter": Filter("text", "of this matter", lambda name: of(Result.matter == name)),
        "sha256": Filter(
            "text", "of documents with this SHA-256", lambda hash_: of(Result.sha256 == hash_)
        ),
    }


def _typed(row: FactRow) -> FactRow:
    """The decision comes as JSON."""
    decision = msgspec.convert(row.decision, LastDecision | None)
    return msgspec.structs.replace(row, decision=decision)


FACTS: Final = Listing(
    name="facts",
    query=select(
        FoundFact.document_id,
        FoundFact.number,
        *(_OF_FACT.c[name] for name in _NAMES),
        FoundFact.id,
        FoundFact.field,
        _ITEM.label("item"),
        FoundFact.value,
        FoundFact.normalized,
        FoundFact.role,
        FoundFact.date,
        FoundFact.quantity,
        FoundFact.currency,
        FoundFact.firm,
        FoundFact.confidence,
        FoundFact.method,
        FoundFact.quote,
        FoundFact.page,
        FoundFact.start,
        FoundFact.end,
        _DECISION,
    ).join(_OF_FACT, true()),
    record=FactRow,
    namespace=FoundFact.namespace,
    sorts={
        "field": (Key(FoundFact.field, str), Key(FoundFact.key, str), *_place(FoundFact)),
        "document": _place(FoundFact),
    },
    default_sort="field",
    finish=_typed,
    pins={"field": "field"},
    filters={
        **_document_filters(FoundFact.document_id),
        "field": Filter("text", "of this field", lambda field: FoundFact.field == field),
        "value": Filter(
            "text",
            "with this value: its normal form or its words, whatever their case and punctuation",
            lambda value: FoundFact.key.in_(sorted({searched(value), value})),
        ),
        "value_prefix": Filter(
            "text",
            "whose value begins so",
            lambda value: and_(
                FoundFact.key >= searched(value), FoundFact.key < searched(value) + _LAST
            ),
        ),
        "role": Filter("text", "with this role", lambda role: FoundFact.role == role),
        "currency": Filter("text", "of this currency", lambda name: FoundFact.currency == name),
        # The key of a date is its ISO form in words: so it is a range of the list's own index.
        "from": Filter(
            "date",
            "on that day or later",
            lambda date: and_(FoundFact.date >= date, FoundFact.key >= searched(str(date))),
        ),
        "before": Filter(
            "date",
            "before that day",
            lambda date: and_(FoundFact.date < date, FoundFact.key < searched(str(date))),
        ),
        "min": Filter(
            "number",
            "so much or more: of an amount its currency's units, of a percentage its percent, of a"
            " duration its days",
            lambda number: FoundFact.quantity >= number,
        ),
        "max": Filter("number", "so much or less", lambda number: FoundFact.quantity <= number),
        "firm": Filter(
            "choice", "certain or not", lambda firm: FoundFact.firm == (firm == "true"), _YES_OR_NO
        ),
        "method": Filter(
            "choice",
            "how it was found",
            lambda method: FoundFact.method == method,
            ("rule", "model", "computed", "human"),
        ),
    },
)

FINDINGS: Final = Listing(
    name="findings",
    query=select(
        RuleFinding.document_id,
        RuleFinding.number,
        *(_OF_FINDING.c[name] for name in (*_NAMES, "playbook_sha256")),
        RuleFinding.rule,
        RuleFinding.result,
        RuleFinding.severity,
        RuleFinding.field,
        RuleFinding.message,
        RuleFinding.quote,
        RuleFinding.start,
        RuleFinding.end,
        _DECIDED_SINCE,
    ).join(_OF_FINDING, true()),
    record=FindingRow,
    namespace=RuleFinding.namespace,
    sorts={
        "result": (
            Key(RuleFinding.result, str),
            Key(RuleFinding.severity, str),
            Key(RuleFinding.rule, str),
            *_place(RuleFinding),
        ),
        "rule": (Key(RuleFinding.rule, str), *_place(RuleFinding)),
        "document": _place(RuleFinding),
    },
    default_sort="result",
    pins={"result": "result", "rule": "rule"},
    filters={
        **_document_filters(RuleFinding.document_id),
        "rule": Filter("text", "of this rule", lambda rule: RuleFinding.rule == rule),
        "result": Filter(
            "choice",
            "what the rule says",
            lambda result: RuleFinding.result == result,
            ("pass", "fail", "unknown"),
        ),
        "severity": Filter(
            "choice",
            "of rules of this severity",
            lambda severity: RuleFinding.severity == severity,
            ("info", "low", "medium", "high", "critical"),
        ),
        "playbook_sha256": Filter(
            "text",
            "by the playbook with this SHA-256",
            lambda hash_: _OF_FINDING.c.playbook_sha256 == hash_,
        ),
    },
)


def list_facts(session: Session, *, namespace: str, request: ListRequest) -> Page[FactRow]:
    """Of each document the newest result; the most similar values of a field side by side."""
    return read_page(session, listing=FACTS, namespace=namespace, request=request)


def list_findings(session: Session, *, namespace: str, request: ListRequest) -> Page[FindingRow]:
    """Of each document the newest result; what failed comes first."""
    return read_page(session, listing=FINDINGS, namespace=namespace, request=request)
