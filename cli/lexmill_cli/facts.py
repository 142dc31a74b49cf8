"""`lexmill facts` and `lexmill findings`: what was found in all documents."""

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import typer

from lexmill.results.schemas import FactRow, FindingRow, Method, Outcome, Severity
from lexmill_cli.connecting import Installation, job_uid
from lexmill_cli.options import command, day, identifier
from lexmill_cli.showing import Columns, Cut, known_as, show_list

app = typer.Typer(no_args_is_help=True, help="Facts of all documents: values, dates, amounts.")
findings_app = typer.Typer(no_args_is_help=True, help="What playbooks say of all documents.")


@dataclass(frozen=True)
class OfDocuments:
    document: Annotated[
        uuid.UUID | None, typer.Option(parser=identifier, help="Of this document.")
    ] = None
    job: Annotated[str | None, typer.Option(help="Name or uid of the job.")] = None
    matter: Annotated[str | None, typer.Option(help="Of this matter.")] = None
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="Of documents with this SHA-256.")
    ] = None


@command(app, "list")
def list_facts(
    at: Installation,
    cut: Cut,
    of: OfDocuments,
    field: Annotated[str | None, typer.Option(help="Of this field, as governing_law.")] = None,
    value: Annotated[
        str | None, typer.Option(help="This value: normal form (US-DE, P30D) or words.")
    ] = None,
    value_prefix: Annotated[str | None, typer.Option(help="Whose value begins so.")] = None,
    role: Annotated[str | None, typer.Option(help="With this role, as supplier.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of this currency, as EUR.")] = None,
    since: Annotated[
        date | None,
        typer.Option("--from", parser=day, metavar="DAY", help="Dates on this day or later."),
    ] = None,
    before: Annotated[
        date | None, typer.Option(parser=day, metavar="DAY", help="Dates before this day.")
    ] = None,
    least: Annotated[
        float | None, typer.Option("--min", help="Amounts, percentages, days: so much or more.")
    ] = None,
    most: Annotated[float | None, typer.Option("--max", help="So much or less.")] = None,
    firm: Annotated[
        bool | None, typer.Option("--firm/--not-firm", help="Certain ones, or candidates.")
    ] = None,
    method: Annotated[Method | None, typer.Option(help="How they were found.")] = None,
) -> None:
    """Facts by field and value; of each document those of its newest result."""
    with at.client() as client:
        show_list(
            client.facts.list(
                at.namespace,
                sort=cut.sort,
                document=of.document,
                job=job_uid(client, at.namespace, of.job),
                matter=of.matter,
                sha256=of.sha256,
                field=field,
                value=value,
                value_prefix=value_prefix,
                role=role,
                currency=currency,
                since=since,
                before=before,
                min=least,
                max=most,
                firm=firm,
                method=method,
            ),
            _FACTS,
            cut,
            more=_MORE_OF_FACTS,
            nothing="There is no such fact.",
        )


@command(findings_app, "list")
def list_findings(
    at: Installation,
    cut: Cut,
    of: OfDocuments,
    rule: Annotated[str | None, typer.Option(help="Of this rule.")] = None,
    result: Annotated[Outcome | None, typer.Option(help="What the rule says.")] = None,
    severity: Annotated[Severity | None, typer.Option(help="Of rules of this severity.")] = None,
    playbook_sha256: Annotated[
        str | None, typer.Option("--playbook-sha256", help="By the playbook with this SHA-256.")
    ] = None,
) -> None:
    """What the playbooks say of all documents; what failed comes first."""
    with at.client() as client:
        show_list(
            client.findings.list(
                at.namespace,
                sort=cut.sort,
                document=of.document,
                job=job_uid(client, at.namespace, of.job),
                matter=of.matter,
                sha256=of.sha256,
                rule=rule,
                result=result,
                severity=severity,
                playbook_sha256=playbook_sha256,
            ),
            _FINDINGS,
            cut,
            more=_MORE_OF_FINDINGS,
            nothing="There is no such finding.",
        )


_FACTS: Columns[FactRow] = {
    "Field": lambda fact: fact.field,
    "Value": lambda fact: fact.normalized or fact.value,
    "Firm": lambda fact: fact.firm,
    "Role": lambda fact: fact.role,
    "Document": lambda fact: known_as(fact.uri),
    "Page": lambda fact: fact.page,
}
_MORE_OF_FACTS: Columns[FactRow] = {
    "Method": lambda fact: fact.method,
    "Confidence": lambda fact: round(fact.confidence, 2),
    "Item": lambda fact: fact.item,
    "Matter": lambda fact: fact.matter,
    "Job": lambda fact: fact.job,
    "Document id": lambda fact: fact.document_id,
    "Quote": lambda fact: fact.quote,
}
_FINDINGS: Columns[FindingRow] = {
    "Result": lambda finding: finding.result,
    "Severity": lambda finding: finding.severity,
    "Rule": lambda finding: finding.rule,
    "Document": lambda finding: known_as(finding.uri),
}
_MORE_OF_FINDINGS: Columns[FindingRow] = {
    "Message": lambda finding: finding.message,
    "Field": lambda finding: finding.field,
    "Matter": lambda finding: finding.matter,
    "Job": lambda finding: finding.job,
    "Document id": lambda finding: finding.document_id,
    "Quote": lambda finding: finding.quote,
}
