"""What people decided about items of documents: recorded, taken back, listed, given to workers.

Every function here runs inside the caller's transaction. Decisions of one namespace are taken one
after the other (the audit chain's lock), and each change has its entry in the audit trail.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from lexmill.audit.schemas import NewEntry
from lexmill.audit.service import append_audit, lock_chain
from lexmill.errors import ErrorClass, LexmillError
from lexmill.reviews.listing import REVIEWS, typed
from lexmill.reviews.models import Review
from lexmill.reviews.schemas import (
    Change,
    Decided,
    Evidence,
    NewDecision,
    Problem,
    RefusedDecisionsError,
    Reviewed,
)
from lexmill_legal.decisions import (
    Corrected,
    is_clause,
    is_decidable,
    is_single,
    parse_value,
    refuse_reviewer,
    value_key,
)
from lexmill_legal.results import Decision, Normalized, Verb

MOST_DECISIONS = 20_000
"""Taken at once."""

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""Neither UTF-8 nor PostgreSQL takes them."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STORED = {
    "accept": "accepted",
    "correct": "corrected",
    "reject": "rejected",
    "absent": "absent",
    "reopen": "reopened",
}
_DID = {
    "accepted": "accepted it",
    "corrected": "corrected it",
    "rejected": "rejected it",
    "absent": "said that there is none",
    "reopened": "reopened it",
}
_MOST_SEEN = 1_000
_LONGEST_KEY = 200
_LONGEST_TEXT = 4_000
_PAGE = 1_000

_Key = tuple[str, str, str]


class _InvalidError(Exception):
    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as the table holds it."""

    sha256: str
    field: str
    item: str
    decision: str
    value: str | None
    normalized: Any
    evidence: dict[str, Any]
    seen: list[str]
    reviewer: str
    comment: str | None
    revision: int = 0

    @property
    def key(self) -> _Key:
        return self.sha256, self.field, self.item


def decide(
    session: Session,
    *,
    namespace: str,
    decisions: Sequence[NewDecision],
    actor: str | None = None,
) -> Decided:
    """Record all of them, or none and raise RefusedDecisionsError.

    ``actor`` is who is known to have sent them, where the API knows better than the reviewers'
    names in them: the audit trail has both.

    What is already known changes nothing. An item that somebody else has decided since, and
    otherwise, is a conflict; one's own decision one may change.
    """
    problems: list[Problem] = []
    wanted: dict[_Key, tuple[int, NewDecision, _Row]] = {}
    for index, new in enumerate(decisions):
        try:
            row = _row(new)
        except _InvalidError as error:
            problems.append(
                Problem(index=index, code="invalid", part=error.part, message=str(error))
            )
            continue
        _, _, first = wanted.setdefault(row.key, (index, new, row))
        if _says(first) != _says(row):
            twice = "the same item is decided twice here, and differently"
            problems.append(Problem(index=index, code="invalid", message=twice))
    if problems:
        raise RefusedDecisionsError(tuple(problems))
    now = lock_chain(session, namespace=namespace)
    known = _known(session, namespace, wanted)
    changed: list[tuple[_Row | None, _Row]] = []
    for key, (index, new, row) in wanted.items():
        current = known.get(key)
        if _changes_nothing(current, row):
            continue
        if problem := _conflict(index, new, current, row):
            problems.append(problem)
        else:
            changed.append((current, _following(current, row)))
    if problems:
        raise RefusedDecisionsError(tuple(problems))
    _write(session, namespace, now, changed, actor)
    return Decided(recorded=len(changed), unchanged=len(decisions) - len(changed))


def reopen(
    session: Session,
    *,
    namespace: str,
    sha256: str,
    field: str,
    item: str = "",
    reviewer: str,
    comment: str | None = None,
    revision: int | None = None,
    actor: str | None = None,
) -> bool:
    """Take the decision about an item back; False where there is none."""
    new = NewDecision(
        sha256=sha256,
        field=field,
        item=item,
        choice="reopen",
        reviewer=reviewer,
        comment=comment,
        revision=revision,
    )
    return decide(session, namespace=namespace, decisions=[new], actor=actor).recorded == 1


def read_review(session: Session, *, namespace: str, id: int) -> Reviewed | None:  # noqa: A002
    query = REVIEWS.query.where(Review.namespace == namespace, Review.id == id)
    row = session.execute(query).mappings().one_or_none()
    return None if row is None else typed(Reviewed(**row))


