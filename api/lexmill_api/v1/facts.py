import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from lexmill.listing.pages import ListRequest
from lexmill.results.listing import FACTS, FINDINGS, list_facts, list_findings
from lexmill.results.schemas import FactRow, FindingRow, LastDecision
from lexmill_api.access import Lister
from lexmill_api.namespaces import Database
from lexmill_api.v1.answers import page_answer, page_answers
from lexmill_api.v1.lists import list_request

router = APIRouter(prefix="/namespaces/{namespace}", tags=["facts and findings"])

_DOCUMENT: Final = uuid.UUID("01935a7c-5a00-4000-8000-3f2c5b9e1d04")
_JOB: Final = uuid.UUID("7f9c2ba4-e88f-427d-8c3a-1a5a1de7f5c2")
_FACT: Final = FactRow(
    document_id=_DOCUMENT,
    number=4,
    uri="s3://contracts/2026/supply.pdf",
    sha256="9f" * 32,
    job="supply",
    job_uid=_JOB,
    matter="ACME-2026-14",
    id="expiration_date-1",
    field="expiration_date",
    item="",
    value="31 December 2026",
    normalized="2026-12-31",
    role=None,
    date=date(2026, 12, 31),
    quantity=None,
    currency=None,
    firm=True,
    confidence=0.97,
    method="rule",
    quote="31 December 2026",
    page=3,
    start=5120,
    end=5136,
    decision=LastDecision(
        id=17,
        decision="corrected",
        value="31 December 2027",
        normalized="2027-12-31",
        reviewer="oidc:anna",
        revision=1,
        decided_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        is_pending=True,
    ),
)
_FINDING: Final = FindingRow(
    document_id=_DOCUMENT,
    number=0,
    uri="s3://contracts/2026/supply.pdf",
    sha256="9f" * 32,
    job="supply",
    job_uid=_JOB,
    matter="ACME-2026-14",
    playbook_sha256="5d" * 32,
    rule="liability-is-capped",
    result="fail",
    severity="high",
    field="liability_cap",
    message="The liability has to be capped.",
    quote=None,
    start=None,
    end=None,
    is_decided_since=False,
)


@router.get("/facts", responses=page_answers(FactRow, _FACT))
async def get_facts(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(FACTS))],
) -> Response:
    """Facts of all documents, by field and value: of each document those of its newest result."""
    page = await database.run(
        lambda session: list_facts(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)


@router.get("/findings", responses=page_answers(FindingRow, _FINDING))
async def get_findings(
    request: Request,
    database: Database,
    _: Lister,
    asked: Annotated[ListRequest, Depends(list_request(FINDINGS))],
) -> Response:
    """What the playbooks say of all documents; what failed comes first."""
    page = await database.run(
        lambda session: list_findings(session, namespace=database.name, request=asked)
    )
    return page_answer(request, page)
