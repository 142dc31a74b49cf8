"""The hash chain by itself: whoever has the entries can verify them, without a database."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from lexmill.audit.schemas import AuditEntry, Break, Head, Verdict

GENESIS: Final = "0" * 64
"""What the first link follows."""


def canonical(content: dict[str, Any]) -> str:
    """The one way to write it: sorted keys, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def link_hash(previous: str, entry: str) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + entry.encode()).hexdigest()


def verify_chain(
    entries: Iterable[AuditEntry], *, namespace: str, noted: Head | None = None
) -> Verdict:
    """Compute the chain again, in memory that does not grow with it.

    ``noted`` is a head that was written down elsewhere: without it a chain whose last links were
    cut off looks whole.
    """
    head, count = Head(number=0, hash=GENESIS), 0
    for entry in entries:
        count += 1
        if reason := _fault(entry, head, namespace):
            return _broken(namespace, count, head, reason)
        head = Head(number=entry.number, hash=entry.hash)
        if noted is not None and noted.number == head.number and noted.hash != head.hash:
            return _broken(namespace, count, head, "it is not the entry whose hash was noted")
    if noted is not None and noted.number > head.number:
        reason = f"it was noted as the head, but the chain ends at number {head.number}"
        return Verdict(
            namespace=namespace,
            entries=count,
            head=head,
            broken=Break(number=noted.number, reason=reason),
        )
    return Verdict(namespace=namespace, entries=count, head=head)


def _fault(entry: AuditEntry, head: Head, namespace: str) -> str | None:
    if entry.number != head.number + 1:
        return "it is missing"
    if entry.previous != head.hash:
        return "it does not follow the entry before it"
    try:
        if entry.hash != link_hash(entry.previous, entry.entry):
            return "its content is not what was recorded"
        content = json.loads(entry.entry)
    except ValueError:
        return "its content is not what was recorded"
    if not isinstance(content, dict) or (content.get("namespace"), content.get("number")) != (
        namespace,
        entry.number,
    ):
        return "its content is that of another entry"
    return None


def _broken(namespace: str, count: int, head: Head, reason: str) -> Verdict:
    """``head`` is the link before the broken one, or the broken one where its hash was noted."""
    number = head.number if reason.endswith("noted") else head.number + 1
    return Verdict(
        namespace=namespace, entries=count, head=head, broken=Break(number=number, reason=reason)
    )