def change_review(
    session: Session,
    *,
    namespace: str,
    id: int,  # noqa: A002
    change: Change,
    reviewer: str,
    revisions: Collection[str] | None,
    actor: str | None = None,
) -> Reviewed | None:
    """Decide an item anew; None where there is no such review. ``revisions`` are those that the
    reviewer knows, None for any. Raises LexmillError, RefusedDecisionsError.
    """
    lock_chain(session, namespace=namespace)
    current = session.execute(
        select(Review.__table__).where(Review.namespace == namespace, Review.id == id)
    ).one_or_none()
    if current is None:
        return None
    if revisions is not None and str(current.revision) not in revisions:
        raise LexmillError(
            "changed_meanwhile",
            f"meanwhile {current.reviewer} has {_DID[current.decision]}; read it again",
            ErrorClass.DOCUMENT,
        )
    # Who only says yes or no speaks of the value that is there.
    speaks_of_it = change.value is None and change.choice in {"accept", "reject"}
    decision = NewDecision(
        sha256=current.sha256,
        field=current.field,
        item=current.item,
        choice=change.choice,
        reviewer=reviewer,
        value=current.value if speaks_of_it else change.value,
        normalized=_normalized(current.normalized) if speaks_of_it else change.normalized,
        seen=change.seen or tuple(current.seen),
        evidence=msgspec.convert(current.evidence, Evidence) if speaks_of_it else change.evidence,
        comment=change.comment,
        revision=current.revision,
    )
    decide(session, namespace=namespace, decisions=[decision], actor=actor)
    return read_review(session, namespace=namespace, id=id)


