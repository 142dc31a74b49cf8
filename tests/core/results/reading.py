"""Results as the legal work gives them."""

from typing import Any

from lexmill_legal.results import DocumentResult, Fact, Finding, Money

SHA256 = "a" * 64
PLAYBOOK = "b" * 64


def fact(field: str, value: str, **changes: Any) -> Fact:
    known: dict[str, Any] = {
        "id": f"{field}-1",
        "normalized": None,
        "quote": value,
        "start": 10,
        "end": 10 + len(value),
        "page": 1,
        "boxes": (),
        "method": "rule",
        "version": "1",
        "confidence": 0.9,
        "firm": True,
    }
    return Fact(field=field, value=value, **{**known, **changes})


def finding(rule: str, **changes: Any) -> Finding:
    known: dict[str, Any] = {"result": "pass", "severity": "low", "message": "As it should be."}
    return Finding(rule=rule, playbook_sha256=PLAYBOOK, **{**known, **changes})


def read(**changes: Any) -> DocumentResult:
    """A supply contract, unless the changes say otherwise."""
    known: dict[str, Any] = {
        "uri": "a.pdf",
        "status": "succeeded",
        "sha256": SHA256,
        "languages": ("en", "de"),
        "facts": (
            fact("document_type", "supply", normalized="supply"),
            fact("party", "ACME, Inc.", attributes={"role": "supplier"}),
            fact("expiration_date", "31 December 2026", normalized="2026-12-31"),
            fact("amount", "USD 1,250,000", normalized=Money("1250000.00", "USD")),
            fact("termination_notice_period", "thirty days", normalized="P30D", firm=False),
            fact("governing_law", "Delaware", normalized="US-DE", method="human"),
        ),
        "findings": (
            finding("capped", result="fail", severity="high", message="There is no cap."),
            finding("law", field="governing_law"),
        ),
    }
    return DocumentResult(**{**known, **changes})
