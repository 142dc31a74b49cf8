"""What a person decides about one item of a document, as the API takes it."""

import getpass
import uuid
from dataclasses import dataclass
from typing import Final

import msgspec

from lexmill.client.api import ApiClient
from lexmill.reviews.schemas import Choice, Evidence, NewDecision
from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.decisions import (
    CLAUSE,
    clause_value,
    is_clause,
    is_decidable,
    is_single,
    item_of,
    refuse_reviewer,
    value_keys,
)
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult, Fact

_NEEDS_ONE: Final = frozenset({"accept", "reject"})


@dataclass(frozen=True)
class Wanted:
    """``value`` and ``quote`` are the person's own; ``item`` is a value as lists show it."""

    document: uuid.UUID
    field: str
    choice: Choice
    item: str
    reviewer: str
    comment: str | None
    value: str | None = None
    quote: str | None = None


def decision_about(client: ApiClient, namespace: str, wanted: Wanted) -> NewDecision:
    """With what the engine says of the item now. Raises CommandError where there is no such."""
    if not is_decidable(wanted.field):
        raise CommandError(
            Exit.MISUSE, "There is no such field; `lexmill facts list` shows those that there are."
        )
    with client.documents.part(namespace, wanted.document, "result") as pieces:
        line = b"".join(pieces)
    try:
        result = read_result(line)
    except msgspec.DecodeError as error:
        raise CommandError(
            Exit.UNAVAILABLE, "The document's result is of another version of lexmill."
        ) from error
    if result.sha256 is None or result.status != "succeeded":
        raise CommandError(Exit.MISUSE, "The document was not read: there is nothing to decide.")
    item, facts = _item(result, wanted)
    known = next(
        (
            each
            for each in client.reviews.list(namespace, sha256=result.sha256, field=wanted.field)
            if each.item == item
        ),
        None,
    )
    new = NewDecision(
        sha256=result.sha256,
        field=wanted.field,
        item=item,
        choice=wanted.choice,
        reviewer=wanted.reviewer,
        value=wanted.value,
        seen=tuple(sorted({key for fact in facts for key in value_keys(fact)})),
        evidence=Evidence(quote=wanted.quote),
        comment=wanted.comment,
        revision=0 if known is None else known.revision,
    )
    return _as_found(new, result, facts) if wanted.choice in _NEEDS_ONE else new


def reviewer_name(given: str | None) -> str:
    try:
        return refuse_reviewer(getpass.getuser() if given is None else given)
    except (OSError, KeyError) as error:  # nobody has a name in some containers
        raise CommandError(
            Exit.MISUSE, "Say who decided, with --reviewer or in the column Reviewer."
        ) from error
    except ValueError as error:
        raise CommandError(Exit.MISUSE, f"--reviewer: {error}.") from error


def _item(result: DocumentResult, wanted: Wanted) -> tuple[str, list[Fact]]:
    facts = [fact for fact in result.facts if fact.field == wanted.field]
    if is_single(wanted.field):
        return "", facts
    items = sorted({item_of(fact) for fact in facts})
    if wanted.item in items:
        return wanted.item, [fact for fact in facts if item_of(fact) == wanted.item]
    if wanted.choice in _NEEDS_ONE or (wanted.item and wanted.choice == "correct"):
        shown = ", ".join(repr(item) for item in items[:10]) or "none"
        raise CommandError(
            Exit.MISUSE,
            f"The document may have several of this field: name one by --item. There are {shown}.",
        )
    return wanted.item, facts


def _as_found(new: NewDecision, result: DocumentResult, facts: list[Fact]) -> NewDecision:
    """The engine's value and its place: of several candidates the best, which comes first."""
    if is_clause(new.field):
        kind = new.field.removeprefix(CLAUSE)
        clause = next((each for each in result.clauses if each.kind == kind), None)
        if clause is None:
            raise CommandError(Exit.MISUSE, "The document was not searched for such clauses.")
        value = clause_value(clause)
        best = clause.candidates[0] if clause.candidates else None
        return msgspec.structs.replace(
            new,
            value=value,
            seen=(value,),
            evidence=Evidence(quote=best.quote, start=best.start, end=best.end)
            if best
            else Evidence(),
        )
    if not facts:
        raise CommandError(
            Exit.MISUSE, "Nothing was found there: correct it, or say that it is absent."
        )
    fact = facts[0]
    return msgspec.structs.replace(
        new,
        value=fact.value,
        normalized=fact.normalized,
        evidence=Evidence(quote=fact.quote, start=fact.start, end=fact.end),
    )
