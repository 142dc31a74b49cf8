"""Reading a finished job's results back, for the table at the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult


@dataclass(frozen=True)
class DocumentRow:
    uri: str
    status: str
    document_type: str | None
    facts: int
    findings: str
    reason: str | None


@dataclass(frozen=True)
class Summary:
    documents: Sequence[DocumentRow]


def read_summary(results: Path) -> Summary:
    """One row a document of a ``results.jsonl``: what failed first, then by URI."""
    with results.open("rb") as lines:
        rows = [_row(read_result(line)) for line in lines]
    rows.sort(key=lambda row: (row.status == "succeeded", row.uri))
    return Summary(rows)


def _row(result: DocumentResult) -> DocumentRow:
    types = [fact.value for fact in result.facts if fact.field == "document_type"]
    verdicts = Counter(finding.result for finding in result.findings)
    findings = ", ".join(
        f"{verdicts[verdict]} {verdict}"
        for verdict in ("fail", "unknown", "pass")
        if verdicts[verdict]
    )
    return DocumentRow(
        uri=result.uri,
        status=result.status,
        document_type=types[0] if types else None,
        facts=len(result.facts),
        findings=findings,
        reason=None if result.error is None else result.error.message,
    )