def find_decisions(session: Session, *, namespace: str, sha256: str) -> tuple[Decision, ...]:
    """What holds for a document, in a fixed order."""
    rows = session.execute(
        select(Review.__table__)
        .where(
            Review.namespace == namespace,
            Review.sha256 == sha256,
            Review.decision != "reopened",
        )
        .order_by(Review.field.collate("C"), Review.item.collate("C"))
    ).mappings()
    return tuple(
        Decision(
            field=row["field"],
            item=row["item"],
            decision=msgspec.convert(row["decision"], Verb),
            reviewer=row["reviewer"],
            decided_at=row["decided_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            value=row["value"],
            normalized=_normalized(row["normalized"]),
            quote=row["evidence"].get("quote"),
            start=row["evidence"].get("start"),
            end=row["evidence"].get("end"),
            attributes=row["evidence"].get("attributes", {}),
            comment=row["comment"],
            revision=row["revision"],
            seen=tuple(row["seen"]),
        )
        for row in rows
    )


# --- what is asked for ---


def _row(new: NewDecision) -> _Row:
    """Raises _InvalidError with a sentence for the person."""
    _check_names(new)
    _check_texts(new)
    try:
        reviewer = refuse_reviewer(new.reviewer)
    except ValueError as error:
        raise _InvalidError("reviewer", str(error)) from error
    item, decided, evidence = new.item, None, {}
    if new.choice == "correct":
        decided = _corrected(new)
        if not item and not is_single(new.field):
            item = value_key(decided.value, decided.normalized)
    elif new.choice == "accept":
        decided = _accepted(new)
    elif new.choice == "reject" and not new.seen:
        raise _InvalidError("choice", "there is no value here to reject")
    if decided is not None:
        attributes = new.evidence.attributes | decided.attributes
        evidence = msgspec.to_builtins(msgspec.structs.replace(new.evidence, attributes=attributes))
    elif new.choice == "reject":
        decided = Corrected(new.value or "", new.normalized, {})
    return _Row(
        sha256=new.sha256,
        field=new.field,
        item=item,
        decision=_STORED[new.choice],
        value=None if decided is None else decided.value,
        normalized=None if decided is None else msgspec.to_builtins(decided.normalized),
        evidence=evidence,
        seen=[] if new.choice == "reopen" else list(dict.fromkeys(new.seen)),
        reviewer=reviewer,
        comment=None if new.comment is None else new.comment.strip() or None,
    )


def _corrected(new: NewDecision) -> Corrected:
    try:
        return parse_value(new.field, new.value or "")
    except ValueError as error:
        raise _InvalidError("value", str(error)) from error


def _accepted(new: NewDecision) -> Corrected:
    if new.value is None or not new.value.strip():
        raise _InvalidError(
            "choice", "there is no value here to accept: correct it, or say that there is none"
        )
    normalized = new.normalized
    if is_clause(new.field):
        if new.value not in {"yes", "no"}:
            raise _InvalidError("value", "of a clause yes or no is accepted")
        normalized = new.value == "yes"
    return Corrected(new.value, normalized, {})


def _check_names(new: NewDecision) -> None:
    if not _SHA256.fullmatch(new.sha256):
        raise _InvalidError(
            "sha256", "the document's SHA-256 is 64 hexadecimal digits in lower case"
        )
    if not is_decidable(new.field):
        raise _InvalidError("field", "there is no such field and no such kind of clause")
    if is_single(new.field) and new.item:
        raise _InvalidError("item", "a document has one value of this field: the item is empty")
    if not is_single(new.field) and not new.item and new.choice in {"accept", "reject"}:
        raise _InvalidError("item", "which value of the field is meant has to be said")
    if new.choice == "absent" and new.item:
        raise _InvalidError("choice", "absent is about the field; a single value is rejected")


def _check_texts(new: NewDecision) -> None:
    given = {
        "item": new.item,
        "value": new.value or "",
        "comment": new.comment or "",
        "evidence": new.evidence.quote or "",
    }
    for part, text in given.items():
        longest = _LONGEST_KEY if part == "item" else _LONGEST_TEXT
        if len(text) > longest:
            raise _InvalidError(part, f"at most {longest:,} characters are kept")
        if _UNWRITABLE.search(text):
            raise _InvalidError(part, "it has characters that no text has")
    if len(new.seen) > _MOST_SEEN or any(len(key) > _LONGEST_KEY for key in new.seen):
        raise _InvalidError("seen", "too many values, or too long ones")
    attributes = new.evidence.attributes
    if len(msgspec.json.encode(attributes)) > _LONGEST_TEXT:
        raise _InvalidError("evidence", "the attributes are too long")
    if any(map(_UNWRITABLE.search, (*new.seen, *attributes, *attributes.values()))):
        raise _InvalidError("evidence", "it has characters that no text has")


# --- against what is known ---


def _says(row: _Row) -> tuple[object, ...]:
    """Two decisions that say the same."""
    if row.decision not in {"accepted", "corrected"}:
        return (row.decision,)
    key = value_key(row.value or "", _normalized(row.normalized))
    return (row.decision, key, row.value if row.decision == "corrected" else None)


def _changes_nothing(current: _Row | None, row: _Row) -> bool:
    if current is None:
        return row.decision == "reopened"
    if _says(current) != _says(row) or not set(row.seen) <= set(current.seen):
        return False
    return current.reviewer != row.reviewer or current.comment == row.comment


def _following(current: _Row | None, row: _Row) -> _Row:
    """The next revision; what was seen of the engine for the same decision adds up."""
    if current is None:
        return msgspec.structs.replace(row, revision=1)
    seen = [*current.seen, *row.seen] if _says(current) == _says(row) else row.seen
    return msgspec.structs.replace(
        row, revision=current.revision + 1, seen=list(dict.fromkeys(seen))[-_MOST_SEEN:]
    )


def _conflict(index: int, new: NewDecision, current: _Row | None, row: _Row) -> Problem | None:
    """An item that is open again, or decided the same way, is nobody's to defend."""
    if current is None or new.revision is None or new.revision == current.revision:
        return None
    if current.decision == "reopened" or _says(current) == _says(row):
        return None
    if current.reviewer == row.reviewer:
        return None
    return Problem(
        index=index,
        code="conflict",
        message=f"meanwhile {current.reviewer} has {_DID[current.decision]}; look at a new report",
    )


def _known(session: Session, namespace: str, keys: Iterable[_Key]) -> dict[_Key, _Row]:
    columns = (Review.sha256, Review.field, Review.item)
    found: dict[_Key, _Row] = {}
    asked = list(keys)
    for start in range(0, len(asked), _PAGE):
        rows = session.execute(
            select(*(getattr(Review, name) for name in _Row.__struct_fields__)).where(
                Review.namespace == namespace,
                tuple_(*columns).in_(asked[start : start + _PAGE]),
            )
        ).mappings()
        for mapping in rows:
            row = _Row(**mapping)
            found[row.key] = row
    return found


def _write(
    session: Session,
    namespace: str,
    now: datetime,
    changed: Sequence[tuple[_Row | None, _Row]],
    actor: str | None,
) -> None:
    if not changed:
        return
    statement = upsert(Review)
    fixed = {"id", "namespace", "sha256", "field", "item"}
    statement = statement.on_conflict_do_update(
        index_elements=["namespace", "sha256", "field", "item"],
        set_={name: column for name, column in statement.excluded.items() if name not in fixed},
    )
    session.execute(
        statement,
        [
            {"namespace": namespace, "decided_at": now, **msgspec.structs.asdict(row)}
            for _, row in changed
        ],
    )
    append_audit(
        session,
        namespace=namespace,
        entries=[
            NewEntry(
                actor=actor or row.reviewer,
                action=f"review.{row.decision}",
                subject={"sha256": row.sha256, "field": row.field, "item": row.item},
                before=None if before is None else _content(before),
                after=_content(row),
            )
            for before, row in changed
        ],
    )


def _content(row: _Row) -> dict[str, Any]:
    content = msgspec.structs.asdict(row)
    return {name: value for name, value in content.items() if name not in {"sha256", "field"}}


def _normalized(stored: Any) -> Normalized:
    found: Normalized = msgspec.convert(stored, Normalized)
    return found
